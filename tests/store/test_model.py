"""The store does what a few lists and dictionaries would do, whatever is done in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from chores import reclaim
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from messages import new_message
from store_model import Box, Message, Project, There

from mailtrap.bus import Added, Copied, Deleted, Emptied, Event, ProjectDeleted, Removed
from mailtrap.errors import AlreadyExists, Gone, NotFound, ProjectGone
from mailtrap.message.summary import Summary
from mailtrap.search.tree import Not, Size
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

NAMES = ("ann@x.test", "bob@x.test", "job-4711")
ACCOUNTS = ("catchall", *NAMES)
BOXES = ("INBOX", "a", "a/b", "a/b/b", "ab")
UIDS = st.lists(st.integers(0, 6), max_size=4)
FLAGS = st.sampled_from([Flag(0), Flag.SEEN, Flag.SEEN | Flag.FLAGGED, Flag.DELETED])
KEYWORDS = st.sets(st.sampled_from(["Work", "$Junk", "work"])).map(lambda some: sorted(some, key=str.lower)[:1])


class StoreAndModel(RuleBasedStateMachine):
    """Does the same to both, and then compares all that can be read."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp(prefix="store-"))
        self.projects: dict[int, Project] = {}
        self.events: list[Event] = []
        self.pictures: dict[int, set[int]] = defaultdict(set)
        """What is in each mailbox, for one who only hears the events."""
        self.open()

    def open(self) -> None:
        self.store = SqliteStore(self.path)
        self.store.bus.subscribe(self.hear)

    def hear(self, event: Event) -> None:
        self.events.append(event)
        match event:
            case Added(filed=filed):
                for each in filed:
                    self.pictures[each.mailbox].add(each.uid)
            case Copied(mailbox=mailbox, uids=uids):
                self.pictures[mailbox] |= set(uids)
            case Removed(mailbox=mailbox, uids=uids):
                self.pictures[mailbox] -= set(uids)
            case Deleted(entries=entries):
                for mailbox, uids in entries.items():
                    self.pictures[mailbox] -= set(uids)
            case Emptied():
                for mailbox in self.pictures:
                    self.pictures[mailbox] = set(self.store.view(mailbox).uids)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.path)

    def choose(self, data: st.DataObject) -> tuple[int, Project]:
        number = data.draw(st.sampled_from(sorted(self.projects)), "project")
        return number, self.projects[number]

    def choose_box(self, data: st.DataObject) -> tuple[Project, Box]:
        """Any mailbox, deleted or not."""
        boxes = {box.id: (project, box) for project in self.projects.values() for box in project.boxes}
        return boxes[data.draw(st.sampled_from(sorted(boxes)), "mailbox")]

    def some(self, data: st.DataObject, project: Project) -> list[Message]:
        if not project.messages:
            return []
        chosen = st.lists(st.sampled_from(sorted(project.messages)), unique=True, max_size=4)
        return [project.messages[number] for number in data.draw(chosen, "messages")]

    def box(self, number: int, account: str, name: str) -> Box:
        """A mailbox in the model, once the store has one."""
        project = self.projects[number]
        found = project.box(account, name)
        if found is None:
            found = Box(self.store.mailbox(number, account, name).id, account, name)
            project.boxes.append(found)
        return found

    def has_boxes(self) -> bool:
        return any(project.boxes for project in self.projects.values())

    # -- messages

    @rule()
    def new_project(self) -> None:
        self.projects[self.store.new_project().id] = Project()

    @precondition(lambda self: self.projects)
    @rule(data=st.data())
    def delete_project(self, data: st.DataObject) -> None:
        number, project = self.choose(data)
        self.store.delete_project(number)
        del self.projects[number]
        assert isinstance(self.events[-1], ProjectDeleted)
        with pytest.raises(ProjectGone):
            self.store.add(new_message(number)).result()
        for box in project.boxes:
            assert self.pictures[box.id] == set()
            with pytest.raises(ProjectGone):
                self.store.append(box.id, new_message(number, origin="append"))

    @precondition(lambda self: self.projects)
    @rule(
        data=st.data(),
        octets=st.binary(max_size=20),
        names=st.sets(st.sampled_from(NAMES)),
        origin=st.sampled_from(("smtp", "import", "append")),
        tags=st.sets(st.sampled_from("ab")),
    )
    def add(self, data: st.DataObject, octets: bytes, names: set[str], origin: Any, tags: set[str]) -> None:
        number, project = self.choose(data)
        rcpt_to = tuple(sorted(names)) or (() if origin != "append" else NAMES[:1])
        new = new_message(number, octets, rcpt_to=rcpt_to, origin=origin, tags=tuple(tags))
        summary = self.store.add(new).result()
        message = project.messages[summary.number] = Message(summary.id, octets, origin, [], tags=set(tags))
        for account in new.accounts:
            project.file(message, self.box(number, account, "INBOX"))
        assert isinstance(self.events[-1], Added)
        assert self.events[-1].summary == summary

    @precondition(lambda self: self.projects)
    @rule(data=st.data())
    def add_again(self, data: st.DataObject) -> None:
        number, project = self.choose(data)
        for message in self.some(data, project):
            if not message.gone:
                with pytest.raises(AlreadyExists):
                    self.store.add(new_message(number, message_id=message.id)).result()

    @precondition(lambda self: self.projects)
    @rule(
        data=st.data(),
        seen=st.none() | st.booleans(),
        pinned=st.none() | st.booleans(),
        add=st.sets(st.sampled_from("ab")),
        remove=st.sets(st.sampled_from("bc")),
        account=st.none() | st.sampled_from(ACCOUNTS),
    )
    def update(self, data: st.DataObject, seen: bool | None, pinned: bool | None, **given: Any) -> None:
        number, project = self.choose(data)
        messages = self.some(data, project)
        there = [message for message in messages if not message.gone]
        count = self.store.update(
            number,
            [message.id for message in messages],
            seen=seen,
            pinned=pinned,
            add_tags=given["add"],
            remove_tags=given["remove"],
            account=given["account"],
        )
        assert count == len(there)
        for message in there:
            message.pinned = message.pinned if pinned is None else pinned
            message.tags = (message.tags | given["add"]) - given["remove"]
            for entry in message.entries:
                if seen is not None and entry.box.account == (given["account"] or "catchall"):
                    entry.flags = entry.flags | Flag.SEEN if seen else entry.flags & ~Flag.SEEN

    @precondition(lambda self: self.projects)
    @rule(data=st.data(), why=st.sampled_from(("deleted", "expired")))
    def delete(self, data: st.DataObject, why: Any) -> None:
        number, project = self.choose(data)
        messages = self.some(data, project)
        there = [message for message in messages if not message.gone]
        assert self.store.delete(number, [message.id for message in messages], why) == len(there)
        for message in there:
            message.gone = True

    @precondition(lambda self: self.projects)
    @rule(data=st.data())
    def delete_all(self, data: st.DataObject) -> None:
        number, project = self.choose(data)
        going = [message for message in project.there().values() if not message.pinned]
        assert self.store.delete_all(number) == len(going)
        for message in going:
            message.gone = True

    # -- mailboxes

    @precondition(lambda self: self.projects)
    @rule(data=st.data(), account=st.sampled_from(ACCOUNTS), name=st.sampled_from(BOXES), strict=st.booleans())
    def make_mailbox(self, data: st.DataObject, account: str, name: str, strict: bool) -> None:
        number, project = self.choose(data)
        there = project.box(account, name)
        if there and strict:
            with pytest.raises(AlreadyExists):
                self.store.make_mailbox(number, account, name)
            return
        made = (self.store.make_mailbox if strict else self.store.open_mailbox)(number, account, name)
        assert self.box(number, account, name).id == made.id

    @precondition(lambda self: self.projects)
    @rule(data=st.data(), account=st.sampled_from(ACCOUNTS), name=st.sampled_from(BOXES))
    def delete_mailbox(self, data: st.DataObject, account: str, name: str) -> None:
        number, project = self.choose(data)
        box = project.box(account, name)
        if box is None:
            with pytest.raises(NotFound):
                self.store.delete_mailbox(number, account, name)
            return
        self.store.delete_mailbox(number, account, name)
        project.remove(list(project.inside(box).values()), "imap")
        box.deleted = True

    @precondition(lambda self: self.has_boxes())
    @rule(data=st.data(), new=st.sampled_from(BOXES))
    def rename_mailbox(self, data: st.DataObject, new: str) -> None:
        number, project = self.choose(data)
        account, old = data.draw(st.sampled_from([(each, name) for each in ACCOUNTS for name in BOXES]), "old")
        wrong = None if project.box(account, old) or old == "INBOX" else NotFound
        wrong = AlreadyExists if wrong is None and project.box(account, new) else wrong
        moved = {} if wrong or old == "INBOX" else self.renamed(project, account, old, new)
        if set(moved.values()) & {each.name for each in project.boxes_of(account) if each not in moved}:
            wrong = AlreadyExists
        if wrong or (old == new == "INBOX"):
            with pytest.raises(wrong or AlreadyExists):
                self.store.rename_mailbox(number, account, old, new)
            return
        self.store.rename_mailbox(number, account, old, new)
        for box, name in moved.items():
            box.name = name
        if old == "INBOX":
            found = list(project.inside(self.box(number, account, "INBOX")).values())
            self.put(project, found, self.box(number, account, new))
            project.remove(found, "imap")

    def renamed(self, project: Project, account: str, old: str, new: str) -> dict[Box, str]:
        below = [each for each in project.boxes_of(account) if (each.name + "/").startswith(old + "/")]
        return {each: new + each.name.removeprefix(old) for each in below}

    @precondition(lambda self: self.projects)
    @rule(data=st.data(), account=st.sampled_from(ACCOUNTS), name=st.sampled_from(BOXES), subscribed=st.booleans())
    def subscribe(self, data: st.DataObject, account: str, name: str, subscribed: bool) -> None:
        number, project = self.choose(data)
        self.store.subscribe(number, account, name, subscribed)
        project.subscriptions.setdefault(account, {})[name] = subscribed

    # -- entries

    @precondition(lambda self: self.has_boxes())
    @rule(data=st.data(), octets=st.binary(max_size=20), flags=FLAGS, keywords=KEYWORDS)
    def append(self, data: st.DataObject, octets: bytes, flags: Flag, keywords: list[str]) -> None:
        project, box = self.choose_box(data)
        new = new_message(4711, octets, origin="append")
        if box.deleted:
            with pytest.raises(NotFound):
                self.store.append(box.id, new, flags=flags, keywords=keywords)
            return
        filed = self.store.append(box.id, new, flags=flags, keywords=keywords)
        message = self.appended(project, octets)
        assert (filed.mailbox, filed.uid) == (box.id, project.file(message, box, flags, keywords).uid)

    def appended(self, project: Project, octets: bytes) -> Message:
        """The message that the last event told of."""
        added = self.events[-1]
        assert isinstance(added, Added)
        made = project.messages[added.summary.number] = Message(added.summary.id, octets, "append", [])
        return made

    @precondition(lambda self: self.has_boxes())
    @rule(data=st.data(), uids=UIDS, moving=st.booleans())
    def copy_or_move(self, data: st.DataObject, uids: list[int], moving: bool) -> None:
        project, box = self.choose_box(data)
        other, target = self.choose_box(data)
        do = self.store.move if moving else self.store.copy
        if target.deleted or other is not project:
            with pytest.raises(NotFound):
                do(box.id, uids, target.id)
            return
        found = [there for uid, there in sorted(project.inside(box).items()) if uid in uids]
        before = len(self.events)
        pairs = do(box.id, uids, target.id)
        added = [event for event in self.events[before:] if isinstance(event, Added)]
        if box.account != target.account:
            assert len(added) == len(found)
            for event, there in zip(added, found, strict=True):
                copy = Message(event.summary.id, there.message.octets, "append", [])
                project.messages[event.summary.number] = copy
                project.file(copy, target, there.entry.flags, there.entry.keywords)
            given = range(target.given - len(found) + 1, target.given + 1)
        else:
            given = self.put(project, found, target)
        assert pairs == list(zip([there.entry.uid for there in found], given, strict=True))
        if moving:
            project.remove(found, "imap")

    def put(self, project: Project, found: list[There], target: Box) -> range:
        """New entries of the same messages; gives their UIDs."""
        for _, message, entry in found:
            project.file(message, target, entry.flags, entry.keywords)
        return range(target.given - len(found) + 1, target.given + 1)

    @precondition(lambda self: self.has_boxes())
    @rule(
        data=st.data(),
        uids=UIDS,
        add=FLAGS,
        remove=st.sampled_from([Flag(0), Flag.SEEN, Flag.ANSWERED]),
        add_keywords=KEYWORDS,
        remove_keywords=st.sets(st.sampled_from(["work", "other"])),
        replace=st.booleans(),
    )
    def flag(self, data: st.DataObject, uids: list[int], replace: bool, **given: Any) -> None:
        project, box = self.choose_box(data)
        changed = []
        for uid, there in project.inside(box).items():
            if uid in uids:
                change = there.entry.replace if replace else there.entry.change
                changed.append(change(**given))
        cursor = self.store.cursor()
        modseq = self.store.flag(box.id, uids, replace=replace, **given)
        assert (modseq > cursor) == any(changed)

    @precondition(lambda self: self.has_boxes())
    @rule(data=st.data(), uids=UIDS)
    def remove(self, data: st.DataObject, uids: list[int]) -> None:
        project, box = self.choose_box(data)
        self.store.remove(box.id, uids, "pop3")
        project.remove([there for uid, there in project.inside(box).items() if uid in uids], "pop3")

    # -- time

    @precondition(lambda self: self.projects)
    @rule(data=st.data())
    def remember(self, data: st.DataObject) -> None:
        _, project = self.choose(data)
        project.cursors.append((self.store.cursor(), set(project.messages)))
        for box in project.boxes:
            project.past.append((box, self.store.cursor(), set(project.inside(box))))

    @rule()
    def give_space_back(self) -> None:
        reclaim(self.store)

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self.open()

    # -- comparing

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        assert [event.modseq for event in self.events] == sorted(event.modseq for event in self.events)
        assert {each.id for each in self.store.projects()} == set(self.projects)
        for number, project in self.projects.items():
            self.compare_messages(number, project)
            self.compare_accounts(number, project)
            for box in project.boxes:
                self.compare_box(project, box)

    def compare_messages(self, number: int, project: Project) -> None:
        listed = {at: message for at, message in project.there().items() if message.origin != "append"}
        self.compare_list(self.all_pages(number, None), listed, "catchall")
        for cursor, before in project.cursors:
            page = self.store.messages(number, since=cursor)
            assert {each.number for each in page.summaries} == set(listed) - before
            assert page.total == len(page.summaries)
        octets = self.store.raw(list(project.messages))
        for at, message in project.messages.items():
            if message.gone:
                with pytest.raises(Gone):
                    self.store.summary(number, message.id)
                with pytest.raises(NotFound):
                    self.store.octets(at)
            else:
                assert self.store.octets(at) == octets[at] == message.octets
                filings = [
                    (each.account, each.mailbox, each.uid, each.flags, each.removed_by)
                    for each in self.store.filings(at)
                ]
                wanted = [
                    (each.box.account, each.box.name, each.uid, each.flags, each.removed_by) for each in message.entries
                ]
                assert sorted(filings) == sorted(wanted)

    def compare_accounts(self, number: int, project: Project) -> None:
        wanted = {}
        for account in ACCOUNTS:
            filed = {at: message for at, message in project.there().items() if message.filed_for(account)}
            self.compare_list(self.all_pages(number, account), filed, account)
            if filed:
                wanted[account] = (len(filed), sum(not each.seen_by(account) for each in filed.values()))
            found = [(each.id, each.name) for each in self.store.mailboxes(number, account)]
            assert found == [(each.id, each.name) for each in project.boxes_of(account)]
            assert self.store.subscriptions(number, account) == project.subscriptions.get(account, {})
        assert {each.name: (each.messages, each.unseen) for each in self.store.accounts(number)} == wanted

    def all_pages(self, number: int, account: str | None) -> list[Summary]:
        page = self.store.messages(number, account=account, limit=3)
        found = page.summaries
        while page.next is not None:
            total = page.total
            page = self.store.messages(number, account=account, limit=3, before=page.next)
            assert page.total == total
            found = found + page.summaries
        assert page.total == len(found)
        return found

    def compare_list(self, found: list[Summary], wanted: dict[int, Message], viewer: str) -> None:
        assert [each.number for each in found] == sorted(wanted, reverse=True)
        for each in found:
            message = wanted[each.number]
            state = (each.id, each.seen, each.pinned, set(each.tags))
            assert state == (message.id, message.seen_by(viewer), message.pinned, message.tags)

    def compare_box(self, project: Project, box: Box) -> None:
        inside = dict(sorted(project.inside(box).items()))
        assert self.store.mailbox_names(box.id) == (box.account, box.name)
        self.compare_view(box, inside)
        self.compare_entries(box, inside)
        for past_box, modseq, uids in project.past:
            if past_box is box:
                ranges = self.store.expunged_since(box.id, modseq)
                assert ranges is not None
                went = {uid for first, last in ranges for uid in range(first, last + 1)}
                assert uids - set(inside) <= went
                assert not went & set(inside)

    def compare_view(self, box: Box, inside: dict[int, There]) -> None:
        view = self.store.view(box.id)
        assert view.uids == list(inside) == sorted(self.pictures[box.id])
        assert (view.uidnext, view.modseq) == (box.given + 1, self.store.cursor())
        unseen = [uid for uid, there in inside.items() if not there.entry.flags & Flag.SEEN]
        assert view.unseen == next(iter(unseen), None)
        used = {keyword.lower() for there in inside.values() for keyword in there.entry.keywords}
        assert sorted(keyword.lower() for keyword in view.keywords) == sorted(used)
        if not box.deleted:
            number = next(number for number, project in self.projects.items() if box in project.boxes)
            there = self.store.mailbox(number, box.account, box.name)
            deleted = [uid for uid, there in inside.items() if there.entry.flags & Flag.DELETED]
            size = sum(len(there.message.octets) for there in inside.values())
            counters = (there.uidnext, there.messages, there.unseen, there.size, there.deleted)
            assert counters == (view.uidnext, len(inside), len(unseen), size, len(deleted))
            assert (there.uidvalidity, there.highest_modseq) == (view.uidvalidity, view.highest_modseq)
            assert self.store.deleted(box.id) == deleted

    def compare_entries(self, box: Box, inside: dict[int, There]) -> None:
        wanted = [
            (uid, at, entry.flags, " ".join(entry.keywords), len(message.octets))
            for uid, (at, message, entry) in inside.items()
        ]
        entries = self.store.entries(box.id)
        assert [(each.uid, each.number, each.flags, " ".join(each.keywords), each.size) for each in entries] == wanted
        fetched = self.store.fetch(box.id, list(inside), outline=True)
        assert [(each.uid, each.number, each.flags, each.keywords, each.size) for each in fetched] == wanted
        assert all(each.envelope and each.bodystructure for each in fetched)
        assert all(each.modseq <= self.store.view(box.id).highest_modseq <= self.store.cursor() for each in entries)
        large = [uid for uid, there in inside.items() if len(there.message.octets) > 9]
        assert self.store.search(box.id, Size(larger=9)) == large
        assert self.store.search(box.id, Not(Size(larger=9))) == [uid for uid in inside if uid not in large]


TestStoreAndModel = pytest.mark.filterwarnings("error")(StoreAndModel.TestCase)
TestStoreAndModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
