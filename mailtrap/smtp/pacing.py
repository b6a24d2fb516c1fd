"""Octets no faster than a fault lets them come and go, or no more of them: in pieces, with pauses between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailtrap.pausing import portion
from mailtrap.tcp import CLOSED

if TYPE_CHECKING:
    from mailtrap.smtp.connection import Connection
    from mailtrap.smtp.data import Data

AT_ONCE = 1 << 16
"""Octets that are read at once where only their number matters."""


@dataclass(slots=True)
class Measure:
    """How data is read: at *pace* octets a second (0: as fast as it comes), until *left* of them came."""

    pace: int = 0
    left: int | None = None
    reset: bool = False
    """The connection is ended then, and how."""


async def write(smtp: Connection, octets: bytes, pace: int) -> None:
    """Send *octets* so that no more than *pace* of them go out in a second."""
    at_once = portion(pace)
    for start in range(0, len(octets), at_once):
        if smtp.transport.is_closing():  # uvloop's does not put up with it
            return
        part = octets[start : start + at_once]
        smtp.transport.write(part)
        await smtp.wait(len(part) / pace)


async def read(smtp: Connection, data: Data, measure: Measure) -> None:
    """Fill *data* as *measure* has it. The peer feels that: what was not read yet waits at its end."""
    at_once = portion(measure.pace) if measure.pace else AT_ONCE
    with _narrow(smtp.transport, at_once), smtp.taking_in(at_once):
        rest = None
        while rest is None:
            rest = await _read_piece(smtp, data, measure, at_once)
    smtp.put_back(rest)


async def _read_piece(smtp: Connection, data: Data, measure: Measure, at_once: int) -> bytes | None:
    """What was behind the end of the data, once that came."""
    if measure.left == 0:
        await smtp.drop(reset=measure.reset)
    octets = await smtp.read_some(at_once if measure.left is None else min(at_once, measure.left))
    if measure.left is not None:
        measure.left -= len(octets)
    rest = data.feed(octets)
    if measure.pace:
        await smtp.wait(len(octets) / measure.pace)
    return rest


@contextmanager
def _narrow(transport: asyncio.Transport, octets: int) -> Iterator[None]:
    """Have the kernel take in little more than we do, for the time of the block: a megabyte waits there else."""
    sock = transport.get_extra_info("socket")
    before = None
    with suppress(AttributeError, *CLOSED):  # or there is no socket
        before = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
    try:
        yield
    finally:
        with suppress(*CLOSED):
            if before is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, before)
