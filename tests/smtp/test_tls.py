"""SMTP in TLS: begun by STARTTLS or at once, and what is known of the client before and after."""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Any

import pytest
from conversations import PATIENCE, OverTcp
from faulty import until_so

from mailtrap.tls import Tls

MESSAGE = b"Subject: secret\r\n\r\nhush\r\n"


def transcripts(server: Any) -> str:
    """What was said in all sessions so far."""
    return "\n\n".join(str(server.store.transcript(each.id)) for each in server.store.sessions())


def test_without_tls_to_be_had_the_session_goes_on(ports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Tls, wrong: str) -> ssl.SSLContext:
        raise OSError("disk full")

    monkeypatch.setattr(Tls, "_make", fail)
    ports.tls = Tls()
    ports.with_limits()
    conversation = ports.raw()

    assert conversation.ask(b"STARTTLS").startswith(b"454 4.7.0")
    assert conversation.ask(b"MAIL FROM:<ann@example.com>").startswith(b"250")


def test_a_client_that_does_not_trust_us_harms_nobody_and_is_on_record(ports: Any, server: Any) -> None:
    with smtplib.SMTP("127.0.0.1", ports.submission) as client, pytest.raises(ssl.SSLCertVerificationError):
        client.starttls(context=ssl.create_default_context())
    with smtplib.SMTP("127.0.0.1", ports.submission) as client:
        assert client.noop()[0] == 250
    assert "alert unknown ca" in transcripts(server)


def test_a_message_in_tls_says_so(ports: Any, server: Any, trusting: ssl.SSLContext) -> None:
    with smtplib.SMTP("localhost", ports.submission, source_address=("127.0.0.1", 0)) as client:
        client.starttls(context=trusting)
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)
    with smtplib.SMTP_SSL("127.0.0.1", ports.smtps, context=trusting) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)

    assert [each.envelope.tls for each in server.messages()] == ["TLSv1.3", "TLSv1.3"]
    assert server.octets() == [MESSAGE, MESSAGE]


def test_what_was_known_before_tls_is_forgotten(ports: Any, server: Any, trusting: ssl.SSLContext) -> None:
    with smtplib.SMTP("127.0.0.1", ports.submission) as client:
        client.ehlo("before.example")
        client.login("job-4711", "secret")
        client.mail("ann@example.com")
        assert client.docmd("STARTTLS")[0] == 220
        assert client.sock is not None
        client.sock = trusting.wrap_socket(client.sock, server_hostname="127.0.0.1")
        client.file = None
        assert client.docmd("MAIL FROM:<ann@example.com>")[0] == 503
        client.ehlo("after.example")
        assert "starttls" not in client.esmtp_features
        assert client.docmd("STARTTLS") == (503, b"5.5.1 TLS is active already")
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)

    [message] = server.messages()
    assert (message.envelope.helo, message.envelope.user) == ("after.example", None)
    assert [refusal.stage for refusal in server.refusals()] == ["STARTTLS"]


def test_what_is_sent_in_plaintext_behind_starttls_is_dropped(
    ports: Any, server: Any, trusting: ssl.SSLContext
) -> None:
    with smtplib.SMTP("127.0.0.1", ports.submission) as client:
        client.ehlo()
        assert client.sock is not None
        client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<injected@example.com>\r\nRCPT TO:<b@example.com>\r\n")
        assert client.getreply()[0] == 220
        client.sock = trusting.wrap_socket(client.sock, server_hostname="127.0.0.1")
        client.file = None
        client.ehlo()
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)

    [message] = server.messages()
    assert message.envelope.mail_from == "ann@example.com"
    assert "octets of plaintext behind STARTTLS were dropped" in transcripts(server)


def test_credentials_are_taken_in_tls_alone_where_that_is_asked_for(ports: Any, trusting: ssl.SSLContext) -> None:
    ports.with_limits(login_disabled=True)
    with smtplib.SMTP("127.0.0.1", ports.submission) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("ann", "secret")
        client.starttls(context=trusting)
        assert client.login("ann", "secret")[0] == 235
    with smtplib.SMTP_SSL("127.0.0.1", ports.smtps, context=trusting) as client:
        assert client.login("ann", "secret")[0] == 235


@pytest.mark.parametrize("sent", [b"EHLO client.example\r\n", b""])
def test_plaintext_at_the_port_for_tls_is_closed_and_on_record(ports: Any, server: Any, sent: bytes) -> None:
    ports.with_limits(line=0.3)
    conversation = OverTcp(server.loop, ports.factory.listener(at_once=True))
    ports.undo.callback(conversation.hang_up)
    conversation.send(sent)
    with conversation._changed:
        assert conversation._changed.wait_for(lambda: conversation.closed, 20)

    while ports.factory._sessions:
        pass
    assert "no TLS: " in transcripts(server)


def test_a_connection_too_many_at_the_port_for_tls_is_closed(ports: Any, trusting: ssl.SSLContext) -> None:
    ports.with_limits(connections=1)
    ports.raw()

    with pytest.raises(OSError, match=r"EOF|reset"):
        smtplib.SMTP_SSL("127.0.0.1", ports.smtps, context=trusting)


def test_requiretls_is_offered_in_tls_alone(ports: Any, server: Any, trusting: ssl.SSLContext) -> None:
    ports.with_limits(profile="full")
    with smtplib.SMTP("127.0.0.1", ports.submission) as client:
        client.ehlo()
        assert not client.has_extn("requiretls")
        assert client.docmd("MAIL FROM:<ann@example.com> REQUIRETLS")[0] == 555
        client.starttls(context=trusting)
        client.ehlo()
        assert client.has_extn("requiretls")
        assert client.docmd("MAIL FROM:<ann@example.com> REQUIRETLS=yes")[0] == 555
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE, mail_options=["REQUIRETLS"])

    [message] = server.messages()
    assert message.envelope.mail_from.parameters[-1] == "REQUIRETLS"


@pytest.mark.parametrize("way", ["STARTTLS", "at once"])
def test_a_server_that_stops_waits_for_no_handshake(ports: Any, server: Any, way: str) -> None:
    conversation = ports.raw()
    if way == "STARTTLS":
        assert conversation.ask(b"STARTTLS").startswith(b"220")
        server.loop.run(ports.factory.shutdown(grace=3600), timeout=PATIENCE)
    else:
        with socket.create_connection(("127.0.0.1", ports.smtps)) as peer:
            until_so(lambda: any(session.port.at_once for session in tuple(ports.factory._sessions)))
            server.loop.run(ports.factory.shutdown(grace=3600), timeout=PATIENCE)
            assert peer.recv(1) == b""
