r"""``\Recent`` (RFC 3501 §2.3.2): what no session was told of before. IMAP4rev2 has no use for it."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence


class Recents:
    """Up to which UID each mailbox was shown to somebody: the first to ask for more has it as recent.

    It is not kept over a restart: then all is recent, as RFC 3501 §2.3.2 wants where that is not known.
    """

    def __init__(self) -> None:
        self._shown: dict[int, int] = {}
        self._lock = threading.Lock()

    def claim(self, mailbox: int, uids: Sequence[int]) -> set[int]:
        """Those of *uids*, which ascend, that nobody has had as recent; from now on somebody has."""
        with self._lock:
            found = self.unclaimed(mailbox, uids)
            if found:
                self._shown[mailbox] = uids[-1]
        return found

    def unclaimed(self, mailbox: int, uids: Sequence[int]) -> set[int]:
        """Those of *uids*, which ascend, that nobody has had as recent (EXAMINE and STATUS leave them so)."""
        shown = self._shown.get(mailbox, 0)
        return set(uids[bisect_right(uids, shown) :])
