"""What is configured of accounts and projects outlives the store's closing, and goes with a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from messages import new_message

from mailtrap.configured import Configured, State
from mailtrap.errors import NotFound
from mailtrap.store.retention import Limits
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

ANN = Configured("ann@example.com", "s3cret", State.FULL, 1000)


def test_nothing_is_configured_in_a_project_that_is_not_there(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        store.configure(4711, ANN)
    with pytest.raises(NotFound):
        store.set_password(4711, "s3cret")
    with pytest.raises(NotFound):
        store.delete_project(4711)


def test_what_is_configured_is_there_when_the_store_is_opened_again(reopen: Open) -> None:
    store = reopen()
    project = store.project("team-a").id
    store.configure(project, Configured("ann@example.com"))
    store.configure(project, ANN)
    store.configure(project, Configured("bob@example.com"))
    store.unconfigure(project, "bob@example.com")
    store.set_password(project, "pa\u00dfword")

    store = reopen()
    assert store.configured() == [(project, ANN)]
    assert store.passwords() == {project: "pa\u00dfword"}
    store.set_password(project, None)
    assert store.passwords() == {}


def test_a_deleted_project_takes_all_with_it_and_its_name_is_free(store: SqliteStore) -> None:
    project = store.project("gone").id
    pinned, loose = (store.add(new_message(project)).result() for _ in range(2))
    store.update(project, [pinned.id], pinned=True)
    store.configure(project, ANN)
    store.set_password(project, "s3cret")
    store.limit(project, Limits(messages=10))

    store.delete_project(project)

    assert store.find_project("gone") is None
    assert project not in [each.id for each in store.projects()]
    assert (store.configured(), store.passwords(), store.limits(project)) == ([], {}, Limits())
    assert store.project("gone").id != project
    with pytest.raises(NotFound):
        store.delete_project(project)
    assert loose.id != pinned.id
