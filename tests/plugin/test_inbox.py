"""The inbox, without pytest: what is in it, and what waits."""

from __future__ import annotations

import smtplib
import threading
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

import pytest_mailtrap
from pytest_mailtrap import Inbox, MailNotFound, MailWarning, Server, UnexpectedMail

Send = Callable[..., None]


def test_delivering_takes_a_message_or_what_to_compose_one_of(box: Inbox) -> None:
    with pytest.raises(TypeError, match="takes a message or a file, or else fields"):
        box.deliver()
    with pytest.raises(TypeError, match="takes a message or a file, or else fields"):
        box.deliver(b"Subject: hi\r\n\r\n", subject="hi")


def test_an_empty_inbox_has_nothing(box: Inbox) -> None:
    assert (len(box), list(box), box.rejected, box.transcript) == (0, [], [], "")
    assert repr(box) == "<Inbox: nothing arrived>"
    with pytest.raises(IndexError):
        box[0]


def test_what_was_sent_is_there_oldest_first(box: Inbox, send: Send) -> None:
    send("first")
    send("second")

    assert [mail.subject for mail in box] == ["first", "second"]
    assert box[-1].subject == "second"
    assert repr(box) == "<Inbox: 2 arrived>"


def test_many_messages_are_all_there(box: Inbox) -> None:
    for number in range(203):
        box.deliver(subject=str(number))

    assert [mail.subject for mail in box] == [str(number) for number in range(203)]
    assert len(box.wait_all(count=203)) == 203


def test_the_one_mail_is_what_was_sent(box: Inbox, send: Send) -> None:
    send("Welcome", ["ann@example.com", "bob@example.com"])

    mail = box.one()

    assert mail.subject == "Welcome"
    assert mail.to == ["ann@example.com", "bob@example.com"]
    assert mail.envelope is not None
    assert mail.envelope.mail_from == "shop@shop.test"
    assert mail.text.strip() == "Hi Ann"


def test_two_are_not_one(box: Inbox, send: Send) -> None:
    send("first")
    send("second")

    with pytest.raises(UnexpectedMail):
        box.one()
    assert box.one(subject="second").subject == "second"


def test_a_wait_gives_the_newest_of_those_that_are_there(box: Inbox, send: Send) -> None:
    send("first")
    send("second")

    assert box.wait().subject == "second"
    assert [mail.subject for mail in box.wait_all(count=1)] == ["first", "second"]


def test_a_wait_ends_with_the_mail_that_is_wanted(server: Server, send: Send) -> None:
    with server.inbox(timeout=20) as box:
        sending = threading.Thread(target=lambda: [send("first"), send("second"), send("third")])
        sending.start()

        mail = box.wait(subject=lambda text: text == "second")
        several = box.wait_all(count=3)
        sending.join()

    assert mail.subject == "second"
    assert [each.subject for each in several] == ["first", "second", "third"]


def test_a_wait_that_is_in_vain_fails(box: Inbox, send: Send) -> None:
    send("first")

    with pytest.raises(MailNotFound, match=r"^no mail with subject='second' within 0 s"):
        box.wait(subject="second", timeout=0)
    with pytest.raises(MailNotFound, match=r"^only 1 of 2 mails within 0.01 s"):
        box.wait_all(count=2, timeout=0.01)


def test_never_fails_at_once_if_it_is_there(box: Inbox, send: Send) -> None:
    send("first")

    with pytest.raises(UnexpectedMail):
        box.never(within=600)
    box.never(to="bob@example.com", within=0.01)


def test_never_fails_as_soon_as_it_comes(box: Inbox, send: Send) -> None:
    sending = threading.Thread(target=send)
    sending.start()

    with pytest.raises(UnexpectedMail, match="Welcome"):
        box.never(to="ann@example.com", within=60)
    sending.join()


def test_only_what_comes_inside_the_block_is_expected(box: Inbox, send: Send) -> None:
    send("code 1")

    with box.expect(to="ann@example.com") as mail:
        with pytest.raises(AttributeError, match=r"there is no subject yet: .* when its block has ended"):
            _ = mail.subject
        assert repr(mail) == "<Message yet to come>"
        send("code 2")

    assert mail.subject == "code 2"
    assert mail.text.strip() == "Hi Ann"
    assert mail.id == box[-1].id
    assert repr(mail) == repr(box[-1])
    with pytest.raises(AttributeError, match="'Message' object has no attribute 'subjct'"):
        _ = mail.subjct  # type: ignore[attr-defined]  # what somebody may write


def test_what_was_there_before_the_block_is_not_expected(box: Inbox, send: Send) -> None:
    send("code 1")

    with pytest.raises(MailNotFound, match="before the block: expect"), box.expect(subject="code"):
        pass


def test_an_error_in_the_block_is_what_is_seen(box: Inbox) -> None:
    with pytest.raises(ZeroDivisionError), box.expect(timeout=600):
        _ = 1 / 0


def test_what_was_rejected_is_on_record(box: Inbox) -> None:
    refused(box.server)

    [refusal] = box.rejected
    assert refusal.stage == "MAIL"
    assert refusal.reply.startswith("5")
    assert repr(box) == "<Inbox: 1 rejected>"


def test_what_the_client_gave_up_was_not_rejected(box: Inbox) -> None:
    with smtplib.SMTP(**box.smtp()) as smtp:
        smtp.ehlo()
        smtp.mail("ann@example.com")
        smtp.rset()

    assert box.rejected == []
    assert repr(box) == "<Inbox: 1 given up>"


def test_the_transcript_has_what_was_said_in_its_time(server: Server, send: Send) -> None:
    with smtplib.SMTP(*server.address("smtp"), local_hostname="pooled.test") as smtp:
        with server.inbox() as first:
            smtp.sendmail("a@shop.test", "ann@example.com", b"Subject: 1\r\n\r\n")
            before = first.transcript
        with server.inbox() as second:
            smtp.sendmail("b@shop.test", "ann@example.com", b"Subject: 2\r\n\r\n")
            send("3")
            transcript = second.transcript

    assert "a@shop.test" in before
    assert "a@shop.test" not in transcript
    assert transcript.index("b@shop.test") < transcript.index("shop@shop.test")
    assert transcript.count("-- ") == 2


def test_octets_are_delivered_as_they_are(box: Inbox, tmp_path: Path) -> None:
    octets = b"From: a@shop.test\nTo: ann@example.com\nBcc: bob@example.com\nSubject: odd\n\n.\nx\x00\xff"
    (tmp_path / "odd.eml").write_bytes(octets)

    first, second = box.deliver(octets), box.deliver(tmp_path / "odd.eml", mail_from="", rcpt_to=["carol@example.com"])

    assert first.raw == second.raw == octets
    assert first.envelope is not None
    assert second.envelope is not None
    assert first.envelope.mail_from == "a@shop.test"
    assert first.envelope.rcpt_to == ("ann@example.com", "bob@example.com")
    assert (second.envelope.mail_from, second.envelope.rcpt_to) == ("", ("carol@example.com",))
    assert [mail.id for mail in box] == [first.id, second.id]


def test_what_is_composed_can_be_asked_for(box: Inbox) -> None:
    box.deliver(
        subject="Grüße",
        from_="shop@shop.test",
        to=["Ann <ann@example.com>", "bob@example.com"],
        text="Hi Ann",
        html="<b>Hi Ann</b>",
        attachments=[("invoice.pdf", b"%PDF")],
        headers={"X-Job": "4711"},
    )

    mail = box.one(subject="grusse", rcpt="bob@example.com", text="Hi Ann", html="<b>", header={"X-Job": "4711"})
    assert mail.subject == "Grüße"
    assert mail.attachment("*.pdf").content == b"%PDF"


def test_http_is_started_when_it_is_asked_for() -> None:
    with Server() as server, server.inbox() as inbox:
        inbox.deliver(subject="hi", to="ann@example.com")
        assert "http" not in server.addresses
        with urllib.request.urlopen(f"{inbox.url}/v1/messages") as answer:
            seen = answer.read()

    assert b'"subject":"hi"' in seen.replace(b'": "', b'":"')


def test_an_inbox_has_nothing_of_another(server: Server, send: Send) -> None:
    with server.inbox() as first:
        send("first")
    with server.inbox() as second:
        send("second")
        assert second.one().subject == "second"

    assert first.one().subject == "first"


def test_an_inbox_inside_another_has_what_comes_in_its_time(server: Server, send: Send) -> None:
    with server.inbox() as wide:
        send("before")
        refused(server)
        with server.inbox() as narrow:
            send("inside")
            assert narrow.one().subject == "inside"
            assert narrow.rejected == []
            refused(server)
            assert len(narrow.rejected) == 1
        send("after")

        assert [mail.subject for mail in wide] == ["before", "inside", "after"]
        assert len(wide.rejected) == 2


def refused(server: Server) -> None:
    with smtplib.SMTP(*server.address("smtp")) as smtp:
        smtp.ehlo()
        smtp.docmd("MAIL FROM:<not an address>")


def test_a_message_belongs_where_its_mail_from_came(server: Server) -> None:
    with smtplib.SMTP(*server.address("smtp")) as smtp, ExitStack() as opened:
        first = opened.enter_context(server.inbox())
        smtp.ehlo()
        smtp.mail("a@shop.test")
        with pytest.warns(MailWarning, match="a client was still sending when"):
            opened.close()
        with server.inbox() as second:
            smtp.rcpt("ann@example.com")
            smtp.data(b"Subject: late\r\n\r\n")

            assert len(second) == 0
            assert first.one().subject == "late"


def test_any_user_name_and_password_will_do(box: Inbox) -> None:
    with smtplib.SMTP(**box.smtp()) as smtp:
        smtp.login("app", "s3cret")
        smtp.sendmail("a@shop.test", ["ann@example.com"], b"Subject: hi\r\n\r\n")

    mail = box.one()
    assert mail.envelope is not None
    assert mail.envelope.user == "app"


def test_what_is_exported_is_there() -> None:
    assert [name for name in pytest_mailtrap.__all__ if not hasattr(pytest_mailtrap, name)] == []
    with pytest.raises(AttributeError, match="has no attribute 'Inbx'"):
        _ = pytest_mailtrap.Inbx
