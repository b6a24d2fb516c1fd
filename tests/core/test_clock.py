"""The clock of the sandbox, which a test moves ahead."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from mailtrap.clock import Clock
from mailtrap.errors import ProjectGone


def test_it_never_goes_back() -> None:
    clock = Clock()

    for wrong in (-1.0, float("nan"), float("inf"), 1e300):
        with pytest.raises(ValueError, match="a time ahead"):
            clock.advance(wrong)


def test_now_and_the_time_of_day_move_ahead_together() -> None:
    clock = Clock()
    now, time = clock.now(), clock.time()
    clock.advance(3600)

    assert clock.now() - now >= 3600
    assert (clock.time() - time).total_seconds() >= 3600


def test_what_became_due_is_done_in_order_before_advance_returns() -> None:
    clock = Clock()
    done: list[str] = []
    clock.after(7200, lambda: done.append("late"))
    clock.after(60, lambda: done.append("second"))
    clock.after(30, lambda: done.append("first"))
    clock.advance(3600)

    assert done == ["first", "second"]
    clock.close()


def test_what_a_job_gives_is_waited_for() -> None:
    clock = Clock()
    given: Future[None] = Future()
    clock.after(60, lambda: given)
    advanced = threading.Thread(target=lambda: clock.advance(60))
    advanced.start()
    assert advanced.is_alive()
    given.set_result(None)
    advanced.join()
    clock.close()


def test_a_job_that_fails_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    done: list[str] = []
    failed: Future[None] = Future()
    failed.set_exception(OSError("disk full"))
    clock.after(1, lambda: 1 / 0)  # type: ignore[arg-type, return-value]  # it never gives anything
    clock.after(2, lambda: failed)
    clock.after(3, lambda: done.append("third"))
    clock.advance(3)

    assert done == ["third"]
    assert [record.message for record in caplog.records] == ["what was to be done later failed"] * 2
    clock.close()


def test_what_comes_too_late_for_something_that_is_gone_has_not_failed(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    late: Future[None] = Future()
    late.set_exception(ProjectGone())
    clock.after(1, lambda: late)
    clock.advance(1)

    assert not caplog.records
    clock.close()


def test_what_was_cancelled_is_not_done() -> None:
    clock = Clock()
    done: list[str] = []
    cancel = clock.after(60, lambda: done.append("cancelled"))
    cancel()
    cancel()
    clock.advance(60)

    assert done == []
    clock.close()


def test_real_time_makes_a_job_due_too() -> None:
    clock = Clock()
    done = threading.Event()
    clock.after(0.01, lambda: done.set())

    assert done.wait(30)
    clock.close()


def test_who_follows_is_told_of_every_move() -> None:
    clock = Clock()
    heard: list[float] = []
    clock.follow(heard.append)
    clock.advance(5)

    assert heard == [5]


def test_nothing_is_done_once_it_is_closed() -> None:
    clock = Clock()
    done: list[str] = []
    clock.after(60, lambda: done.append("before"))
    clock.close()
    clock.after(60, lambda: done.append("behind"))
    clock.advance(3600)

    assert done == []


def test_a_job_may_advance_the_clock_itself() -> None:
    clock = Clock()
    done: list[str] = []
    clock.after(120, lambda: done.append("second"))
    clock.after(60, lambda: clock.advance(60))
    clock.advance(60)
    clock.advance(0)

    assert done == ["second"]
    clock.close()
