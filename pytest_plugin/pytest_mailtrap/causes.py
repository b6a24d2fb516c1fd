"""Which fault a client was refused or cut off by: the transcript has it, in the line before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from mailtrap.errors import NotFound
from mailtrap.store.records import Refusal

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox

REMARK = re.compile(r"fault (\S+): (.*)")


class Causes:
    """The faults behind the refusals of an inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def of(self, refusal: Refusal) -> str:
        """``fault #1``, if it was that; empty if nobody wanted the refusal."""
        found = ""
        for name, do in self._remarks(refusal):
            if _comes_to(do, refusal.reply):
                found = self._inbox.faults.named(name)
        return found

    def _remarks(self, refusal: Refusal) -> Iterator[tuple[str, str]]:
        """What faults did in the session up to then, each by its rule and what it does."""
        try:
            transcript = self._inbox.server.store.transcript(refusal.session)
        except NotFound:
            return
        for line in transcript.lines():
            match = REMARK.fullmatch(line.text) if line.who == "-" else None
            if match and (refusal.at is None or transcript.started + timedelta(seconds=line.at) <= refusal.at):
                yield match[1], match[2]


def _comes_to(do: str, reply: str) -> bool:
    """Whether that fault makes the server say *reply*, or break off where that is empty."""
    kind, _, text = do.partition(" ")
    if kind == "reject":
        return bool(text) and reply.startswith(text)
    if kind == "bye":
        return reply.startswith("421") and reply.endswith(text)
    return not reply and kind in ("drop", "hang")
