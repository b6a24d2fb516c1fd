"""What is known of a message besides its octets, and how that is written as JSON: a *record*."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any, get_args

from mailtrap.envelope import Address, Envelope
from mailtrap.errors import MailtrapError
from mailtrap.message.summary import Origin
from mailtrap.store.records import NO_FLAGS, Flag


class BadRecord(MailtrapError):
    """What should say something of a message does not."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a message. Nothing need be: what is not is found in the header, or made."""

    id: str = ""
    received_at: datetime | None = None
    origin: Origin = "import"
    envelope: Envelope | None = None
    has_envelope: bool = False
    """*envelope* is what there was, be it None; otherwise the header has to do."""
    tags: tuple[str, ...] = ()
    flags: Flag = NO_FLAGS
    """Of its entry in the catch-all."""
    pinned: bool = False


def is_id(text: str) -> bool:
    """Whether *text* can be a message's id, and so the name of a file.

    >>> [is_id(text) for text in ("BvcbDB_7kRTnuZ-e", "latest", "../../../x", "")]
    [True, False, False, False]
    """
    return _ID.fullmatch(text) is not None


def to_json(record: Record) -> dict[str, object]:
    """A record as JSON has it; what is not known is not in it."""
    members: dict[str, object] = {}
    if record.id:
        members["id"] = record.id
    if record.received_at is not None:
        members["received_at"] = _moment(record.received_at)
    members["origin"] = record.origin
    if record.has_envelope:
        members["envelope"] = None if record.envelope is None else _envelope_json(record.envelope)
    members |= {"tags": list(record.tags), "seen": Flag.SEEN in record.flags, "pinned": record.pinned}
    if others := [name for name, flag in _FLAGS.items() if flag in record.flags and flag != Flag.SEEN]:
        members["flags"] = others
    return members


def from_json(members: Mapping[str, Any]) -> Record:
    """A record out of JSON, whoever wrote that; raises `BadRecord`. Members of other names are passed over."""
    envelope = member(members, "envelope", dict, None)
    flags = [_flag(name) for name in _texts(members, "flags")]
    if member(members, "seen", bool, False):
        flags.append(Flag.SEEN)
    return Record(
        id=_id(member(members, "id", str, "")),
        received_at=_read_moment(members, "received_at"),
        origin=_origin(member(members, "origin", str, "import")),
        envelope=None if envelope is None else _envelope(envelope),
        has_envelope="envelope" in members,
        tags=_texts(members, "tags"),
        flags=reduce(or_, flags, NO_FLAGS),
        pinned=member(members, "pinned", bool, False),
    )


def member(members: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    """A member of that type; *default* if it is not there, or null; raises `BadRecord`."""
    value = members.get(name)
    if value is None:
        return default
    if type(value) is not kind:
        raise BadRecord(f"{name} must be {_CALLED[kind]}")
    return value


_ID = re.compile(
    r"[A-Za-z0-9_-]{8,64}", re.ASCII
)  # longer than "latest", and than names that mean something to Windows
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CALLED = {str: "text", int: "a whole number", bool: "true or false", dict: "an object", list: "a list"}
_FLAGS = {f"\\{flag.name.capitalize()}": flag for flag in Flag if flag.name}


def _id(text: str) -> str:
    if text and not is_id(text):
        raise BadRecord("id must be 8 to 64 letters, digits, - and _")
    return text


def _origin(text: str) -> Origin:
    for origin in get_args(Origin):
        if text == origin:
            return origin  # type: ignore[no-any-return]  # get_args() does not say what it gives
    raise BadRecord(f"origin must be one of {', '.join(get_args(Origin))}")


def _flag(name: str) -> Flag:
    if name not in _FLAGS:
        raise BadRecord(f"flags must be among {', '.join(_FLAGS)}")
    return _FLAGS[name]


def _texts(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = member(members, name, list, [])
    if not all(type(value) is str for value in values):
        raise BadRecord(f"{name} must be a list of texts")
    return tuple(values)


def _moment(when: datetime) -> str:
    """RFC 3339 in UTC, with microseconds."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _read_moment(members: Mapping[str, Any], name: str) -> datetime | None:
    text = member(members, name, str, None)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRecord(f"{name} must be a time such as 2025-01-31T12:00:00Z")


def _envelope_json(envelope: Envelope) -> dict[str, object]:
    return {
        "mail_from": str(envelope.mail_from),
        "mail_parameters": list(envelope.mail_from.parameters),
        "rcpt_to": [str(each) for each in envelope.rcpt_to],
        "rcpt_parameters": [list(each.parameters) for each in envelope.rcpt_to],
        "helo": envelope.helo,
        "user": envelope.user,
        "peer": envelope.peer,
        "tls": envelope.tls,
        "started": None if envelope.started is None else _moment(envelope.started),
    }


def _envelope(members: Mapping[str, Any]) -> Envelope:
    envelope = Envelope(
        mail_from=Address(member(members, "mail_from", str, ""), parameters=_texts(members, "mail_parameters")),
        rcpt_to=_rcpt_to(members),
        helo=member(members, "helo", str, ""),
        user=member(members, "user", str, None),
        peer=member(members, "peer", str, ""),
        tls=member(members, "tls", str, None),
        started=_read_moment(members, "started"),
    )
    addresses = (envelope.mail_from, *envelope.rcpt_to)
    said = [*addresses, *(parameter for address in addresses for parameter in address.parameters)]
    if any(map(_CONTROL.search, (*said, envelope.helo, envelope.user or "", envelope.peer, envelope.tls or ""))):
        raise BadRecord("there are control characters in the envelope")  # SMTP lets none in, and lines are made of it
    return envelope


def _rcpt_to(members: Mapping[str, Any]) -> tuple[Address, ...]:
    addresses = _texts(members, "rcpt_to")
    parameters = member(members, "rcpt_parameters", list, [[]] * len(addresses))
    if len(parameters) != len(addresses):
        raise BadRecord("rcpt_parameters must be as long as rcpt_to")
    each_parameters = [_texts({"rcpt_parameters": each}, "rcpt_parameters") for each in parameters]
    return tuple(Address(address, parameters=each) for address, each in zip(addresses, each_parameters, strict=True))
