"""What a test lets go wrong: `inbox.faults`, and what is said where it did not."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
from collections.abc import Callable

import pytest

from pytest_mailtrap import FaultNotHit, Inbox, MailNotFound, Server

Run = Callable[..., pytest.RunResult]
Send = Callable[..., None]


# -- what makes no sense


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda faults: faults.data().greylist(), "greylist does nothing at smtp.data: it acts at smtp.rcpt"),
        (lambda faults: faults.imap("FETHC").no(), "'imap.FETHC' is no stage; did you mean imap.FETCH"),
        (lambda faults: faults.smtp("frobnicate").reject(), "'smtp.frobnicate' is no stage"),
        (lambda faults: faults.data().reject(250), "250 is no error: a code from 400 to 599 is"),
        (lambda faults: faults.data().reject(550, text="a\r\nb"), "a text of a reply is printable ASCII"),
        (lambda faults: faults.data().reject().times(0), "0 is not a whole number above 0"),
        (lambda faults: faults.data().reject().chance(2), "2 is not a probability"),
        (lambda faults: faults.data().reject().after(), "say for how long: hours=1, minutes=5"),
        (lambda faults: faults.data().rate(10), "say for how long"),
        (lambda faults: faults.connect().certificate("old"), "there is no certificate 'old'"),
        (lambda faults: faults.dot(header=":x").reject(), "':x' has no field name"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(box: Inbox, ask: Callable[[object], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask(box.faults)

    box.faults.forgiven = True


# -- what goes wrong


def test_one_recipient_is_refused_and_others_are_not(box: Inbox, send: Send) -> None:
    fault = box.faults.rcpt("bob@x.test").reject(550, "5.1.1", "no such user")

    send(to="ann@x.test")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(to="bob@x.test")

    assert [mail.to for mail in box] == [["ann@x.test"]]
    assert box.rejected[0].reply == "550 5.1.1 no such user"
    assert (fault.hits, fault.text) == (1, "reject 550 5.1.1 no such user")


def test_faults_act_in_order_and_so_often(box: Inbox, send: Send) -> None:
    box.faults.data().reject(451).times(2)
    box.faults.data().reject(452).times(1)

    for _ in range(3):
        with pytest.raises(smtplib.SMTPDataError):
            send()
    send()

    assert [each.reply[:3] for each in box.rejected] == ["451", "451", "452"]
    assert len(box) == 1


def test_what_is_said_of_a_fault_later_leaves_its_place(box: Inbox, send: Send) -> None:
    first = box.faults.data().reject(451)
    box.faults.data().reject(452).times(1)
    first.times(1)

    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError):
            send()

    assert [each.reply[:3] for each in box.rejected] == ["451", "452"]


def test_some_go_well_before_and_between(box: Inbox, send: Send) -> None:
    box.faults.mail("shop@shop.test").reject().skip(1).every(2)

    for fails in (False, False, True, False, True):
        if fails:
            with pytest.raises(smtplib.SMTPSenderRefused):
                send()
        else:
            send()

    assert len(box) == 3


def test_a_connection_is_cut_in_the_middle_of_the_data(box: Inbox, send: Send) -> None:
    box.faults.data().drop(after_bytes=10)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send()

    assert len(box) == 0
    with pytest.raises(MailNotFound, match=r"broke off after 10 octets of data \(fault #1\)"):
        box.one()


def test_a_client_is_told_no_though_its_message_is_stored(box: Inbox, send: Send) -> None:
    box.faults.stored(header="Subject: *twice*").reject(451).times(1)

    with pytest.raises(smtplib.SMTPDataError):
        send("once, and twice")
    send("once, and twice")

    assert len(box) == 2


def test_an_extension_is_hidden_and_another_made_up(box: Inbox) -> None:
    box.faults.ehlo().hide("SIZE")
    box.faults.ehlo().offer("X-NEWS")

    with smtplib.SMTP(**box.smtp()) as client:
        client.ehlo()
        assert (client.has_extn("size"), client.has_extn("x-news")) == (False, True)


def test_readers_of_mail_meet_them_too(box: Inbox) -> None:
    box.deliver(subject="hi", to="ann@x.test")
    box.faults.imap("FETCH", account="ann@x.test").no("SERVERBUG").times(1)
    box.faults.pop3("RETR").no("SYS/TEMP").times(1)

    with box.imap("ann@x.test") as imap:
        imap.select()
        assert imap.fetch("1", "(FLAGS)")[0] == "NO"
        assert imap.fetch("1", "(FLAGS)")[0] == "OK"
    with box.pop3("ann@x.test") as pop3:
        with pytest.raises(poplib.error_proto, match="SYS/TEMP"):
            pop3.retr(1)
        pop3.retr(1)


def test_they_end_with_their_block_or_when_they_are_removed(box: Inbox, send: Send) -> None:
    with box.faults.data().reject(451) as fault, pytest.raises(smtplib.SMTPDataError):
        send()
    box.faults.data().reject(452)
    box.faults.clear()
    send()

    assert (len(box), fault.hits) == (1, 1)
    box.faults.strict = False


def test_they_are_of_their_inbox_alone(server: Server, send: Send) -> None:
    with server.inbox() as inbox:
        inbox.faults.data(strict=False).reject(451)
    with server.inbox() as inbox:
        send()
        assert len(inbox) == 1

    assert server.faults.rules() == []


# -- what did not happen


def test_a_fault_that_is_not_hit_as_often_as_asked_for_fails_the_block(server: Server, send: Send) -> None:
    with pytest.raises(FaultNotHit) as caught, server.inbox() as inbox:  # noqa: PT012 - at its end it is raised
        inbox.faults.data().reject(451).times(2)
        inbox.faults.starttls(strict=False).hang()
        inbox.faults.ehlo().hide("CHUNKING")
        inbox.faults.connect().drop().skip(1000)
        with pytest.raises(smtplib.SMTPDataError):
            send()

    first, second, *others = str(caught.value).splitlines()
    assert first.startswith("fault #1 smtp.data: reject 451, 2 times (hit once, not 2 times; test_faults.py:")
    assert second.startswith("fault #4 smtp.connect skip=1000: drop (hit never; test_faults.py:")
    assert others[0] == "  1 rejected"
    assert others[1].endswith("rejected at DATA: 451 4.3.0 refused by a fault (fault #1)")
    assert server.faults.rules() == []


def test_a_stage_without_a_word_of_what_goes_wrong_fails_the_block(server: Server) -> None:
    with (
        pytest.raises(FaultNotHit, match=r"a fault that says where, and not what .* \(test_faults.py:\d+\)\n"),
        server.inbox() as inbox,
    ):
        inbox.faults.data()


def test_a_block_that_fails_itself_is_not_asked_for_more(server: Server) -> None:
    with pytest.raises(LookupError), server.inbox() as inbox:  # noqa: PT012 - the block that fails
        inbox.faults.data().reject(451)
        raise LookupError


def test_a_fault_that_never_happened_fails_the_test_and_nothing_else(run: Run) -> None:
    result = run(
        """
        def test_passes(inbox):
            inbox.faults.rcpt("bob@x.test").reject()

        def test_fails(inbox):
            inbox.faults.rcpt("bob@x.test").reject()
            assert 0

        def test_is_skipped(inbox):
            inbox.faults.rcpt("bob@x.test").reject()
            pytest.skip()

        @pytest.mark.xfail
        def test_is_expected_to_fail(inbox):
            inbox.faults.rcpt("bob@x.test").reject()
            assert 0

        def test_allows_it(inbox):
            inbox.faults.rcpt("bob@x.test", strict=False).reject()
        """,
        "--tb=short",
    )

    result.assert_outcomes(passed=1, failed=2, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_passes _*",
            "fault #1 smtp.rcpt rcpt=bob@x.test: reject 550 (hit never; test_*.py:*)",
            "  nothing arrived",
            "  note: strict=False allows that, as in inbox.faults.data(strict=False)",
            "*_ test_fails _*",
            "E   assert 0",
            "fault #1 smtp.rcpt rcpt=bob@x.test: reject 550 (hit never)",
        ],
        consecutive=False,
    )


def test_none_need_happen_where_the_project_says_so(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmailtrap_strict_faults = false\n")

    result = run(
        """
        def test_allowed(inbox):
            inbox.faults.data().reject()

        def test_asked_for(inbox):
            inbox.faults.data(strict=True).reject()
        """
    )

    result.assert_outcomes(passed=1, failed=1)


def test_a_fault_of_a_wider_inbox_is_asked_for_at_its_end(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="module")
        def wide(mailtrap_server):
            with mailtrap_server.inbox() as inbox:
                inbox.faults.data().reject(451).times(2)
                yield inbox

        def test_one(wide, inbox):
            with pytest.raises(smtplib.SMTPDataError):
                send(inbox)

        def test_two(wide, inbox):
            if inbox:
                assert 0
        """
    )

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["E*FaultNotHit: fault #1 smtp.data: reject 451, 2 times (hit once, not 2 times; *"])


def test_a_failure_and_its_transcript_name_the_fault(run: Run) -> None:
    result = run(
        """
        def test_it(inbox):
            inbox.faults.connect(strict=False).delay(0.01)
            inbox.faults.rcpt("bob@x.test").reject(550, "5.1.1", "no such user")
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(inbox, to="bob@x.test")
            inbox.one()
        """
    )

    result.stdout.fnmatch_lines(
        [
            "E *MailNotFound: no mail (1 rejected)",
            "E * #1 * -> bob@x.test rejected at RCPT: 550 5.1.1 no such user (fault #2)",
            "*- captured mail -*",
            "fault #1 smtp.connect: delay 0.01s (hit once)",
            "fault #2 smtp.rcpt rcpt=bob@x.test: reject 550 5.1.1 no such user (hit once)",
            "* - fault #1: delay 0.01s",
            "* - fault #2: reject 550 5.1.1 no such user",
        ]
    )


def test_a_client_that_was_turned_away_is_told_of_with_the_fault(box: Inbox, send: Send) -> None:
    box.faults.starttls(strict=False).hang()
    box.faults.connect().reject(421)
    with pytest.raises(smtplib.SMTPConnectError):
        send()

    with pytest.raises(MailNotFound, match=r"was said: -: fault #2: reject 421 4\.3\.2 refused"):
        box.one()


def test_a_refusal_that_nobody_asked_for_names_no_fault(box: Inbox, send: Send) -> None:
    box.faults.rcpt("bob@x.test").reject(550, "5.1.1", "no such user")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(to=["bob@x.test"])
    with smtplib.SMTP(**box.smtp()) as client:
        client.ehlo()
        client.mail("shop@shop.test")
        client.docmd("RCPT TO:<ann example.com>")
        client.rset()

    with pytest.raises(MailNotFound) as caught:
        box.one()
    assert str(caught.value).count("(fault #1)") == 1
    assert str(caught.value).endswith("501 5.1.3 Bad recipient address syntax")


def test_imap_says_no_to_who_was_to_be_refused(box: Inbox) -> None:
    box.faults.imap("LOGIN").no("AUTHENTICATIONFAILED")

    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"), box.imap():
        pass
