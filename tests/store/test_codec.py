"""Whatever a value holds, what is read back is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts
from mailtrap.store import codec
from mailtrap.transcript import Transcript

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and NUL too
MOMENTS = st.datetimes(timezones=st.just(UTC))
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))  # what a Date field can say

addresses = st.builds(
    lambda address, name, parameters: Address(address, name=name, parameters=tuple(parameters)),
    ANY_TEXT,
    ANY_TEXT,
    st.lists(ANY_TEXT, max_size=3),
)
several = st.lists(addresses, max_size=3).map(tuple)
texts = st.lists(ANY_TEXT, max_size=3).map(tuple)
envelopes = st.builds(
    Envelope,
    mail_from=addresses,
    rcpt_to=several,
    helo=ANY_TEXT,
    user=st.none() | ANY_TEXT,
    peer=ANY_TEXT,
    tls=st.none() | ANY_TEXT,
    started=st.none() | MOMENTS,
)
facts = st.builds(
    Facts,
    size=st.integers(0, 1 << 40),
    subject=ANY_TEXT,
    from_=several,
    to=several,
    cc=several,
    bcc=several,
    date=st.none() | st.datetimes(timezones=st.none() | ZONES),
    message_id=ANY_TEXT,
    preview=ANY_TEXT,
    attachments=st.integers(0, 10_000),
    filenames=texts,
    types=texts,
    defects=texts,
    defect_count=st.integers(0, 10_000),
)


def whole(found: tuple[Address, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Addresses compare by their text alone."""
    return [(str(each), each.name, each.parameters) for each in found]


@given(envelopes)
def test_an_envelope_is_read_as_it_was_written(envelope: Envelope) -> None:
    text = codec.envelope_json(envelope)
    back = codec.envelope_of(text)

    assert back == envelope
    assert whole((back.mail_from, *back.rcpt_to)) == whole((envelope.mail_from, *envelope.rcpt_to))
    assert text.isascii()
    assert "\0" not in text


@given(facts)
def test_facts_are_read_as_they_were_written(found: Facts) -> None:
    back = codec.facts_of(codec.facts_json(found))

    assert back == found
    for name in ("from_", "to", "cc", "bcc"):
        assert whole(getattr(back, name)) == whole(getattr(found, name))


@given(MOMENTS)
def test_a_time_is_kept_to_the_microsecond(when: datetime) -> None:
    assert codec.time(codec.microseconds(when)) == when


@given(st.lists(st.tuples(st.sampled_from("CS-"), st.binary(max_size=50)), max_size=20), st.integers(0, 9))
def test_a_transcript_is_read_as_it_was_written(said: list[tuple[str, bytes]], left_out: int) -> None:
    transcript = Transcript("smtp", left_out=left_out)
    for who, octets in said:
        transcript.add(who, octets)  # type: ignore[arg-type]  # one of the three

    back_left_out, back = codec.said_of(codec.transcript_blob(transcript))
    assert back_left_out == left_out
    assert [(who, octets) for _, who, octets in back] == said
    assert [at for at, _, _ in back] == sorted(at for at, _, _ in back)
