"""What clients and server said to one another while an inbox was open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailtrap.errors import NotFound
from mailtrap.transcript import Line, Transcript, printable
from pytest_mailtrap.causes import REMARK
from pytest_mailtrap.record import clock

if TYPE_CHECKING:
    from pytest_mailtrap.faulting import Faults
    from pytest_mailtrap.inbox import Inbox

PAGE = 200


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session, from *since* on: a client that keeps its connection may have said much before."""

    transcript: Transcript
    since: datetime
    faults: Faults

    @property
    def lines(self) -> list[Line]:
        """What was said in that time."""
        began = self.transcript.started
        return [each for each in self.transcript.lines() if began + timedelta(seconds=each.at) >= self.since]

    def __str__(self) -> str:
        begun = f"begun {clock(self.transcript.started)} from {printable(self.transcript.peer)}"
        lines = (f"{each.at:9.3f} {each.who} {self.told(each)}" for each in self.lines)
        return "\n".join([f"-- {self.transcript.protocol.upper()} session, {begun}", *lines])

    def told(self, line: Line) -> str:
        """Its text, with a fault called as the test does."""
        remark = REMARK.fullmatch(line.text) if line.who == "-" else None
        return f"{self.faults.named(remark[1])}: {remark[2]}" if remark else line.text


def conversations(inbox: Inbox) -> list[Conversation]:
    """All that were held since *inbox* was opened, oldest first."""
    store, record = inbox.server.store, inbox.record()
    brought = [message.summary.session for message in record.messages] + [each.session for each in record.refusals]
    found = []
    for session in {*filter(None, brought), *_held(inbox)}:
        try:
            found.append(Conversation(store.transcript(session), inbox.opened, inbox.faults))
        except NotFound:  # so many have come since that it was dropped
            continue
    return sorted((each for each in found if each.lines), key=lambda each: each.transcript.started)


def _held(inbox: Inbox) -> Iterator[str]:
    """The sessions that were begun since *inbox* was opened, or not ended by then; of the old, the newest 200."""
    before: str | None = None
    while page := inbox.server.store.sessions(before=before, limit=PAGE):
        yield from (each.id for each in page if each.ended is None or each.ended >= inbox.opened)
        before = page[-1].id
        if page[-1].started < inbox.opened:
            break
