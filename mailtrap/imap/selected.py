"""A session's picture of its mailbox: message numbers that never lie, and what there is to tell of it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from mailtrap.imap import sets
from mailtrap.imap.errors import NoMessage
from mailtrap.imap.heard import Heard, Note
from mailtrap.imap.recent import Recents
from mailtrap.imap.responses import flag_list, flags_in_use, pieces, untagged
from mailtrap.imap.sets import SequenceSet
from mailtrap.store import Store
from mailtrap.store.records import Fetched


class Selected:
    """The mailbox as the client knows it. A message's number is its place in `uids`, which changes only when told."""

    def __init__(self, store: Store, recents: Recents, heard: Heard, *, read_only: bool, rev2: bool = False) -> None:
        """*heard* is what is committed to it from before now on: who looks first and listens then misses some."""
        self.mailbox = heard.mailbox
        view = store.view(self.mailbox)
        self.uidvalidity, self.uidnext, self.unseen = view.uidvalidity, view.uidnext, view.unseen
        self.read_only = read_only
        self.uids = array("I", view.uids)
        """Ascending; the message with the number 1 comes first."""
        self.saved: list[int] = []
        """The UIDs that ``$`` means (RFC 9051 §6.4.4.1)."""
        self.recent: set[int] = set()
        self.keywords = dict.fromkeys(keyword.lower() for keyword in view.keywords)
        """The keywords that the client knows of, in lower case."""
        self._names = list(view.keywords)
        self._store = store
        self._recents = recents
        self._modseq = view.modseq
        self._heard = heard
        self._rev2 = rev2
        self._arrived: set[int] = set()
        self._gone: set[int] = set()
        self._changed: set[int] = set()
        self._emptied = self._lost = False
        self._told: dict[int, int] = {}
        self._own: dict[int, frozenset[int]] = {}
        self._claim(self.uids)

    # -- what the client means

    def number(self, uid: int) -> int:
        """The message number of a UID; 0 if the client knows of no such message."""
        at = bisect_left(self.uids, uid)
        return at + 1 if at < len(self.uids) and self.uids[at] == uid else 0

    def resolve(self, wanted: SequenceSet, *, by_uid: bool) -> list[int]:
        """The UIDs, ascending, that a set means. Raises `NoMessage` for a number that none has."""
        if wanted.saved:
            return [uid for uid in self.saved if self.number(uid)]
        if by_uid:
            return sets.chosen(wanted, self.uids)
        try:
            return sets.chosen_numbers(wanted, self.uids)
        except ValueError as error:
            raise NoMessage(str(error)) from None

    # -- what was committed

    def told(self, rows: Iterable[Fetched]) -> None:
        """The client is being told of these flags: what is known of older changes need not be."""
        told = {row.uid: row.modseq for row in rows}
        self._told.update(told)
        self._changed.difference_update(told)

    def own(self, uids: Iterable[int], modseq: int) -> None:
        """The client has changed these and does not want to hear of it (``.SILENT``); of others' changes it does."""
        self._own[modseq] = frozenset(uids)

    def new_keywords(self, rows: Iterable[Fetched]) -> bytes:
        """An untagged FLAGS, if there is a keyword in *rows* that the client has not heard of."""
        found = [word for row in rows if row.keywords for word in row.keywords.split()]
        return self.announce_keywords(found)

    def announce_keywords(self, found: Iterable[str]) -> bytes:
        """An untagged FLAGS (and PERMANENTFLAGS), if one of these is new to the client (RFC 9051 §7.3.4)."""
        unknown = [word for word in dict.fromkeys(found) if word.lower() not in self.keywords]
        if not unknown:
            return b""
        for word in unknown:
            if word.lower() not in self.keywords:
                self.keywords[word.lower()] = None
                self._names.append(word)
        return self.flags()

    def exists(self) -> bytes:
        """How many messages there are, and to a client of IMAP4rev1 how many are recent."""
        recent = b"" if self._rev2 else b"* %d RECENT\r\n" % len(self.recent)
        return b"* %d EXISTS\r\n%b" % (len(self.uids), recent)

    def flags(self) -> bytes:
        """Which flags there are, and which of them can be changed for good."""
        in_use = flags_in_use(self._names)
        permanent = b"()" if self.read_only else in_use[:-1] + rb" \*)"
        return untagged(b"FLAGS", in_use) + untagged(b"OK [PERMANENTFLAGS", permanent + b"]", b"flags that stay")

    # -- what is told

    def changes(self, *, expunges: bool) -> Iterator[bytes]:
        """All that there is to tell; EXPUNGE only where *expunges* are allowed (RFC 9051 §7.5.1)."""
        self.listen()
        self._told.clear()
        self._own.clear()
        if self._emptied or self._lost:
            self._look_again()
        if expunges:
            yield from self._tell_gone()
        yield from self._tell_arrived()
        yield from self._tell_changed()

    def listen(self) -> None:
        """Take in what was committed, so that it need not be kept until the client asks: that may take for ever."""
        for note in self._heard.take():
            if note.modseq > self._modseq:  # else it was in the view already
                self._take_in(note)

    def _take_in(self, note: Note) -> None:
        told, own = self._told, self._own.get(note.modseq, ())
        self._arrived.update(note.arrived)
        self._changed.update(uid for uid in note.changed if told.get(uid, 0) < note.modseq and uid not in own)
        self._gone.update(uid for uid in note.gone if uid not in self._arrived)
        self._arrived.difference_update(note.gone)  # to this client, it never was there
        self._emptied |= note.emptied
        self._lost |= note.lost

    def _look_again(self) -> None:
        """All but what is pinned may have gone; or so much was committed that nobody kept count."""
        there = set(self._store.view(self.mailbox).uids)
        known = set(self.uids)
        self._gone |= known - there
        self._arrived = there - known
        if self._lost:
            self._changed |= known & there
        self._emptied = self._lost = False

    def _tell_gone(self) -> Iterator[bytes]:
        """From the last to the first, so that each number is what it was."""
        gone, self._gone = self._gone, set()
        numbers = sorted((number for uid in gone if (number := self.number(uid))), reverse=True)
        self._changed -= gone
        self.recent -= gone
        if numbers:
            self.uids = array("I", (uid for uid in self.uids if uid not in gone))
            self.saved = [uid for uid in self.saved if uid not in gone]
            yield from pieces([b"* %d EXPUNGE\r\n" % number for number in numbers])

    def _tell_arrived(self) -> Iterator[bytes]:
        arrived, self._arrived = self._arrived, set()
        known = self.uids[-1] if self.uids else 0
        new = sorted(uid for uid in arrived if uid > known)
        if new:
            self.uids.extend(new)
            self._claim(new)
            yield self.exists()

    def _tell_changed(self) -> Iterator[bytes]:
        changed = sorted(self._changed)
        for start in range(0, len(changed), _PAGE):
            page = changed[start : start + _PAGE]
            rows = [row for row in self._store.fetch(self.mailbox, page) if self.number(row.uid)]
            self._changed.difference_update(page)
            yield self.new_keywords(rows)
            yield from pieces(map(self.flags_response, rows))

    def flag_list(self, row: Fetched) -> bytes:
        r"""The flags of an entry, parenthesized; ``\Recent`` among them for clients of IMAP4rev1."""
        return flag_list(row.flags, row.keywords, not self._rev2 and row.uid in self.recent)

    def flags_response(self, row: Fetched) -> bytes:
        """An untagged FETCH of the flags of an entry, with its UID (RFC 9051 §7.5.2)."""
        flags = self.flag_list(row)
        return b"* %d FETCH (UID %d FLAGS %b)\r\n" % (self.number(row.uid), row.uid, flags)

    def _claim(self, uids: Sequence[int]) -> None:
        if self.read_only:
            self.recent.update(self._recents.unclaimed(self.mailbox, uids))
        else:
            self.recent |= self._recents.claim(self.mailbox, uids)


_PAGE = 200
