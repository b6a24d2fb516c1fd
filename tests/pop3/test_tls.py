"""STLS and a port for TLS alone, with Python's own client, which trusts the sandbox's CA."""

from __future__ import annotations

import poplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from mailtrap.tls import Tls

MESSAGE = b"Subject: secret\r\n\r\n.\r\n"


@pytest.fixture(scope="module")
def tls() -> Tls:
    return Tls()


def trusting(tls: Tls) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=tls.ca_pem().decode())


def test_stls_is_refused_where_there_is_no_tls(pop3: Any, tls: Tls) -> None:
    host, port = pop3.over_tcp()
    client = poplib.POP3(host, port, timeout=20)

    with pytest.raises(poplib.error_proto, match="STLS"):
        client.stls(trusting(tls))
    client.close()


def test_what_comes_behind_stls_in_plaintext_is_not_carried_out(make_pop3: Callable[..., Any], tls: Tls) -> None:
    pop3 = make_pop3(starttls=True)
    pop3.add(MESSAGE)
    with socket.create_connection(pop3.over_tcp(tls), timeout=20) as plain:
        lines = plain.makefile("rb")
        assert lines.readline().startswith(b"+OK sandbox")
        plain.sendall(b"USER ann@example.com\r\nSTLS\r\nPASS x\r\nDELE 1\r\nQUIT\r\n")
        assert lines.readline() == b"+OK\r\n"
        assert lines.readline() == b"+OK Begin TLS negotiation\r\n"
        with trusting(tls).wrap_socket(plain, server_hostname="localhost") as secured:
            secured.sendall(b"PASS x\r\nQUIT\r\n")
            answers = secured.makefile("rb")
            assert answers.readline() == b"-ERR USER comes before PASS\r\n"
            assert answers.readline() == b"+OK Bye\r\n"
            answers.close()
        lines.close()

    assert pop3.left() == [MESSAGE]


def test_stls(make_pop3: Callable[..., Any], tls: Tls) -> None:
    pop3 = make_pop3(starttls=True)
    pop3.add(MESSAGE)
    _, port = pop3.over_tcp(tls)
    client = poplib.POP3("localhost", port, timeout=20)

    assert "STLS" in client.capa()
    client.stls(trusting(tls))
    assert "STLS" not in client.capa()
    client.user("ann@example.com")
    client.pass_("x")
    assert client.retr(1)[1] == [b"Subject: secret", b"", b"."]
    client.quit()


def test_a_port_for_tls_alone(pop3: Any, tls: Tls) -> None:
    pop3.add(MESSAGE)
    _, port = pop3.over_tcp(tls, at_once=True)
    client = poplib.POP3_SSL("localhost", port, timeout=20, context=trusting(tls))

    client.user("ann@example.com")
    client.pass_("x")
    client.dele(1)
    client.quit()
    assert pop3.left() == []
