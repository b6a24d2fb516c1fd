"""How values that are no columns of their own are written: compact JSON, and times as whole microseconds."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts
from mailtrap.transcript import Transcript, Who

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# ASCII only, so that lone surrogates and NUL, which no TEXT column keeps, come back as they were.
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
decode = json.JSONDecoder().decode


def microseconds(when: datetime) -> int:
    """*when* as a column keeps it: since 1970, UTC."""
    return (when - _EPOCH) // _MICROSECOND


def time(value: int) -> datetime:
    """What `microseconds` made a number of."""
    return _EPOCH + timedelta(microseconds=value)


def envelope_json(envelope: Envelope) -> str:
    """An envelope; what has its default value is left out."""
    fields: dict[str, object] = {
        "mail_from": _address(envelope.mail_from),
        "rcpt_to": [_address(each) for each in envelope.rcpt_to],
    }
    if envelope.helo:
        fields["helo"] = envelope.helo
    if envelope.user is not None:
        fields["user"] = envelope.user
    if envelope.peer:
        fields["peer"] = envelope.peer
    if envelope.tls is not None:
        fields["tls"] = envelope.tls
    if envelope.started is not None:
        fields["started"] = microseconds(envelope.started)
    return encode(fields)


def envelope_of(text: str) -> Envelope:
    """What `envelope_json` made a text of."""
    fields = decode(text)
    started = fields.pop("started", None)
    return Envelope(
        mail_from=_address_of(fields.pop("mail_from")),
        rcpt_to=tuple(map(_address_of, fields.pop("rcpt_to"))),
        started=None if started is None else time(started),
        **fields,
    )


def facts_json(facts: Facts) -> str:
    """Facts; what has its default value is left out."""
    fields: dict[str, object] = {"size": facts.size}
    for name in _ADDRESSES:
        if addresses := getattr(facts, name):
            fields[name] = [_address(each) for each in addresses]
    for name in _PLAIN:
        if value := getattr(facts, name):
            fields[name] = value
    if facts.date is not None:
        fields["date"] = facts.date.isoformat()
    return encode(fields)


def facts_of(text: str) -> Facts:
    """What `facts_json` made a text of."""
    fields: dict[str, Any] = decode(text)
    for name in _ADDRESSES:
        if name in fields:
            fields[name] = tuple(map(_address_of, fields[name]))
    for name in _LISTS:
        if name in fields:
            fields[name] = tuple(fields[name])
    if "date" in fields:
        fields["date"] = datetime.fromisoformat(fields["date"])
    return Facts(**fields)


def transcript_blob(transcript: Transcript) -> bytes:
    """The lines of a transcript, packed."""
    lines = [(round(at, 6), who, octets.decode("latin-1")) for at, who, octets in transcript.said]
    return zlib.compress(encode([transcript.left_out, lines]).encode(), 1)


def said_of(blob: bytes) -> tuple[int, list[tuple[float, Who, bytes]]]:
    """What `transcript_blob` packed: how many lines were left out, and those that were not."""
    left_out, lines = decode(zlib.decompress(blob).decode())
    return left_out, [(at, who, text.encode("latin-1")) for at, who, text in lines]


_ADDRESSES = ("from_", "to", "cc", "bcc")
_LISTS = ("filenames", "types", "defects")
_PLAIN = ("subject", "message_id", "preview", "attachments", *_LISTS, "defect_count")


def packed(octets: bytes) -> bytes | None:
    """The same compressed, unless that saves less than a tenth."""
    smaller = zlib.compress(octets, 1)
    return smaller if len(smaller) < len(octets) * 0.9 else None


def unpacked(octets: bytes, is_packed: int) -> bytes:
    """The octets of a row as they came in."""
    return zlib.decompress(octets) if is_packed else octets


def _address(address: Address) -> str | list[str]:
    """A string, or ``[address, name, *parameters]``."""
    if address.name or address.parameters:
        return [address, address.name, *address.parameters]
    return address


def _address_of(value: str | list[str]) -> Address:
    if isinstance(value, str):
        return Address(value)
    return Address(value[0], name=value[1], parameters=tuple(value[2:]))
