"""What a session may want besides being heard: that its peer waits, reads slowly, hears nothing, or is hung up on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Wrong = Literal["", "expired", "other-name", "self-signed"]
"""What may be wrong with a certificate."""

Drop = Literal["", "close", "reset"]
"""How a connection ends without a word."""

STEP = 0.1
"""Seconds between the portions of what is said slowly, unless that is less than an octet."""


def portion(pace: float) -> int:
    """How many octets go at once, so that no more than *pace* go in a second: one at least.

    >>> portion(30), portion(0.5)
    (3, 1)
    """
    return max(1, int(pace * STEP))


class Pausing:
    """A session that wants nothing of the kind; one that does sets what it wants, and gives ``b""`` for it to begin."""

    pause: float = 0.0
    """Seconds to wait before the next step: whoever runs the session takes them, and sets this to 0."""
    pace: float = 0.0
    """Octets of output a second; 0: as fast as the peer reads."""
    hanging: bool = False
    """Nothing more is heard or said, until the peer goes or is silent for too long."""
    dropping: Drop = ""
    """How the connection ends once the session is closing."""
    certificate: Wrong = ""
    """What is wrong with the certificate, if TLS begins."""

    def connected(self, *, at_once: bool) -> Iterator[bytes]:  # noqa: ARG002 - who has something to say here needs it
        """The connection is there, and nothing was said; *at_once*: TLS comes first, and hides what is said here."""
        return iter(())


class Slow:
    """Octets that are said at a pace."""

    def __init__(self, octets: bytes, pace: float) -> None:
        self.left = octets
        self._pace = pace

    def portion(self) -> tuple[bytes, float]:
        """The next of them, and the seconds to wait after that.

        >>> Slow(b"a long answer", 30).portion()
        (b'a l', 0.1)
        >>> Slow(b"a long answer", 0.5).portion()
        (b'a', 2.0)
        """
        octets = self.left[: portion(self._pace)]
        self.left = self.left[len(octets) :]
        return octets, len(octets) / self._pace

    def all(self) -> tuple[bytes, float]:
        """All that is left, and no time to wait."""
        left, self.left = self.left, b""
        return left, 0.0
