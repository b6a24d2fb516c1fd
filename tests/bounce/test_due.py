"""Who is told of what, and when: by NOTIFY, and by how long a failure takes to be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailtrap.bounce import LONG, Due, Outcome, reports
from mailtrap.envelope import Address, Envelope
from mailtrap.faults import Bounce

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNKNOWN = Bounce(550, "5.1.1", "No such user")
HOUR = 3600.0


def rcpt(address: str, *parameters: str) -> Address:
    return Address(address, parameters=parameters)


def due(*rcpt_to: Address, **bounces: Bounce) -> list[Due]:
    """What is due for these recipients; those that bounce by what stands before the ``@``."""
    failing: dict[str, Bounce] = {each: bounces[each.local] for each in rcpt_to if each.local in bounces}
    return reports(Envelope(Address("ann@example.com"), rcpt_to), failing, NOON)


def told(*rcpt_to: Address, **bounces: Bounce) -> list[tuple[float, list[tuple[str, str]]]]:
    """The same in short: when, and of each recipient which action."""
    return [(each.seconds, [(one.rcpt_to, one.action) for one in each.outcomes]) for each in due(*rcpt_to, **bounces)]


def test_nobody_is_told_for_a_null_reverse_path() -> None:
    rcpt_to = (rcpt("bob@x.test"), rcpt("carl@x.test", "NOTIFY=SUCCESS"))

    assert reports(Envelope(Address(""), rcpt_to), {"bob@x.test": UNKNOWN}, NOON) == []


@pytest.mark.parametrize(
    "notify", [(), ("NOTIFY=FAILURE",), ("NOTIFY=NEVER",), ("NOTIFY=DELAY,FAILURE",), ("NOTIFY=?",)]
)
def test_nobody_is_told_of_a_delivery_unasked(notify: tuple[str, ...]) -> None:
    assert told(rcpt("bob@x.test", *notify)) == []


@pytest.mark.parametrize("notify", ["NEVER", "SUCCESS", "DELAY", "success,delay"])
def test_who_wants_to_hear_of_no_failure_hears_of_none(notify: str) -> None:
    assert told(rcpt("bob@x.test", f"NOTIFY={notify}"), bob=UNKNOWN) == []


@pytest.mark.parametrize("notify", [(), ("NOTIFY=FAILURE",), ("notify=Delay,Success,Failure",)])
def test_a_failure_is_told_at_once(notify: tuple[str, ...]) -> None:
    bob = rcpt("bob@x.test", *notify, "ORCPT=rfc822;b+2Bob@x.test")

    assert due(bob, bob=UNKNOWN) == [
        Due(
            0.0,
            (
                Outcome(
                    "bob@x.test",
                    "failed",
                    "5.1.1",
                    "550 5.1.1 No such user",
                    orcpt=("rfc822", "b+ob@x.test"),
                    attempted=NOON,
                ),
            ),
        )
    ]


def test_one_report_has_all_recipients_that_have_it_at_the_same_time() -> None:
    later = Bounce(450, "4.4.1", "No answer", after_seconds=HOUR)
    recipients = [
        rcpt("bob@x.test"),
        rcpt("carl@x.test", "NOTIFY=SUCCESS,FAILURE"),
        rcpt("dora@x.test", "NOTIFY=SUCCESS"),
        rcpt("eve@x.test"),
        rcpt("fay@x.test"),
        rcpt("gus@x.test", "NOTIFY=NEVER"),
        rcpt("bob@x.test"),
    ]

    assert told(*recipients, bob=UNKNOWN, eve=later, fay=UNKNOWN, gus=UNKNOWN) == [
        (0.0, [("bob@x.test", "failed"), ("fay@x.test", "failed")]),
        (0.0, [("carl@x.test", "delivered"), ("dora@x.test", "delivered")]),
        (HOUR, [("eve@x.test", "failed")]),
    ]


def test_a_delay_is_told_to_who_asked_before_the_failure_is() -> None:
    later = Bounce(450, "4.4.1", "No answer", after_seconds=HOUR)

    [delay, failure] = due(rcpt("bob@x.test", "NOTIFY=DELAY,FAILURE"), bob=later)

    assert (delay.seconds, failure.seconds) == (LONG, HOUR)
    assert delay.outcomes == (
        Outcome(
            "bob@x.test",
            "delayed",
            "4.4.1",
            "450 4.4.1 No answer",
            attempted=NOON + timedelta(seconds=LONG),
            retry_until=NOON + timedelta(hours=1),
        ),
    )
    assert failure.outcomes[0].status == "4.4.1"


def test_what_will_be_a_permanent_failure_is_a_temporary_one_while_it_is_delayed() -> None:
    later = Bounce(550, "5.1.1", "No such user", after_seconds=HOUR)

    [delay] = due(rcpt("bob@x.test", "NOTIFY=DELAY"), bob=later)

    assert (delay.outcomes[0].status, delay.outcomes[0].diagnostic) == ("4.0.0", "")


@pytest.mark.parametrize(
    ("notify", "seconds"), [((), HOUR), (("NOTIFY=FAILURE",), HOUR), (("NOTIFY=DELAY,FAILURE",), LONG)]
)
def test_nobody_is_told_of_a_delay_unasked_or_of_a_short_one(notify: tuple[str, ...], seconds: float) -> None:
    later = Bounce(550, "5.1.1", "No such user", after_seconds=seconds)

    assert told(rcpt("bob@x.test", *notify), bob=later) == [(seconds, [("bob@x.test", "failed")])]
