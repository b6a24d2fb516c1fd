"""Putting a message into an inbox without SMTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from mailtrap.message.captured import Message
from mailtrap.message.compose import Attached, compose
from mailtrap.message.facts import Facts, facts

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox


class Fields(TypedDict, total=False):
    """What a message can be composed of; see `mailtrap.message.compose.compose`."""

    from_: str
    to: str | Iterable[str]
    cc: str | Iterable[str]
    bcc: str | Iterable[str]
    subject: str
    text: str
    html: str
    attachments: Iterable[Attached]
    headers: Mapping[str, str]


def deliver(
    inbox: Inbox, octets: bytes | Path | None, mail_from: str | None, rcpt_to: Iterable[str] | None, fields: Fields
) -> Message:
    """See `Inbox.deliver`."""
    if (octets is None) is not bool(fields):
        raise TypeError("deliver() takes a message or a file, or else fields to compose one of, as in subject='hi'")
    if octets is None:
        octets = compose(**fields)
    elif isinstance(octets, Path):
        octets = octets.read_bytes()
    found = facts(octets)
    return inbox.server.deliver(
        octets,
        mail_from=_sender(found) if mail_from is None else mail_from,
        rcpt_to=_recipients(found) if rcpt_to is None else rcpt_to,
        project=inbox.project,
    )


def _sender(found: Facts) -> str:
    return found.from_[0] if found.from_ else ""


def _recipients(found: Facts) -> Iterable[str]:
    return dict.fromkeys((*found.to, *found.cc, *found.bcc))
