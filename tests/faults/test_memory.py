"""What faults remember is bounded, and each remembers its own."""

from __future__ import annotations

import pytest

from mailtrap.clock import Clock
from mailtrap.faults import Asked, Faults, Rule
from mailtrap.faults.memory import MOST, Table


def rcpt(address: str = "ann@x.test", peer: str = "192.0.2.1", *, project: int = 1, account: str = "") -> Asked:
    return Asked("smtp.rcpt", project, peer, "app@shop.test", (address,), account)


def said(faults: Faults, asked: Asked) -> list[str]:
    return [str(each) for each in faults.fire(asked)]


def test_a_table_forgets_what_was_not_asked_about_for_longest() -> None:
    table = Table[int](most=3)
    for number in range(3):
        table.put((str(number),), number)
    assert table.get(("0",)) == 0
    table.put(("3",), 3)

    assert [table.get((str(number),)) for number in range(4)] == [0, None, 2, 3]
    assert len(table) == 3


def test_nobody_can_fill_the_memory(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "rate 10/1m"))
    faults.add(Rule("smtp.rcpt", "greylist"))
    for number in range(MOST + 10):
        faults.fire(rcpt(f"u{number}@x.test", peer=f"p{number}"))
        faults.fire(rcpt(f"tempfail+{400 + number % 100}+{number // 100 + 1}x@fault.test", project=number, peer="p"))

    memory = faults._memory
    assert (len(memory.waiting), len(memory.windows)) == (MOST, MOST)
    assert len(memory.tries) <= MOST


def test_what_a_rule_remembers_goes_with_it(faults: Faults) -> None:
    faults.fire(rcpt("greylist@fault.test"))
    rule = faults.add(Rule("smtp.rcpt", "greylist"))
    faults.fire(rcpt())
    faults.remove(rule.id)
    assert len(faults._memory.waiting) == 1
    faults.add(Rule("smtp.rcpt", "rate 1/1m"))
    faults.fire(rcpt())
    faults.clear()

    assert len(faults._memory.windows) == 0


def test_a_greylist_goes_by_peer_mail_from_recipient_and_project(faults: Faults, clock: Clock) -> None:
    faults.add(Rule("smtp.rcpt", "greylist 5m"))
    assert said(faults, rcpt("Ann@x.test")) == ["reject 451 4.7.1 greylisted, try again later"]
    clock.advance(301)

    assert said(faults, rcpt("ann@X.test")) == []
    for other in (rcpt("bob@x.test"), rcpt(peer="192.0.2.2"), rcpt(project=2)):
        assert len(faults.fire(other)) == 1
    assert faults.rules()[0].hits == 4


def test_a_rate_counts_the_account_or_else_the_peer(faults: Faults, clock: Clock) -> None:
    faults.add(Rule("smtp.rcpt", "rate 2/1m"))

    assert [len(faults.fire(rcpt(account="app"))) for _ in range(3)] == [0, 0, 1]
    assert [len(faults.fire(rcpt(account="app", peer="192.0.2.2")))] == [1]
    assert [len(faults.fire(rcpt())) for _ in range(3)] == [0, 0, 1]
    clock.advance(30)
    assert len(faults.fire(rcpt())) == 1
    clock.advance(31)
    assert faults.fire(rcpt()) == ()


@pytest.mark.parametrize(
    ("at", "refused"),
    [
        ("smtp.connect", "reject 421 4.7.1 too much at once, try again later"),
        ("smtp.mail", "reject 450 4.7.1 too much at once, try again later"),
        ("http.GET", "reject 429 too much at once, try again later"),
        ("imap.FETCH", "no [LIMIT] too much at once, try again later"),
        ("pop3.RETR", "no [SYS/TEMP] too much at once, try again later"),
    ],
)
def test_each_protocol_has_its_own_way_to_say_too_much(faults: Faults, at: str, refused: str) -> None:
    faults.add(Rule(at, "rate 1/1m"))
    faults.fire(Asked(at, 1, "192.0.2.1"))

    assert said(faults, Asked(at, 1, "192.0.2.1")) == [refused]


def test_an_address_is_a_fault_behind_rules_that_let_things_go_on(faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "delay 1s"))

    assert said(faults, rcpt("greylist+10m@fault.test")) == [
        "delay 1s",
        "reject 451 4.7.1 greylisted, try again later",
    ]
