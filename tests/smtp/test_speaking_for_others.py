"""Nobody passes for another who may not, and nothing that is said of another gets into other lines."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailtrap.smtp import proxied

HERE = (ip_network("192.0.2.0/24"),)
"""Where the other end of these conversations is."""

FIRST = b"PROXY TCP4 198.51.100.1 192.0.2.2 4711 25\r\n"
SECOND = b"PROXY TCP4 203.0.113.9 192.0.2.2 9 25\r\n"
BINARY = proxied.SIGNATURE + b"\x21\x11\0\x0c" + bytes([203, 0, 113, 9, 192, 0, 2, 2, 0, 9, 0, 25])
HELLO = b"EHLO client.example\r\n"
MESSAGE = b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nhi\r\n.\r\n"


def said(server: Any, octets: bytes) -> list[bytes]:
    """What all of this is answered."""
    conversation = server.connect()
    conversation.send(octets)
    conversation.end()
    return conversation.rest()  # type: ignore[no-any-return]


def peers(server: Any) -> list[str]:
    """Whom the messages came from."""
    return [each.envelope.peer for each in server.messages()]


@pytest.mark.parametrize("header", [FIRST, BINARY], ids=["version 1", "version 2"])
def test_a_header_from_who_is_no_proxy_is_no_command(server: Any, header: bytes) -> None:
    answers = said(server, header + HELLO + MESSAGE)

    assert answers[1].startswith(b"500 5.5.1")
    assert set(peers(server)) <= {"192.0.2.1:4711"}


@pytest.mark.parametrize("header", [SECOND, BINARY], ids=["version 1", "version 2"])
def test_a_second_header_is_not_believed(server: Any, header: bytes) -> None:
    server.with_limits(proxy_protocol=HERE)
    said(server, FIRST + header + HELLO + MESSAGE)
    said(server, FIRST + HELLO + header + MESSAGE)

    assert set(peers(server)) <= {"198.51.100.1:4711"}


def test_who_comes_by_a_proxy_is_not_trusted_as_the_proxy_is(server: Any) -> None:
    server.with_limits(proxy_protocol=HERE, trust_xclient=HERE)
    answers = said(server, FIRST + HELLO + b"XCLIENT ADDR=203.0.113.9\r\n" + HELLO + MESSAGE)

    assert b"502 5.5.1 Command not implemented" in answers
    assert not any(line[4:].startswith(b"XCLIENT") for line in answers)
    assert peers(server) == ["198.51.100.1:4711"]


def test_a_header_in_data_is_data(server: Any) -> None:
    server.with_limits(proxy_protocol=HERE, trust_xclient=HERE)
    said(server, FIRST + HELLO + MESSAGE.replace(b"hi\r\n", SECOND + b"XCLIENT ADDR=203.0.113.9\r\n"))

    assert server.octets() == [SECOND + b"XCLIENT ADDR=203.0.113.9\r\n"]
    assert peers(server) == ["198.51.100.1:4711"]


VALUES = st.one_of(
    st.binary(max_size=12).map(lambda it: b"".join(b"+%02X" % octet for octet in it)),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12).map(str.encode),
    st.sampled_from([b"[UNAVAILABLE]", b"[TEMPUNAVAIL]", b"192.0.2.7", b"IPV6:::1", b"65536", b"25", b"+0D+0A250+20x"]),
)
NAMES = st.sampled_from(b"NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT".split())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(attributes=st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3))
@example([(b"LOGIN", b"+FF")])
@example([(b"HELO", b"+C3")])
@example([(b"LOGIN", b"\xff")])
@example([(b"HELO", b"+0D+0A")])
@example([(b"LOGIN", b"+C2+85")])
@example([(b"LOGIN", b"+E2+80+A8")])
@example([(b"NAME", b"+1B[2J")])
@example([(b"ADDR", b"IPV6:fe80::1%eth0")])
@example([(b"ADDR", b"IPV6:fe80::1%+0D+0AS: 250")])
@example([(b"LOGIN", b"a/b"), (b"PORT", b"+D9+A1")])
def test_whatever_is_said_of_another_a_message_can_be_sent(
    server: Any, caplog: pytest.LogCaptureFixture, attributes: list[tuple[bytes, bytes]]
) -> None:
    if not server.factory.speakers:
        server.with_limits(trust_xclient=HERE)
    line = b"XCLIENT " + b" ".join(name + b"=" + value for name, value in attributes) + b"\r\n"
    answers = said(server, HELLO + line + HELLO + MESSAGE)

    assert re.match(rb"250 2\.0\.0 OK id=", answers[-1]), answers
    assert not caplog.records
    envelope = server.messages()[-1].envelope
    assert not re.search(r"[\x00-\x20\x7f]", envelope.peer + envelope.helo + (envelope.user or ""))
    lines = str(server.store.transcript(server.store.sessions()[0].id)).splitlines()
    assert all(re.match(r" *[0-9.]+ [CS-] ", each) for each in lines)
