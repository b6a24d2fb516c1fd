"""What is committed to a mailbox while its session is at work: as little of it as will do, and never without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from mailtrap.bus import Added, Changed, Copied, Deleted, Emptied, Event, Removed

MOST = 1000
"""So many notes are kept; after that it is quicker to look at the mailbox again."""

Uids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What of an event concerns one mailbox: UIDs, and no messages."""

    modseq: int
    arrived: Uids = ()
    changed: Uids = ()
    gone: Uids = ()
    emptied: bool = False
    """Anything may be gone."""
    lost: bool = False
    """Anything may have happened."""


class Heard:
    """The notes of one mailbox, from when a session began to listen. Written in the loop, read by the session."""

    def __init__(self, mailbox: int) -> None:
        self.mailbox = mailbox
        self._notes: deque[Note] = deque()

    def hear(self, event: Event) -> None:
        """Note *event*, if it concerns the mailbox."""
        note = _note(event, self.mailbox)
        if note is None:
            return
        if len(self._notes) >= MOST:
            self._notes.clear()
            note = Note(event.modseq, lost=True)
        self._notes.append(note)

    def take(self) -> Iterator[Note]:
        """The notes, oldest first, each for the last time."""
        while self._notes:
            yield self._notes.popleft()

    def __bool__(self) -> bool:
        return bool(self._notes)


def _note(event: Event, mailbox: int) -> Note | None:
    match event:
        case Added():
            uids = tuple([each.uid for each in event.filed if each.mailbox == mailbox])
            return Note(event.modseq, arrived=uids) if uids else None
        case Copied() if event.mailbox == mailbox:
            return Note(event.modseq, arrived=event.uids)
        case Changed() if event.mailbox == mailbox:
            return Note(event.modseq, changed=event.uids)
        case Removed() if event.mailbox == mailbox:
            return Note(event.modseq, gone=event.uids)
        case Deleted() if mailbox in event.entries:
            return Note(event.modseq, gone=event.entries[mailbox])
        case Emptied():
            return Note(event.modseq, emptied=True)
    return None
