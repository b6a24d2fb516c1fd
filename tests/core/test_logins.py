"""What a log-in name means: an account, and the project that it is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from mailtrap.current import Current
from mailtrap.errors import NotFound
from mailtrap.logins import Login, log_in
from mailtrap.store.sqlite import SqliteStore


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore()) as opened:
        yield opened


@pytest.fixture
def current(store: SqliteStore) -> Current:
    return Current(store.project("default").id)


def test_no_name_is_nobody(store: SqliteStore, current: Current) -> None:
    with pytest.raises(NotFound):
        log_in(store, current, "")


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann@XN--BCHER-KVA.example", "ann@bücher.example"),
        ("CatchAll", "catchall"),
        ("job-4711", "job-4711"),
        ("nobody/ann@example.com", "nobody/ann@example.com"),
        ("/ann@example.com", "/ann@example.com"),
        ("Team-A", "team-a"),  # a project's name is as it is
        ("a\udc80\0b", "a\udc80\0b"),
    ],
)
def test_a_name_is_an_account_of_the_current_project(
    store: SqliteStore, current: Current, name: str, account: str
) -> None:
    store.project("team-a")
    with current.set_to(store.new_project().id):
        assert log_in(store, current, name) == Login(current.project, account)
    assert log_in(store, current, name) == Login(store.project("default").id, account)


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("team-a", "catchall"),
        ("team-a/", "catchall"),
        ("team-a/catchall", "catchall"),
        ("team-a/Ann@example.com", "ann@example.com"),
        ("team-a/a/b", "a/b"),
        ("team-a/team-a", "team-a"),
    ],
)
def test_a_project_is_named_before_a_slash_or_alone(
    store: SqliteStore, current: Current, name: str, account: str
) -> None:
    project = store.project("team-a").id

    assert log_in(store, current, name) == Login(project, account)


def test_a_log_in_makes_nothing(store: SqliteStore, current: Current) -> None:
    before = store.cursor(), store.projects()
    login = log_in(store, current, "new@example.com")
    log_in(store, current, "no-project/new@example.com")

    assert (store.cursor(), store.projects()) == before
    assert store.mailboxes(login.project, login.account) == []
