"""Any octets are a message: nothing in `mailtrap.message` raises, and the parts lie where they say."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from odd_octets import OCTETS, TEXTS

from mailtrap.message import charset, headers, hypertext, parameters, transfer, words
from mailtrap.message.attached import is_attached
from mailtrap.message.captured import Message
from mailtrap.message.content import content, decoded
from mailtrap.message.facts import PREVIEW, Facts, facts
from mailtrap.message.limits import LIMITS
from mailtrap.message.mailboxes import mailboxes
from mailtrap.message.parse import Part, Structure, parse
from mailtrap.message.summary import Summary

SAVED = {"raw", "message"}


def captured(octets: bytes, found: Facts) -> Message:
    """The message as a test sees it."""
    return Message(Summary(1, "id", 1, "smtp", datetime(2026, 11, 23, tzinfo=UTC), 1, None, found), lambda: octets)


def check_facts(octets: bytes, found: Facts) -> None:
    """What must hold of the facts of any message."""
    assert found.size == len(octets)
    assert len(found.preview) <= PREVIEW
    assert "\n" not in found.preview + found.subject
    for text in (found.subject, found.preview, found.message_id, *found.filenames, *found.types, *found.from_):
        text.encode()  # no half characters: it can be stored and sent
    assert found.defect_count >= len(found.defects) == len(set(found.defects))
    if found.date is not None:
        found.date.astimezone(UTC)


def check_parts(octets: bytes, part: Part, depth: int = 0) -> None:
    """A part lies in the one that holds it, behind the one before it, and between delimiters."""
    assert part.start <= part.body <= part.end <= len(octets)
    assert depth <= LIMITS.depth
    for child in part.children:
        assert part.body <= child.start
        assert child.end <= part.end
        check_parts(octets, child, depth + 1)
    for one, next_one in pairwise(part.children):
        assert one.end < next_one.start
        assert octets[one.end : next_one.start].lstrip(b"\r\n").startswith(b"--")
    if part.is_multipart:
        assert all(
            octets[child.start - 1 : child.start] == b"\n" or child.end == child.start for child in part.children
        )
    else:
        assert [(child.start, child.end) for child in part.children] in ([], [(part.body, part.end)])


def check_structure(octets: bytes, structure: Structure) -> None:
    check_parts(octets, structure.root)
    assert (structure.root.start, structure.root.end) == (0, len(octets))
    paths = [part.path for part in structure.parts()]
    assert len(paths) == len(set(paths))
    assert all(structure.part(path).path == path for path in paths)
    places = [each.offset for each in structure.defects]
    assert places == sorted(places)
    assert all(0 <= place <= len(octets) for place in places)


def check_all(octets: bytes) -> None:
    found = facts(octets)
    check_facts(octets, found)
    check_structure(octets, parse(octets))
    message = captured(octets, found)
    for name in dir(Message):
        if not name.startswith("__") and name not in SAVED:
            getattr(message, name)
    for text in (message.text, message.html, repr(message), *(value for _, value in message.headers)):
        text.encode()
    for attachment in message.attachments:
        assert attachment.size == len(attachment.content)
        assert len(attachment.sha256) == 64
        assert repr(attachment).isprintable()
    for part in message.parts:
        assert isinstance(is_attached(part, None), bool)
        decoded(octets, part).encode()
        assert content(octets, part, 3) is not None
    assert message.raw == octets


@given(OCTETS)
@example(b"")
@example(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--")
@example(b"Content-Type: multipart/mixed; boundary=b\n--b\n--b\n")
def test_any_octets_have_facts_and_a_structure_and_tell_all_there_is(octets: bytes) -> None:
    check_all(octets)


def test_every_message_of_the_corpus_tells_all_there_is(corpus: Path) -> None:
    check_all(corpus.read_bytes())


@given(OCTETS)
def test_a_bytearray_is_as_good_as_bytes(octets: bytes) -> None:
    assert facts(bytearray(octets)) == facts(octets)


@given(OCTETS)
def test_any_octets_are_the_value_of_a_field(value: bytes) -> None:
    for text in (headers.decoded(value), headers.unfolded(value), headers.parameterised(value)[0]):
        text.encode()
    for address in headers.addresses(value):
        (address + address.name).encode()
    headers.date(value)
    for field in headers.fields(value, 0, len(value)):
        assert value.find(field.value, field.offset) > field.offset


@given(TEXTS)
def test_any_text_is_read(text: str) -> None:
    words.decoded(text).encode()
    hypertext.html_to_text(text).encode()
    value, found = parameters.parameterised(text)
    "".join([value, *found, *found.values()]).encode()
    assert all(name == name.lower() for name in found)
    for address in mailboxes(text):
        assert address


@given(OCTETS, st.sampled_from(sorted(set(charset.CODECS))))
def test_any_octets_have_a_text_in_any_charset(octets: bytes, name: str) -> None:
    charset.decoded(octets, name).encode()


@given(OCTETS, st.sampled_from(sorted(transfer.DECODERS)))
def test_any_octets_have_a_content_in_any_transfer_encoding(octets: bytes, encoding: str) -> None:
    assert isinstance(transfer.DECODERS[encoding](octets), bytes)
