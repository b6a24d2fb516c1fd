"""Faults where TLS begins, by STARTTLS or at once, and inside of it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from conversations import PATIENCE, OverTcp
from faulty import Watched, until_so

from mailtrap.faults import Faults, Rule

MESSAGE = b"Subject: secret\r\n\r\nhush\r\n"
WAYS = ["starttls", "at once"]
WRONG = {"expired": "certificate has expired", "other-name": "not valid for", "self-signed": "self-signed certificate"}


@pytest.fixture
def faulted(ports: Any, faults: Faults, clock: Watched) -> Any:
    """The ports, of a server with faults."""
    ports.with_limits(faults=faults, clock=clock)
    return ports


@pytest.fixture(params=WAYS)
def client(request: pytest.FixtureRequest, faulted: Any) -> Callable[[ssl.SSLContext], smtplib.SMTP]:
    """A client that has TLS, by either way."""
    port = faulted.smtps if request.param == "at once" else faulted.submission

    def begin(context: ssl.SSLContext) -> smtplib.SMTP:
        if request.param == "at once":
            return smtplib.SMTP_SSL("localhost", port, context=context, timeout=PATIENCE)
        client = smtplib.SMTP("localhost", port, timeout=PATIENCE)
        client.starttls(context=context)
        return client

    return begin


Begin = Callable[[ssl.SSLContext], smtplib.SMTP]


def transcripts(server: Any) -> str:
    """What was said in all sessions so far."""
    return "\n\n".join(str(server.store.transcript(each.id)) for each in server.store.sessions())


# -- certificates


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_certificate_is_refused_by_who_looks(
    client: Begin, faults: Faults, server: Any, trusting: ssl.SSLContext, kind: str
) -> None:
    faults.add(Rule("smtp.starttls", f"certificate {kind}"))

    with pytest.raises(ssl.SSLCertVerificationError, match=WRONG[kind]):
        client(trusting)
    assert f"certificate {kind}" in transcripts(server)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_certificate_is_taken_by_who_does_not_look(
    client: Begin, faults: Faults, server: Any, kind: str
) -> None:
    faults.add(Rule("smtp.connect", f"certificate {kind}"))
    with client(ssl._create_unverified_context()) as careless:
        careless.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)

    assert server.octets() == [MESSAGE]


def test_the_certificate_is_right_again_when_the_fault_is_spent(
    client: Begin, faults: Faults, trusting: ssl.SSLContext
) -> None:
    faults.add(Rule("smtp.starttls", "certificate expired", times=1))

    with pytest.raises(ssl.SSLCertVerificationError):
        client(trusting)
    with client(trusting) as served:
        assert served.noop()[0] == 250


# -- the handshake


def test_starttls_is_refused_and_the_session_goes_on(faulted: Any, faults: Faults, server: Any) -> None:
    faults.add(Rule("smtp.starttls", "reject 454 4.7.0 not now"))
    conversation = faulted.raw()
    conversation.ask(b"MAIL FROM:<ann@example.com>")

    assert conversation.ask(b"STARTTLS") == b"454 4.7.0 not now"
    assert conversation.ask(b"RCPT TO:<bob@example.com>").startswith(b"250")


def test_tls_that_comes_first_cannot_be_refused_in_words(faulted: Any, faults: Faults, server: Any) -> None:
    faults.add(Rule("smtp.starttls", "reject 454 4.7.0 not now"))

    with pytest.raises(OSError, match=r"EOF|reset"):
        smtplib.SMTP_SSL("localhost", faulted.smtps, context=ssl._create_unverified_context())
    assert "closed before TLS: 454 4.7.0 not now" in transcripts(server)


@pytest.mark.parametrize("stage", ["connect", "banner"])
def test_the_banner_is_refused_inside_tls(faulted: Any, faults: Faults, trusting: ssl.SSLContext, stage: str) -> None:
    faults.add(Rule(f"smtp.{stage}", "reject 554 5.7.1 no"))

    with pytest.raises(smtplib.SMTPConnectError, match=r"554.*5\.7\.1 no"):
        smtplib.SMTP_SSL("localhost", faulted.smtps, context=trusting)


@pytest.mark.parametrize("do", ["drop", "drop rst"])
def test_the_connection_is_dropped_in_the_handshake(
    client: Begin, faults: Faults, trusting: ssl.SSLContext, do: str
) -> None:
    faults.add(Rule("smtp.starttls", do))

    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)) as failed:
        client(trusting)
    assert isinstance(failed.value, ConnectionResetError) == (do == "drop rst")


def test_starttls_is_answered_before_the_handshake_is_dropped(faulted: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.starttls", "drop"))
    conversation = faulted.raw()

    assert conversation.ask(b"STARTTLS").startswith(b"220")
    conversation.send(b"\x16\x03\x01")
    assert conversation.rest() == []


@pytest.mark.parametrize("stage", ["connect", "starttls"])
def test_the_handshake_is_delayed(
    client: Begin, faults: Faults, clock: Watched, trusting: ssl.SSLContext, stage: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", "delay 1h"))
    with ThreadPoolExecutor() as pool:
        connecting = pool.submit(client, trusting)
        assert clock.pass_pause() == 3600.0
        with connecting.result() as delayed:
            assert delayed.noop()[0] == 250


@pytest.mark.parametrize("do", ["delay 1h", "hang"])
@pytest.mark.parametrize("stage", ["connect", "starttls"])
@pytest.mark.parametrize("ending", ["gone", "stopped"])
def test_nobody_waits_for_a_handshake_that_a_fault_holds_up(
    faulted: Any, faults: Faults, clock: Watched, server: Any, do: str, stage: str, ending: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", do))
    conversation = OverTcp(server.loop, faulted.factory.listener(at_once=True))
    faulted.undo.callback(conversation.hang_up)
    until_so(lambda: any("- fault" in str(each.transcript) for each in [*faulted.factory._sessions]))
    if ending == "gone":
        conversation.end()
    else:
        server.loop.run(faulted.factory.shutdown(grace=3600))

    with conversation._changed:
        assert conversation._changed.wait_for(lambda: conversation.closed, 20)
    assert conversation.received == b""


# -- inside of TLS


@pytest.mark.parametrize("do", ["drop", "drop rst"])
@pytest.mark.parametrize("stage", ["rcpt", "dot", "stored"])
def test_a_connection_in_tls_is_dropped_without_taking_leave(
    client: Begin, faults: Faults, server: Any, trusting: ssl.SSLContext, stage: str, do: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", do))
    dropped = client(trusting)

    with closing(dropped), pytest.raises((smtplib.SMTPServerDisconnected, ssl.SSLError, OSError)):
        dropped.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)
    assert server.current.wait_idle(server.project, timeout=20)
    assert server.octets() == ([MESSAGE] if stage == "stored" else [])
    assert [each.envelope.tls for each in server.refusals()] == ([] if stage == "stored" else ["TLSv1.3"])


def test_data_in_tls_breaks_off_after_so_many_octets(
    client: Begin, faults: Faults, server: Any, trusting: ssl.SSLContext
) -> None:
    faults.add(Rule("smtp.data", "drop after 9"))
    dropped = client(trusting)

    with closing(dropped), pytest.raises((smtplib.SMTPServerDisconnected, ssl.SSLError, OSError)):
        dropped.sendmail("ann@example.com", ["bob@example.com"], MESSAGE * 10_000)
    assert server.current.wait_idle(server.project, timeout=20)
    assert [each.partial for each in server.refusals()] == [b"Subject: "]


def test_data_in_tls_is_read_slowly(
    client: Begin, faults: Faults, clock: Watched, server: Any, trusting: ssl.SSLContext
) -> None:
    faults.add(Rule("smtp.data", "slow 100/s"))
    with client(trusting) as slowed, ThreadPoolExecutor() as pool:
        sending = pool.submit(slowed.sendmail, "ann@example.com", ["bob@example.com"], MESSAGE)
        pauses = clock.pass_pauses(until=sending.done)
        sending.result()

    assert sum(pauses) == pytest.approx((len(MESSAGE) + 3) / 100)
    assert server.octets() == [MESSAGE]
