"""What mypy says of tests that use the fixture: each line that it is to refuse says so, and is found if it is not."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from typing import assert_type

from mailtrap.message.captured import Message
from pytest_mailtrap import Bounces, Clock, Fault, Faults, Inbox, Server


def sends(inbox: Inbox) -> None:
    with smtplib.SMTP(**inbox.smtp()) as client:
        client.sendmail("shop@shop.test", "ann@x.test", "Subject: hi\r\n\r\n")
    assert_type(inbox.one(to="ann@x.test"), Message)
    inbox.one(tow="ann@x.test")  # type: ignore[call-arg]


def lets_things_go_wrong(inbox: Inbox) -> None:
    assert_type(inbox.faults, Faults)
    assert_type(inbox.faults.rcpt("bob@x.test").reject(550, "5.1.1", "no such user"), Fault)
    assert_type(inbox.faults.data().reject(451).times(2).skip(1), Fault)
    with inbox.faults.data(strict=False).drop(after_bytes=512) as fault:
        assert_type(fault.hits, int)
    inbox.faults.rcpt().greylist(minutes=5)
    inbox.faults.rcpt().bounce("5.1.1", after=timedelta(hours=1))
    inbox.faults.connect().certificate("expired")
    inbox.faults.imap("FETCH").no("SERVERBUG")
    inbox.faults.pop3("RETR").no("SYS/TEMP")
    inbox.faults.http("GET").reject(503)

    inbox.faults.data().no("SERVERBUG")  # type: ignore[attr-defined]
    inbox.faults.imap("FETCH").reject(550)  # type: ignore[attr-defined]
    inbox.faults.pop3("RETR").bad()  # type: ignore[attr-defined]
    inbox.faults.data().reject("550")  # type: ignore[arg-type]
    inbox.faults.connect().certificate("old")  # type: ignore[arg-type]


def waits(inbox: Inbox) -> None:
    assert_type(inbox.clock, Clock)
    assert_type(inbox.clock.now, datetime)
    inbox.clock.advance(hours=1, minutes=5, seconds=0.5)
    inbox.clock.advance(3600)  # type: ignore[call-arg]
    assert_type(inbox.bounces, Bounces)
    assert_type(inbox.bounces.wait(to="shop@shop.test", timeout=1), Message)


async def waits_in_a_coroutine(inbox: Inbox) -> None:
    assert_type(await inbox.async_wait(), Message)
    assert_type(await inbox.bounces.async_wait(), Message)


def asks_for_more(server: Server) -> None:
    with server.inbox(auth={"app": "s3cret"}, tls="starttls", profile="minimal", size_limit="1MiB") as inbox:
        assert_type(inbox, Inbox)
    with server.inbox(tls="ssl"):  # type: ignore[arg-type]
        pass
