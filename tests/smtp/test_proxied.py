"""Who is at the other end, where a proxy or a trusted client says so."""

from __future__ import annotations

import smtplib
import socket
import ssl
from ipaddress import ip_network
from typing import Any

import pytest
from conversations import InMemory, OverTcp
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.peers import is_within
from mailtrap.sandbox import Sandbox
from mailtrap.smtp.proxied import SIGNATURE, BadHeader, Header, header

EVERYBODY = (ip_network("0.0.0.0/0"),)
IPV4 = socket.inet_aton("198.51.100.7") + socket.inet_aton("192.0.2.25") + b"\x12\x67\x00\x19"
IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") + socket.inet_pton(socket.AF_INET6, "::1") + b"\x12\x67\x00\x19"


def second(said: bytes, command: int = 0x21, family: int = 0x11) -> bytes:
    """A header of version 2."""
    return SIGNATURE + bytes([command, family]) + len(said).to_bytes(2, "big") + said


BAD = [
    b"EHLO client.example\r\n",
    b"proxy TCP4 198.51.100.7 192.0.2.25 4711 25\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.25 4711\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.25 4711 25\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.25 4711 65536\r\n",
    b"PROXY TCP4 198.51.100.777 192.0.2.25 4711 25\r\n",
    b"PROXY TCP6 198.51.100.7 192.0.2.25 4711 25\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 4711 25\r\n",
    b"PROXY UDP4 198.51.100.7 192.0.2.25 4711 25\r\n",
    b"PROXY UNKNOWN" + b"x" * 107,
    b"PROXY " + b"x" * 200,
    second(IPV4[:-1]),
    second(IPV4, family=0x21),
    second(IPV4, command=0x31),
    second(IPV4, command=0x22),
]
GOOD = [
    (b"PROXY TCP4 198.51.100.7 192.0.2.25 4711 25\r\n", "198.51.100.7:4711", "192.0.2.25:25"),
    (b"PROXY TCP6 2001:db8::7 ::1 4711 25\r\n", "[2001:db8::7]:4711", "[::1]:25"),
    (b"PROXY UNKNOWN\r\n", "", ""),
    (b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n", "", ""),
    (second(IPV4), "198.51.100.7:4711", "192.0.2.25:25"),
    (second(IPV4 + b"\x04\x00\x01x"), "198.51.100.7:4711", "192.0.2.25:25"),
    (second(IPV6, family=0x21), "[2001:db8::7]:4711", "[::1]:25"),
    (second(b"", command=0x20, family=0), "", ""),
    (second(b"x" * 216, family=0x31), "", ""),
]


@pytest.mark.parametrize("octets", BAD)
def test_what_is_no_header_is_refused(octets: bytes) -> None:
    with pytest.raises(BadHeader):
        header(octets)


@pytest.mark.parametrize(("octets", "peer", "local"), GOOD)
def test_a_header_says_both_ends_and_nothing_before_it_is_complete(octets: bytes, peer: str, local: str) -> None:
    assert {header(octets[:size]) for size in range(len(octets))} == {None}
    assert header(octets) == header(octets + b"EHLO") == Header(len(octets), peer, local)


@given(st.one_of(st.binary(), st.binary().map(second), st.binary().map(lambda rest: b"PROXY TCP4 " + rest)))
def test_any_octets_are_a_header_or_are_refused(octets: bytes) -> None:
    try:
        found = header(octets)
    except BadHeader:
        return
    assert found is None or 0 < found.octets <= len(octets)


@pytest.mark.parametrize("octets", BAD)
def test_a_session_without_its_header_is_closed_without_a_word_and_on_record(server: Any, octets: bytes) -> None:
    server.with_limits(proxy_protocol=EVERYBODY)
    conversation = server.connect()
    conversation.send(octets, 5)

    assert conversation.rest() == []
    assert "no header of the PROXY protocol" in str(conversation._protocol.transcript)


@pytest.mark.parametrize("way", [InMemory, OverTcp])
@pytest.mark.parametrize(("octets", "peer"), [(octets, peer) for octets, peer, _ in GOOD])
def test_the_greeting_comes_after_the_header(server: Any, way: Any, octets: bytes, peer: str) -> None:
    server.with_limits(proxy_protocol=EVERYBODY)
    conversation = server.connect(way)
    conversation.send(octets + b"EHLO client.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n", 7)
    assert conversation.line().startswith(b"220")
    assert [conversation.reply()[:3] for _ in range(3)] == [b"250"] * 3
    conversation.ask(b"BDAT 2 LAST\r\n")

    [message] = server.messages()
    said = message.envelope.peer
    assert said == peer if peer else said.startswith(("192.0.2.1:", "127.0.0.1:"))


def test_who_is_no_proxy_of_ours_is_greeted_at_once(server: Any) -> None:
    server.with_limits(proxy_protocol=(ip_network("10.0.0.0/8"),))

    assert server.connect().line().startswith(b"220")


def test_a_header_comes_before_tls() -> None:
    with Sandbox(smtps=0, proxy_protocol="127.0.0.0/8") as sandbox:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=sandbox.tls.ca_pem().decode())
        with socket.create_connection(("127.0.0.1", sandbox.address("smtps")[1])) as raw:
            raw.sendall(b"PROXY TCP4 198.51.100.7 192.0.2.25 4711 465\r\n")
            client = smtplib.SMTP()
            client.sock = context.wrap_socket(raw, server_hostname="localhost")
            assert client.getreply()[0] == 220
            client.sendmail("ann@example.com", ["bob@example.com"], b"hello\r\n")
            client.quit()

        [message] = sandbox.messages()
    assert message.envelope is not None
    assert (message.envelope.peer, message.envelope.tls) == ("198.51.100.7:4711", "TLSv1.3")


def test_for_whom_a_trusted_client_speaks_is_in_the_envelope(server: Any) -> None:
    server.with_limits(trust_xclient=(ip_network("192.0.2.1/32"),))
    conversation = server.greeted()
    conversation.ask(b"XCLIENT ADDR=198.51.100.7 PORT=4711 LOGIN=job-4711 DESTADDR=203.0.113.9")
    conversation.ask(b"EHLO client.example")
    conversation.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    conversation.reply(), conversation.reply()
    conversation.ask(b"DATA")
    conversation.ask(b"hello\r\n.")

    [message] = server.messages()
    envelope = message.envelope
    assert (envelope.peer, envelope.helo, envelope.user) == ("198.51.100.7:4711", "client.example", "job-4711")
    assert message.accounts[-1] == "job-4711"
    assert conversation._protocol.transcript.local == "203.0.113.9:0"


def test_who_speaks_for_another_may_do_so_again(server: Any) -> None:
    server.with_limits(trust_xclient=(ip_network("192.0.2.1/32"),))
    conversation = server.greeted()

    assert conversation.ask(b"XCLIENT ADDR=198.51.100.7").startswith(b"220")
    assert conversation.ask(b"XCLIENT ADDR=[UNAVAILABLE]").startswith(b"220")
    assert conversation._protocol.transcript.peer == "unknown:0"


@pytest.mark.parametrize(
    ("written", "within"),
    [("10.1.2.3:25", True), ("[::ffff:10.1.2.3]:25", True), ("[::1]:25", True), ("192.0.2.1:25", False), ("", False)],
)
def test_a_peer_is_within_a_network_or_is_not(written: str, within: bool) -> None:
    assert is_within(written, (ip_network("10.0.0.0/8"), ip_network("::1/128"))) is within
