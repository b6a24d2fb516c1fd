"""Whatever rules there are: what fires is what a plain reading of them says."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mailtrap.clock import Clock
from mailtrap.faults import Asked, Ending, Faults, Rule

DO = st.sampled_from(["delay 1s", "slow 1kB/s", "reject 451", "drop", "hang"])
RULES = st.builds(
    Rule,
    at=st.sampled_from(["smtp.rcpt", "smtp.*", "smtp.mail"]),
    do=DO,
    mail_from=st.sampled_from(["", "a.test", "<>"]),
    project=st.sampled_from([None, 1, 2]),
    times=st.sampled_from([None, 1, 3]),
    skip=st.integers(0, 2),
    every=st.integers(1, 3),
    after=st.sampled_from([0.0, 100.0]),
    expires=st.sampled_from([None, 50.0, 200.0]),
)
ASKED = st.builds(
    Asked,
    at=st.sampled_from(["smtp.rcpt", "smtp.mail", "smtp.ehlo"]),
    project=st.sampled_from([1, 2]),
    mail_from=st.sampled_from(["", "x@a.test", "x@b.test"]),
)


@dataclass
class Plain:
    """A rule, and what became of it."""

    rule: Rule
    since: float
    asked: int = 0
    hits: int = 0

    def is_for(self, asked: Asked, now: float) -> bool:
        rule = self.rule
        if rule.at not in (asked.at, "smtp.*") or rule.project not in (None, asked.project):
            return False
        if rule.mail_from and (asked.at == "smtp.ehlo" or (rule.mail_from == "<>") != (asked.mail_from == "")):
            return False
        if rule.mail_from == "a.test" and asked.mail_from != "x@a.test":
            return False
        return rule.after <= now - self.since < (rule.expires or 1e9) and self.hits < (rule.times or 1e9)

    def acts(self) -> bool:
        """It is asked, for somebody whom it is for."""
        self.asked += 1
        turn = self.asked - self.rule.skip
        if turn <= 0 or turn % self.rule.every:
            return False
        self.hits += 1
        return True


class Still(Clock):
    """A clock that goes on only when it is moved."""

    def now(self) -> float:
        return self.ahead


@given(st.lists(st.one_of(RULES, ASKED, ASKED, st.sampled_from([30.0, 60.0])), max_size=30))
def test_what_fires_is_what_a_plain_reading_says(steps: list[Rule | Asked | float]) -> None:
    clock = Still()
    faults = Faults(clock)
    plain: list[Plain] = []
    for step in steps:
        match step:
            case Rule():
                faults.add(step)
                plain.append(Plain(step, clock.now()))
            case Asked():
                expected: list[str] = []
                for each in plain:
                    if each.is_for(step, clock.now()) and each.acts():
                        expected.append(str(each.rule.action()))
                        if isinstance(each.rule.action(), Ending):
                            break
                assert [str(action) for action in faults.fire(step)] == expected
            case seconds:
                clock.advance(seconds)
    assert [each.hits for each in faults.rules()] == [each.hits for each in plain]
    assert faults.active == any(not each.spent for each in faults.rules())
