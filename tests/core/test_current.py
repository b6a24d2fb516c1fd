"""A transaction belongs to the project that was current when it began."""

import threading

import pytest

from mailtrap.bus import ProjectDeleted
from mailtrap.current import Current
from mailtrap.errors import ProjectGone


def test_a_transaction_stays_in_the_project_it_began_in() -> None:
    current = Current(1)
    with current.set_to(2):
        project = current.begin()

    assert project == 2
    assert current.project == 1
    assert not current.wait_idle(2, timeout=0)
    current.end(project)
    assert current.wait_idle(2, timeout=0)


def test_waiting_ends_with_the_last_transaction() -> None:
    current = Current(1)
    first, second = current.begin(), current.begin()
    done: list[bool] = []
    waiting = threading.Thread(target=lambda: done.append(current.wait_idle(1, timeout=10)))
    waiting.start()
    current.end(first)
    assert not current.wait_idle(1, timeout=0)
    current.end(second)
    waiting.join()

    assert done == [True]


def test_another_projects_transactions_are_not_waited_for() -> None:
    current = Current(1)
    current.begin()

    assert current.wait_idle(2, timeout=0)


def test_no_transaction_begins_in_a_project_that_was_deleted() -> None:
    current = Current(1)
    named = current.begin(2)
    current.hear(ProjectDeleted(2, 4711))

    with pytest.raises(ProjectGone):
        current.begin(2)
    assert current.begin() == 1
    current.end(named)
    assert current.wait_idle(2, timeout=0)
