"""Records as lines: those of ``mailtrap.jsonl``, and, each before the octets that it is about, what REST packs.

{"id":"BvcbDB_7kRTnuZ-e","received_at":"2025-01-31T12:00:00.000000Z", ... ,"size":31}
Subject: Hello

Hello, Ann.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mailtrap.portable.record import BadRecord, Record, member, to_json

TYPE = "application/vnd.mailtrap-sandbox.messages"
"""The media type of what is packed."""

HELD = 4 << 20
"""Octets of messages that are handled at a time; one alone may have more."""

T = TypeVar("T")


def line(record: Record, **more: object) -> bytes:
    """A record, and more about it, as a line of ASCII: so lone surrogates come back as they were."""
    return json.dumps({**to_json(record), **more}, separators=(",", ":")).encode("ascii") + b"\n"


def packed(record: Record, octets: bytes) -> bytes:
    """A message, packed; put one behind the other."""
    return line(record, size=len(octets)) + octets


def unpacked(octets: bytes | bytearray) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The members of each record, and the octets behind it; raises `BadRecord`."""
    at = 0
    while at < len(octets):
        end = octets.find(b"\n", at)
        if end < 0:
            raise BadRecord("the last line does not end")
        found = members(octets[at:end])
        size = member(found, "size", int, -1)
        at = end + 1 + size
        if size < 0 or at > len(octets):
            raise BadRecord("there are fewer octets than a line says")
        yield found, bytes(octets[end + 1 : at])


def members(text: bytes | bytearray) -> dict[str, Any]:
    """The object that a line has; raises `BadRecord`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRecord("a line is no JSON object")
    return found


def batches(given: Iterable[T], size: Callable[[T], int], most: int = 200, octets: int = HELD) -> Iterator[list[T]]:
    """*given*, some at a time: no more than *most*, and with no more *octets* in all, unless it is one alone."""
    batch: list[T] = []
    held = 0
    for each in given:
        if batch and (len(batch) >= most or held + size(each) > octets):
            yield batch
            batch, held = [], 0
        batch.append(each)
        held += size(each)
    if batch:
        yield batch
