"""FETCH: what is known of messages, and their octets."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from itertools import chain, repeat

from mailtrap.errors import NotFound
from mailtrap.imap.errors import No, Refused, refused
from mailtrap.imap.fetch_items import Item, read_items
from mailtrap.imap.grammar import Reader
from mailtrap.imap.opened import SMALL, CutShort, Opened
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import CHUNK, WAIT, Responses
from mailtrap.imap.session import Session
from mailtrap.message.sections import UnknownEncoding
from mailtrap.store.records import Fetched, Flag

PAGE = 200
"""Entries that are looked up at a time."""
GROUP = 50
"""Messages that are read at a time, if they are no more than `SMALL` together."""


@command("FETCH", in_state=SELECTED, by_uid=True, uses_sequence=True)
def fetch(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.5. It is carried out in the loop, a page at a time, but for what writes or thinks."""
    selected = session.mailbox_selected
    args.space()
    wanted = args.sequence_set()
    args.space()
    items = read_items(args, selected, by_uid=session.by_uid)
    args.end()
    uids = selected.resolve(wanted, by_uid=session.by_uid)

    telling = _Telling(session, items)
    try:
        for start in range(0, len(uids), PAGE):
            yield from telling.page(uids[start : start + PAGE])
    except CutShort:
        session.closing, session.blocking = True, False  # for inside of a literal nothing can be said
        while True:
            yield WAIT
    if telling.refusal is not None:
        raise telling.refusal
    return None


class _Telling:
    """One FETCH while it is being answered: what there is to tell, and what could not be told."""

    def __init__(self, session: Session, items: list[Item]) -> None:
        self._session = session
        self._store = session.store
        self._selected = session.mailbox_selected
        of_entry = [(item.name, item.of_entry) for item in items if item.of_entry]
        of_message = [(item.name, item.of_message) for item in items if item.of_message]
        self._of_entry = [value for _, value in of_entry]
        self._of_message = [value for _, value in of_message]
        self._form = b"* %d FETCH (" + b"".join([name + b" %b " for name, _ in of_entry])
        self._line = self._form[:-1] + b")\r\n"  # where nothing follows
        self._names = [b" %b " % name if number else name + b" " for number, (name, _) in enumerate(of_message)]
        self._outline = any(item.outline for item in items)
        self._flags = any(item.name == b"FLAGS" for item in items)
        self._seen = any(item.seen for item in items) and not self._selected.read_only
        self._thinks = any(item.thinks for item in items)
        self._scans = any(item.scans for item in items)
        self.refusal: Refused | None = None

    def page(self, uids: Sequence[int]) -> Iterator[bytes]:
        """The responses for these."""
        rows = self._rows(uids)
        if self._of_message:
            for group in _groups(rows):
                yield from self._group(group)
        else:
            yield self._news(rows if self._flags else [])
            yield from gathered([self._begun(self._line, row) for row in rows])

    def _rows(self, uids: Sequence[int]) -> list[Fetched]:
        rows = self._store.fetch(self._selected.mailbox, uids, outline=self._outline)
        if self._outline:  # it has none if it went just now
            rows = [row for row in rows if row.envelope]
        if len(rows) < len(uids):
            self._refuse(_gone())
        return rows

    def _refuse(self, refusal: Refused) -> None:
        """All else is told; the tagged response says that this was not (RFC 2180 §4.1.2)."""
        self.refusal = self.refusal or refusal

    def _news(self, told: list[Fetched]) -> bytes:
        """What comes before the flags of these."""
        self._selected.told(told)
        return self._selected.new_keywords(told)

    def _begun(self, form: bytes, row: Fetched) -> bytes:
        return form % (self._selected.number(row.uid), *[value(row) for value in self._of_entry])

    def _group(self, rows: list[Fetched]) -> Iterator[bytes]:
        """The responses of messages that are read together."""
        changed: set[int] = set()
        if self._seen and (changed := {row.uid for row in rows if not row.flags & Flag.SEEN}):
            rows = yield from self._mark(rows, changed)
        if self._thinks or (self._scans and rows and rows[0].size > SMALL):  # large ones are alone
            yield from self._session.in_pool()
        yield self._news([row for row in rows if self._flags or row.uid in changed])
        yield from gathered(chain.from_iterable(map(self._told, self._opened(rows), repeat(changed))))
        yield from self._session.in_loop()

    def _mark(self, rows: list[Fetched], changed: Collection[int]) -> Generator[bytes, None, list[Fetched]]:
        yield from self._session.in_pool()
        self._store.flag(self._selected.mailbox, list(changed), add=Flag.SEEN)
        rows = self._rows([row.uid for row in rows])
        yield from self._session.in_loop()
        return rows

    def _opened(self, rows: list[Fetched]) -> Iterator[Opened]:
        small = self._store.raw([row.number for row in rows if row.size <= SMALL])
        for row in rows:
            octets = small.get(row.number)
            if octets is not None or row.size > SMALL:
                yield Opened(self._store, row, octets)
            else:
                self._refuse(_gone())

    def _told(self, message: Opened, changed: Collection[int]) -> Iterator[bytes]:
        """One response. What cannot be told shows before it begins."""
        try:
            values = [value(message) for value in self._of_message]
        except NotFound:
            self._refuse(_gone())
            return
        except UnknownEncoding as error:
            self._refuse(No(f"nobody knows how to decode {str(error)[:40]!r}", "UNKNOWN-CTE"))
            return
        except Exception as error:  # where it shows, others are in the middle of being told
            self._refuse(refused(error))
            return
        row = message.row
        yield self._begun(self._form, row)
        if row.uid in changed and not self._flags:
            yield b"FLAGS %b " % self._selected.flag_list(row)
        for name, value in zip(self._names, values, strict=True):
            yield name
            yield from value
        yield b")\r\n"


def _gone() -> No:
    return No("some of the messages are no longer there", "EXPUNGEISSUED")


def _groups(rows: list[Fetched]) -> Iterator[list[Fetched]]:
    """Such as are read together: a large one is alone."""
    group: list[Fetched] = []
    size = 0
    for row in rows:
        if group and (size + row.size > SMALL or len(group) == GROUP):
            yield group
            group, size = [], 0
        group.append(row)
        size += row.size
    if group:
        yield group


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets in pieces of one size."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK:
            joined = b"".join(held)
            size %= CHUNK
            for at in range(0, len(joined) - size, CHUNK):
                yield joined[at : at + CHUNK]
            held = [joined[len(joined) - size :]]
    if size:
        yield b"".join(held)
