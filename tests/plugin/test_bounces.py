"""Mail that comes back, and the clock by which it does."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta

import pytest

from pytest_mailtrap import Inbox, MailNotFound, UnexpectedMail

Send = Callable[..., None]


@pytest.mark.parametrize("span", [{}, {"seconds": 0}, {"seconds": -1}])
def test_a_clock_goes_ahead_only(box: Inbox, span: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="say for how long"):
        box.clock.advance(**span)


def test_a_clock_goes_as_far_as_it_is_told(box: Inbox) -> None:
    before = box.clock.now

    box.clock.advance(days=1, hours=1, minutes=1, seconds=1)

    assert box.clock.now - before >= timedelta(days=1, hours=1, minutes=1, seconds=1)


def test_who_is_greylisted_gets_through_when_the_time_is_over(box: Inbox, send: Send) -> None:
    box.faults.rcpt().greylist(minutes=5)

    for minutes in (4.0, 0.5):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send()
        box.clock.advance(minutes=minutes)
    box.clock.advance(minutes=0.5)
    send()

    assert len(box) == 1
    assert [each.reply[:9] for each in box.rejected] == ["451 4.7.1"] * 2


def test_a_rate_is_by_the_clock(box: Inbox, send: Send) -> None:
    box.faults.mail().rate(2, minutes=1)

    send()
    send()
    with pytest.raises(smtplib.SMTPSenderRefused):
        send()
    box.clock.advance(minutes=1)
    send()

    assert len(box) == 3


def test_a_fault_begins_and_ends_by_the_clock(box: Inbox, send: Send) -> None:
    box.faults.data().reject(451).after(hours=1).expires(hours=2)

    send()
    box.clock.advance(hours=1)
    with pytest.raises(smtplib.SMTPDataError):
        send()
    box.clock.advance(hours=1)
    send()

    assert len(box) == 2


def test_what_bounced_comes_back_and_is_no_mail_of_the_inbox(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").bounce("5.1.1", "no such user")

    send(to=["ann@x.test", "bob@x.test"])

    report = box.bounces.one()
    assert report.envelope is not None
    assert (report.envelope.mail_from, report.envelope.rcpt_to) == ("", ("shop@shop.test",))
    assert "no such user" in report.text
    assert (len(box), len(box.bounces), box.bounces[0].id) == (1, 1, report.id)
    assert box.bounces.wait(to="shop@shop.test").id == report.id


def test_it_comes_back_later(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").bounce(after=timedelta(hours=1))

    send(to="bob@x.test")
    assert not box.bounces
    box.clock.advance(hours=1)

    assert box.bounces.wait(rcpt="shop@shop.test", timeout=0)


def test_a_bounce_that_is_missing_is_told_of_with_what_came(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").bounce(after=3600)
    send(to="bob@x.test")

    with pytest.raises(MailNotFound) as caught:
        box.bounces.wait(to="shop@shop.test", timeout=0)

    first, *others = str(caught.value).splitlines()
    assert first == "no mail with to='shop@shop.test' origin='bounce' within 0 s (1 arrived)"
    assert "  note: fault #1 lets mail come back after 1h: see inbox.clock.advance(…)" in others


def test_a_bounce_that_was_not_expected_is_told_of(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").bounce()
    send(to="bob@x.test")

    with pytest.raises(UnexpectedMail, match=r"there is mail with origin='bounce', where none was expected"):
        box.bounces.never(within=0)


def test_a_block_takes_the_bounce_that_comes_inside_it(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").bounce("5.1.1", after=60)
    send(to="bob@x.test")

    with box.bounces.expect(timeout=5) as report:
        box.clock.advance(minutes=1)

    assert report.origin == "bounce"
