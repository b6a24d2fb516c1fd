"""What happened while an inbox was open, in its order: mail that arrived, and what was refused or given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from mailtrap.message.captured import Message
from mailtrap.message.facts import facts
from mailtrap.message.summary import Summary
from mailtrap.store.records import Refusal
from mailtrap.transcript import printable

if TYPE_CHECKING:
    from pytest_mailtrap.causes import Causes

SUBJECT = 60


@dataclass(frozen=True)
class Row:
    """One thing that happened; *refusal* is None for mail that arrived."""

    number: int
    at: datetime
    message: Message
    refusal: Refusal | None = None
    cause: str = ""
    """The fault that it was refused by, if it was that."""

    def __str__(self) -> str:
        envelope = self.message.summary.envelope
        addresses = "" if envelope is None else f"{_address(envelope.mail_from)} -> {_recipients(envelope.rcpt_to)} "
        what = quoted(self.message.summary.facts.subject) if self.refusal is None else _fate(self.refusal)
        what += f" ({self.cause})" if self.cause else ""
        return f"#{self.number} {clock(self.at)} {addresses}{what}"


@dataclass(frozen=True)
class Record:
    """All that happened in an inbox."""

    messages: list[Message]
    refusals: list[Refusal]
    causes: Causes | None = None

    @cached_property
    def rows(self) -> list[Row]:
        """Everything, oldest first, numbered from 1."""
        return [
            Row(number, at, message, refusal, self.causes.of(refusal) if self.causes and refusal else "")
            for number, (at, message, refusal) in enumerate(sorted(self._happened(), key=lambda each: each[0]), 1)
        ]

    @property
    def summary(self) -> str:
        """``3 arrived, 1 rejected``"""
        rejected = sum(bool(each.reply) for each in self.refusals)
        counts = {
            "arrived": len(self.messages),
            "rejected": rejected,
            "given up": len(self.refusals) - rejected,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing arrived"

    def _happened(self) -> Iterator[tuple[datetime, Message, Refusal | None]]:
        for message in self.messages:
            yield message.summary.received_at, message, None
        for refusal in self.refusals:
            message = _what_would_have_been(refusal)
            yield message.summary.received_at, message, refusal


def _what_would_have_been(refusal: Refusal) -> Message:
    """The message that did not come to be: as much of it as there is, to be compared with what was wanted."""
    at = refusal.at or datetime.now(UTC)
    summary = Summary(0, "", refusal.project, "smtp", at, 0, refusal.envelope, facts(refusal.partial))
    return Message(summary, lambda: refusal.partial)


def _fate(refusal: Refusal) -> str:
    if refusal.reply:
        return f"rejected at {refusal.stage}: {printable(refusal.reply)}"
    if refusal.stage == "DATA":
        return f"broke off after {len(refusal.partial):,} octets of data"
    return f"given up by the client at {refusal.stage}"


def clock(at: datetime) -> str:
    """The time of day here, as a log has it."""
    return at.astimezone().strftime("%H:%M:%S.%f")[:-3]


def quoted(text: str, length: int = SUBJECT) -> str:
    """Foreign text in quotation marks, on one line, and no longer than that."""
    text = " ".join(text[: 4 * length].split())
    return f"'{printable(text if len(text) <= length else text[: length - 1] + '…')}'"


def _address(address: str) -> str:
    return printable(address) or "<>"


def _recipients(addresses: tuple[str, ...]) -> str:
    shown = ", ".join(map(_address, addresses[:3])) or "nobody"
    return shown + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")
