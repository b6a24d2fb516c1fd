"""What a session keeps, and how it ends: what transcripts cannot say."""

from __future__ import annotations

import smtplib
import socket
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conversations import OverTcp
from smtp_client import SmtpClient

from mailtrap.loop import Loop
from mailtrap.message.facts import Facts
from mailtrap.smtp import handler
from mailtrap.store.sqlite import SqliteStore


def lines(server: Any) -> str:
    """The transcript of the only session of the project's server."""
    [conversation] = server.conversations
    return str(conversation._protocol.transcript)


# -- bad input


def test_a_command_line_over_the_limit_is_refused_and_the_session_goes_on(server: Any) -> None:
    conversation = server.greeted()

    assert conversation.ask(b"NOOP " + b"x" * 100_000) == b"500 5.5.2 Line too long"
    assert conversation.ask(b"NOOP").startswith(b"250")


def test_a_line_over_the_limit_ends_an_auth_exchange(server: Any) -> None:
    conversation = server.greeted()

    assert conversation.ask(b"AUTH PLAIN").startswith(b"334")
    assert conversation.ask(b"x" * 100_000).startswith(b"500 5.5.6")
    assert conversation.ask(b"NOOP").startswith(b"250")


def test_too_much_nonsense_ends_the_session(server: Any) -> None:
    conversation = server.greeted()
    conversation.send(b"XYZZY\r\n" * 200)

    replies = conversation.rest()
    assert replies[:-1] == [b"500 5.5.1 Command not recognized"] * 99
    assert replies[-1] == b"421 4.7.0 sandbox.localhost Too many errors"


def test_commands_out_of_turn_are_not_nonsense(server: Any) -> None:
    conversation = server.greeted()
    conversation.send(b"DATA\r\n" * 200 + b"QUIT\r\n")

    assert conversation.rest() == [b"503 5.5.1 Need RCPT command"] * 200 + [b"221 2.0.0 Bye"]


def test_refused_recipients_are_on_record_up_to_a_bound(server: Any) -> None:
    server.with_limits(recipients=1)
    conversation = server.greeted()
    conversation.send(b"MAIL FROM:<a@example.com>\r\n" + b"RCPT TO:<b@example.com>\r\n" * 301 + b"QUIT\r\n")

    assert conversation.rest().count(b"452 4.5.3 Too many recipients") == 300
    assert len(server.refusals()) == handler.REFUSALS


# -- what is kept


def test_the_envelope_is_what_the_client_declared(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"AUTH PLAIN " + b64encode(b"\0job-4711\0secret"))
    conversation.ask(b"MAIL FROM:<Ann@Example.com> size=20 Body=8BITMIME")
    conversation.ask(b"RCPT TO:<@relay.example:bob+news@example.com>")
    conversation.ask(b"DATA")
    assert conversation.ask(b"Subject: x\r\n\r\n.").startswith(b"250")

    [message] = server.messages()
    envelope = message.envelope
    assert envelope.mail_from == "Ann@Example.com"
    assert envelope.mail_from.parameters == ("size=20", "Body=8BITMIME")
    assert envelope.rcpt_to == ("bob+news@example.com",)
    assert (envelope.helo, envelope.user, envelope.peer) == ("client.example", "job-4711", "192.0.2.1:4711")
    assert envelope.tls is None
    assert envelope.started <= message.received_at
    assert message.accounts == ("catchall", "bob+news@example.com", "bob@example.com", "job-4711")
    assert message.origin == "smtp"


def test_the_id_in_the_reply_is_the_messages(server: Any) -> None:
    conversation = server.in_data()
    reply = conversation.ask(b".")

    [message] = server.messages()
    assert reply == f"250 2.0.0 OK id={message.id}".encode()
    assert message.session == conversation._protocol.transcript.id


def test_a_transcript_shows_the_conversation_without_credentials_and_data(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"AUTH LOGIN")
    conversation.ask(b64encode(b"ann"))
    conversation.ask(b64encode(b"secret"))
    conversation.ask(b"auth plain " + b64encode(b"\0ann\0secret"))
    conversation.ask(b"AUTH PLAIN\0" + b64encode(b"\0ann\0secret"))
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.ask(b"RCPT TO:<bob@example.com>")
    conversation.ask(b"DATA")
    conversation.ask(b"private\r\n" * 1000 + b".")
    text = lines(server)

    assert " C EHLO client.example" in text
    assert " C auth plain ********" in text
    assert " - 9,000 octets of data" in text
    assert "S 250 2.0.0 OK id=" in text
    for secret in (b64encode(b"ann"), b64encode(b"secret"), b64encode(b"\0ann\0secret"), b"private"):
        assert secret.decode() not in text


def test_a_session_that_delivers_nothing_has_a_transcript_too(server: Any, store: Any) -> None:
    conversation = server.connect()
    conversation.end()
    conversation.rest()
    session = conversation._protocol.transcript.id

    assert [line.text for line in store.transcript(session).lines()] == ["220 sandbox.localhost ESMTP mailtrap-sandbox"]


def test_a_refused_recipient_is_on_record_when_the_reply_comes(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.ask(b"RCPT TO:<good@example.com>")
    reply = conversation.ask(b"RCPT TO:<bad@>")

    [refusal] = server.refusals()
    assert refusal.reply == reply.decode()
    assert refusal.stage == "RCPT"
    assert refusal.envelope.mail_from == "ann@example.com"
    assert refusal.envelope.rcpt_to == ("<bad@>",)
    assert refusal.session == conversation._protocol.transcript.id


def test_half_sent_data_is_on_record_with_what_came(server: Any) -> None:
    conversation = server.in_data()
    conversation.send(b"Subject: half\r\n\r\n..and no m")
    conversation.end()
    conversation.rest()

    [refusal] = server.refusals()
    assert (refusal.stage, refusal.reply, refusal.partial) == ("DATA", "", b"Subject: half\r\n\r\n.and no m")
    assert server.messages() == []


def test_data_over_the_limit_is_on_record_with_its_beginning(server: Any) -> None:
    server.with_limits(size_limit=100)
    conversation = server.in_data()
    reply = conversation.ask(b"x" * 200 + b"\r\n.")

    [refusal] = server.refusals()
    assert refusal.reply == reply.decode()
    assert refusal.partial.startswith(b"x" * 100)
    assert conversation.ask(b"MAIL FROM:<ann@example.com>").startswith(b"250")


@pytest.mark.parametrize(
    "octets", [b"", b"\0" * 10, b"x" * 100_000, b"\xff\r\r\n\n", b"." * 5000, b".\r\n..\r\n", b"\n.\n"]
)
def test_any_octets_come_out_as_they_came_in(server: Any, octets: bytes) -> None:
    conversation = server.connect(OverTcp)
    with SmtpClient(conversation.socket.getpeername()[:2]) as client:
        client.send(octets)

    assert server.octets() == [octets if not octets or octets.endswith(b"\r\n") else octets + b"\r\n"]


def test_two_megabytes_in_odd_pieces_come_out_as_they_came_in(server: Any) -> None:
    message = b"".join(b"%d ..\r\n.%d\r\n" % (n, n) for n in range(140_000))
    conversation = server.in_data(OverTcp)
    conversation.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n", 65_537)

    assert conversation.reply().startswith(b"250")
    assert server.octets() == [message]


def test_smtplibs_bytes_come_out_as_they_were_and_say_so(server: Any) -> None:
    message = b"Subject: x\n\n.one\n..two\nthree\n"
    conversation = server.connect(OverTcp)
    with smtplib.SMTP(*conversation.socket.getpeername()[:2]) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], message)

    assert server.octets() == [message + b"\r\n"]
    assert "dots-after-lf" in server.messages()[0].facts.defects


def test_a_message_that_cannot_be_examined_is_stored_all_the_same(server: Any, monkeypatch: Any) -> None:
    def broken(octets: bytes) -> Facts:
        raise ZeroDivisionError

    monkeypatch.setattr("mailtrap.message.facts.facts", broken)
    conversation = server.in_data()

    assert conversation.ask(b"Subject: x\r\n.").startswith(b"250")
    assert server.octets() == [b"Subject: x\r\n"]
    assert server.messages()[0].facts.defects == ("parser-failed",)


# -- which project


def test_a_transaction_belongs_to_the_project_that_was_current_at_mail(server: Any, store: Any) -> None:
    other = store.new_project().id
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    with server.current.set_to(other):
        conversation.ask(b"RCPT TO:<bob@example.com>")
        conversation.ask(b"DATA")
        conversation.ask(b"first\r\n.")
        conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.ask(b"RCPT TO:<bob@example.com>")
    conversation.ask(b"DATA")
    conversation.ask(b"second\r\n.")

    assert [store.octets(each.number) for each in store.messages(other).summaries] == [b"second\r\n"]
    assert server.octets() == [b"first\r\n"]


@pytest.mark.parametrize(
    "end",
    [b"RSET", b"EHLO again", b"HELO again", b"QUIT", b"GET / HTTP/1.1", b"DATA\r\ndone\r\n.", b"RCPT TO:<x@>\r\nRSET"],
)
def test_a_transaction_ends_once_however_it_ends(server: Any, end: bytes) -> None:
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.ask(b"RCPT TO:<bob@example.com>")
    assert not server.current.wait_idle(server.project, timeout=0)
    conversation.send(end + b"\r\n")
    conversation.end()
    conversation.rest()

    assert server.current.wait_idle(server.project, timeout=0)
    assert len(server.messages()) + len(server.refusals()) == 1


@pytest.mark.parametrize("sent", [b"", b"RCPT TO:<bob@example.com>\r\n", b"RCPT TO:<b@x>\r\nDATA\r\nhal"])
def test_a_transaction_ends_with_the_connection(server: Any, sent: bytes) -> None:
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.send(sent)
    conversation.end()
    conversation.rest()

    assert server.current.wait_idle(server.project, timeout=0)


def test_a_refused_mail_is_no_transaction(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@>")

    assert server.current.wait_idle(server.project, timeout=0)
    assert [refusal.stage for refusal in server.refusals()] == ["MAIL"]


# -- what goes out


def test_a_pipelined_group_is_answered_in_one_write(server: Any) -> None:
    conversation = server.greeted()
    conversation.writes.clear()
    conversation.send(b"RSET\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@>\r\nDATA\r\n")
    for _ in range(5):
        conversation.line()

    assert len(conversation.writes) == 1


def test_a_reply_that_may_not_wait_does_not(server: Any) -> None:
    conversation = server.greeted()
    conversation.writes.clear()
    conversation.send(b"RSET\r\nNOOP\r\nRSET\r\nXYZZY\r\nVRFY ann\r\nEXPN all\r\nRSET\r\nRSET\r\n")
    for _ in range(8):
        conversation.line()

    assert [write.count(b"\r\n") for write in conversation.writes] == [2, 2, 1, 1, 2]


def test_the_replies_to_a_client_that_is_gone_harm_nobody(server: Any) -> None:
    conversation = server.in_data()
    conversation.send(b"stored all the same\r\n.\r\nNOOP\r\n")
    conversation.hang_up()
    conversation.rest()

    assert server.current.wait_idle(server.project, timeout=20)
    assert server.octets() == [b"stored all the same\r\n"]


# -- ends that the server chooses


def test_a_connection_too_many_is_told_so(server: Any) -> None:
    server.with_limits(connections=1)
    first = server.greeted()

    assert server.connect().rest() == [b"421 4.7.0 sandbox.localhost Too many connections"]
    first.ask(b"QUIT")
    first.rest()
    assert server.connect().line().startswith(b"220")


def test_a_silent_client_is_told_to_go(server: Any) -> None:
    server.with_limits(idle=0.02)
    conversation = server.connect()

    assert conversation.rest()[1:] == [b"421 4.4.2 sandbox.localhost Timeout exceeded"]


def test_a_client_silent_in_data_is_told_to_go_and_what_came_is_on_record(server: Any) -> None:
    server.with_limits(idle=0.1)
    conversation = server.in_data()
    conversation.send(b"Subject: hal")

    assert conversation.rest() == [b"421 4.4.2 sandbox.localhost Timeout exceeded"]
    [refusal] = server.refusals()
    assert (refusal.stage, refusal.reply[:9], refusal.partial) == ("DATA", "421 4.4.2", b"Subject: hal")


def test_half_a_line_may_not_take_for_ever(server: Any) -> None:
    server.with_limits(line=0.02)
    conversation = server.connect()
    conversation.line()
    conversation.send(b"NO", 1)

    assert conversation.rest() == [b"421 4.4.2 sandbox.localhost Timeout exceeded"]


def test_a_client_that_reads_nothing_is_dropped(server: Any) -> None:
    server.with_limits(idle=0.1)
    conversation = server.connect()
    server.loop.call(conversation._protocol.pause_writing)
    conversation.send(b"NOOP\r\n")
    conversation.rest()

    assert conversation.closed


def test_shutting_down_dismisses_who_waits_and_lets_others_finish(server: Any, loop: Loop) -> None:
    waiting, busy = server.greeted(), server.in_data()
    farewell = b"421 4.3.2 sandbox.localhost Shutting down"
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(loop.run, server.factory.shutdown())

        assert waiting.rest() == [farewell]
        assert server.connect().rest() == [farewell]
        assert not stopping.done()
        busy.send(b"last\r\n.\r\n")
        stored, *rest = busy.rest()
        assert stored.startswith(b"250")
        assert rest == [farewell]
    assert server.octets() == [b"last\r\n"]


def test_who_does_not_finish_in_time_is_dismissed(server: Any, loop: Loop) -> None:
    conversation = server.in_data()
    loop.run(server.factory.shutdown(grace=0.01))

    assert conversation.rest() == [b"421 4.3.2 sandbox.localhost Shutting down"]
    assert [refusal.stage for refusal in server.refusals()] == ["DATA"]
    assert server.current.wait_idle(server.project, timeout=0)


# -- a store that takes nothing


def test_a_store_that_takes_nothing_is_answered_452_and_the_session_goes_on(server: Any, loop: Loop) -> None:
    server.store = SqliteStore()
    server.store.settle = loop.call
    server.with_limits()
    conversation = server.in_data()
    server.store.close()

    assert conversation.ask(b"Subject: x\r\n.") == b"452 4.3.1 The store cannot take mail now"
    assert conversation.ask(b"RCPT TO:<bob@example.com>") == b"503 5.5.1 Need MAIL command"
    assert conversation.ask(b"MAIL FROM:<bad@>").startswith(b"501")
    assert server.current.wait_idle(server.project, timeout=0)


# -- TCP


def test_two_small_writes_at_the_end_of_data_are_acknowledged_at_once(server: Any) -> None:
    conversation = server.in_data(OverTcp)
    conversation.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    conversation.send(b"Subject: x\r\n\r\ny")
    conversation.send(b"\r\n.\r\n")

    assert conversation.reply().startswith(b"250")


def test_a_half_closed_connection_gets_all_its_answers(server: Any) -> None:
    conversation = server.connect(OverTcp)
    conversation.send(
        b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nhurry\r\n.\r\nQUIT\r\n"
    )
    conversation.end()

    assert conversation.rest()[-1] == b"221 2.0.0 Bye"
    assert server.octets() == [b"hurry\r\n"]


def test_a_connection_that_is_reset_leaves_nothing_behind(server: Any) -> None:
    conversation = server.in_data(OverTcp)
    conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    conversation.send(b"half")
    conversation.hang_up()

    assert server.current.wait_idle(server.project, timeout=20)
    assert server.messages() == []
