"""What a failing test says."""

from __future__ import annotations

import pickle
import re
import smtplib
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_mailtrap import Inbox, MailNotFound, Server, UnexpectedMail

Send = Callable[..., None]


def says(fails: Callable[[], object], *lines: str) -> None:
    """It fails with these lines; ``*`` is anything."""
    with pytest.raises(AssertionError) as caught:
        fails()

    said = str(caught.value).splitlines()
    assert len(said) == len(lines), "\n".join(said)
    for line, pattern in zip(said, lines, strict=True):
        assert fnmatchcase(line, pattern.replace("[", "[[]")), "\n".join(said)


def test_nothing_came_and_nobody_connected(box: Inbox) -> None:
    smtp = box.smtp()

    says(
        box.one,
        "no mail (nothing arrived)",
        f"  note: nobody has connected to {smtp['host']}:{smtp['port']}: is that where the app sends to? See inbox.*",
    )


def test_a_worker_says_which_it_is(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")

    says(
        lambda: box.wait(timeout=0.01),
        "no mail within 0.01 s (nothing arrived)",
        "  note: nobody has connected to * (each xdist worker has its own, this is gw3's): is that *",
    )


def test_a_client_that_sent_nothing_is_quoted(box: Inbox) -> None:
    with smtplib.SMTP(**box.smtp(), local_hostname="app.test") as smtp:
        smtp.ehlo()

    says(
        box.one,
        "no mail (nothing arrived)",
        "  note: a client connected and sent nothing; the last that was said: * C: QUIT; S: 221 *",
    )


def test_the_nearest_says_what_it_has_instead(box: Inbox, send: Send) -> None:
    send("Welcome", "bob@example.com")
    send("Your digset", "ann@example.com")
    send("Invoice", "carol@example.com")

    says(
        lambda: box.one(subject=re.compile("digest"), to="ann@example.com"),
        "no mail with subject=/digest/ to='ann@example.com' (3 arrived)",
        "  nearest #2 (1 of 2 hold): subject: wanted /digest/, got 'Your digset'",
        "  #1 ??:??:??.??? shop@shop.test -> bob@example.com 'Welcome'",
        "  #2 ??:??:??.??? shop@shop.test -> ann@example.com 'Your digset'",
        "  #3 ??:??:??.??? shop@shop.test -> carol@example.com 'Invoice'",
    )


def test_a_slip_of_the_pen_is_nearer_than_what_came_last(box: Inbox, send: Send) -> None:
    send("Welcome", "anne@example.com")
    send("Welcome", "warehouse@shop.test")

    says(
        lambda: box.one(to="ann@example.com"),
        "no mail with to='ann@example.com' (2 arrived)",
        "  nearest #1: to: wanted 'ann@example.com', got 'anne@example.com'",
        "  #1 *",
        "  #2 *",
    )


def test_several_differences_are_a_line_each(box: Inbox) -> None:
    box.deliver(subject="Welcome", from_="shop@shop.test", to=["bob@example.com", "eve@example.com"], text="Hi\nBob")

    says(
        lambda: box.one(text="Hi Ann", cc="ann@example.com", to="ann@example.com", where=lambda mail: False),
        "no mail with text='Hi Ann' cc='ann@example.com' to='ann@example.com' where=<lambda>() (1 arrived)",
        "  nearest #1 (0 of 4 hold): text: wanted 'Hi Ann', got 'Hi Bob'",
        "    cc: wanted 'ann@example.com', got nothing",
        "    to: wanted 'ann@example.com', got 'bob@example.com', 'eve@example.com'",
        "    where=<lambda>() does not hold",
        "  #1 * shop@shop.test -> bob@example.com, eve@example.com 'Welcome'",
    )


def test_what_was_rejected_may_be_the_nearest(box: Inbox, send: Send) -> None:
    send("Welcome", "bob@example.com")
    with smtplib.SMTP(**box.smtp()) as smtp:
        smtp.ehlo()
        smtp.mail("shop@shop.test")
        smtp.docmd("RCPT TO:<ann example.com>")
        smtp.rcpt("ann@example.com")
        smtp.rset()

    says(
        lambda: box.one(to="ann@example.com"),
        "no mail with to='ann@example.com' (1 arrived, 1 rejected)",
        "  nearest #2: to: wanted 'ann@example.com', got '<ann example.com>'",
        "  #1 * -> bob@example.com 'Welcome'",
        "  #2 * shop@shop.test -> <ann example.com> rejected at RCPT: 501 5.1.3 *",
    )


def test_what_a_client_gave_up_is_listed(box: Inbox) -> None:
    with smtplib.SMTP(**box.smtp()) as smtp:
        smtp.ehlo()
        smtp.mail("shop@shop.test")
        smtp.rcpt("ann@example.com")
        smtp.rset()

    says(
        lambda: box.one(to="ann@example.com"),
        "no mail with to='ann@example.com' (1 given up)",
        "  #1 * shop@shop.test -> ann@example.com given up by the client at RSET",
        "  note: #1 is all that was asked for, but was never completed",
    )


def test_more_than_one_says_which_there_are(box: Inbox, send: Send) -> None:
    send("Welcome")
    send("Welcome")

    says(
        box.one,
        "2 mails, where one was expected (2 arrived)",
        "  #1 * shop@shop.test -> ann@example.com 'Welcome'",
        "  #2 * shop@shop.test -> ann@example.com 'Welcome'",
        "  note: say which: one(to=…), one(subject=…)",
    )
    says(lambda: box.one(subject="welc"), "2 mails with subject='welc', where one was expected (2 arrived)", "*", "*")


def test_unexpected_mail_is_shown(box: Inbox, send: Send) -> None:
    send("Welcome", "ann@example.com")
    send("Welcome", "bob@example.com")

    says(
        lambda: box.never(to="bob@example.com"),
        "there is mail with to='bob@example.com', where none was expected (2 arrived)",
        "  #2 * shop@shop.test -> bob@example.com 'Welcome'",
    )


def test_too_few_say_how_many(box: Inbox, send: Send) -> None:
    send("Welcome")

    says(
        lambda: box.wait_all(count=3, subject="welcome", timeout=0.01),
        "only 1 of 3 mails with subject='welcome' within 0.01 s (1 arrived)",
        "  #1 *",
    )


def test_a_long_list_is_cut(box: Inbox) -> None:
    for number in range(14):
        box.deliver(subject=f"number {number}", to=[f"user{each}@example.com" for each in range(5)])

    with pytest.raises(MailNotFound) as caught:
        box.one(subject="nothing like it")

    said = str(caught.value).splitlines()
    assert said[2] == "  … 4 before these"
    assert said[-1].endswith("user1@example.com, user2@example.com and 2 more 'number 13'")
    assert len(said) == 13


def test_foreign_text_cannot_move_the_cursor(box: Inbox) -> None:
    box.deliver(
        b"From: a@b.test\r\nSubject: \x1b[2J =?utf-8?b?4oCuZXZpbA==?=" + b" long" * 100 + b"\r\n\r\n",
        rcpt_to=["\u202eann"],
    )

    with pytest.raises(MailNotFound) as caught:
        box.one(subject="quiet")

    assert str(caught.value).replace("\n", "").isprintable()
    assert max(map(len, str(caught.value).splitlines())) < 200


def test_mail_that_came_before_the_block_is_pointed_at(box: Inbox, send: Send) -> None:
    send("code 1")

    def block() -> None:
        with box.expect(subject="code"):
            pass

    says(
        block,
        "no mail with subject='code' within 0 s (1 arrived)",
        "  #1 * 'code 1'",
        "  note: one came at *, before the block: expect() takes what comes inside it",
    )


def test_mail_that_came_before_a_narrow_inbox_is_pointed_at(server: Server, send: Send) -> None:
    with server.inbox():
        send("code 1")
        with server.inbox() as narrow:
            says(
                lambda: narrow.one(subject="code"),
                "no mail with subject='code' (nothing arrived)",
                "  note: one came at *, before this inbox was opened inside a wider one",
                "  note: nobody has connected *",
            )


def test_mail_that_came_while_no_inbox_was_open_is_pointed_at(server: Server, send: Send) -> None:
    send("just before")
    with server.inbox() as box:
        says(
            lambda: box.one(subject="just before"),
            "no mail with subject='just before' (nothing arrived)",
            "  note: one came at *, when no inbox was open: ask for it before the mail is sent",
            "  note: nobody has connected *",
        )


def test_a_transaction_under_way_is_pointed_at(box: Inbox) -> None:
    with smtplib.SMTP(**box.smtp()) as smtp, ExitStack() as ending:
        smtp.ehlo()
        smtp.mail("shop@shop.test")
        ending.callback(smtp.rset)

        says(
            lambda: box.one(subject="slow"),
            "no mail with subject='slow' (nothing arrived)",
            "  note: a client is still sending: its transaction has not ended",
        )


def test_what_comes_late_is_told_to_the_report(box: Inbox, send: Send) -> None:
    with pytest.raises(MailNotFound) as caught:
        box.one()
    assert caught.value.look_again(0) is None
    sending = threading.Thread(target=send)
    sending.start()

    said = caught.value.look_again(20)
    sending.join()

    assert said is not None
    assert re.fullmatch(r"  note: one more came [\d.]+ s after one\(\): use wait\(\)", said)


def test_what_django_holds_back_is_pointed_at(box: Inbox, monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    mail: Any = SimpleNamespace(outbox=[1, 2])
    connection = SimpleNamespace(run_on_commit=[1])
    database: Any = SimpleNamespace(connections=SimpleNamespace(all=lambda *, initialized_only: [connection]))
    send("other")
    monkeypatch.setitem(sys.modules, "django.core.mail", mail)
    monkeypatch.setitem(sys.modules, "django.db", database)

    says(
        lambda: box.one(subject="x"),
        "no mail with subject='x' (1 arrived)",
        "  nearest #1: subject: wanted 'x', got 'other'",
        "  #1 *",
        "  note: 2 mails are in django.core.mail.outbox: *",
        "  note: 1 callback waits in transaction.on_commit, *",
    )


def test_a_failure_can_be_sent_to_another_process(box: Inbox) -> None:
    with pytest.raises(MailNotFound) as caught:
        box.one()

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_failure_is_an_assertion_of_the_test() -> None:
    assert issubclass(MailNotFound, AssertionError)
    assert issubclass(UnexpectedMail, AssertionError)


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        ("inbox.one(subjekt='x')", "*TypeError: there is no criterion subjekt=; did you mean subject=?"),
        ("inbox.one().attachment('*.pdf')", "*LookupError: no attachment with name='*.pdf'; there is none at all"),
        ("inbox.never()", "*UnexpectedMail: there is mail, where none was expected (1 arrived)"),
    ],
)
def test_a_failure_shows_the_line_of_the_test_and_none_of_ours(run: Any, asks: str, says: str) -> None:
    result = run(f"def test_it(inbox):\n    send(inbox)\n    {asks}\n")

    result.stdout.fnmatch_lines([f">   *{asks.replace('[', '[[]')}", says])
    result.stdout.no_fnmatch_line("*pytest_mailtrap/*")
    result.stdout.no_fnmatch_line("*mailtrap/message/*")
