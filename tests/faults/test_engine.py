"""Which faults act, for whom, when and how often."""

from __future__ import annotations

import threading

import pytest

from mailtrap.clock import Clock
from mailtrap.errors import BadFault, NotFound
from mailtrap.faults import Asked, Delay, Drop, Faults, Reply, Rule


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> Faults:
    return Faults(clock)


def rcpt(address: str = "ann@example.com", *, project: int = 1, peer: str = "192.0.2.1") -> Asked:
    return Asked("smtp.rcpt", project, peer=peer, mail_from="app@example.com", rcpt_to=(address,))


def test_what_is_no_rule_is_not_taken() -> None:
    with pytest.raises(BadFault, match=r"did you mean smtp\.rcpt"):
        Rule("smtp.rctp", "reject")


def test_nothing_is_active_until_there_is_a_rule_and_after_it_is_removed(faults: Faults) -> None:
    assert not faults.active
    rule = faults.add(Rule("smtp.rcpt", "reject"))
    assert faults.active
    faults.remove(rule.id)

    assert not faults.active
    assert faults.fire(rcpt()) == ()
    with pytest.raises(NotFound):
        faults.remove(rule.id)


def test_a_rule_acts_for_whom_it_is_alone(faults: Faults) -> None:
    rule = faults.add(Rule("smtp.rcpt", "reject 550 5.1.1 no such user", rcpt="*@slow.test"))

    assert faults.fire(rcpt("ann@example.com")) == ()
    assert faults.fire(rcpt("Bob@Slow.test")) == (Reply(550, "5.1.1", "no such user", rule=rule.id),)


def test_an_ending_action_is_the_last(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "delay 3s"))
    faults.add(Rule("smtp.rcpt", "reject 451 first"))
    faults.add(Rule("smtp.rcpt", "reject 452 second"))

    assert [str(each) for each in faults.fire(rcpt())] == ["delay 3s", "reject 451 4.3.0 first"]
    assert [each.hits for each in faults.rules()] == [1, 1, 0]


def test_a_rule_that_is_spent_lets_the_next_act_and_stays_listed(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "reject 451", times=2))
    faults.add(Rule("smtp.rcpt", "drop", times=1))

    fired = [faults.fire(rcpt()) for _ in range(4)]
    assert [type(each[0]) if each else None for each in fired] == [Reply, Reply, Drop, None]
    assert [(each.hits, each.spent) for each in faults.rules()] == [(2, True), (1, True)]
    assert not faults.active


def test_a_rule_ends_by_the_clock(faults: Faults, clock: Clock) -> None:
    faults.add(Rule("smtp.rcpt", "delay 1s", after=60.0, expires=120.0))

    found = []
    for _ in range(3):
        found.append(faults.fire(rcpt()))
        clock.advance(61)
    assert [[type(each) for each in each] for each in found] == [[], [Delay], []]
    assert faults.rules()[0].spent
    assert not faults.active


def test_a_recipient_at_fault_test_is_a_fault(faults: Faults) -> None:
    address = "tempfail+451+2x@fault.test"

    assert [len(faults.fire(rcpt(address))) for _ in range(3)] == [1, 1, 0]
    assert len(faults.fire(rcpt(address, project=2))) == 1
    assert not faults.active


def test_greylisting_lasts_until_the_time_has_passed(faults: Faults, clock: Clock) -> None:
    faults.add(Rule("smtp.rcpt", "greylist 5m"))

    assert [str(each) for each in faults.fire(rcpt())] == ["reject 451 4.7.1 greylisted, try again later"]
    clock.advance(200)
    assert len(faults.fire(rcpt())) == 1
    clock.advance(101)
    assert faults.fire(rcpt()) == ()
    assert len(faults.fire(rcpt(peer="192.0.2.2"))) == 1


def test_a_rate_refuses_what_is_beyond_it(faults: Faults, clock: Clock) -> None:
    faults.add(Rule("smtp.rcpt", "rate 2/1m"))

    assert [len(faults.fire(rcpt())) for _ in range(4)] == [0, 0, 1, 1]
    clock.advance(61)
    assert faults.fire(rcpt()) == ()


def test_nobody_waits_while_a_project_is_looked_up_for_a_rule(clock: Clock) -> None:
    answered = threading.Event()

    def number(_: str) -> int:
        # The store makes it, and says so through the loop: which must not be waiting for us.
        asking = threading.Thread(target=lambda: (faults.fire(rcpt()), answered.set()), daemon=True)
        asking.start()
        asking.join(timeout=5)
        return 2

    faults = Faults(clock, project=number)
    rule = faults.add(Rule("smtp.rcpt", "reject", project="team-a"))

    assert answered.is_set()
    assert rule.project == 2
