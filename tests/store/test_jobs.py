"""The writer's queue: who is woken when, and what is taken."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from mailtrap.store.jobs import Job, Jobs


def job(size: int = 0) -> Job:
    return Job(lambda batch: None, Future(), size)


def test_nothing_is_taken_once_it_is_closed() -> None:
    jobs = Jobs()
    jobs.close()

    assert not jobs.put(job())
    assert jobs.over


def test_what_was_put_before_it_closed_is_still_taken() -> None:
    jobs = Jobs()
    first = job()
    jobs.put(first)
    jobs.close()

    assert not jobs.over
    assert jobs.take(9, 9) == [first]
    assert jobs.over


def test_what_was_given_up_is_left_out() -> None:
    jobs = Jobs()
    given_up, wanted = job(), job()
    jobs.put(given_up)
    jobs.put(wanted)
    given_up.done.cancel()

    assert jobs.take(9, 9) == [wanted]


def test_it_takes_no_more_than_it_is_told_to() -> None:
    jobs = Jobs()
    for size in (0, 0, 5, 5, 5):
        jobs.put(job(size))

    assert [each.size for each in jobs.take(2, 100)] == [0, 0]
    assert [each.size for each in jobs.take(100, 6)] == [5, 5]
    assert len(jobs) == 1


def test_who_waits_for_several_goes_on_with_the_last_of_them() -> None:
    jobs = Jobs()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(jobs.wait, 3, None)
        for _ in range(3):
            assert not waiting.done()
            jobs.put(job())
        waiting.result()

    assert len(jobs) == 3


def test_who_waits_goes_on_when_it_closes() -> None:
    jobs = Jobs()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(jobs.wait, 3, None)
        jobs.put(job())
        jobs.close()
        waiting.result()

    assert len(jobs) == 1


def test_who_waited_in_vain_is_woken_the_next_time() -> None:
    jobs = Jobs()
    jobs.wait(1, 0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(jobs.wait, 1, None)
        jobs.put(job())
        waiting.result()

    assert len(jobs) == 1
