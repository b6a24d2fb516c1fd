"""The store does what a few lists and dictionaries would do, whatever is done in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from messages import new_message

from mailtrap.bus import Added, Event
from mailtrap.errors import AlreadyExists, Gone, NotFound
from mailtrap.message.summary import Summary
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

NAMES = ("ann@x.test", "bob@x.test", "job-4711")
ACCOUNTS = ("catchall", *NAMES)


@dataclass
class Entry:
    """A message's place in an INBOX."""

    account: str
    uid: int
    flags: Flag = Flag(0)
    keywords: list[str] = field(default_factory=list)
    removed_by: str = ""


@dataclass
class Message:
    """A message, and where it was filed."""

    id: str
    octets: bytes
    origin: str
    entries: list[Entry]
    pinned: bool = False
    tags: set[str] = field(default_factory=set)
    gone: bool = False

    def seen_by(self, account: str) -> bool:
        return any(entry.flags & Flag.SEEN for entry in self.entries if entry.account == account)

    def filed_for(self, account: str) -> bool:
        return any(entry.account == account for entry in self.entries)


@dataclass
class Project:
    """A world: its messages by number, and the UIDs that its accounts have given."""

    messages: dict[int, Message] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    past: list[tuple[str, int, set[int]]] = field(default_factory=list)
    """What was once in an INBOX: account, mod-sequence, UIDs."""
    cursors: list[tuple[int, set[int]]] = field(default_factory=list)
    """What had been stored at a mod-sequence."""

    def there(self) -> dict[int, Message]:
        return {number: message for number, message in self.messages.items() if not message.gone}

    def inbox(self, account: str) -> dict[int, tuple[int, Message, Entry]]:
        """Entries that were not removed, by UID."""
        return {
            entry.uid: (number, message, entry)
            for number, message in self.there().items()
            for entry in message.entries
            if entry.account == account and not entry.removed_by
        }


class StoreAndModel(RuleBasedStateMachine):
    """Does the same to both, and then compares all that can be read."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp(prefix="store-"))
        self.projects: dict[int, Project] = {}
        self.events: list[Event] = []
        self.open()

    def open(self) -> None:
        self.store = SqliteStore(self.path)
        self.store.bus.subscribe(self.events.append)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.path)

    def choose(self, data: st.DataObject) -> tuple[int, Project]:
        number = data.draw(st.sampled_from(sorted(self.projects)), "project")
        return number, self.projects[number]

    def some(self, data: st.DataObject, project: Project) -> list[Message]:
        if not project.messages:
            return []
        chosen = st.lists(st.sampled_from(list(project.messages.values())), unique_by=lambda it: it.id, max_size=4)
        return data.draw(chosen, "messages")

    @rule()
    def new_project(self) -> None:
        self.projects[self.store.new_project().id] = Project()

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
        entries = []
        for account in new.accounts:
            project.given[account] = project.given.get(account, 0) + 1
            entries.append(Entry(account, project.given[account]))
        project.messages[summary.number] = Message(summary.id, octets, origin, entries, tags=set(tags))
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
                if seen is not None and entry.account == (given["account"] or "catchall"):
                    entry.flags = entry.flags | Flag.SEEN if seen else entry.flags & ~Flag.SEEN

    @precondition(lambda self: any(project.given for project in self.projects.values()))
    @rule(
        data=st.data(),
        add=st.sampled_from([Flag(0), Flag.SEEN, Flag.SEEN | Flag.FLAGGED]),
        remove=st.sampled_from([Flag(0), Flag.SEEN, Flag.ANSWERED]),
        add_keywords=st.sets(st.sampled_from(["Work", "$Junk"])),
        remove_keywords=st.sets(st.sampled_from(["work", "other"])),
    )
    def flag(self, data: st.DataObject, **given: Any) -> None:
        mailbox, inbox = self.choose_inbox(data)
        uids = data.draw(st.lists(st.integers(0, 6), max_size=4), "uids")
        before = {uid: (entry.flags, list(entry.keywords)) for uid, (_, _, entry) in inbox.items()}
        for uid in set(uids) & set(inbox):
            entry = inbox[uid][2]
            entry.flags = (entry.flags | given["add"]) & ~given["remove"]
            lower = [keyword.lower() for keyword in entry.keywords]
            entry.keywords += [each for each in sorted(given["add_keywords"]) if each.lower() not in lower]
            entry.keywords = [each for each in entry.keywords if each.lower() not in given["remove_keywords"]]
        changed = [uid for uid, (_, _, entry) in inbox.items() if before[uid] != (entry.flags, entry.keywords)]
        cursor = self.store.cursor()
        given["add_keywords"] = sorted(given["add_keywords"])
        modseq = self.store.flag(mailbox, uids, **given)
        assert (modseq > cursor) == bool(changed)

    @precondition(lambda self: any(project.given for project in self.projects.values()))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        mailbox, inbox = self.choose_inbox(data)
        uids = data.draw(st.lists(st.integers(0, 6), max_size=4), "uids")
        self.store.remove(mailbox, uids, "imap")
        for uid in set(uids) & set(inbox):
            _, message, entry = inbox[uid]
            entry.removed_by = "imap"
            message.gone = message.origin == "append" and all(each.removed_by for each in message.entries)

    def choose_inbox(self, data: st.DataObject) -> tuple[int, dict[int, tuple[int, Message, Entry]]]:
        inboxes = [(number, account) for number, project in self.projects.items() for account in project.given]
        number, account = data.draw(st.sampled_from(inboxes), "inbox")
        return self.store.mailbox(number, account).id, self.projects[number].inbox(account)

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

    @precondition(lambda self: self.projects)
    @rule(data=st.data())
    def remember(self, data: st.DataObject) -> None:
        _, project = self.choose(data)
        project.cursors.append((self.store.cursor(), set(project.messages)))
        for account in project.given:
            project.past.append((account, self.store.cursor(), set(project.inbox(account))))

    @rule()
    def give_space_back(self) -> None:
        while self.store._reclaim.due:
            self.store._writer.submit(self.store._reclaim).result()

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
            for account in project.given:
                self.compare_inbox(number, project, account)

    def compare_messages(self, number: int, project: Project) -> None:
        listed = {at: message for at, message in project.there().items() if message.origin != "append"}
        self.compare_list(self.all_pages(number, None), listed, "catchall")
        for cursor, before in project.cursors:
            page = self.store.messages(number, since=cursor)
            assert {each.number for each in page.summaries} == set(listed) - before
            assert page.total == len(page.summaries)
        for at, message in project.messages.items():
            if message.gone:
                with pytest.raises(Gone):
                    self.store.summary(number, message.id)
                with pytest.raises(NotFound):
                    self.store.octets(at)
            else:
                assert self.store.octets(at) == message.octets
                filings = [(each.account, each.uid, each.flags, each.removed_by) for each in self.store.filings(at)]
                wanted = [(each.account, each.uid, each.flags, each.removed_by) for each in message.entries]
                assert sorted(filings) == sorted(wanted)

    def compare_accounts(self, number: int, project: Project) -> None:
        wanted = {}
        for account in project.given:
            filed = {at: message for at, message in project.there().items() if message.filed_for(account)}
            self.compare_list(self.all_pages(number, account), filed, account)
            if filed:
                wanted[account] = (len(filed), sum(not each.seen_by(account) for each in filed.values()))
        found = {each.name: (each.messages, each.unseen) for each in self.store.accounts(number)}
        assert found == wanted

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

    def compare_inbox(self, number: int, project: Project, account: str) -> None:
        mailbox = self.store.mailbox(number, account)
        inbox = project.inbox(account)
        entries = self.store.entries(mailbox.id)
        found = [(each.uid, each.number, each.flags, list(each.keywords)) for each in entries]
        assert found == [(uid, at, entry.flags, entry.keywords) for uid, (at, _, entry) in sorted(inbox.items())]
        unseen = sum(not entry.flags & Flag.SEEN for _, _, entry in inbox.values())
        size = sum(len(message.octets) for _, message, _ in inbox.values())
        counters = (mailbox.uidnext, mailbox.messages, mailbox.unseen, mailbox.size)
        assert counters == (project.given[account] + 1, len(inbox), unseen, size)
        assert all(entry.modseq <= mailbox.highest_modseq <= self.store.cursor() for entry in entries)
        for past_account, modseq, uids in project.past:
            if past_account == account:
                ranges = self.store.expunged_since(mailbox.id, modseq)
                assert ranges is not None
                went = {uid for first, last in ranges for uid in range(first, last + 1)}
                assert uids - set(inbox) <= went
                assert not went & set(inbox)


TestStoreAndModel = pytest.mark.filterwarnings("error")(StoreAndModel.TestCase)
TestStoreAndModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
