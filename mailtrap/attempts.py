"""Log-ins that failed, and how long whoever tries again is kept waiting for it; nobody else is."""

from __future__ import annotations

import threading
from time import monotonic

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before the answer to the first wrong password, the second, and so on; the last holds for all further ones."""

MEMORY = 900.0
"""Seconds after which a failure is forgotten."""

MOST = 10_000
"""So many are remembered."""

LONGEST = 320
"""Of names, so much counts: what is remembered of strangers has a bound in octets, too."""

Key = tuple[int, str, str]
"""A project, an account, and the host that somebody tries from."""


class Attempts:
    """Failures in a row, by whose account and from where. It may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[Key, tuple[int, float]] = {}
        """How often, and when last; the latest at the end."""

    def failed(self, key: Key) -> float:
        """One more; gives how many seconds the answer must wait."""
        now = monotonic()
        key = _short(key)
        with self._lock:
            count, last = self._failed.pop(key, (0, now))
            count = count if now - last < MEMORY else 0
            self._failed[key] = count + 1, now
            if len(self._failed) > MOST:
                del self._failed[next(iter(self._failed))]
        return PAUSES[min(count, len(PAUSES) - 1)]

    def succeeded(self, key: Key) -> None:
        """It was right this time: what was wrong before is forgotten."""
        if self._failed:
            with self._lock:
                self._failed.pop(_short(key), None)


def _short(key: Key) -> Key:
    project, account, host = key
    return project, account[:LONGEST], host
