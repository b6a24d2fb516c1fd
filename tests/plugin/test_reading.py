"""The way out by IMAP and POP3, as a test uses it."""

from __future__ import annotations

import imaplib
import poplib

import pytest

from pytest_mailtrap import Inbox, Server


def test_an_account_that_nobody_wrote_to_is_empty(box: Inbox) -> None:
    with box.imap("nobody@x.test") as imap:
        assert imap.select() == ("OK", [b"0"])
    with box.pop3("nobody@x.test") as pop3:
        assert pop3.stat() == (0, 0)


def test_what_was_delivered_is_read_by_imap(box: Inbox) -> None:
    sent = box.deliver(subject="hi", to="ann@x.test", text="hello")

    with box.imap("ann@x.test") as imap:
        imap.select()
        [[_, octets], _] = imap.fetch("1", "(BODY.PEEK[])")[1]

    assert octets == sent.raw
    assert not box.one().seen


def test_what_was_delivered_is_read_and_deleted_by_pop3(box: Inbox) -> None:
    sent = box.deliver(subject="hi", to="ann@x.test", text="hello")

    with box.pop3("ann@x.test") as pop3:
        assert b"\r\n".join([*pop3.retr(1)[1], b""]) == sent.raw
        pop3.dele(1)

    with box.pop3("ann@x.test") as pop3:
        assert pop3.stat() == (0, 0)
    assert box.one().id == sent.id  # what was captured stays


def test_a_block_that_fails_deletes_nothing(box: Inbox) -> None:
    box.deliver(subject="hi", to="ann@x.test")

    def fail() -> None:
        with box.pop3("ann@x.test") as pop3:
            pop3.dele(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with box.pop3("ann@x.test") as pop3:
        assert pop3.stat()[0] == 1


def test_the_catch_all_has_what_was_sent_to_anyone(box: Inbox) -> None:
    box.deliver(subject="1", to="ann@x.test")
    box.deliver(subject="2", to="bob@x.test")

    with box.imap() as imap:
        assert imap.select() == ("OK", [b"2"])


def test_each_inbox_has_accounts_of_its_own(server: Server) -> None:
    with server.inbox() as first:
        first.deliver(subject="hi", to="ann@x.test")
        before = first.imap_settings("ann@x.test")
    with server.inbox() as second:
        after = second.imap_settings("ann@x.test")
        with second.imap("ann@x.test") as imap:
            assert imap.select() == ("OK", [b"0"])
        with imaplib.IMAP4(before["host"], before["port"]) as kept:  # a client that lives longer than its test
            kept.login(before["username"], before["password"])
            assert kept.select() == ("OK", [b"1"])

    assert before["username"] != after["username"]
    assert (before["host"], before["port"]) == (after["host"], after["port"])


def test_an_inbox_inside_another_shares_its_accounts(server: Server) -> None:
    with server.inbox() as outer, server.inbox() as inner:
        assert inner.imap_settings() == outer.imap_settings()


def test_the_settings_are_what_a_client_takes(box: Inbox) -> None:
    box.deliver(subject="hi", to="ann@x.test")
    where = box.pop3_settings("ann@x.test")

    client = poplib.POP3(where["host"], where["port"])
    client.user(where["username"])
    client.pass_(where["password"])

    assert client.stat()[0] == 1
    client.quit()


def test_a_name_with_quotation_marks_is_a_name(box: Inbox) -> None:
    box.deliver(subject="hi", to="ann@x.test", rcpt_to=['"a \\" b"@x.test'])

    with box.imap('"a \\" b"@x.test') as imap:
        assert imap.select() == ("OK", [b"1"])
