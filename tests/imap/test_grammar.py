"""Arguments of commands, by the names of the grammar: what is read, what is refused, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.imap.errors import Bad, BadSyntax
from mailtrap.imap.grammar import NO_NAME, Reader
from mailtrap.imap.responses import astring, date_time, mailbox_name, string
from mailtrap.imap.wire import Command, Literal, Piece

METHODS: dict[str, Callable[[Reader], object]] = {
    "tag": Reader.tag,
    "atom": Reader.atom,
    "keyword": Reader.keyword,
    "astring": Reader.astring,
    "string": Reader.string,
    "nstring": Reader.nstring,
    "literal": Reader.literal,
    "number": Reader.number,
    "nz_number": Reader.nz_number,
    "mailbox": Reader.mailbox,
    "list_mailbox": Reader.list_mailbox,
    "sequence_set": Reader.sequence_set,
    "flag_list": Reader.flag_list,
    "flag": Reader.flag,
    "date": Reader.date,
    "date_time": Reader.date_time,
    "space": Reader.space,
    "end": Reader.end,
    "rest": Reader.rest,
    "list_of": lambda reader: reader.list_of(reader.astring),
}

TEXTS = st.one_of(
    st.binary(max_size=20),
    st.text('"\\(){}%*]+&-,:/ \r\n\0aNIL109é$', max_size=12).map(str.encode),
    st.sampled_from([b'"1-Jan-2026"', b"31-Feb-2026", b'"99-Xyz-0000 99:99:99 +9999"', b"1:*,$", b"NIL", b"9" * 20]),
)


def commands(texts: st.SearchStrategy[bytes] = TEXTS) -> st.SearchStrategy[Command]:
    literals = st.binary(max_size=9).map(Literal)

    def joined(first: bytes, rest: list[tuple[Literal, bytes]]) -> Command:
        pieces: list[Piece] = [first]
        return pieces + [piece for pair in rest for piece in pair]

    return st.builds(joined, texts, st.lists(st.tuples(literals, texts), max_size=3))


def read(octets: bytes, *, utf8: bool = False) -> Reader:
    return Reader([octets], utf8=utf8)


@given(command=commands(), names=st.lists(st.sampled_from(list(METHODS)), max_size=6), utf8=st.booleans())
def test_any_octets_are_read_or_refused(command: Command, names: list[str], utf8: bool) -> None:
    reader = Reader(command, utf8=utf8)
    for name in names:
        try:
            METHODS[name](reader)
        except Bad:
            break


@pytest.mark.parametrize("octets", [b"", b" ", b"(", b")", b"{", b"%", b"*", b'"', b"\\", b"\x7f", b"\xe9", b"]"])
def test_what_is_no_atom(octets: bytes) -> None:
    with pytest.raises(BadSyntax, match="expected an atom"):
        read(octets).atom()


def test_the_error_says_where() -> None:
    reader = read(b"abc (def")
    reader.atom()
    reader.space()

    with pytest.raises(BadSyntax, match=r"^expected a string, found \(def$"):
        reader.string()


@pytest.mark.parametrize(
    "octets", [b"abc", b'"abc', b'"a\rb"', b'"a\nb"', b'"a\0b"', b'"a\\b"', b'"a\\"', b"'abc'", b"{3}"]
)
def test_what_is_no_string(octets: bytes) -> None:
    with pytest.raises(BadSyntax, match="expected a string"):
        read(octets).string()


def test_a_backslash_escapes_itself_and_quotation_marks() -> None:
    assert read(rb'"say \"hi\" \\ \\\""').string() == rb'say "hi" \ \"'


def test_nil_is_no_string_where_a_string_is_asked_for() -> None:
    assert read(b"NIL").nstring() is None
    assert read(b'"NIL"').nstring() == b"NIL"
    assert Reader([b"", Literal(b"NIL"), b""]).nstring() == b"NIL"
    with pytest.raises(BadSyntax):
        read(b"NIL").string()


@given(st.binary(max_size=50))
def test_strings_come_back_as_they_were(octets: bytes) -> None:
    assert sent(string(octets)).string() == octets
    assert sent(astring(octets)).astring() == octets


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), st.booleans())
def test_names_of_mailboxes_come_back_in_their_normal_form(name: str, utf8: bool) -> None:
    read = sent(mailbox_name(name, utf8=utf8), utf8=utf8).mailbox()

    assert read == normalize("NFC", name) or (read.partition("/")[0] == "INBOX" and read.upper() == name.upper())


@pytest.mark.parametrize("written", [b"inbox", b'"InBoX"', b"INBOX"])
def test_inbox_is_inbox_in_any_letter_case(written: bytes) -> None:
    assert read(written).mailbox() == "INBOX"
    assert Reader([b"", Literal(written.strip(b'"')), b""]).mailbox() == "INBOX"
    assert read(written.strip(b'"') + b"/Ann").mailbox() == "INBOX/Ann"


@pytest.mark.parametrize("written", [b"inboxes", b"my/inbox", b"in", b"inbox."])
def test_nothing_else_is_inbox(written: bytes) -> None:
    assert read(written).mailbox() == written.decode()


@pytest.mark.parametrize("written", [b"a&b", b"&", b"&AAA", b"&AGE-", b'"\xff"'])
def test_a_name_in_no_encoding_is_refused_and_a_pattern_fits_nothing(written: bytes) -> None:
    with pytest.raises(BadSyntax, match="neither"):
        read(written).mailbox()
    assert read(written).list_mailbox() == NO_NAME


@pytest.mark.parametrize("octets", [b"", b"-1", b"+1", b"x", b"99999999999999999999", b"9223372036854775808"])
def test_what_is_no_number(octets: bytes) -> None:
    with pytest.raises(BadSyntax):
        read(octets).number()


def test_zero_is_a_number_but_not_everywhere() -> None:
    assert read(b"0").number() == 0
    assert read(b"9223372036854775807").nz_number() == 2**63 - 1
    with pytest.raises(BadSyntax, match="zero"):
        read(b"0").nz_number()


@pytest.mark.parametrize(
    "octets", [b"1-Jan-26", b"1-Foo-2026", b"0-Jan-2026", b"32-Jan-2026", b"1 Jan 2026", b'"1-Jan-2026', b"1-Jan-0000"]
)
def test_what_is_no_date(octets: bytes) -> None:
    with pytest.raises(BadSyntax):
        read(octets).date()


def test_dates_may_stand_in_quotation_marks() -> None:
    assert read(b"1-Feb-2026").date() == read(b'"01-fEB-2026"').date() == date(2026, 2, 1)


@pytest.mark.parametrize(
    "octets",
    [
        b"01-Jan-2026 00:00:00 +0000",
        b'"1-Jan-2026 00:00:00 +0000"',
        b'"01-Jan-2026 24:00:00 +0000"',
        b'"01-Jan-2026 00:60:00 +0000"',
        b'"01-Jan-2026 00:00:61 +0000"',
        b'"01-Jan-2026 00:00:00 +2400"',
        b'"01-Jan-2026 00:00:00 +0060"',
        b'"01-Jan-2026 00:00:00 GMT"',
        b'"01-Jan-2026 00:00:00"',
        b'"31-Dec-9999 23:59:59 -2300"',
        b'"01-Jan-0000 00:00:00 +0000"',
    ],
)
def test_what_is_no_time(octets: bytes) -> None:
    with pytest.raises(BadSyntax):
        read(octets).date_time()


def test_times_have_zones_and_a_leap_second_is_the_one_before() -> None:
    east = timezone(timedelta(hours=5, minutes=30))

    assert read(b'" 1-Jan-2026 00:00:00 +0530"').date_time() == datetime(2026, 1, 1, tzinfo=east)
    assert read(b'"31-Dec-2016 23:59:60 +0000"').date_time() == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.datetimes().map(lambda at: at.replace(microsecond=0, tzinfo=UTC)))
def test_times_come_back_as_they_were(at: datetime) -> None:
    microseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert read(date_time(microseconds)).date_time() == at


@pytest.mark.parametrize("octets", [b"", b"a", b"(", b"(a", b"(a ", b"(a  b)", b"( a)", b"(a )", b"(a(b))"])
def test_what_is_no_list(octets: bytes) -> None:
    reader = read(octets)
    with pytest.raises(BadSyntax):
        reader.list_of(reader.atom)


def test_spaces_at_the_end_are_forgiven_and_nothing_else_is() -> None:
    read(b"  ").end()
    for octets in (b" x", b"\t", b"\0"):
        with pytest.raises(BadSyntax, match="the end of the command"):
            read(octets).end()
    with pytest.raises(BadSyntax, match="the end of the command"):
        Reader([b"", Literal(b""), b""]).end()


def sent(octets: bytes, *, utf8: bool = False) -> Reader:
    """What a server sends, read as if a client did."""
    head, brace, literal = octets.partition(b"}\r\n")
    if brace and head[:1] == b"{":
        return Reader([b"", Literal(literal), b""], utf8=utf8)
    return read(octets, utf8=utf8)
