"""What the connections of all mail protocols have in common: who is at the other end, acknowledgements, TLS."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mailtrap.peers import UNIX, place

if TYPE_CHECKING:
    from mailtrap.pausing import Wrong
    from mailtrap.tls import Tls

BUFFER = 1 << 18
"""Octets read at once, into one buffer that all connections of a server share: each is emptied at once."""

QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)

HIGH_WATER = 1 << 16
"""Octets that wait to be sent, from which on the peer is one that does not read."""

_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Closing sends a reset, and does not wait for anything."""

CLOSED = (OSError, ValueError)
"""What an option of a connection raises that is closed by now; ValueError is uvloop's."""

SHUTDOWN = 1.0
"""Seconds that a TLS peer has to take leave (RFC 8446 §6.1) before it is left."""


def ends(transport: asyncio.BaseTransport) -> tuple[str, str]:
    """The peer's address and ours, as ``host:port``, or ``[host]:port`` for IPv6.

    At a Unix socket the peer is ``unix``, and ours ``unix:/path``.
    """
    peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if isinstance(local, str):  # of the peer too, but that gives itself what name it likes, if any
        return UNIX, place(local, 0)
    return _written(peer), _written(local)


def acknowledge(transport: asyncio.BaseTransport) -> None:
    """Send the TCP acknowledgement of what came now.

    A client that sends the rest of something in a second small write waits for it (Nagle), by default for 40 ms.
    The option is not sticky.
    """
    sock = transport.get_extra_info("socket")
    if QUICKACK is not None and sock is not None:
        with suppress(*CLOSED):  # or not TCP
            sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)


async def secure(
    transport: asyncio.Transport,
    protocol: Any,
    tls: Tls,
    patience: float,
    early: Callable[[], bytes] = bytes,
    wrong: Wrong = "",
) -> tuple[Any, str]:
    """Let the peer begin TLS; gives the transport to use from now on, and the version.

    *early* gives what came from the peer and belongs to TLS; *wrong* is what shall be so with the certificate. Raises
    `OSError` if it comes to nothing; whether *protocol* is then told that the connection is lost depends on how far it
    came.
    """
    context = await tls.context(wrong)
    if transport.is_closing():
        raise ConnectionResetError("the connection is closed")
    loop = asyncio.get_running_loop()
    beginning = loop.create_task(
        loop.start_tls(
            transport,
            protocol,
            context,
            server_side=True,
            ssl_handshake_timeout=patience,
            ssl_shutdown_timeout=SHUTDOWN,
        )
    )
    await asyncio.sleep(0)  # now it is scheduled that TLS begins and then that reading does: this comes right after
    loop.call_soon(_feed, transport, early)
    secured: Any = await beginning  # None, or a transport without an ssl_object, if the peer was gone meanwhile
    connection = secured and secured.get_extra_info("ssl_object")
    if connection is None:
        raise ConnectionResetError("the peer was gone before TLS was up")
    secured.set_write_buffer_limits(HIGH_WATER)
    return secured, connection.version()


def drop(transport: asyncio.Transport, *, reset: bool) -> None:
    """Close without taking leave, of TLS either; with *reset*, so that the peer's next read or write fails.

    What was written goes out before the end, but not for certain before a reset (RFC 9293 §3.6).
    """
    sock = transport.get_extra_info("socket")
    if reset and sock is not None:
        with suppress(*CLOSED):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    else:
        transport.close()


def _feed(transport: asyncio.Transport, early: Callable[[], bytes]) -> None:
    octets = early()
    reader: Any = transport.get_protocol()
    while octets and not transport.is_closing():
        buffer = reader.get_buffer(len(octets))
        piece, octets = octets[: len(buffer)], octets[len(buffer) :]
        buffer[: len(piece)] = piece
        reader.buffer_updated(len(piece))


def explained(error: BaseException) -> str:
    """What went wrong with a connection, for its transcript.

    >>> explained(ConnectionResetError("the peer was gone"))
    'the peer was gone'
    """
    reason = getattr(error, "reason", None)  # of an SSLError: TLSV1_ALERT_UNKNOWN_CA
    return str(reason).lower().replace("_", " ") if reason else str(error) or type(error).__name__


def _written(address: object) -> str:
    if not isinstance(address, tuple):
        return str(address or "")
    host, port = address[:2]
    return place(host, port)
