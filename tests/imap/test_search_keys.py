"""What the keys of SEARCH find, and what is no search. RFC 9051 §6.4.4, RFC 3501 §6.4.4."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from searching import FIRST, ask, filled_project, searched, selected

from mailtrap.imap.session import Session
from mailtrap.store.sqlite import SqliteStore


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[SqliteStore, int]]:
    """A store, and a project with mail."""
    store = SqliteStore()
    yield store, filled_project(store)
    store.close()


@pytest.fixture
def session(filled: tuple[SqliteStore, int]) -> Session:
    return selected(*filled)


WRONG = [
    "",
    " ",
    " ALL",
    "ALL  SEEN",
    "()",
    "( ALL)",
    "(ALL",
    "ALL)",
    "(ALL) SEEN)",
    "WHATEVER",
    "SEENX",
    "SEEN,DRAFT",
    "NOT",
    "NOT ",
    "OR SEEN",
    "FROM",
    "FROM ",
    'FROM "smith',
    "FROM (smith)",
    "HEADER Subject",
    "KEYWORD",
    'KEYWORD "x"',
    r"KEYWORD \Seen",
    "LARGER",
    "LARGER x",
    "LARGER -1",
    "LARGER 99999999999999999999999",
    "SMALLER 1.5",
    "BEFORE",
    "BEFORE today",
    "BEFORE 2026-01-01",
    "BEFORE 31-Feb-2026",
    "BEFORE 1-Xyz-2026",
    "BEFORE 1-Jan-26",
    "UID",
    "UID x",
    "UID 0",
    "0",
    "1,",
    "1:",
    "1:2:3",
    "4294967296",
    "5",  # there are four messages
    "1:5",
    "5:*",
    "UID 1 5",
    "OR ALL 5",  # though it need not be looked at
    "NOT ALL 5",
    "$,1",
    "CHARSET",
    "CHARSET UTF-8",
    "CHARSET (UTF-8) ALL",
    "RETURN ALL",
    "RETURN (ALL)",
    "RETURN(ALL) ALL",
    "RETURN (WHATEVER) ALL",
    "RETURN (PARTIAL 1:2) ALL",
    "RETURN (MIN MAX ALL",
    "RETURN (MIN  MAX) ALL",
    "CHARSET UTF-8 RETURN (ALL) ALL",
    "NOT " * 100 + "ALL",
    "(" * 100 + "ALL" + ")" * 100,
    "OR ALL " * 100 + "ALL",
]


@pytest.mark.parametrize("keys", WRONG)
def test_what_does_not_follow_the_grammar_is_bad(session: Session, keys: str) -> None:
    [tagged] = ask(session, f"t SEARCH {keys}")

    assert tagged.startswith(b"t BAD ")


@pytest.mark.parametrize(
    "charset", ["x-klingon", "UNKNOWN-8BIT", "8bit", "binary", '"a b"', '""', "UTF-9", "base64", "a" * 100]
)
def test_a_charset_that_nobody_knows_is_refused(session: Session, charset: str) -> None:
    [tagged] = ask(session, f"t SEARCH CHARSET {charset} ALL")

    assert tagged.startswith(b"t NO [BADCHARSET (US-ASCII UTF-8)] ")


def test_more_keys_than_anybody_needs_are_refused(session: Session) -> None:
    assert searched(session, "SEEN " * 1000) == [1, 4]
    assert ask(session, "t SEARCH " + "SEEN " * 1001)[0].startswith(b"t NO [LIMIT] ")


FOUND = [
    # flags
    ("ALL", [1, 3, 4, 5]),
    ("all", [1, 3, 4, 5]),
    ("All ", [1, 3, 4, 5]),  # a space at the end is forgiven
    ("SEEN", [1, 4]),
    ("UNSEEN", [3, 5]),
    ("ANSWERED", [1]),
    ("UNANSWERED", [3, 4, 5]),
    ("FLAGGED", [3]),
    ("UNFLAGGED", [1, 4, 5]),
    ("DELETED", [3]),
    ("UNDELETED", [1, 4, 5]),
    ("DRAFT", [4]),
    ("UNDRAFT", [1, 3, 5]),
    ("KEYWORD $forwarded", [1]),
    ("KEYWORD project-x", [3]),
    ("KEYWORD project", []),
    ("KEYWORD $forward", []),
    ("UNKEYWORD $FORWARDED", [3, 4, 5]),
    # sets: numbers 1 2 3 4 are UIDs 1 3 4 5
    ("2", [3]),
    ("3:2", [3, 4]),
    ("*", [5]),
    ("2,*:4", [3, 5]),
    ("UID 2", []),
    ("UID 2:3", [3]),
    ("UID 99:*", [5]),
    ("UID *", [5]),
    ("UID 1:4294967295", [1, 3, 4, 5]),
    ("2 UID 3", [3]),
    ("2 UID 4", []),
    # combinations
    ("NOT SEEN", [3, 5]),
    ("NOT NOT SEEN", [1, 4]),
    ("SEEN ANSWERED", [1]),
    ("(SEEN) (DRAFT)", [4]),
    ("NOT (SEEN DRAFT)", [1, 3, 5]),
    ("OR SEEN FLAGGED", [1, 3, 4]),
    ("or (seen answered) or draft deleted", [1, 3, 4]),
    ("OR SEEN DRAFT FLAGGED", []),
    ("NOT OR SEEN FLAGGED", [5]),
    ("NOT ALL", []),
    ("((((ALL))))", [1, 3, 4, 5]),
    # sizes
    (f"LARGER {len(FIRST)}", [3, 4]),
    (f"LARGER {len(FIRST) - 1}", [1, 3, 4]),
    (f"SMALLER {len(FIRST)}", [5]),
    ("SMALLER 0", []),
    ("LARGER 9223372036854775807", []),
    # internal dates, as INTERNALDATE shows them
    ("ON 3-Jan-2026", [3, 4]),
    ("BEFORE 3-Jan-2026", [1]),
    ("SINCE 3-Jan-2026", [3, 4, 5]),
    ('since "04-jan-2026"', [5]),
    ("BEFORE 1-Jan-0001", []),
    ("SINCE 1-Jan-0001", [1, 3, 4, 5]),
    ("BEFORE 31-Dec-9999", [1, 3, 4, 5]),
    # sent dates, as they are written; one has none, one has nonsense
    ("SENTON 1-Jan-2026", [1]),
    ("SENTON 2-Jan-2026", []),
    ("SENTON 3-Jan-2026", [3]),
    ("SENTBEFORE 3-Jan-2026", [1]),
    ("SENTSINCE 1-Jan-2026", [1, 3]),
    ("NOT SENTSINCE 1-Jan-2026", [4, 5]),
    # texts
    ("FROM smith", [1]),
    ("FROM SMITH@Shop", [1]),
    ('FROM "jürgen"', [1]),
    ('FROM "smith <smith"', [1]),
    ("TO ann", [1]),
    ("CC carl", [1]),
    ("BCC dora", [3]),
    ("CC dora", []),
    ("SUBJECT smith", [3]),
    ('SUBJECT "order 4711"', [1]),
    ('SUBJECT "отв"', []),
    ("BODY pay", [1]),
    ("BODY cafe", [3]),
    ('BODY "café"', [3]),
    ("BODY smith", []),
    ("BODY eve", []),
    ("BODY 50*2", None),  # an astring has no asterisk
    ('BODY "50*2"', [4]),
    ("TEXT smith", [1, 3, 4]),
    ("TEXT pay", [1]),
    ("TEXT plan.png", [3]),
    ('TEXT "plan*png"', []),
    ('TEXT "50*2"', [4]),
    ("TEXT reply-to", [4]),
    ("TEXT zzz", []),
    ("HEADER Reply-To smith", [4]),
    ("HEADER reply-to ann", []),
    ('HEADER X-Empty ""', [1]),
    ('HEADER X-Empty "x"', []),
    ('HEADER Reply-To ""', [4]),
    ('HEADER X-None ""', []),
    ('HEADER "" "x"', []),
    ('HEADER "From: eve" ""', []),
    ('HEADER From ""', [1, 3, 4]),
    # what is empty is in every text
    ('SUBJECT ""', [1, 3, 4, 5]),
    ('TEXT ""', [1, 3, 4, 5]),
    ('BODY " "', [1, 3, 4, 5]),
    ('NOT FROM ""', []),
    # mixed
    ("OR FROM smith SUBJECT smith", [1, 3]),
    ("OR OR FROM smith CC nobody BODY nothing", [1, 5]),
    ("FROM smith BODY pay SEEN", [1]),
    ("FROM smith BODY nothing", []),
    ("NOT FROM smith", [3, 4, 5]),
    ("OR SEEN TEXT plan", [1, 3, 4]),
    ("NOT (OR SEEN TEXT plan)", [5]),
    # charsets
    ('CHARSET UTF-8 BODY "café"', [3]),
    ("charset us-ascii FROM smith", [1]),
    ("CHARSET ANSI_X3.4-1968 FROM smith", [1]),
    ('CHARSET "utf-8" FROM "jürgen"', [1]),
]


@pytest.mark.parametrize(("keys", "uids"), FOUND, ids=[keys for keys, _ in FOUND])
def test_keys_find(session: Session, keys: str, uids: list[int] | None) -> None:
    if uids is None:
        assert ask(session, f"t SEARCH {keys}")[0].startswith(b"t BAD ")
    else:
        assert searched(session, keys) == uids


def test_texts_are_in_the_charset_that_was_named(session: Session) -> None:
    for charset in ("koi8-r", "windows-1251", "utf-16-be", "utf-8"):
        octets = "мтват".encode(charset)
        octets = octets if charset != "utf-16-be" else b"\xfe\xff" + octets
        assert searched(session, b"CHARSET %b SUBJECT {%d+}\r\n%b" % (charset.encode(), len(octets), octets)) == [5]


def test_without_a_charset_octets_are_utf_8_or_a_guess(session: Session) -> None:
    assert searched(session, b'FROM "j\xc3\xbcrgen"') == searched(session, b'FROM "j\xfcrgen"') == [1]


def test_literals_stand_for_strings(session: Session) -> None:
    assert searched(session, b"OR HEADER {8+}\r\nreply-to {5+}\r\nsmith FROM {3+}\r\neve") == [3, 4]
    assert searched(session, b"CHARSET {5+}\r\nUTF-8 FROM {0+}\r\n") == [1, 3, 4, 5]
