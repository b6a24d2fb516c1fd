"""The maildrop of one session: an account's INBOX as it was at log-in."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from mailtrap.errors import NotFound
from mailtrap.pop3.errors import Bad, Refused
from mailtrap.store import Store
from mailtrap.store.records import Flag

PAGE = 500
"""So many entries are looked up at a time."""


class Maildrop:
    """Its messages, oldest first, numbered from 1 (RFC 1939 §4), and which of them are marked as deleted.

    RFC 1939 §4 wants it locked. Here several sessions have snapshots of their own: what comes in meanwhile is in the
    next one, and what goes meanwhile stays in this one's lists.
    """

    def __init__(self, mailbox: int | None = None) -> None:
        """Without a *mailbox* it is empty, as that of an account that nobody has heard of."""
        self.mailbox = mailbox
        self.uidvalidity = 0
        self.uids = array("q")
        self.rows = array("q")
        """The messages' row numbers in the store."""
        self.sizes = array("q")
        self.seen = bytearray()
        self.deleted: set[int] = set()

    def load(self, store: Store) -> Iterator[bytes]:
        """Look into the mailbox, page by page."""
        if self.mailbox is None:
            return
        view = store.view(self.mailbox)
        self.uidvalidity = view.uidvalidity
        for start in range(0, len(view.uids), PAGE):
            for each in store.fetch(self.mailbox, view.uids[start : start + PAGE]):
                self.uids.append(each.uid)
                self.rows.append(each.number)
                self.sizes.append(each.size)
                self.seen.append(each.flags & Flag.SEEN)
            yield b""

    def __len__(self) -> int:
        return len(self.uids)

    def __iter__(self) -> Iterator[int]:
        """The numbers of the messages that are not marked as deleted."""
        return (n for n in range(1, len(self) + 1) if n not in self.deleted)

    def number(self, argument: str) -> int:
        """Which message *argument* means; raises `Refused` if it is none, or marked as deleted (RFC 1939 §5)."""
        if not (argument.isascii() and argument.isdigit() and len(argument) <= 20):
            raise Bad("A message number must be a decimal number")
        number = int(argument)
        if not 1 <= number <= len(self):
            raise Refused(f"There is no message {number}, only {counted(len(self))}")
        if number in self.deleted:
            raise Refused(f"Message {number} is marked as deleted; RSET unmarks all")
        return number

    def size(self, number: int) -> int:
        """The octets of a message as it is stored."""
        return self.sizes[number - 1]

    def unique_id(self, number: int) -> str:
        """What RFC 1939 §7 calls unique-id: the same in every session, and never that of another message."""
        return f"{self.uidvalidity}.{self.uids[number - 1]}"

    def count(self) -> tuple[int, int]:
        """How many messages are not marked as deleted, and their octets."""
        gone = sum(self.size(number) for number in self.deleted)
        return len(self) - len(self.deleted), sum(self.sizes) - gone


class Reading:
    """The octets of a maildrop's messages. Small ones that are asked for one after another are read several at once."""

    MOST = 64
    OCTETS = 1 << 18

    def __init__(self, store: Store, maildrop: Maildrop) -> None:
        self._store = store
        self._maildrop = maildrop
        self._ahead: dict[int, bytes] = {}
        self._last = 0
        self._window = 1
        self._floor = 0

    def octets(self, number: int) -> bytes:
        """The octets of a message; raises `NotFound` if it is gone meanwhile."""
        row = self._maildrop.rows[number - 1]
        if row <= self._floor:
            return self._store.octets(row)
        if row not in self._ahead:
            self._ahead = self._store.raw(self._with_following(number))
        self._last = number
        octets = self._ahead.pop(row, None)
        if octets is None:
            raise NotFound(f"there is no message {row}")
        return octets

    def slices(self, number: int) -> Iterator[bytes]:
        """The same in pieces, for a large one."""
        return self._store.slices(self._maildrop.rows[number - 1])

    def is_large(self, number: int) -> bool:
        """Whether a message is better read in slices."""
        return self._maildrop.size(number) > self.OCTETS

    def forget(self, floor: int = 0) -> None:
        """Messages were deleted, maybe those that were read ahead; with *floor*, all at or under it but pinned ones."""
        self._ahead = {}
        self._floor = max(self._floor, floor)

    def _with_following(self, number: int) -> list[int]:
        self._window = min(self._window * 2, self.MOST) if number == self._last + 1 else 1
        rows, octets = [self._maildrop.rows[number - 1]], self._maildrop.size(number)
        for following in range(number + 1, min(number + self._window, len(self._maildrop) + 1)):
            octets += self._maildrop.size(following)
            if octets > self.OCTETS:
                break
            rows.append(self._maildrop.rows[following - 1])
        return rows


def counted(messages: int) -> str:
    """*messages* in words.

    >>> counted(1), counted(2)
    ('1 message', '2 messages')
    """
    return f"{messages} message{'s' * (messages != 1)}"
