r"""Marking what was retrieved as ``\Seen``, without anybody's waiting for it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from mailtrap.errors import NotFound
from mailtrap.store import Store
from mailtrap.store.records import Flag

log = logging.getLogger(__name__)


MOST = 64
"""So many messages are marked together."""


class Seen:
    """One change of flags is under way at most; what is retrieved meanwhile goes with the next.

    The first message is marked at once, the next two together, then four, up to `MOST`: a commit for each would cost
    more than to give it. The rest is marked with NOOP, which keeps a session alive, and when it ends.
    """

    def __init__(self, store: Store, mailbox: int) -> None:
        self._store = store
        self._mailbox = mailbox
        self._waiting: list[int] = []
        self._enough = 1
        self._under_way: Future[int] | None = None
        self._lock = threading.RLock()  # a future may be done, and say so, before it is given

    def mark(self, uid: int) -> None:
        """An entry was seen."""
        with self._lock:
            self._waiting.append(uid)
            if self._under_way is None and len(self._waiting) >= self._enough:
                self._enough = min(self._enough * 2, MOST)
                self.flush()

    def flush(self) -> Future[int] | None:
        """Have all marked that was seen; gives what is done when that is, or None if there is nothing to do."""
        with self._lock:
            if self._waiting:
                uids, self._waiting = self._waiting, []
                try:
                    self._under_way = marking = self._store.flagging(self._mailbox, uids, Flag.SEEN)
                except Exception as error:  # what was retrieved, was
                    log.warning("messages could not be marked as seen: %s", error)
                else:
                    marking.add_done_callback(self._done)
            return self._under_way

    def _done(self, marking: Future[int]) -> None:
        error = None if marking.cancelled() else marking.exception()
        if error is not None and not isinstance(error, NotFound):  # what is gone needs no mark
            log.warning("messages could not be marked as seen: %s", error)
        with self._lock:
            if self._under_way is marking:
                self._under_way = None
                if len(self._waiting) >= self._enough:
                    self.flush()
