"""Mail that comes back, as an application sends it and finds the report: over SMTP, by any of the ways to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import LMTP, SMTP, SMTPDataError, SMTPServerDisconnected

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.bounce import Due, Outcome, Waiting, read, written
from mailtrap.faults import Rule
from mailtrap.message.captured import Message
from mailtrap.sandbox import Sandbox

MESSAGE = b"From: ann@example.com\r\nSubject: hi\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n"
UNKNOWN = "bounce 5.1.1 No such user"
PATIENCE = 20.0


@contextmanager
def client(sandbox: Sandbox) -> Iterator[SMTP]:
    host, port = sandbox.address("smtp")
    with SMTP(host, port, timeout=PATIENCE) as smtp:
        yield smtp


def send(sandbox: Sandbox, *rcpt_to: str, octets: bytes = MESSAGE, **options: list[str]) -> None:
    """Send a message from ann@example.com, with the options of MAIL and RCPT."""
    with client(sandbox) as smtp:
        smtp.sendmail(
            "ann@example.com",
            rcpt_to or ["bob@example.net"],
            octets,
            mail_options=options.get("mail", []),
            rcpt_options=options.get("rcpt", []),
        )


def fail(sandbox: Sandbox, rcpt: str = "bob@example.net", do: str = UNKNOWN) -> None:
    sandbox.faults.add(Rule(at="smtp.rcpt", rcpt=rcpt, do=do))


def bounces(sandbox: Sandbox) -> list[Message]:
    """The reports that are due, oldest first."""
    sandbox.clock.advance(0)
    return [each for each in sandbox.messages() if each.origin == "bounce"]


def accounts(sandbox: Sandbox) -> list[str]:
    return [each.name for each in sandbox.store.accounts(sandbox.current.project)]


def status(report: Message) -> str:
    """The part for programs."""
    part = report.part("2")
    return report.raw[part.body : part.end].decode()


def test_no_report_is_made_for_a_null_reverse_path(sandbox: Sandbox) -> None:
    fail(sandbox)
    with client(sandbox) as smtp:
        smtp.sendmail("", ["bob@example.net"], MESSAGE)

    assert bounces(sandbox) == []


def test_a_bounce_is_filed_for_who_sent_the_message(sandbox: Sandbox) -> None:
    fail(sandbox)
    send(sandbox)

    [report] = bounces(sandbox)
    [sent] = [each for each in sandbox.messages() if each.origin == "smtp"]
    assert report.envelope is not None
    assert report.envelope.mail_from == ""
    assert report.accounts == ["catchall", "ann@example.com"]
    assert sent.accounts == ["catchall"]
    assert report.headers["X-Mailtrap-Report-On"] == sent.id
    assert report.headers["In-Reply-To"] == "<1@example.com>"
    assert report.summary.session == sent.summary.session
    assert "Diagnostic-Code: smtp; 550 5.1.1 No such user" in status(report)
    third = report.part("3")
    assert report.raw[third.body : third.end] == sent.raw
    assert report.defects == []


def test_the_recipients_that_do_not_bounce_get_the_message(sandbox: Sandbox) -> None:
    fail(sandbox)
    send(sandbox, "bob@example.net", "carl+news@example.net")

    [report] = bounces(sandbox)
    assert accounts(sandbox) == ["ann@example.com", "carl+news@example.net", "carl@example.net", "catchall"]
    assert "carl" not in status(report)


def test_a_tagged_return_address_is_filed_under_both_names(sandbox: Sandbox) -> None:
    fail(sandbox)
    with client(sandbox) as smtp:
        smtp.sendmail("bounces+bob=example.net@shop.test", ["bob@example.net"], MESSAGE)

    [report] = bounces(sandbox)
    assert report.accounts == ["catchall", "bounces+bob=example.net@shop.test", "bounces@shop.test"]


def test_what_a_client_asked_for_by_dsn_is_in_the_report(sandbox: Sandbox) -> None:
    fail(sandbox)
    send(
        sandbox,
        mail=["RET=HDRS", "ENVID=QQ314159+2B"],
        rcpt=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Bob+2Bnews@example.net"],
    )

    [report] = bounces(sandbox)
    assert "Original-Envelope-Id: QQ314159+\r\n" in status(report)
    assert "Original-Recipient: rfc822;Bob+news@example.net\r\n" in status(report)
    assert report.part("3").type == "text/rfc822-headers"


@pytest.mark.parametrize("notify", ["NEVER", "SUCCESS", "DELAY"])
def test_no_failure_is_reported_where_notify_is_without(sandbox: Sandbox, notify: str) -> None:
    fail(sandbox)
    send(sandbox, rcpt=[f"NOTIFY={notify}"])

    assert bounces(sandbox) == []


def test_a_delivery_is_reported_to_who_asked(sandbox: Sandbox) -> None:
    send(sandbox, "carl@example.net", rcpt=["NOTIFY=SUCCESS"])

    [report] = bounces(sandbox)
    assert "Final-Recipient: rfc822;carl@example.net\r\nAction: delivered\r\nStatus: 2.0.0\r\n" in status(report)
    assert report.part("3").type == "text/rfc822-headers"


def test_a_client_that_is_told_nothing_of_the_commit_gets_its_report_all_the_same(sandbox: Sandbox) -> None:
    fail(sandbox)
    sandbox.faults.add(Rule(at="smtp.stored", do="drop", times=1))
    with pytest.raises(SMTPServerDisconnected):
        send(sandbox)
    send(sandbox)

    assert len(bounces(sandbox)) == 2


def test_what_bounces_when_it_is_stored_was_delivered_as_well(sandbox: Sandbox) -> None:
    sandbox.faults.add(Rule(at="smtp.stored", rcpt="bob@example.net", do=UNKNOWN))
    send(sandbox, "bob@example.net", "carl@example.net")

    [report] = bounces(sandbox)
    assert "bob@example.net" in accounts(sandbox)
    assert "carl@example.net" not in status(report)


def test_a_bounce_by_its_address_needs_no_rule(sandbox: Sandbox) -> None:
    send(sandbox, "bounce+5.2.2@fault.test")

    [report] = bounces(sandbox)
    assert "Final-Recipient: rfc822;bounce+5.2.2@fault.test\r\nAction: failed\r\nStatus: 5.2.2\r\n" in status(report)


def test_a_later_bounce_comes_when_the_clock_is_advanced(sandbox: Sandbox) -> None:
    fail(sandbox, do="bounce 4.4.1 No answer after 2h")
    send(sandbox, rcpt=["NOTIFY=DELAY,FAILURE"])
    assert sandbox.messages()[0].accounts == ["catchall"]

    sandbox.clock.advance(3600)
    [delay] = bounces(sandbox)
    sandbox.clock.advance(3600)
    [_, failure] = bounces(sandbox)

    assert "Action: delayed\r\nStatus: 4.4.1\r\n" in status(delay)
    assert "Will-Retry-Until: " in status(delay)
    assert "Action: failed\r\nStatus: 4.4.1\r\n" in status(failure)


def test_who_sends_on_and_on_need_not_hang_up_for_a_report(sandbox: Sandbox) -> None:
    with client(sandbox) as smtp:
        for number in range(20):
            smtp.sendmail("ann@example.com", ["bounce+5.1.1+1h@fault.test", "bounce@fault.test"], MESSAGE)
            sandbox.clock.advance(3600)

            assert len(bounces(sandbox)) == 2 * (number + 1)


def test_a_report_is_there_when_the_clock_has_been_advanced(sandbox: Sandbox) -> None:
    fail(sandbox, do="bounce after 1h")
    send(sandbox)
    sandbox.clock.advance(3600)

    assert [each.origin for each in sandbox.messages()] == ["smtp", "bounce"]


def test_a_message_that_was_deleted_does_not_bounce(sandbox: Sandbox) -> None:
    fail(sandbox, do="bounce after 1h")
    send(sandbox)
    sandbox.store.delete_all(sandbox.current.project)
    sandbox.clock.advance(3600)

    assert sandbox.messages() == []


def test_a_report_belongs_to_the_project_of_the_message(sandbox: Sandbox) -> None:
    fail(sandbox, do="bounce after 1h")
    before = sandbox.current.project
    with sandbox.current.set_to(sandbox.store.new_project().id):
        send(sandbox)
        project = sandbox.current.project
    sandbox.clock.advance(3600)

    assert sandbox.store.messages(before).summaries == []
    assert [each.origin for each in sandbox.store.messages(project).summaries] == ["bounce", "smtp"]


def test_a_large_message_comes_back_as_its_header(sandbox: Sandbox) -> None:
    fail(sandbox)
    send(sandbox, octets=MESSAGE + b"x" * 70 + b"\r\n" * (1 << 19))

    [report] = bounces(sandbox)
    third = report.part("3")
    assert third.type == "text/rfc822-headers"
    assert report.raw[third.body : third.end] == MESSAGE[: MESSAGE.index(b"\r\nhello")]


def test_what_is_put_in_by_other_ways_makes_no_reports(sandbox: Sandbox) -> None:
    fail(sandbox)
    sandbox.deliver(MESSAGE, mail_from="ann@example.com", rcpt_to=["bob@example.net", "bounce@fault.test"])

    assert bounces(sandbox) == []


def test_an_lmtp_client_is_told_at_once_and_makes_the_reports_itself() -> None:
    with Sandbox(lmtp=0) as sandbox:
        fail(sandbox)
        with LMTP(*sandbox.address("lmtp")) as client:
            client.ehlo()
            assert not client.has_extn("dsn")
            with pytest.raises(SMTPDataError, match="No such user"):
                client.sendmail("ann@example.com", ["bob@example.net"], MESSAGE)

        assert bounces(sandbox) == []
        assert sandbox.messages() == []


def test_reports_that_never_became_due_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox() as sandbox, caplog.at_level(logging.WARNING):
        fail(sandbox, do="bounce after 1h")
        send(sandbox)
        sandbox.stop()

    assert "reports on messages that bounce later, and will not be made: 1" in caplog.text


def test_a_report_that_is_due_after_a_restart_is_made_then_and_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Sandbox(data=tmp_path) as sandbox, caplog.at_level(logging.WARNING):
        fail(sandbox, do="bounce 4.4.1 No answer after 2h")
        send(sandbox, rcpt=["NOTIFY=DELAY,FAILURE"], mail=["ENVID=QQ314159"])
        sandbox.clock.advance(3600)
        assert len(bounces(sandbox)) == 1
    with Sandbox(data=tmp_path) as sandbox:
        assert len(bounces(sandbox)) == 1
        sandbox.clock.advance(3 * 3600)
        assert len(bounces(sandbox)) == 2
    with Sandbox(data=tmp_path) as sandbox:
        sandbox.clock.advance(3 * 3600)
        [delay, failure] = map(status, bounces(sandbox))

    assert "Action: delayed\r\n" in delay
    assert "Action: failed\r\nStatus: 4.4.1\r\n" in failure
    assert "Original-Envelope-Id: QQ314159\r\n" in failure
    assert caplog.text == ""


def test_a_report_that_became_due_meanwhile_is_made_at_the_start(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path) as sandbox:
        sent = sandbox.deliver(MESSAGE, mail_from="ann@example.com", rcpt_to=["bob@example.net"])
        due = Due(3600.0, (Outcome("bob@example.net", "failed", "5.1.1"),))
        accepted = datetime.now(UTC) - timedelta(hours=2)
        sandbox.store.remember(written(Waiting(sandbox.current.project, sent.id, accepted, due))).result()
    with Sandbox(data=tmp_path) as sandbox:
        assert len(bounces(sandbox)) == 1
        assert sandbox.store.remembered() == {}


def test_what_makes_no_sense_in_the_store_is_forgotten_with_a_word_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Sandbox(data=tmp_path) as sandbox:
        for what in ("", "[]", '{"outcomes": [{}]}', '{"outcomes": ["x"]}'):
            sandbox.store.remember(what).result()
    with Sandbox(data=tmp_path) as sandbox, caplog.at_level(logging.WARNING):
        assert bounces(sandbox) == []
    with Sandbox(data=tmp_path) as sandbox:
        assert sandbox.store.remembered() == {}


@given(
    st.builds(
        Outcome,
        rcpt_to=st.text(),
        action=st.sampled_from(["failed", "delayed"]),
        status=st.text(),
        diagnostic=st.text(),
        orcpt=st.none() | st.tuples(st.text(), st.sampled_from(["\udcff", "ü"])),
        attempted=st.none() | st.datetimes(timezones=st.just(UTC)),
        retry_until=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_what_is_remembered_is_what_was_to_be_reported(outcome: Outcome) -> None:
    waiting = Waiting(7, "AAAAAAAAAAAAAAAA", datetime(2026, 3, 1, tzinfo=UTC), Due(0.25, (outcome, outcome)))

    text = written(waiting)
    assert read(text) == waiting
    assert text.isascii()
