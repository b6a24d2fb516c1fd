"""Several clients at once, and everything else that changes mailboxes, against a model of a few lines."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from imap_picture import Client, Picture, nothing
from imap_reader import Value

from mailtrap.current import Current
from mailtrap.envelope import Address, Envelope
from mailtrap.imap.session import World
from mailtrap.message.facts import Facts
from mailtrap.store import Store
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

ACCOUNT = "ann@example.com"
FLAGS = (r"\Flagged", r"\Deleted", r"\Deleted", r"\Seen", "$Work", "later")
NAMES = ("INBOX", "Box", "Trash")
OTHERS = ("deliver", "delete_all", "expunge", "store", "remake")
MOST = 20
"""Messages in a mailbox, more or less."""

clients = st.integers(0, 2)
names = st.sampled_from(NAMES)
flag_sets = st.sets(st.sampled_from(FLAGS), min_size=1, max_size=3)
choices = st.sets(st.integers(0, 9), max_size=5)
data = st.data()
moments = st.sampled_from(["", "", "before", "after"])
"""When somebody else does something in the middle of a command: before or after what it does in the other thread."""


@dataclass
class Entry:
    """A message's place in a mailbox."""

    message: str
    flags: frozenset[str]


@dataclass
class Box:
    """A mailbox: its entries by UID, the UID that the next one gets, and which session had which as recent."""

    entries: dict[int, Entry] = field(default_factory=dict)
    uidnext: int = 1
    recent: dict[int, object] = field(default_factory=dict)

    def put(self, message: str, flags: Iterable[str] = ()) -> int:
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        self.entries[uid] = Entry(message, frozenset(flags))
        return uid

    def take(self, gone: Iterable[int]) -> None:
        for uid in set(gone) & set(self.entries):
            del self.entries[uid]

    def deleted(self) -> set[int]:
        return {uid for uid, entry in self.entries.items() if r"\Deleted" in entry.flags}


@dataclass(eq=False)
class Selected:
    """What a client has selected."""

    box: Box
    read_only: bool


class Mailboxes(RuleBasedStateMachine):
    """What clients are told, and what is so."""

    @initialize()
    def begin(self) -> None:
        self.store_ = store()
        self.project = self.store_.new_project().id
        world = World(self.store_, Current(self.project))
        self.clients = [Client(world, self.store_.bus) for _ in range(3)]
        self.clients[0].command("CREATE Box")
        self.boxes = {name: Box() for name in NAMES}
        self.selected: list[Selected | None] = [None] * 3
        self.pinned: set[str] = set()
        self.numbers = count()
        self.deliver()
        for who in range(3):
            self.select(who, "INBOX", read_only=False)
        self.deliver()

    def teardown(self) -> None:
        for client in getattr(self, "clients", ()):
            client.hang_up()

    # -- what clients do

    @rule(who=clients, name=names, read_only=st.booleans(), pause=st.integers(0, 3), data=data)
    def select_while(self, who: int, name: str, read_only: bool, pause: int, data: st.DataObject) -> None:
        other = data.draw(st.sampled_from([each for each in OTHERS if each != "remake"])) if pause else ""
        self.select(who, name, read_only=read_only, other=self.doing(other, who, data), pause=pause)

    def select(
        self, who: int, name: str, *, read_only: bool, other: Callable[[], object] = nothing, pause: int = 0
    ) -> None:
        client = self.ready(who)
        pauses = count(1)
        client.at_pause = lambda: other() if next(pauses) == pause else None
        said = client.command(f"{'EXAMINE' if read_only else 'SELECT'} {name}")
        assert said[-1][1] == "OK"
        self.selected[who] = Selected(self.boxes[name], read_only)
        recent = self.picture(who).recent
        if pause:
            client.command("NOOP")  # what went before SELECT was answered is told now
        assert len(self.look(who)) == recent or pause

    @rule(who=clients, how=st.sampled_from(["UNSELECT", "CLOSE"]))
    def leave(self, who: int, how: str) -> None:
        client, selected = self.ready(who), self.selected[who]
        if selected is not None:
            if how == "CLOSE" and not selected.read_only:
                selected.box.take(selected.box.deleted() & set(self.known(who)))
            client.command(how)
            self.selected[who] = None

    @rule(who=clients)
    def idle(self, who: int) -> None:
        if not self.clients[who].idling:
            self.clients[who].idle()

    @rule(who=clients)
    def noop(self, who: int) -> None:
        self.ready(who).command("NOOP")
        if self.selected[who] is not None:
            self.look(who)

    @rule(who=clients)
    def fetch(self, who: int) -> None:
        client = self.ready(who)
        if self.selected[who] is not None and (known := len(self.picture(who).uids)):
            said = client.command("FETCH 1:* (UID FLAGS)")
            # of those that it knew of: what came meanwhile may have changed, too
            told = sum(each[2:3] == ["FETCH"] and each[1] <= known for each in said)
            assert said[-1][1] == "OK" if told >= known else said[-1][1:3] == ["NO", ["EXPUNGEISSUED"]]

    @rule(who=clients)
    def search(self, who: int) -> None:
        client = self.ready(who)
        if self.selected[who] is not None:
            known = len(self.picture(who).uids)
            [found] = [each[2:] for each in client.command("SEARCH ALL") if each[1] == "SEARCH"]
            assert found == list(range(1, known + 1))

    @rule(who=clients, moment=moments, data=data)
    def store(self, who: int, moment: str, data: st.DataObject) -> None:
        self.ready(who)
        if (selected := self.selected[who]) is None:
            return
        uids, prefix, wanted = self.choose(who, data)
        how, flags = data.draw(st.sampled_from(["", "+", "-"])), data.draw(flag_sets)
        silent = data.draw(st.booleans())

        def effect() -> None:
            for entry in [entry for uid, entry in selected.box.entries.items() if uid in uids]:
                entry.flags = changed(entry.flags, how, flags)

        if silent and not selected.read_only:  # the client knows what it does
            picture = self.picture(who)
            picture.flags = [
                changed(known, how, flags) if uid in uids and known is not None else known
                for uid, known in zip(self.known(who), picture.flags, strict=True)
            ]
        text = f"{prefix}STORE {wanted} {how}FLAGS{'.SILENT' if silent else ''} ({' '.join(sorted(flags))})"
        self.act(who, text, effect, moment, data)

    @rule(who=clients, moment=moments, data=data)
    def expunge(self, who: int, moment: str, data: st.DataObject) -> None:
        self.ready(who)
        if (selected := self.selected[who]) is None:
            return
        uids, prefix, wanted = self.choose(who, data)
        if not prefix:
            uids, wanted = self.known(who), ""

        def effect() -> None:
            selected.box.take(selected.box.deleted() & set(uids))

        self.act(who, f"{prefix}EXPUNGE {wanted}", effect, moment, data)

    @rule(who=clients, name=names, moves=st.booleans(), moment=moments, data=data)
    def copy_or_move(self, who: int, name: str, moves: bool, moment: str, data: st.DataObject) -> None:
        self.ready(who)
        selected, target = self.selected[who], self.boxes[name]
        if selected is None or len(target.entries) > MOST:
            return
        uids, prefix, wanted = self.choose(who, data)
        pairs: list[tuple[int, int]] = []

        def effect() -> None:
            entries = selected.box.entries
            there = [uid for uid in uids if uid in entries]
            pairs.extend([(uid, target.put(entries[uid].message, entries[uid].flags)) for uid in there])
            selected.box.take(there if moves else ())

        # If the target goes before, the command fails; that is another test.
        others = [each for each in OTHERS if each != "remake"]
        text = f"{prefix}{'MOVE' if moves else 'COPY'} {wanted} {name}"
        said = self.act(who, text, effect, moment, data, writes=moves, others=others)
        codes = [each[2] for each in said if each[1] == "OK" and each[2] and each[2][0] == "COPYUID"]
        told = [pair for code in codes for pair in zip(spelled(code[2]), spelled(code[3]), strict=True)]
        assert told == pairs

    @rule(who=clients, name=names, flags=flag_sets)
    def append(self, who: int, name: str, flags: set[str]) -> None:
        said = self.ready(who).command(f"APPEND {name} ({' '.join(flags)}) {{1+}}\r\nx")
        uid = self.boxes[name].put(f"appended {next(self.numbers)}", flags)
        assert said[-1][2][::2] == ["APPENDUID", uid]

    # -- what others do

    @rule()
    def deliver(self) -> None:
        octets = b"Subject: %d\r\n\r\n" % next(self.numbers)
        envelope = Envelope(Address("app@shop.test"), (Address(ACCOUNT),))
        new = NewMessage(self.project, "smtp", octets, Facts(size=len(octets)), envelope, (ACCOUNT,))
        self.boxes["INBOX"].put(self.store_.add(new).result().id)

    @rule(what=st.sampled_from(["delete", "delete", "delete_all", "pin", "remake"]), chosen=choices)
    def by_rest(self, what: str, chosen: set[int]) -> None:
        if what in ("delete", "pin"):
            getattr(self, what)(self.messages(chosen))
        else:
            getattr(self, what)()

    def delete(self, ids: set[str]) -> None:
        self.store_.delete(self.project, ids)
        self.forget(ids)

    def delete_all(self) -> None:
        self.store_.delete_all(self.project)
        self.forget({entry.message for entry in self.entries()} - self.pinned)

    def pin(self, ids: set[str]) -> None:
        self.store_.update(self.project, ids, pinned=True)
        self.pinned |= ids

    @rule(chosen=choices, seen=st.booleans())
    def see(self, chosen: set[int], seen: bool) -> None:
        ids = self.messages(chosen)
        self.store_.update(self.project, ids, seen=seen, account=ACCOUNT)
        for entry in [entry for entry in self.entries() if entry.message in ids]:
            entry.flags = changed(entry.flags, "+" if seen else "-", {r"\Seen"})

    @rule(name=names, chosen=choices)
    def remove(self, name: str, chosen: set[int]) -> None:
        uids = [uid for at, uid in enumerate(self.boxes[name].entries) if at in chosen]
        mailbox = self.store_.open_mailbox(self.project, ACCOUNT, name)
        self.store_.remove(mailbox.id, uids, "pop3")
        self.boxes[name].take(uids)

    def remake(self) -> None:
        self.store_.delete_mailbox(self.project, ACCOUNT, "Box")
        self.boxes["Box"].entries.clear()
        self.store_.make_mailbox(self.project, ACCOUNT, "Box")
        self.boxes["Box"] = Box()

    # -- what must be so

    @invariant()
    def who_idles_is_up_to_date(self) -> None:
        for who, client in enumerate(getattr(self, "clients", ())):
            client.hear()
            if client.idling and self.selected[who] is not None:
                self.require_up_to_date(who)

    def require_up_to_date(self, who: int) -> None:
        """The picture is what is so, as far as it was told."""
        selected, picture = self.selected[who], self.picture(who)
        assert selected is not None
        there = selected.box.entries
        assert len(picture.uids) == len(there)
        for uid, flags, (true_uid, entry) in zip(picture.uids, picture.flags, there.items(), strict=True):
            assert uid in (None, true_uid)
            assert flags is None or flags - {r"\Recent"} == entry.flags, f"UID {true_uid}"

    def look(self, who: int) -> set[int]:
        """All was told just now: the picture is right, and so it is when all is fetched. Gives what is recent."""
        self.require_up_to_date(who)
        selected, picture = self.selected[who], self.picture(who)
        assert selected is not None
        if picture.uids:
            self.clients[who].command("FETCH 1:* (UID FLAGS)")
        assert picture.uids == list(selected.box.entries)
        self.require_up_to_date(who)
        recent = {uid for uid, flags in zip(picture.uids, picture.flags, strict=True) if r"\Recent" in (flags or ())}
        for uid in recent if not selected.read_only else ():
            assert selected.box.recent.setdefault(uid, selected) is selected, "recent in two sessions"
        return recent

    # -- how

    def ready(self, who: int) -> Client:
        """The client, which does not idle."""
        client = self.clients[who]
        if client.idling:
            client.hear()
            client.done()
        return client

    def picture(self, who: int) -> Picture:
        picture = self.clients[who].picture
        assert picture is not None
        return picture

    def known(self, who: int) -> list[int]:
        """The UIDs of what the client sees, also where it has not asked for them yet."""
        selected = self.clients[who].session.selected
        return list(selected.uids)

    def choose(self, who: int, data: st.DataObject) -> tuple[list[int], str, str]:
        """UIDs, and how a client names them: by numbers it knows of, or by UIDs that may not be there."""
        uids = self.known(who)
        if not uids or data.draw(st.booleans()):
            wanted = data.draw(st.lists(st.sampled_from([*uids, 99]), min_size=1, max_size=4))
            return [uid for uid in uids if uid in wanted], "UID ", ",".join(map(str, wanted))
        wanted = data.draw(st.lists(st.integers(1, len(uids)), min_size=1, max_size=4))
        return sorted({uids[number - 1] for number in wanted}), "", ",".join(map(str, wanted))

    def act(
        self,
        who: int,
        text: str,
        effect: Callable[[], None],
        moment: str,
        data: st.DataObject,
        *,
        writes: bool = True,
        others: Sequence[str] = OTHERS,
    ) -> list[list[Value]]:
        """Send a command, and let the model do the same; *moment* it does, somebody else does something, too."""
        client, selected = self.clients[who], self.selected[who]
        assert selected is not None
        allowed = not (writes and selected.read_only)
        left = [effect] if allowed else []
        other = self.doing(data.draw(st.sampled_from(others)), who, data) if moment else nothing

        def at_pause() -> None:
            if client.session.blocking != (moment == "after"):
                client.at_pause = nothing
                while moment == "after" and left:
                    left.pop()()
                other()

        client.at_pause = at_pause if moment else nothing
        said = client.command(text)
        while left:
            left.pop()()
        assert said[-1][1] == ("OK" if allowed else "NO"), said
        return said

    def doing(self, what: str, who: int, data: st.DataObject) -> Callable[[], object]:
        """What somebody else than *who* may do."""
        if what in ("store", "expunge"):
            return lambda: getattr(self, what)((who + 1) % 3, "", data)
        return getattr(self, what) if what else nothing

    def entries(self) -> list[Entry]:
        return [entry for box in self.boxes.values() for entry in box.entries.values()]

    def messages(self, chosen: set[int]) -> set[str]:
        """Some of those that were delivered."""
        every = dict.fromkeys(entry.message for entry in self.entries())
        return {each for at, each in enumerate(every) if at in chosen and not each.startswith("appended")}

    def forget(self, messages: set[str]) -> None:
        for box in self.boxes.values():
            box.take([uid for uid, entry in box.entries.items() if entry.message in messages])


def changed(flags: frozenset[str], how: str, by: Iterable[str]) -> frozenset[str]:
    r"""Flags after a STORE; nobody changes ``\Recent``."""
    return flags.union(by) if how == "+" else flags.difference(by) if how == "-" else (flags & {r"\Recent"}).union(by)


def spelled(written: object) -> list[int]:
    """The numbers of a set such as ``1:3,7``."""
    ranges = [each.split(":") for each in str(written).split(",")]
    return [number for each in ranges for number in range(int(each[0]), int(each[-1]) + 1)]


@cache
def store() -> Store:
    opened = SqliteStore()
    atexit.register(opened.close)
    return opened


TestMailboxes = Mailboxes.TestCase
TestMailboxes.settings = settings(max_examples=100, stateful_step_count=50)
