"""Which faults act, for whom, when and how often."""

from __future__ import annotations

import threading

import pytest

from mailtrap.clock import Clock
from mailtrap.errors import BadFault, NotFound
from mailtrap.faults import Asked, Delay, Drop, Faults, Hide, Reply, Rule
from mailtrap.faults.engine import MOST_RULES


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


def test_some_go_well_first_then_each_so_manieth_fails(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "drop", rcpt="x.test", skip=2, every=3, times=2))

    fired = [len(faults.fire(rcpt(to))) for to in (["ann@x.test", "ann@y.test"] * 12)][::2]
    assert fired == [0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]


def test_chance_is_the_same_again_with_the_same_seed(faults: Faults) -> None:
    fired = []
    for _ in range(2):
        rule = faults.add(Rule("smtp.rcpt", "drop", chance=0.5, seed=7))
        fired.append([len(faults.fire(rcpt())) for _ in range(50)])
        faults.remove(rule.id)

    assert fired[0] == fired[1]
    assert 10 < sum(fired[0]) < 40
    assert faults.add(Rule("smtp.rcpt", "drop", chance=0.5)).seed is not None


def test_a_rule_for_every_stage_takes_its_turn_among_the_others(faults: Faults) -> None:
    faults.add(Rule("smtp.*", "delay 1s"))
    faults.add(Rule("smtp.rcpt", "delay 2s"))
    faults.add(Rule("smtp.*", "delay 3s"))

    assert [str(each) for each in faults.fire(rcpt())] == ["delay 1s", "delay 2s", "delay 3s"]
    assert [str(each) for each in faults.fire(Asked("smtp.ehlo", 1))] == ["delay 1s", "delay 3s"]
    assert faults.fire(Asked("imap.FETCH", 1)) == ()


def test_only_what_is_asked_for_happens_and_counts(faults: Faults) -> None:
    faults.add(Rule("imap.CAPABILITY", "no"))
    faults.add(Rule("imap.CAPABILITY", "hide IDLE"))

    assert [str(each) for each in faults.fire(Asked("imap.CAPABILITY", 1), only=(Hide,))] == ["hide IDLE"]
    assert [each.hits for each in faults.rules()] == [0, 1]


def test_a_rule_is_changed_and_keeps_its_place_and_hits(faults: Faults) -> None:
    first = faults.add(Rule("smtp.rcpt", "reject 451"))
    faults.add(Rule("smtp.rcpt", "reject 452"))
    faults.fire(rcpt())
    faults.change(first.id, times=2)
    assert [each.code for _ in range(2) for each in faults.fire(rcpt()) if isinstance(each, Reply)] == [451, 452]
    faults.change(first.id, times=3, do="reject 453")

    assert [str(each)[:10] for each in faults.fire(rcpt())] == ["reject 453"]
    assert [each.hits for each in faults.rules()] == [3, 1]
    with pytest.raises(BadFault):
        faults.change(first.id, do="rejetc")
    with pytest.raises(NotFound):
        faults.change("4711", times=1)
    assert [str(each)[:10] for each in faults.fire(rcpt())] == ["reject 452"]


def test_rules_of_a_project_act_there_and_are_cleared_alone(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "delay 1s", project=1))
    faults.add(Rule("smtp.rcpt", "delay 2s", project=2))
    faults.add(Rule("smtp.rcpt", "delay 3s"))

    assert [str(each) for each in faults.fire(rcpt(project=2))] == ["delay 2s", "delay 3s"]
    assert [each.do for each in faults.rules(2)] == ["delay 2s"]
    assert faults.clear(2) == 1
    assert [each.do for each in faults.rules()] == ["delay 1s", "delay 3s"]


def test_a_project_is_named_only_where_names_mean_something(clock: Clock) -> None:
    named = Faults(clock, project={"team-a": 7}.__getitem__)

    assert named.add(Rule("smtp.rcpt", "drop", project="team-a")).project == 7
    with pytest.raises(BadFault, match="project"):
        Faults(clock).add(Rule("smtp.rcpt", "drop", project="team-a"))


def test_there_are_no_more_rules_than_are_good_for_anybody(faults: Faults) -> None:
    for _ in range(MOST_RULES):
        faults.add(Rule("imap.FETCH", "no"))
    with pytest.raises(BadFault, match="1000 faults already"):
        faults.add(Rule("imap.FETCH", "no"))
    faults.clear()

    assert faults.add(Rule("imap.FETCH", "no"))


def test_addresses_are_like_any_other_where_that_is_wanted(clock: Clock) -> None:
    assert Faults(clock, address_faults=False).fire(rcpt("reject@fault.test")) == ()


def test_recipients_are_counted_each_by_itself(faults: Faults) -> None:
    one, other = "tempfail+451+1x+id=a@fault.test", "tempfail+451+1x+id=b@fault.test"

    assert [len(faults.fire(rcpt(each))) for each in (one, other, one, other)] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("address", "is_fault"),
    [
        ('"reject"@fault.test', True),
        ("ann@fault.test", False),
        ("reject@nofault.test", False),
        ("reject@fault.test.example", False),
        ("reject+250@fault.test", False),
        ("reject+550+2.1.1@fault.test", False),
        ("tempfail+550@fault.test", False),
        ("tempfail+451+2y@fault.test", False),
        ("delay@fault.test", False),
        ("delay+soon@fault.test", False),
        ("drop+now@fault.test", False),
        ("bounce+1h+5.1.1@fault.test", False),
        ("reject+id=7+550@fault.test", False),
        ("", False),
        ("fault.test", False),
        ("REJECT@FAULT.TEST", True),
        ("reject+550+id=7@fault.test", True),
        ("bounce+1h@fault.test", True),
        ("bounce+4.4.1+90s@fault.test", True),
        ("tempfail+2x@fault.test", True),
        ("delay+250ms@fault.test", True),
        ("greylist+id=@fault.test", True),
    ],
)
def test_what_does_not_read_as_a_fault_is_like_any_other(faults: Faults, address: str, is_fault: bool) -> None:
    assert faults.is_address(address) == is_fault
    assert bool(faults.fire(rcpt(address))) == is_fault


def test_an_address_comes_behind_the_rules_and_names_itself(faults: Faults) -> None:
    [fired] = faults.fire(rcpt("Reject+552@Fault.test"))
    assert fired.remark == "fault reject+552@fault.test: reject 552 5.2.2 refused by a fault"

    rule = faults.add(Rule("smtp.rcpt", "drop"))
    assert [each.remark for each in faults.fire(rcpt("reject+552@fault.test"))] == [f"fault {rule.id}: drop"]


def test_what_many_threads_ask_is_counted_once_each(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "reject 451", times=500))
    fired: list[int] = []

    def ask() -> None:
        fired.append(sum(len(faults.fire(rcpt())) for _ in range(200)))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(fired) == 500
    assert faults.rules()[0].hits == 500
