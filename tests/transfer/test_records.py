"""What is known of a message, as JSON and back; and what others may write there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.envelope import Address, Envelope
from mailtrap.portable.packed import batches, line, packed, unpacked
from mailtrap.portable.record import BadRecord, Record, from_json, to_json
from mailtrap.store.records import Flag

text = st.text(st.characters(exclude_categories=["Cc"]))
moments = st.datetimes(timezones=st.just(UTC))
addresses = st.builds(lambda address, parameters: Address(address, parameters=tuple(parameters)), text, st.lists(text))
envelopes = st.builds(
    Envelope,
    mail_from=addresses,
    rcpt_to=st.lists(addresses).map(tuple),
    helo=text,
    user=st.none() | text,
    peer=text,
    tls=st.none() | text,
    started=st.none() | moments,
)
records = st.builds(
    Record,
    id=st.from_regex(r"([A-Za-z0-9_-]{8,64})?", fullmatch=True),
    received_at=st.none() | moments,
    origin=st.sampled_from(["smtp", "import", "deliver"]),
    envelope=st.none() | envelopes,
    has_envelope=st.just(True),
    tags=st.lists(st.text()).map(tuple),
    flags=st.integers(0, 31).map(Flag),
    pinned=st.booleans(),
)
json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MEMBERS = ["id", "received_at", "origin", "envelope", "tags", "seen", "pinned", "flags", "size"]
ENVELOPE = ["mail_from", "mail_parameters", "rcpt_to", "rcpt_parameters", "helo", "user", "peer", "tls", "started"]


def parameters(record: Record) -> list[tuple[str, ...]]:
    envelope = record.envelope
    return [each.parameters for each in (envelope.mail_from, *envelope.rcpt_to)] if envelope else []


@given(records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    back = from_json(json.loads(line(record)))

    assert back == record
    assert parameters(back) == parameters(record)
    assert line(record).isascii()
    assert line(record).count(b"\n") == 1


@given(
    st.dictionaries(
        st.sampled_from(MEMBERS), json_values | st.dictionaries(st.sampled_from(ENVELOPE), json_values), max_size=4
    )
)
def test_any_json_is_a_record_or_refused(members: dict[str, Any]) -> None:
    try:
        record = from_json(members)
    except BadRecord:
        return
    assert from_json(to_json(record)) == record


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"id": "../../x"}, "id must be 8 to 64 letters"),
        ({"id": 7}, "id must be text"),
        ({"received_at": "yesterday"}, "received_at must be a time"),
        ({"received_at": "2025-01-31T12:00:00"}, "received_at must be a time"),
        ({"origin": "mars"}, "origin must be one of smtp"),
        ({"tags": "a"}, "tags must be a list"),
        ({"tags": [1]}, "tags must be a list of texts"),
        ({"flags": ["\\Recent"]}, "flags must be among"),
        ({"pinned": 1}, "pinned must be true or false"),
        ({"envelope": "a"}, "envelope must be an object"),
        ({"envelope": {"mail_from": "a\r\nX: y"}}, "control characters"),
        ({"envelope": {"rcpt_to": ["a"], "rcpt_parameters": []}}, "as long as rcpt_to"),
        ({"envelope": {"rcpt_to": ["a"], "rcpt_parameters": [["\0"]]}}, "control characters"),
    ],
)
def test_what_is_wrong_is_said(members: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRecord, match=said.replace("\\", "\\\\")):
        from_json(members)


def test_nothing_need_be_known() -> None:
    assert from_json({}) == Record()
    assert from_json({"envelope": None}) == Record(has_envelope=True)
    assert from_json({"envelope": {}}).envelope == Envelope(Address(""), ())


@given(st.lists(st.tuples(records, st.binary())))
def test_messages_are_packed_and_unpacked(given_messages: list[tuple[Record, bytes]]) -> None:
    octets = b"".join(packed(*each) for each in given_messages)

    assert [(from_json(members), message) for members, message in unpacked(octets)] == given_messages


@given(st.binary() | st.binary().map(lambda octets: packed(Record(), octets)[:-1]))
def test_any_octets_are_unpacked_or_refused(octets: bytes) -> None:
    try:
        list(unpacked(octets))
    except BadRecord:
        return


@pytest.mark.parametrize(
    "octets", [b"{}", b'{"size":-1}\n', b'{"size":3}\nab', b"[]\n", b"{}\n", b"[" * 100_000 + b"\n"]
)
def test_what_is_not_packed_is_refused(octets: bytes) -> None:
    with pytest.raises(BadRecord):
        list(unpacked(octets))


def test_batches_are_bounded_unless_one_is_large() -> None:
    found = list(batches([1, 2, 9, 20, 1, 1, 1, 1], lambda size: size, most=3, octets=10))

    assert found == [[1, 2], [9], [20], [1, 1, 1], [1]]


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    record = from_json({"received_at": "2025-01-31T13:00:00+01:00"})

    assert record.received_at == datetime(2025, 1, 31, 12, tzinfo=UTC)
