"""The timed lines of one session, credentials masked; kept also for sessions that delivered nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from mailtrap.envelope import new_id

Who = Literal["C", "S", "-"]
"""The client, the server, or a remark of ours (connected, TLS up, peer gone)."""

MASKED = b"********"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: seconds since the session began, who said it, and the octets without CRLF."""

    at: float
    who: Who
    octets: bytes

    @property
    def text(self) -> str:
        """The octets as text: UTF-8, and anything else or invisible as an escape."""
        return printable(self.octets.decode("utf-8", "backslashreplace"))


@dataclass(slots=True)
class Transcript:
    """What was said so far in one session. Lines are added by the session's own thread alone.

    It keeps at most *limit* octets; after that it counts what it leaves out.
    """

    protocol: str
    peer: str = ""
    local: str = ""
    limit: int = 1 << 20
    id: str = field(default_factory=new_id)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    left_out: int = 0
    said: list[tuple[float, Who, bytes]] = field(default_factory=list)
    """What was added, as it was added."""
    _began: float = field(default_factory=time.monotonic)
    _octets: int = 0

    def add(self, who: Who, octets: bytes) -> None:
        """Note a line (or several, separated by CRLF) of *who*, as of now."""
        if self._octets > self.limit:
            self.left_out += 1
            return
        self._octets += len(octets) + 24
        self.said.append((time.monotonic() - self._began, who, octets))

    def lines(self) -> Iterator[Line]:
        """The lines so far."""
        for at, who, octets in tuple(self.said):
            for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
                yield Line(at, who, line)
        if self.left_out:
            yield Line(self.said[-1][0], "-", b"%d more left out" % self.left_out)

    def __str__(self) -> str:
        return "\n".join(f"{line.at:9.3f} {line.who} {line.text}" for line in self.lines())


def printable(text: str) -> str:
    """*text* with everything that does not show as itself (control, bidi, surrogates) as an escape.

    For logs, terminals and pages: foreign text must not be able to move a cursor or turn a line round.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\t" else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )
