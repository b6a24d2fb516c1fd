"""What the API's answers look like: the types, from which the reference is made, and how they are filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from mailtrap.envelope import Address, Envelope
    from mailtrap.message.captured import Attachment, Message
    from mailtrap.message.parse import Defect, Part
    from mailtrap.message.summary import Summary
    from mailtrap.store.records import Filing


class AddressShape(TypedDict):
    name: str
    address: str


_Basics = TypedDict(  # in this form because one of the names is a keyword
    "_Basics",
    {
        "id": str,
        "received_at": str,
        "origin": str,
        "mail_from": str | None,
        "rcpt_to": list[str],
        "from": AddressShape | None,
        "to": list[AddressShape],
        "cc": list[AddressShape],
        "bcc": list[AddressShape],
        "subject": str,
        "preview": str,
        "size": int,
        "tags": list[str],
        "seen": bool,
        "pinned": bool,
        "accounts": list[str],
    },
)


class SummaryShape(_Basics):
    """A row of a list; attachments and defects are counted."""

    attachments: int
    defects: int


class EnvelopeShape(TypedDict):
    """What the SMTP client declared; ``rcpt_parameters`` runs parallel to ``rcpt_to``."""

    mail_from: str
    mail_parameters: list[str]
    rcpt_to: list[str]
    rcpt_parameters: list[list[str]]
    helo: str
    user: str | None
    peer: str
    tls: str | None
    started: str | None


class DefectShape(TypedDict):
    """What the parser noticed, and at which octet."""

    code: str
    text: str
    offset: int


class PartShape(TypedDict):
    """A node of the MIME tree; ``size`` counts the octets of its body as they came."""

    part: str
    type: str
    charset: str | None
    encoding: str
    disposition: str
    filename: str
    content_id: str
    size: int
    defects: list[DefectShape]
    parts: list[PartShape]


class AttachmentShape(TypedDict):
    """A part with a name, or one that asks to be saved; ``size`` counts its decoded octets."""

    part: str
    filename: str
    type: str
    size: int
    sha256: str
    content_id: str
    inline: bool


class EntryShape(TypedDict):
    """Where the message was filed, and what became of that."""

    account: str
    mailbox: str
    uid: int
    flags: list[str]
    removed_at: str | None
    removed_by: str


class MessageShape(_Basics):
    """A whole message, but for its octets; headers decoded, in the order of the wire."""

    date: str | None
    message_id: str
    envelope: EnvelopeShape | None
    headers: list[list[str]]
    text: str
    html: str
    parts: PartShape
    attachments: list[AttachmentShape]
    defects: list[DefectShape]
    entries: list[EntryShape]
    session: str | None


def moment(when: datetime) -> str:
    """RFC 3339 in UTC, with microseconds.

    >>> moment(datetime(2025, 1, 31, 12, tzinfo=UTC))
    '2025-01-31T12:00:00.000000Z'
    """
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_or_none(when: datetime | None) -> str | None:
    """The same, where there may be no time."""
    return None if when is None else moment(when)


def summary_shape(summary: Summary) -> SummaryShape:
    """A message as a list shows it."""
    return {**_basics(summary), "attachments": summary.facts.attachments, "defects": summary.facts.defect_count}


def message_shape(message: Message, filings: Iterable[Filing]) -> MessageShape:
    """A message whole."""
    structure = message.structure
    return {
        **_basics(message.summary),
        "date": moment_or_none(message.date),
        "message_id": message.message_id,
        "envelope": envelope_shape(message.envelope) if message.envelope else None,
        "headers": [[name, value] for name, value in message.headers],
        "text": message.text,
        "html": message.html,
        "parts": _part(structure.root, _by_part(structure.defects)),
        "attachments": [_attachment(each) for each in message.attachments],
        "defects": [_defect(each) for each in structure.defects],
        "entries": [_entry(each) for each in filings],
        "session": message.summary.session,
    }


def _basics(summary: Summary) -> _Basics:
    facts, envelope = summary.facts, summary.envelope
    return {
        "id": summary.id,
        "received_at": moment(summary.received_at),
        "origin": summary.origin,
        "mail_from": str(envelope.mail_from) if envelope else None,
        "rcpt_to": [str(each) for each in envelope.rcpt_to] if envelope else [],
        "from": _address(facts.from_[0]) if facts.from_ else None,
        "to": [_address(each) for each in facts.to],
        "cc": [_address(each) for each in facts.cc],
        "bcc": [_address(each) for each in facts.bcc],
        "subject": facts.subject,
        "preview": facts.preview,
        "size": facts.size,
        "tags": list(summary.tags),
        "seen": summary.seen,
        "pinned": summary.pinned,
        "accounts": list(summary.accounts),
    }


def _address(each: Address) -> AddressShape:
    return {"name": each.name, "address": str(each)}


def envelope_shape(envelope: Envelope) -> EnvelopeShape:
    """What the client said, parameters as sent."""
    return {
        "mail_from": str(envelope.mail_from),
        "mail_parameters": list(envelope.mail_from.parameters),
        "rcpt_to": [str(each) for each in envelope.rcpt_to],
        "rcpt_parameters": [list(each.parameters) for each in envelope.rcpt_to],
        "helo": envelope.helo,
        "user": envelope.user,
        "peer": envelope.peer,
        "tls": envelope.tls,
        "started": moment_or_none(envelope.started),
    }


def _by_part(defects: Iterable[Defect]) -> dict[str, list[DefectShape]]:
    found: dict[str, list[DefectShape]] = {}
    for each in defects:
        found.setdefault(each.part, []).append(_defect(each))
    return found


def _part(part: Part, defects: Mapping[str, list[DefectShape]]) -> PartShape:
    return {
        "part": part.path,
        "type": part.type,
        "charset": part.parameters.get("charset"),
        "encoding": part.encoding,
        "disposition": part.disposition,
        "filename": part.disposition_parameters.get("filename") or part.parameters.get("name", ""),
        "content_id": part.content_id,
        "size": part.end - part.body,
        "defects": defects.get(part.path, []),
        "parts": [_part(each, defects) for each in part.children],
    }


def _defect(defect: Defect) -> DefectShape:
    return {"code": defect.code, "text": defect.text, "offset": defect.offset}


def _attachment(attachment: Attachment) -> AttachmentShape:
    return {
        "part": attachment.part,
        "filename": attachment.filename,
        "type": attachment.type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
    }


def _entry(filing: Filing) -> EntryShape:
    return {
        "account": filing.account,
        "mailbox": filing.mailbox,
        "uid": filing.uid,
        "flags": [f"\\{flag.name.capitalize()}" for flag in filing.flags if flag.name],
        "removed_at": moment_or_none(filing.removed_at),
        "removed_by": filing.removed_by,
    }
