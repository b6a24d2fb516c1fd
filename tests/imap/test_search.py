"""SEARCH: what it is answered. RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731, RFC 5182."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from searching import ANN, FIRST, ask, fill, filled_project, opened, searched, selected

from mailtrap.bus import Removed
from mailtrap.current import Current
from mailtrap.imap.session import Session, World
from mailtrap.search.tree import Query
from mailtrap.store.sqlite import SqliteStore


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


@pytest.mark.parametrize("keys", ["1", "*", "1:*", "NOT *"])
def test_an_empty_mailbox_has_no_message_number(store: Noting, keys: str) -> None:
    session = selected(store, store.new_project().id)

    assert ask(session, f"t SEARCH {keys}")[-1].startswith(b"t BAD ")
    assert ask(session, "t SEARCH ALL UID 1:*") == [b"* SEARCH", b"t OK SEARCH completed"]


def test_a_search_needs_a_mailbox(session: Session) -> None:
    ask(session, "u UNSELECT")

    assert ask(session, "t SEARCH ALL")[0].startswith(b"t BAD ")


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
