"""The sandbox: started and stopped from anywhere, nothing left behind, nothing asked of the user."""

from __future__ import annotations

import imaplib
import os
import poplib
import smtplib
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailtrap.errors import BadSettings, CannotListen, NotFound
from mailtrap.listeners import PORTS
from mailtrap.sandbox import IN_CODE, Sandbox

MESSAGE = b"From: shop@example.com\r\nTo: ann@example.com\r\nSubject: Welcome\r\n\r\nHi Ann\r\n"


def send(port: int, message: bytes = MESSAGE, host: str = "127.0.0.1") -> None:
    with smtplib.SMTP(host, port) as smtp:
        smtp.sendmail("shop@example.com", ["ann@example.com", "bob@example.com"], message)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"smpt": 0}, "there is no setting 'smpt'; did you mean smtp?"),
        ({"smtp": "many"}, "smtp is 'many'"),
        ({"size_limit": "huge"}, "size_limit is 'huge'"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Sandbox(**options)

    assert said in str(caught.value)


def test_a_port_in_use_leaves_nothing_behind(tmp_path: Path) -> None:
    threads = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as other:
        sandbox = Sandbox(smtp=other.getsockname()[1], temp_dir=tmp_path)

        with pytest.raises(CannotListen):
            sandbox.start()

    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_opened_leaves_no_port_open(tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("not a directory")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

    with pytest.raises(Exception, match="file"):
        Sandbox(smtp=port, data=tmp_path / "file").start()

    socket.create_server(("127.0.0.1", port)).close()


def test_what_is_sent_is_there_when_the_sending_is_done(sandbox: Sandbox) -> None:
    send(sandbox.smtp_port)

    [message] = sandbox.messages()
    assert message.raw == MESSAGE
    assert message.subject == "Welcome"
    assert message.envelope is not None
    assert message.envelope.rcpt_to == ("ann@example.com", "bob@example.com")


def test_messages_are_listed_oldest_first_however_many(sandbox: Sandbox) -> None:
    for number in range(205):
        sandbox.deliver(b"Subject: %d\r\n\r\n" % number)

    assert [message.subject for message in sandbox.messages()] == [str(number) for number in range(205)]


def test_what_is_delivered_has_the_envelope_that_was_given(sandbox: Sandbox) -> None:
    message = sandbox.deliver(MESSAGE, mail_from="a@example.com", rcpt_to=["Ann+x@example.com"])

    assert message.envelope is not None
    assert (message.envelope.mail_from, message.envelope.rcpt_to) == ("a@example.com", ("Ann+x@example.com",))
    assert message.summary.origin == "deliver"
    assert set(message.summary.accounts) == {"catchall", "ann+x@example.com", "ann@example.com"}
    assert bytes(message.raw) == MESSAGE


def test_delivering_into_another_project_shows_nothing_in_the_current_one(sandbox: Sandbox) -> None:
    elsewhere = sandbox.store.new_project().id

    sandbox.deliver(MESSAGE, project=elsewhere)

    assert sandbox.messages() == []
    with sandbox.current.set_to(elsewhere):
        assert len(sandbox.messages()) == 1


@pytest.mark.needs("ipv6")
def test_both_loopback_addresses_reach_it(sandbox: Sandbox) -> None:
    send(sandbox.smtp_port, host="127.0.0.1")
    send(sandbox.smtp_port, host="::1")

    assert len(sandbox.messages()) == 2
    assert sandbox.exposed == []


def test_it_is_started_once_and_stopped_once_however_often_it_is_asked() -> None:
    sandbox = Sandbox()
    sandbox.stop()
    port = sandbox.start().smtp_port

    assert sandbox.start().smtp_port == port

    sandbox.stop()
    sandbox.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_it_may_be_started_again(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path)
    with sandbox:
        send(sandbox.smtp_port)
    with sandbox:
        send(sandbox.smtp_port)

        assert len(sandbox.messages()) == 2


def test_another_thread_may_stop_it() -> None:
    sandbox = Sandbox().start()
    port = sandbox.smtp_port
    stopping = [threading.Thread(target=sandbox.stop) for _ in range(3)]
    for each in stopping:
        each.start()
    for each in stopping:
        each.join(30)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_stop_lets_a_transaction_finish_and_nobody_else_begin() -> None:
    sandbox = Sandbox().start()
    kept: list[int] = []
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as smtp:
        smtp.ehlo()
        smtp.mail("a@example.com")
        smtp.rcpt("b@example.com")
        sandbox.bus.subscribe(lambda event: kept.append(event.modseq))
        stopping = threading.Thread(target=sandbox.stop)
        stopping.start()
        code, _ = smtp.data(MESSAGE)
        smtp.close()
    stopping.join(30)

    assert code == 250
    assert len(kept) == 1


def test_two_sandboxes_know_nothing_of_one_another(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        send(other.smtp_port)

        assert len(other.messages()) == 1
    assert sandbox.messages() == []


def test_what_was_kept_in_a_directory_is_there_the_next_time(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path / "mail") as first:
        send(first.smtp_port)
        [before] = first.messages()
    with Sandbox(data=tmp_path / "mail") as second:
        [after] = second.messages()

        assert (after.id, after.raw, after.envelope) == (before.id, MESSAGE, before.envelope)


def test_a_temporary_store_goes_with_it(tmp_path: Path) -> None:
    with Sandbox(temp_dir=tmp_path) as sandbox:
        send(sandbox.smtp_port)

        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []


def test_a_protocol_that_is_off_has_no_address() -> None:
    with Sandbox(smtp="off") as sandbox, pytest.raises(NotFound, match="no port for smtp"):
        sandbox.address("smtp")


def test_http_is_off_unless_it_is_asked_for(sandbox: Sandbox) -> None:
    assert list(sandbox.addresses) == ["smtp"]
    with pytest.raises(NotFound, match="no port for http"):
        _ = sandbox.url


def test_http_answers_from_the_first_moment_on() -> None:
    with Sandbox(http=0) as sandbox:
        send(sandbox.smtp_port)
        with urllib.request.urlopen(f"{sandbox.url}/v1/messages/latest/raw") as answer:
            raw = answer.read()

    assert raw == MESSAGE


def test_a_port_may_be_opened_while_it_runs(sandbox: Sandbox) -> None:
    host, port = sandbox.listen("http")

    assert sandbox.listen("http") == (host, port)
    with urllib.request.urlopen(f"{sandbox.url}/readyz") as answer:
        assert answer.status == 200
    sandbox.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port))
    with pytest.raises(RuntimeError):
        sandbox.listen("http")


def test_a_sandbox_with_http_is_stopped_before_it_has_finished_starting() -> None:
    sandbox = Sandbox(http=0).start()
    port = sandbox.http_port

    sandbox.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_address_that_people_use_is_in_every_link() -> None:
    with Sandbox(http=0, url="https://ci.example/mail/") as sandbox:
        assert sandbox.url == "https://ci.example/mail"


def test_settings_are_taken_whole_and_changed_by_name() -> None:
    settings = replace(IN_CODE, hostname="one.example")

    assert Sandbox(settings).settings is not settings
    assert Sandbox(settings).settings == settings
    assert Sandbox(settings, hostname="two.example").settings.hostname == "two.example"


def test_it_calls_itself_what_it_is_told_to() -> None:
    with Sandbox(hostname="mx.example") as sandbox, smtplib.SMTP() as smtp:
        _, greeting = smtp.connect("127.0.0.1", sandbox.smtp_port)

    assert greeting.startswith(b"mx.example ")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_forked_child_that_stops_it_stops_nothing(sandbox: Sandbox) -> None:
    child = os.fork()
    if child == 0:
        sandbox.stop()
        os._exit(0)
    _, status = os.waitpid(child, 0)

    send(sandbox.smtp_port)
    assert status == 0
    assert len(sandbox.messages()) == 1


# -- every protocol, and TLS


@pytest.fixture
def everything() -> Iterator[Sandbox]:
    with Sandbox(**dict.fromkeys(PORTS, 0)) as running:
        yield running


def trusting(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem.decode())
    return context


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ca_key": "key.pem"}, "ca_file and ca_key go together"),
        ({"ca_file": "ca.pem", "ca_key": "key.pem"}, "ca_file ca.pem cannot be read: No such file"),
        ({"key_file": "key.pem"}, "key_file is set, but not cert_file"),
    ],
)
def test_what_cannot_be_a_certificate_is_told_at_the_start(options: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        Sandbox(**options).start()


def test_what_comes_by_smtp_is_read_by_pop3_and_imap(everything: Sandbox) -> None:
    send(everything.smtp_port)
    pop3 = poplib.POP3("127.0.0.1", everything.pop3_port)
    pop3.user("ann@example.com")
    pop3.pass_("any")
    assert b"\r\n".join(pop3.retr(1)[1]) + b"\r\n" == MESSAGE
    pop3.quit()
    with imaplib.IMAP4("127.0.0.1", everything.imap_port) as imap:
        imap.login("catchall", "any")
        assert imap.select() == ("OK", [b"1"])
        answer: Any = imap.fetch("1", "(BODY.PEEK[])")[1]

    assert answer[0][1] == MESSAGE


def test_every_port_for_tls_has_a_certificate_for_it(everything: Sandbox) -> None:
    context = trusting(everything.tls.ca_pem())
    port = {name: everything.address(name)[1] for name in PORTS}
    smtp = smtplib.SMTP("localhost", port["submission"])
    smtp.starttls(context=context)
    said = [
        smtp.quit()[0],
        smtplib.SMTP_SSL("localhost", port["smtps"], context=context).quit()[0],
        poplib.POP3_SSL("localhost", port["pop3s"], context=context).quit(),
        imaplib.IMAP4_SSL("localhost", port["imaps"], ssl_context=context).logout()[0],
    ]

    assert said == [221, 221, b"+OK Bye", "BYE"]


def test_the_plain_ports_offer_tls_only_where_that_is_asked_for(everything: Sandbox) -> None:
    with Sandbox(smtp=0, pop3=0, imap=0, starttls=True) as offering:
        assert [offers(each) for each in (everything, offering)] == [[False] * 3, [True] * 3]


def offers(sandbox: Sandbox) -> list[bool]:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as smtp:
        smtp.ehlo()
    pop3 = poplib.POP3("127.0.0.1", sandbox.pop3_port)
    capabilities = pop3.capa()
    pop3.quit()
    with imaplib.IMAP4("127.0.0.1", sandbox.imap_port) as imap:
        return [smtp.has_extn("starttls"), "STLS" in capabilities, "STARTTLS" in imap.capabilities]


def test_a_certificate_of_its_own_is_used_and_offered_everywhere(own_certificate: Path) -> None:
    context = trusting(own_certificate.with_name("other-ca.pem").read_bytes())
    context.check_hostname = False
    with Sandbox(imap=0, cert_file=own_certificate) as sandbox:
        with imaplib.IMAP4("127.0.0.1", sandbox.imap_port) as imap:
            assert imap.starttls(context)[0] == "OK"
            certificate: Any = imap.sock.getpeercert()
        with pytest.raises(NotFound):
            sandbox.tls.ca_pem()

    assert certificate["subjectAltName"] == (("DNS", "mail.example"),)


def test_on_request_nobody_logs_in_without_tls() -> None:
    with Sandbox(pop3=0, imap=0, login_needs_tls=True) as sandbox:
        with imaplib.IMAP4("127.0.0.1", sandbox.imap_port) as imap:
            assert "LOGINDISABLED" in imap.capabilities
        pop3 = poplib.POP3("127.0.0.1", sandbox.pop3_port)
        with pytest.raises(poplib.error_proto, match="Log in after"):
            pop3.user("ann@example.com")
        pop3.close()


def test_who_waits_for_mail_is_told_when_it_stops(everything: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", everything.imap_port), 20) as connection:
        said = connection.makefile("rb")
        said.readline()
        connection.sendall(b"a LOGIN catchall x\r\nb SELECT INBOX\r\nc IDLE\r\n")
        assert any(line.startswith(b"+") for line in said)
        everything.stop()

        assert said.read().startswith(b"* BYE")
        said.close()
