"""What is wrong with a message: every code there is, and what produces it."""

from __future__ import annotations

import pytest

from mailtrap.message.defects import SENTENCES, defect
from mailtrap.message.facts import facts
from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import parse

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
PART = b"--b\r\n\r\n"
NESTED = b"Content-Type: message/rfc822\r\n\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n\r\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
OURS = {"parser-failed", "dots-after-lf"}
"""Not noticed by the parser: SMTP notes them."""

# code, octets, and what stands at the place
DEFECTIVE = [
    ("bare-newline", b"A: 1\r\n\r\na\nb", b"\nb"),
    ("bare-newline", b"A: 1\r\n\r\na\rb", b"\rb"),
    ("bare-newline", b"A: 1\r\n\r\na\r", b"\r"),
    ("bare-newline", b"A: 1\r\n\r\na\r\r\nb", b"\r\r\nb"),
    ("nul", b"A: 1\r\n\r\na\0b", b"\0b"),
    ("long-line", b"A: 1\r\n\r\n" + b"x" * 999 + b"\r\n", b"x" * 999 + b"\r\n"),
    ("long-line", b"A: 1\r\n\r\n" + b"x" * 999, b"x" * 999),
    ("long-line", b"A: 1\r\n\r\n" + b"short\r\n" * 300 + b"x" * 2000 + b"\r\nb", b"x" * 2000 + b"\r\nb"),
    ("no-headers", b"", b""),
    ("no-headers", b"\r\nx", b"\r\nx"),
    ("no-headers", b"no field\r\n\r\n", b"no field\r\n\r\n"),
    ("mbox-from-line", b"From a Mon\r\nA: 1\r\n\r\n", b"From a Mon\r\nA: 1\r\n\r\n"),
    ("no-colon", b"A: 1\r\nstray\r\n\r\n", b"stray\r\n\r\n"),
    ("no-colon", b"A: 1\r\n: no name\r\n\r\n", b": no name\r\n\r\n"),
    ("no-colon", b"From a Mon\r\nA: 1\r\nstray\r\n\r\n", b"stray\r\n\r\n"),
    ("no-colon", b"A: 1\r\nstray", b"stray"),
    ("eight-bit-header", b"A: 1\xe9\r\n\r\n", b"\xe9\r\n\r\n"),
    ("duplicate-header", b"To: a@b\r\nX: 1\r\nX: 2\r\nTO: c@d\r\n\r\n", b"TO: c@d\r\n\r\n"),
    ("bad-date", b"X: 1\r\nDate: now\r\n\r\n", b"Date: now\r\n\r\n"),
    ("bad-date", b"Date:\r\n\r\n", b"Date:\r\n\r\n"),
    ("bad-address", b"X: <>\r\nFrom: <>\r\n\r\n", b"From: <>\r\n\r\n"),
    ("bad-address", b"Cc:\r\n\r\n", b"Cc:\r\n\r\n"),
    ("bad-address", b"Bcc: no address\r\n\r\n", b"Bcc: no address\r\n\r\n"),
    ("bad-encoded-word", b"A: =?x-klingon?q?a?=\r\n\r\n", b"A: =?x"),
    ("bad-encoded-word", b"A: =?utf-8?b?a!?=\r\n\r\n", b"A: =?u"),
    ("bad-encoded-word", b"A: =?utf-8?b?a?=\r\n\r\n", b"A: =?u"),
    ("bad-encoded-word", b"A: =?utf-8?q?=zz?=\r\n\r\n", b"A: =?u"),
    ("bad-encoded-word", b"A: =?utf-8?x?a?=\r\n\r\n", b"A: =?u"),
    ("bad-encoded-word", b"A: =?utf-8?q?a\r\nB: 1\r\n\r\n", b"A: =?u"),
    ("too-many-addresses", b"To: " + b"a@b,\r\n " * (LIMITS.addresses + 1) + b"a@b\r\n\r\n", b"To: a@b,"),
    ("no-boundary", b"X: 1\r\nContent-Type: multipart/mixed\r\n\r\n", b"X: 1"),
    ("no-parts", MULTIPART + b"text\r\n", b""),
    ("no-parts", MULTIPART + b"--b--\r\n", b"--b--\r\n"),
    ("unclosed-multipart", MULTIPART + b"--b\r\n\r\ntext", b""),
    ("encoded-multipart", b"Content-Transfer-Encoding: base64\r\n" + MULTIPART + b"--b\r\n\r\n--b--", b"Content-Tr"),
    ("encoded-multipart", b"Content-Type: message/rfc822\r\n" + BASE64, b"Content-Type"),
    ("too-deep", NESTED * (LIMITS.depth + 1), NESTED * 2),
    ("too-many-parts", MULTIPART + PART * (LIMITS.parts + 2) + b"--b--", PART * 3 + b"--b--"),
    ("bad-content-type", b"A: 1\r\nContent-Type: text\r\n\r\n", b"A: 1"),
    ("unknown-encoding", b"Content-Transfer-Encoding: x\r\n\r\n", b"Content-Tr"),
    ("unknown-charset", b"Content-Type: text/html; charset=x\r\n\r\n", b"Content-Type"),
    ("unknown-charset", b"Content-Type: text/html; charset=\r\n\r\n", b"Content-Type"),
    ("bad-base64", BASE64 + b"YWJj!YWJj", b"!YWJj"),
    ("bad-base64", BASE64 + b"YWJj\r\n-\r\n", b"-\r\n"),
    ("bad-base64", BASE64 + b"YQ==YQ==", b"==YQ=="),
    ("bad-base64", BASE64 + b"YWJjY", b""),
    ("bad-quoted-printable", QUOTED + b"a=zz", b"=zz"),
    ("bad-quoted-printable", QUOTED + b"a=4", b"=4"),
    ("bad-quoted-printable", QUOTED + b"a=\rb", b"=\rb"),
    ("eight-bit-body", b"A: 1\r\n\r\ncaf\xc3\xa9", b"\xc3\xa9"),
    ("eight-bit-body", QUOTED + b"caf\xc3\xa9", b"\xc3\xa9"),
]


@pytest.mark.parametrize(("code", "octets", "there"), DEFECTIVE)
def test_a_defect_is_noticed_where_it_is(code: str, octets: bytes, there: bytes) -> None:
    found = {each.code: each for each in parse(octets).defects}

    assert octets[found[code].offset :].startswith(there)
    assert there or found[code].offset == len(octets)
    assert code in facts(octets).defects


def test_a_header_beyond_the_limit_is_noticed_and_its_cut_line_is_not() -> None:
    octets = b"".join(b"X-%d: \xc3\xa9\r\n" % number for number in range(LIMITS.header // 9)) + b"\r\n"

    assert {each.code: each.offset for each in parse(octets).defects} == {"long-header": LIMITS.header}


def test_every_code_is_produced_by_something() -> None:
    assert set(SENTENCES) == {code for code, _, _ in DEFECTIVE} | {"long-header"} | OURS


def test_every_code_has_a_sentence() -> None:
    assert defect("nul", 7, "2.1").text == SENTENCES["nul"]
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())
    with pytest.raises(KeyError):
        defect("unheard-of", 0)


@pytest.mark.parametrize(
    "octets",
    [
        b"A: 1\r\n\r\n" + b"x" * 998 + b"\r\n",
        b"A: 1\r\n\r\n" + b"x" * 998,
        b"A: " + b"x" * 995 + b"\r\n" + b"B: " + b"y" * 995 + b"\r\n\r\n",
        b"Received: 1\r\nReceived: 2\r\n\r\n",
        b"A:\r\n\tfolded\r\n \r\nB : 1\r\n\r\n",
        b"A: 1",
        b"A: 1\r\n",
        "A: Größe\r\n\r\n".encode(),
        b"To: undisclosed-recipients:;\r\nBcc:\r\nFrom: root\r\n\r\n",
        b"A: =?utf-8?q?a=C3?= =?utf-8?q?=A9?= =?utf-8*de?b?YQ==?=\r\nB: =? ?=\r\nC: a=?b\r\n\r\n",
        BASE64 + b"YWJj\r\nYQ==\r\n\r\n",
        BASE64 + b"",
        QUOTED + b"=3D=3d= \t\r\na=\r\nb\r\n=",
        b"Content-Transfer-Encoding: 8bit\r\n\r\ncaf\xe9",
        b"Content-Transfer-Encoding: BINARY\r\n\r\ncaf\xe9",
        b"Content-Type: application/pdf\r\n" + BASE64 + b"YWJj",
        b"Content-Type: application/x; charset=unheard-of\r\n\r\n",
        MULTIPART + b"--b\r\n\r\na\r\n--b--",
    ],
)
def test_nothing_is_wrong_with_these(octets: bytes) -> None:
    assert parse(octets).defects == []


def test_defects_of_parts_name_their_part_and_come_in_the_order_of_the_octets() -> None:
    octets = MULTIPART + b"--b\r\n" + QUOTED + b"=zz\r\n--b\r\n" + BASE64 + b"!\r\n--b\r\n" + MULTIPART + b"x\0\r\n"

    found = [(each.code, each.part) for each in parse(octets).defects]
    assert found == [
        ("bad-quoted-printable", "1"),
        ("bad-base64", "2"),
        ("nul", ""),
        ("no-parts", "3"),
        ("unclosed-multipart", ""),
    ]


def test_a_thousand_bad_fields_are_one_defect() -> None:
    octets = b"".join(b"X-%d: =?utf-8?x?%d?=\r\n" % (number, number) for number in range(1000)) + b"\r\n"

    assert [each.code for each in parse(octets).defects] == ["bad-encoded-word"]
    assert (facts(octets).defects, facts(octets).defect_count) == (("bad-encoded-word",), 1)


def test_facts_name_each_code_once_and_count_all() -> None:
    found = facts(MULTIPART + (b"--b\r\n" + BASE64 + b"!\r\n") * 3 + b"--b--")

    assert (found.defects, found.defect_count) == (("bad-base64",), 3)


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, 3 << 20])
def test_what_lies_across_a_slice_is_seen_as_one(size: int) -> None:
    # these are looked at in slices of 1 MiB
    line_ends = b"x\r\n" * (size // 3)
    escapes = QUOTED + b"=3D" * (size // 3 // 100 * 100) + b"=3D" * 7
    letters = BASE64 + b"YWJj" * (size // 4 + 1)

    assert "bare-newline" not in facts(b"A: 1\r\n\r\n" + line_ends).defects
    assert facts(b"A: 1\r\n\r\n" + line_ends + b"\n").defects == ("bare-newline",)
    assert "bad-quoted-printable" not in facts(escapes).defects
    assert "bad-quoted-printable" in facts(escapes + b"=z").defects
    assert "bad-base64" not in facts(letters).defects
    assert "bad-base64" in facts(letters + b"!").defects


@pytest.mark.parametrize("before", range(-4, 3))
def test_an_escape_at_the_edge_of_a_slice_is_seen_whole(before: int) -> None:
    octets = QUOTED + (b"x" * 99 + b"\n") * ((1 << 20) // 100)
    octets += b"x" * (len(QUOTED) + (1 << 20) + before - len(octets))

    assert "bad-quoted-printable" not in facts(octets + b"=3D" * 3).defects
    assert "bad-quoted-printable" in facts(octets + b"=zz").defects
