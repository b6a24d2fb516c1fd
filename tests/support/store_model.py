"""A store of lists and dictionaries: what a real one must do, said as plainly as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mailtrap.store.records import Flag


@dataclass(eq=False)
class Box:
    """A mailbox; *id* is the real store's."""

    id: int
    account: str
    name: str
    given: int = 0
    """The last UID."""
    deleted: bool = False


@dataclass(eq=False)
class Entry:
    """A message's place in a mailbox."""

    box: Box
    uid: int
    flags: Flag = Flag(0)
    keywords: list[str] = field(default_factory=list)
    removed_by: str = ""

    def change(self, add: Flag, remove: Flag, add_keywords: list[str], remove_keywords: set[str]) -> bool:
        """Whether there was anything to change."""
        before = (self.flags, list(self.keywords))
        self.flags = (self.flags | add) & ~remove
        lower = [keyword.lower() for keyword in self.keywords]
        self.keywords += [each for each in add_keywords if each.lower() not in lower]
        self.keywords = [each for each in self.keywords if each.lower() not in remove_keywords]
        return before != (self.flags, self.keywords)

    def replace(self, add: Flag, add_keywords: list[str], **_: object) -> bool:
        """The same, for flags that are all there shall be."""
        others = {each.lower() for each in self.keywords} - {each.lower() for each in add_keywords}
        return self.change(add, ~add, add_keywords, others)


@dataclass(eq=False)
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
        return any(entry.flags & Flag.SEEN for entry in self.entries if entry.box.account == account)

    def filed_for(self, account: str) -> bool:
        return any(entry.box.account == account for entry in self.entries)


class There(NamedTuple):
    """An entry that is there, and its message."""

    number: int
    message: Message
    entry: Entry


@dataclass(eq=False)
class Project:
    """A world: its messages by number, and its mailboxes, deleted or not."""

    messages: dict[int, Message] = field(default_factory=dict)
    boxes: list[Box] = field(default_factory=list)
    subscriptions: dict[str, dict[str, bool]] = field(default_factory=dict)
    past: list[tuple[Box, int, set[int]]] = field(default_factory=list)
    """What was once in a mailbox: the mailbox, a mod-sequence, UIDs."""
    cursors: list[tuple[int, set[int]]] = field(default_factory=list)
    """What had been stored at a mod-sequence."""

    def there(self) -> dict[int, Message]:
        return {number: message for number, message in self.messages.items() if not message.gone}

    def inside(self, box: Box) -> dict[int, There]:
        """What is in a mailbox, by UID."""
        return {
            entry.uid: There(number, message, entry)
            for number, message in self.there().items()
            for entry in message.entries
            if entry.box is box and not entry.removed_by
        }

    def box(self, account: str, name: str) -> Box | None:
        found = [each for each in self.boxes if (each.account, each.name, each.deleted) == (account, name, False)]
        return found[0] if found else None

    def boxes_of(self, account: str) -> list[Box]:
        """In the order of their names, INBOX first."""
        found = [each for each in self.boxes if each.account == account and not each.deleted]
        return sorted(found, key=lambda each: (each.name != "INBOX", each.name))

    def file(self, message: Message, box: Box, flags: Flag = Flag(0), keywords: list[str] | None = None) -> Entry:
        box.given += 1
        entry = Entry(box, box.given, flags, list(keywords or []))
        message.entries.append(entry)
        return entry

    def remove(self, found: list[There], by: str) -> None:
        """Take entries out; an appended message goes with its last one."""
        for _, message, entry in found:
            entry.removed_by = by
            message.gone = message.origin == "append" and all(each.removed_by for each in message.entries)
