"""ENVELOPE and BODYSTRUCTURE: what they say of messages, and that it is always what the grammar allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from odd_octets import OCTETS

from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import parse
from mailtrap.message.structure import body, bodystructure, envelope

Value = Any
"""bytes, int, None, or a list of these."""

# -- a reader of no more than the grammar of RFC 9051 §9

TOKEN = re.compile(
    rb"(?P<open>\()|(?P<close>\))|(?P<nil>NIL)|(?P<number>[0-9]+)|(?P<literal>\{[0-9]+\}\r\n)"
    rb'|"(?P<quoted>(?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]|\\["\\])*)"'
)


def read(octets: bytes) -> Value:
    """The one value that *octets* are."""
    value, at = _read(octets, 0)
    assert at == len(octets), octets[at:]
    return value


def _read(octets: bytes, at: int) -> tuple[Value, int]:
    match = TOKEN.match(octets, at)
    assert match, octets[at : at + 50]
    at = match.end()
    if match["open"]:
        return _read_list(octets, at)
    if match["nil"]:
        return None, at
    if match["number"]:
        return int(match["number"]), at
    if match["literal"]:
        end = at + int(match["literal"][1:-3])
        assert end <= len(octets)
        assert b"\0" not in octets[at:end]
        return octets[at:end], end
    assert match["quoted"] is not None
    return re.sub(rb"\\(.)", rb"\1", match["quoted"]), at


def _read_list(octets: bytes, at: int) -> tuple[list[Value], int]:
    found: list[Value] = []
    while not octets.startswith(b")", at):
        value, at = _read(octets, at)
        found.append(value)
        if octets.startswith(b" ", at):
            at += 1
            assert octets[at : at + 1] != b")"
        else:  # lists of addresses and of parts have nothing between them
            assert octets.startswith(b")", at) or (isinstance(value, list) and octets.startswith(b"(", at))
    return found, at + 1


def check_envelope(value: Value) -> None:
    date, subject, *addresses, in_reply_to, message_id = value
    assert all(each is None or isinstance(each, bytes) for each in (date, subject, in_reply_to, message_id))
    assert len(addresses) == 6
    for each in addresses:
        if each is not None:
            check_addresses(each)
    if addresses[0] is not None:
        assert addresses[1] is not None
        assert addresses[2] is not None


def check_addresses(found: list[Value]) -> None:
    in_group = False
    assert found
    for name, route, mailbox, host in found:
        if host is None:
            assert name is route is None
            assert in_group == (mailbox is None)  # none in another, none unfinished
            in_group = mailbox is not None
        else:
            assert mailbox is not None
        assert all(each is None or isinstance(each, bytes) for each in (name, route, mailbox, host))
    assert not in_group


def check_body(value: Value, *, extended: bool) -> None:
    if isinstance(value[0], list):
        count = next(number for number, each in enumerate(value) if not isinstance(each, list))
        for part in value[:count]:
            check_body(part, extended=extended)
        subtype, *extension = value[count:]
        assert isinstance(subtype, bytes)
        assert len(extension) == (4 if extended else 0)
        if extended:
            check_pairs(extension[0])
            check_extension(extension[1:])
        return
    kind, subtype, parameters, content_id, description, encoding, octets, *rest = value
    assert all(isinstance(each, bytes) for each in (kind, subtype, encoding))
    assert all(each is None or isinstance(each, bytes) for each in (content_id, description))
    check_pairs(parameters)
    assert isinstance(octets, int)
    if kind == b"message" and subtype in (b"rfc822", b"global"):
        check_envelope(rest.pop(0))
        check_body(rest.pop(0), extended=extended)
        assert isinstance(rest.pop(0), int)
    elif kind == b"text":
        assert isinstance(rest.pop(0), int)
    assert len(rest) == (4 if extended else 0)
    if extended:
        assert rest[0] is None or isinstance(rest[0], bytes)
        check_extension(rest[1:])


def check_pairs(value: Value) -> None:
    assert value is None or (value and len(value) % 2 == 0 and all(isinstance(each, bytes) for each in value))


def check_extension(values: list[Value]) -> None:
    disposition, language, location = values
    if disposition is not None:
        kind, parameters = disposition
        assert isinstance(kind, bytes)
        check_pairs(parameters)
    assert language is None or (language and all(isinstance(each, bytes) for each in language))
    assert location is None or isinstance(location, bytes)


def check(octets: bytes) -> None:
    structure = parse(octets)
    check_envelope(read(envelope(octets, structure)))
    check_body(read(bodystructure(octets, structure)), extended=True)
    check_body(read(body(octets, structure)), extended=False)


@given(OCTETS)
@example(b"")
@example(b"To: a: b: c@d")
@example(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b")
@example(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n")
def test_any_octets_have_a_valid_structure(octets: bytes) -> None:
    check(octets)
    check(b"From: " + octets.replace(b"\n", b" "))
    check(b"Content-Type: " + octets.replace(b"\n", b" "))


def test_every_message_of_the_corpus_has_a_valid_structure(corpus: Path) -> None:
    check(corpus.read_bytes())


@given(OCTETS)
def test_a_bytearray_has_the_same_structure(octets: bytes) -> None:
    there = bytearray(octets)

    assert envelope(there, parse(there)) == envelope(octets, parse(octets))
    assert bodystructure(there, parse(there)) == bodystructure(octets, parse(octets))


# -- ENVELOPE


def envelope_of(octets: bytes) -> bytes:
    return envelope(octets, parse(octets))


def field(name: str, octets: bytes) -> bytes:
    """What ENVELOPE makes of one field."""
    header = name.encode() + b":" + octets + b"\r\n\r\n"
    value, at = b"", 1
    for number in range("date subject from sender reply-to to cc bcc in-reply-to message-id".split().index(name) + 1):
        start = at + (number > 0)
        _, at = _read(envelope_of(header), start)
        value = envelope_of(header)[start:at]
    return value


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"", b'""'),
        (b"  ", b'""'),
        (b" Hi", b'"Hi"'),
        (b' "Hi" \\o/', b'"\\"Hi\\" \\\\o/"'),
        (b" =?utf-8?q?Gr=C3=B6=C3=9Fe?=", b'"=?utf-8?q?Gr=C3=B6=C3=9Fe?="'),
        (b" folded\r\n here\r\n\tand  here ", b'"folded here\tand  here"'),
        (b" folded\n too", b'"folded too"'),
        (b" Gr\xc3\xb6\xc3\x9fe", b"{7}\r\nGr\xc3\xb6\xc3\x9fe"),
        (b" Gr\xf6\xdfe", b"{5}\r\nGr\xf6\xdfe"),
        (b" a\rb", b"{3}\r\na\rb"),
        (b" a\0b", b"{5}\r\na\xef\xbf\xbdb"),
        (b" a\x01\x7f", b'"a\x01\x7f"'),
        (b" " + b"x" * 900, b'"' + b"x" * 900 + b'"'),
        (b" " + b"x" * 901, b"{901}\r\n" + b"x" * 901),
    ],
)
def test_a_string_is_told_as_it_was_sent(value: bytes, found: bytes) -> None:
    assert field("subject", value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        # nothing
        (b"", b"NIL"),
        (b" , ,", b"NIL"),
        (b" <>", b"NIL"),
        (b" (only a comment)", b"NIL"),
        # as nearly all are written
        (b" ann@x.test", b'((NIL NIL "ann" "x.test"))'),
        (b" Ann <ann@x.test>", b'(("Ann" NIL "ann" "x.test"))'),
        (b' "Smith, Ann" <ann@x.test>,b@x.test', b'(("Smith, Ann" NIL "ann" "x.test")(NIL NIL "b" "x.test"))'),
        (b" =?utf-8?q?J=C3=B6rg?= <j@x.test>", b'(("=?utf-8?q?J=C3=B6rg?=" NIL "j" "x.test"))'),
        (b" J\xf6rg <j@x.test>", b'(({4}\r\nJ\xf6rg NIL "j" "x.test"))'),
        (b" j\xc3\xb6rg@b\xc3\xbccher.test", b'((NIL NIL {5}\r\nj\xc3\xb6rg {12}\r\nb\xc3\xbccher.test))'),
        # RFC 5322 §3.4
        (b' "a \\" b"@x.test', b'((NIL NIL "a \\" b" "x.test"))'),
        (b' Ann "the \\"boss\\"" <ann@x.test>', b'(("Ann the \\"boss\\"" NIL "ann" "x.test"))'),
        (b" ann@[192.0.2.1]", b'((NIL NIL "ann" "[192.0.2.1]"))'),
        (b" ann@x.test (Ann (the boss))", b'(("Ann (the boss)" NIL "ann" "x.test"))'),
        (b" ann @ x . test", b'((NIL NIL "ann" "x.test"))'),
        (b" <@a.test,@b.test:ann@x.test>", b'((NIL "@a.test,@b.test" "ann" "x.test"))'),
        # groups
        (b" none:;", b'((NIL NIL "none" NIL)(NIL NIL NIL NIL))'),
        (
            b' "The" Team: ann@x.test, Bob <b@x.test>; , c@x.test',
            b'((NIL NIL "The Team" NIL)(NIL NIL "ann" "x.test")("Bob" NIL "b" "x.test")(NIL NIL NIL NIL)'
            b'(NIL NIL "c" "x.test"))',
        ),
        (b" :a@b", b'((NIL NIL "" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL))'),
        (b" A: B: a@b;; c@d;", b'((NIL NIL "A" NIL)(NIL NIL NIL NIL)(NIL NIL "B" NIL)(NIL NIL "a" "b")'
         b'(NIL NIL NIL NIL)(NIL NIL "c" "d"))'),
        # what is missing is empty: NIL would make a group of it
        (b" root", b'((NIL NIL "root" ""))'),
        (b" Ann <root>", b'(("Ann" NIL "root" ""))'),
        (b" Ann <>", b'(("Ann" NIL "" ""))'),
        (b" no address here", b'(("no address here" NIL "" ""))'),
        (b" ann@", b'((NIL NIL "ann" ""))'),
        # RFC 7103 §7.1
        (b" Ann <ann@x.test", b'(("Ann" NIL "ann" "x.test"))'),
        (b" a@b c@d", b'((NIL NIL "a" "b")(NIL NIL "c" "d"))'),
        (b" Ann <a@b>: c@d", b'(("Ann" NIL "a" "b")(NIL NIL "c" "d"))'),
    ],
)  # fmt: skip
def test_addresses_are_told_as_they_were_sent(value: bytes, found: bytes) -> None:
    assert field("to", value) == found


def test_an_envelope_is_in_the_order_of_the_rfc() -> None:
    octets = b"".join(
        b"%b: %b\r\n" % (name, name + b"@x" if number > 1 else name)
        for number, name in enumerate(b"Date Subject Bcc Cc To Reply-To Sender From In-Reply-To Message-ID".split())
    )

    assert envelope_of(octets + b"\r\n") == (
        b'("Date" "Subject" ((NIL NIL "From" "x")) ((NIL NIL "Sender" "x")) ((NIL NIL "Reply-To" "x"))'
        b' ((NIL NIL "To" "x")) ((NIL NIL "Cc" "x")) ((NIL NIL "Bcc" "x")) "In-Reply-To@x" "Message-ID@x")'
    )


def test_without_sender_and_reply_to_it_is_from() -> None:
    ann = b'((NIL NIL "ann" "x"))'

    assert envelope_of(b"From: ann@x\r\n\r\n") == b"(NIL NIL %b %b %b NIL NIL NIL NIL NIL)" % (ann, ann, ann)
    assert envelope_of(b"From: ann@x\r\nSender:\r\nReply-To: ,\r\n\r\n").count(ann) == 3
    assert envelope_of(b"Sender: ann@x\r\n\r\n") == b"(NIL NIL NIL %b NIL NIL NIL NIL NIL NIL)" % ann


def test_the_first_subject_counts_and_all_addresses() -> None:
    octets = b"Subject: one\r\nTo: a@x\r\nSubject: two\r\nTo: b@x\r\n\r\n"

    assert envelope_of(octets) == b'(NIL "one" NIL NIL NIL ((NIL NIL "a" "x")(NIL NIL "b" "x")) NIL NIL NIL NIL)'


def test_a_message_without_a_header_has_an_envelope() -> None:
    assert envelope_of(b"") == envelope_of(b"\r\nHello") == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


# -- BODYSTRUCTURE


def bodystructure_of(octets: bytes) -> bytes:
    return bodystructure(octets, parse(octets))


PLAIN = b'"text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'
NOTHING = b"NIL NIL NIL NIL"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"", PLAIN + b" 9 2 " + NOTHING),
        (b"Content-Type: text\r\n", PLAIN + b" 9 2 " + NOTHING),  # RFC 2045 §5.2
        (b"Content-Type: TEXT/X; Charset=Y\r\n", b'"text" "x" ("charset" "Y") NIL NIL "7bit" 9 2 NIL NIL NIL NIL'),
        (b"Content-Type: image/png\r\n", b'"image" "png" NIL NIL NIL "7bit" 9 NIL NIL NIL NIL'),
        (
            b"Content-ID: <a@b>\r\nContent-Description: a \"b\"\r\nContent-Transfer-Encoding: BASE64\r\n",
            b'"text" "plain" ("charset" "us-ascii") "<a@b>" "a \\"b\\"" "base64" 9 2 NIL NIL NIL NIL',
        ),
        (
            b"Content-MD5: Q2hl\r\nContent-Language: de, en-GB,\r\nContent-Location: http://x/\r\n y\r\n",
            PLAIN + b' 9 2 "Q2hl" NIL ("de" "en-GB") "http://x/ y"',
        ),
        (b"Content-Disposition: Inline\r\n", PLAIN + b' 9 2 NIL ("inline" NIL) NIL NIL'),
        (
            b"Content-Disposition: attachment; filename=a.txt; size=9\r\n",
            PLAIN + b' 9 2 NIL ("attachment" ("filename" "a.txt" "size" "9")) NIL NIL',
        ),
        (b"Content-Disposition: ; filename=a\r\n", PLAIN + b' 9 2 NIL ("" ("filename" "a")) NIL NIL'),
        (b"Content-Disposition:\r\nContent-ID:\r\nContent-MD5:\r\nContent-Language: ,\r\n", PLAIN + b" 9 2 " + NOTHING),
        (b"Content-Language: \xe9\r\n", PLAIN + b" 9 2 NIL NIL ({1}\r\n\xe9) NIL"),
    ],
)  # fmt: skip
def test_what_a_part_says_of_itself_is_told(header: bytes, found: bytes) -> None:
    assert bodystructure_of(header + b"\r\nHello,\r\n\n") == b"(%b)" % found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b'; name="a \\"b\\".txt"', b'("name" "a \\"b\\".txt")'),
        (b"; name=a; name=b; NAME=c", b'("name" "a")'),  # as everywhere here, the first counts
        (b"; name==?utf-8?q?=C3=A9?=", b'("name" "=?utf-8?q?=C3=A9?=")'),
        (b"; name=\xe9", b'("name" {1}\r\n\xe9)'),
        (b"; name*=utf-8''%C3%A9", b'("name*" "utf-8\'\'%C3%A9")'),
        (b"; name=e; name*=utf-8''%C3%A9", b'("name" "e" "name*" "utf-8\'\'%C3%A9")'),
        (b"; name*0=a; name*1=b; name*3=d", b'("name" "ab")'),
        (b"; name*1*=%A9; name*0*=utf-8'en'%C3; name*2=\".1%\"", b'("name*" "utf-8\'en\'%C3%A9.1%25")'),
        (b"; name*0=a; name*1*=%41", b'("name*" "\'\'a%41")'),
        (b"; name*1=b", b"NIL"),
        (b"; x; =y; z=1", b'("z" "1")'),
    ],
)
def test_parameters_are_told_as_they_were_sent_and_in_one_piece(given: bytes, told: bytes) -> None:
    octets = b"Content-Type: a/b%b\r\nContent-Disposition: c%b\r\n\r\n" % (given, given)

    assert bodystructure_of(octets) == b'("a" "b" %b NIL NIL "7bit" 0 NIL ("c" %b) NIL NIL)' % (told, told)


def test_a_multipart_holds_its_parts() -> None:
    octets = (
        b"Content-Type: multipart/alternative; boundary=b\r\nContent-Language: de\r\nContent-Location: x\r\n"
        b"Content-Disposition: inline\r\n\r\n"
        b"--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\ntwo\r\n--b--\r\n"
    )

    assert bodystructure_of(octets) == (
        b"((%b 3 0 NIL NIL NIL NIL)" % PLAIN + b'("image" "png" NIL NIL NIL "7bit" 3 NIL NIL NIL NIL)'
        b' "alternative" ("boundary" "b") ("inline" NIL) ("de") "x")'
    )
    assert body(octets, parse(octets)) == (
        b"((%b 3 0)" % PLAIN + b'("image" "png" NIL NIL NIL "7bit" 3) "alternative")'
    )


def test_a_message_is_told_with_its_envelope_and_all_its_lines() -> None:
    inner = b"Subject: Hi\r\n\r\nHello.\r\n"
    octets = b"Content-Type: message/rfc822\r\n\r\n" + inner

    assert bodystructure_of(octets) == (
        b'("message" "rfc822" NIL NIL NIL "7bit" 23 (NIL "Hi" NIL NIL NIL NIL NIL NIL NIL NIL)'
        b" (%b 8 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)" % PLAIN
    )


def test_lines_are_those_of_each_part() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n\n\n--i\r\n\r\n1\n\r\n--i\r\n\r\n1\n2\n\r\n--i--\n\n"
    message = b"Content-Type: message/rfc822\r\n\r\n" + inner
    octets = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\n\n\n\n\r\n--o\r\n" + message + b"\r\n--o--\r\n"
    )

    found = re.findall(rb'"7bit" \d+ (\d+)|\) (\d+) NIL', bodystructure_of(octets))
    assert [int(one or two) for one, two in found] == [3, 1, 2, inner.count(b"\n")]


@pytest.mark.parametrize(
    "field",
    [b"Content-Type: multipart/mixed", b"Content-Type: multipart/mixed; boundary=not-there"],
)
def test_what_cannot_be_taken_apart_holds_all_of_it_as_text(field: bytes) -> None:
    found = bodystructure_of(field + b"\r\n\r\none\r\ntwo\r\n")

    assert found.startswith(b"((%b 10 2 NIL NIL NIL NIL) " % PLAIN)


def test_an_encoded_message_has_an_empty_envelope_and_all_of_it_as_text() -> None:
    found = bodystructure_of(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n")

    assert found == (
        b'("message" "rfc822" NIL NIL NIL "base64" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'
        b" (%b 6 1 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)" % PLAIN
    )


def test_beyond_the_depth_it_is_text() -> None:
    check(b"Content-Type: message/rfc822\r\n\r\n" * (LIMITS.depth + 5))
    check(
        b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(LIMITS.depth + 5)
        )
    )
