"""SEARCH: what it is answered. RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731, RFC 5182."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from searching import ANN, ask, fill, mark, opened, searched, selected

from mailtrap.bus import Removed
from mailtrap.current import Current
from mailtrap.imap.session import Session, World
from mailtrap.search.tree import Query
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

FIRST = (
    b"From: =?utf-8?q?J=C3=BCrgen?= Smith <smith@shop.test>\r\nTo: Ann <ann@x.test>\r\nCc: carl@x.test\r\n"
    b"Subject: Your order\r\n 4711\r\nDate: Thu, 1 Jan 2026 23:30:00 -0800\r\nX-Empty:\r\n\r\nCome and pay.\r\n"
)
SECOND = (
    b"From: eve@x.test\r\nBcc: Dora <dora@x.test>\r\nSubject: Smith is here\r\nDate: Sat, 3 Jan 2026 00:10:00 +0900\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nCaf\xc3\xa9\r\n--b\r\n"
    b'Content-Type: image/png; name="plan.png"\r\n\r\n'
    b"smith\r\n--b--\r\n"
)
THIRD = b"From: ann@x.test\r\nReply-To: smith@shop.test\r\n\r\nfrom: nobody at all; 50*2 " + b"x" * 500 + b"\r\n"
FOURTH = b"Subject: =?koi8-r?b?7dTXwdQ=?=\r\nDate: no day\r\n\r\nnothing\r\n"
MAIL = [
    (FIRST, datetime(2026, 1, 2, 7, 30, tzinfo=UTC)),
    (b"Subject: removed\r\n\r\n", datetime(2026, 1, 2, 8, 0, tzinfo=UTC)),
    (SECOND, datetime(2026, 1, 3, 0, 0, tzinfo=UTC)),
    (THIRD, datetime(2026, 1, 3, 23, 59, 59, 999_999, tzinfo=UTC)),
    (FOURTH, datetime(2026, 1, 4, 0, 0, tzinfo=UTC)),
]
"""The second is removed before anybody looks: the UIDs are 1, 3, 4, 5."""


class Noting(SqliteStore):
    """Notes what texts were looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.searches: list[Query] = []

    def search(self, mailbox: int, query: Query) -> list[int]:
        self.searches.append(query)
        return super().search(mailbox, query)


@pytest.fixture(scope="module")
def store() -> Iterator[Noting]:
    opened = Noting()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def filled(store: Noting) -> int:
    """A project with mail that no test changes."""
    return filled_project(store)


@pytest.fixture
def session(store: Noting, filled: int) -> Session:
    return selected(store, filled)


@pytest.fixture
def project(store: Noting) -> int:
    """A project with mail of the test's own."""
    return filled_project(store)


@pytest.fixture
def own(store: Noting, project: int) -> Session:
    return selected(store, project)


def filled_project(store: Noting) -> int:
    project = store.new_project().id
    mailbox = fill(store, project, MAIL)
    store.remove(mailbox, [2], "imap")
    mark(store, mailbox, [1], Flag.SEEN | Flag.ANSWERED, "$Forwarded")
    mark(store, mailbox, [3], Flag.FLAGGED | Flag.DELETED, "Project-X", "forward")
    mark(store, mailbox, [4], Flag.SEEN | Flag.DRAFT)
    return project


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


@pytest.mark.parametrize("keys", ["1", "*", "1:*", "NOT *"])
def test_an_empty_mailbox_has_no_message_number(store: Noting, keys: str) -> None:
    session = selected(store, store.new_project().id)

    assert ask(session, f"t SEARCH {keys}")[-1].startswith(b"t BAD ")
    assert ask(session, "t SEARCH ALL UID 1:*") == [b"* SEARCH", b"t OK SEARCH completed"]


@pytest.mark.parametrize(
    "charset", ["x-klingon", "UNKNOWN-8BIT", "8bit", "binary", '"a b"', '""', "UTF-9", "base64", "a" * 100]
)
def test_a_charset_that_nobody_knows_is_refused(session: Session, charset: str) -> None:
    [tagged] = ask(session, f"t SEARCH CHARSET {charset} ALL")

    assert tagged.startswith(b"t NO [BADCHARSET (US-ASCII UTF-8)] ")


def test_more_keys_than_anybody_needs_are_refused(session: Session) -> None:
    assert searched(session, "SEEN " * 1000) == [1, 4]
    assert ask(session, "t SEARCH " + "SEEN " * 1001)[0].startswith(b"t NO [LIMIT] ")


def test_a_search_needs_a_mailbox(session: Session) -> None:
    ask(session, "u UNSELECT")

    assert ask(session, "t SEARCH ALL")[0].startswith(b"t BAD ")


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


def test_recent_is_what_this_session_was_first_to_see(store: Noting, project: int) -> None:
    world = World(store, Current(project))
    first, later = opened(world), opened(world)

    assert searched(first, "RECENT") == [1, 3, 4, 5]
    assert searched(first, "NEW") == [3, 5]
    assert searched(first, "OLD") == []
    assert searched(later, "RECENT") == searched(later, "NEW") == []
    assert searched(later, "OLD") == [1, 3, 4, 5]


def test_what_was_removed_is_there_until_the_client_is_told(store: Noting, project: int, own: Session) -> None:
    store.remove(inbox(store, project), [3], "pop3")

    assert searched_by_number(own, "ALL") == [1, 2, 3, 4]
    assert searched_by_number(own, "FLAGGED") == [2]
    assert searched_by_number(own, "NOT SEEN") == [2, 4]
    assert searched_by_number(own, "2") == [2]


def test_what_arrived_is_not_there_before_the_client_is_told(store: Noting, project: int, own: Session) -> None:
    fill(store, project, [(FIRST, datetime(2026, 1, 5, tzinfo=UTC))])

    assert searched(own, "ALL") == [1, 3, 4, 5]
    assert searched(own, "FROM smith") == [1]


def inbox(store: Noting, project: int) -> int:
    return store.mailbox(project, ANN).id


def searched_by_number(session: Session, keys: str) -> list[int]:
    response, _ = ask(session, f"t SEARCH {keys}")
    return list(map(int, response.split()[2:]))


def test_numbers_are_given_for_search_and_uids_for_uid_search(session: Session) -> None:
    assert ask(session, "t SEARCH FLAGGED") == [b"* SEARCH 2", b"t OK SEARCH completed"]
    assert ask(session, "t UID SEARCH FLAGGED") == [b"* SEARCH 3", b"t OK UID SEARCH completed"]


def test_nothing_found_is_said(session: Session) -> None:
    assert ask(session, "t SEARCH NOT ALL") == [b"* SEARCH", b"t OK SEARCH completed"]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("SEARCH RETURN () UNSEEN", b" ALL 2,4"),
        ("SEARCH RETURN (ALL) ALL", b" ALL 1:4"),
        ("search return (count min) UNSEEN", b" MIN 2 COUNT 2"),
        ("SEARCH RETURN (MAX) UNSEEN", b" MAX 4"),
        ("SEARCH RETURN (ALL MIN COUNT MAX) SEEN", b" MIN 1 MAX 3 ALL 1,3 COUNT 2"),
        ("UID SEARCH RETURN (MIN MAX) 1:4", b" UID MIN 1 MAX 5"),
        ("UID SEARCH RETURN (ALL ALL) NOT 2", b" UID ALL 1,4:5"),
        ("SEARCH RETURN (MIN MAX ALL) NOT ALL", b""),
        ("UID SEARCH RETURN () NOT ALL", b" UID"),
        ("SEARCH RETURN (COUNT) NOT ALL", b" COUNT 0"),
        ("SEARCH RETURN (SAVE COUNT) UNSEEN", b" COUNT 2"),
        ("SEARCH RETURN (COUNT) CHARSET UTF-8 UNSEEN", b" COUNT 2"),
    ],
)
def test_options_choose_what_is_returned(session: Session, asked: str, answer: bytes) -> None:
    assert ask(session, f"t.1 {asked}")[0] == b'* ESEARCH (TAG "t.1")' + answer


def test_imap4rev2_has_extended_responses_alone(session: Session) -> None:
    ask(session, "e ENABLE IMAP4rev2")

    assert ask(session, "t SEARCH UNSEEN")[0] == b'* ESEARCH (TAG "t") ALL 2,4'
    assert ask(session, "t UID SEARCH UNSEEN")[0] == b'* ESEARCH (TAG "t") UID ALL 3,5'
    assert ask(session, "t SEARCH NOT ALL")[0] == b'* ESEARCH (TAG "t")'


def test_a_result_that_is_saved_is_not_said(session: Session) -> None:
    assert ask(session, "t SEARCH RETURN (SAVE) SEEN") == [b"t OK SEARCH completed"]
    assert searched(session, "$") == [1, 4]
    assert searched(session, "UID $") == [1, 4]
    assert searched(session, "NOT $ UNSEEN") == [3, 5]
    assert searched(session, "OR $ 2") == [1, 3, 4]


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        ("SAVE", [1, 3, 4, 5]),
        ("SAVE MIN", [1]),
        ("MAX SAVE", [5]),
        ("MAX SAVE MIN", [1, 5]),
        ("MAX SAVE MIN COUNT", [1, 3, 4, 5]),
        ("SAVE ALL MIN", [1, 3, 4, 5]),
        ("SAVE COUNT", [1, 3, 4, 5]),
        ("COUNT ALL", []),  # nothing is
    ],
)
def test_what_is_saved_follows_the_options(session: Session, options: str, saved: list[int]) -> None:
    ask(session, f"t UID SEARCH RETURN ({options}) ALL")

    assert searched(session, "$") == saved


def test_a_single_message_is_saved_once(session: Session) -> None:
    ask(session, "t SEARCH RETURN (SAVE MIN MAX) FLAGGED")
    assert searched(session, "$") == [3]
    ask(session, "t SEARCH RETURN (SAVE MIN MAX) NOT ALL")
    assert searched(session, "$") == []


def test_a_search_may_use_what_it_replaces(session: Session) -> None:
    ask(session, "t SEARCH RETURN (SAVE) SEEN")
    ask(session, "t SEARCH RETURN (SAVE) $ DRAFT")

    assert searched(session, "$") == [4]


def test_nothing_is_saved_by_a_search_that_does_not_ask_for_it(session: Session) -> None:
    ask(session, "t SEARCH RETURN (SAVE) SEEN")
    for other in ("FLAGGED", "RETURN (ALL) FLAGGED", "CHARSET x-klingon ALL", "RETURN (SAVE) WHATEVER"):
        ask(session, f"t SEARCH {other}")

        assert searched(session, "$") == [1, 4]


def test_a_refused_search_leaves_nothing_saved(session: Session) -> None:
    ask(session, "t SEARCH RETURN (SAVE) SEEN")
    ask(session, "t SEARCH RETURN (SAVE) CHARSET x-klingon ALL")

    assert searched(session, "$") == []


def test_what_was_saved_shrinks_with_the_mailbox(store: Noting, project: int, own: Session) -> None:
    ask(own, "t SEARCH RETURN (SAVE) SEEN")
    store.remove(inbox(store, project), [1], "pop3")
    list(own.notify(Removed(project, store.cursor(), inbox(store, project), (1,))))  # as a driver does

    assert b"* 1 EXPUNGE" in ask(own, "n NOOP")
    assert searched(own, "$") == [4]


def test_texts_are_not_looked_at_where_they_decide_nothing(store: Noting, session: Session) -> None:
    store.searches.clear()

    assert searched(session, "TEXT smith FLAGGED SEEN") == []
    assert searched(session, "OR TEXT smith ALL") == [1, 3, 4, 5]
    assert store.searches == []


def test_texts_are_looked_for_together(store: Noting, session: Session) -> None:
    store.searches.clear()

    assert searched(session, "SEEN TEXT smith OR OR FROM a SUBJECT b BODY pay") == [1, 4]
    assert len(store.searches) == 1
