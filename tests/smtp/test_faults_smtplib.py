"""Every kind of fault, as Python's own client sees it."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from conversations import PATIENCE
from faulty import Watched
from smtp_client import SmtpClient, Unexpected

from mailtrap.faults import Faults, Rule

ANN, BOB, CARL = "ann@example.com", "bob@example.com", "carl@example.com"
MESSAGE = b"Subject: x\r\n\r\nhello\r\n"

Client = Callable[[], smtplib.SMTP]


@pytest.fixture
def address(server: Any, faults: Faults) -> Any:
    """Where the server with faults is."""
    return server.listen(server.factory)


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[Client]:
    """A client, connected when it is asked for."""
    with ExitStack() as undo:

        def connect() -> smtplib.SMTP:
            client = smtplib.SMTP(*address, timeout=PATIENCE)
            undo.callback(client.close)
            return client

        yield connect


def send(client: Client, *rcpt_to: str) -> dict[str, tuple[int, bytes]]:
    """What `smtplib` says of the recipients that were refused."""
    return client().sendmail(ANN, rcpt_to or (BOB,), MESSAGE)


# -- reject, bye


@pytest.mark.parametrize("stage", ["connect", "banner"])
@pytest.mark.parametrize(("do", "code"), [("reject 554 5.7.1 no", 554), ("bye", 421)])
def test_a_refused_connection(client: Client, faults: Faults, stage: str, do: str, code: int) -> None:
    faults.add(Rule(f"smtp.{stage}", do))

    with pytest.raises(smtplib.SMTPConnectError) as refused:
        client()
    assert refused.value.smtp_code == code


def test_a_refused_ehlo_is_followed_by_helo(client: Client, faults: Faults, server: Any) -> None:
    faults.add(Rule("smtp.ehlo", "reject 502 5.5.1 what?", times=1))
    send(client)

    [message] = server.messages()
    assert message.envelope.rcpt_to == (BOB,)


def test_refused_credentials(client: Client, faults: Faults) -> None:
    faults.add(Rule("smtp.auth", "reject 535 5.7.8 wrong", account="ann"))
    faults.add(Rule("smtp.auth", "reject 454 4.7.0 later", account="carl"))
    connected = client()

    for user, code in (("ann", 535), ("carl", 454)):
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            connected.login(user, "secret")
        assert refused.value.smtp_code == code
    assert connected.login("bob", "secret")[0] == 235


def test_a_refused_mail(client: Client, faults: Faults) -> None:
    faults.add(Rule("smtp.mail", "reject 550 5.7.1 not you"))

    with pytest.raises(smtplib.SMTPSenderRefused, match="not you"):
        send(client)


def test_some_refused_recipients(client: Client, faults: Faults, server: Any) -> None:
    faults.add(Rule("smtp.rcpt", "reject 550 5.1.1 no such user", rcpt="bob@*"))

    assert send(client, BOB, CARL) == {BOB: (550, b"5.1.1 no such user")}
    assert [each.envelope.rcpt_to for each in server.messages()] == [(CARL,)]


@pytest.mark.parametrize("do", ["reject", "bye"])
def test_all_recipients_refused(client: Client, faults: Faults, server: Any, do: str) -> None:
    faults.add(Rule("smtp.rcpt", do))

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(client, BOB, CARL)
    assert server.messages() == []


@pytest.mark.parametrize("stage", ["data", "dot", "stored"])
@pytest.mark.parametrize(("do", "code"), [("reject 451 4.3.0 no", 451), ("bye no", 421)])
def test_refused_data(client: Client, faults: Faults, server: Any, stage: str, do: str, code: int) -> None:
    faults.add(Rule(f"smtp.{stage}", do))

    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(client)
    assert refused.value.smtp_code == code
    assert server.octets() == ([MESSAGE] if stage == "stored" else [])


def test_a_refused_starttls(client: Client, faults: Faults, server: Any) -> None:
    server.factory._port = server.factory._port._replace(starttls=True)
    faults.add(Rule("smtp.starttls", "reject 454 4.7.0 no"))
    connected = client()

    with pytest.raises(smtplib.SMTPResponseException, match=r"454.*4\.7\.0 no"):
        connected.starttls()
    assert connected.noop()[0] == 250


# -- greylist, rate


def test_a_greylist_lets_through_who_waited(client: Client, faults: Faults, clock: Watched, server: Any) -> None:
    faults.add(Rule("smtp.rcpt", "greylist 5m"))
    for passed in (0, 299):
        clock.advance(passed)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="greylisted"):
            send(client)
    clock.advance(1)

    assert send(client) == {}
    assert len(server.messages()) == 1


def test_a_rate_holds_for_a_time(client: Client, faults: Faults, clock: Watched, server: Any) -> None:
    faults.add(Rule("smtp.mail", "rate 2/1m"))
    send(client), send(client)
    with pytest.raises(smtplib.SMTPSenderRefused, match="too much"):
        send(client)
    clock.advance(60)

    assert send(client) == {}
    assert len(server.messages()) == 3


# -- drop, hang


@pytest.mark.parametrize("do", ["drop", "drop rst"])
@pytest.mark.parametrize("stage", ["connect", "banner", "mail", "rcpt", "data", "dot", "stored"])
def test_a_dropped_connection(client: Client, faults: Faults, server: Any, stage: str, do: str) -> None:
    faults.add(Rule(f"smtp.{stage}", do, times=1))

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(client)
    assert send(client) == {}
    assert server.current.wait_idle(server.project, timeout=20)
    assert server.octets() == [MESSAGE] * (2 if stage == "stored" else 1)


@pytest.mark.parametrize("do", ["drop after 1k", "drop rst after 1k"])
def test_a_connection_dropped_in_the_data(client: Client, faults: Faults, server: Any, do: str) -> None:
    faults.add(Rule("smtp.data", do))

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client().sendmail(ANN, [BOB], MESSAGE * 100_000)
    assert server.current.wait_idle(server.project, timeout=20)
    assert [len(each.partial) for each in server.refusals()] == [1024]


def test_a_close_is_none_and_a_reset_is_one(address: tuple[str, int], faults: Faults) -> None:
    faults.add(Rule("smtp.noop", "drop"))
    faults.add(Rule("smtp.help", "drop rst"))
    with SmtpClient(address) as closed, SmtpClient(address) as reset:
        with pytest.raises(Unexpected, match="''"):
            closed.command(b"NOOP", "250")
        with pytest.raises(ConnectionResetError):
            reset.command(b"HELP", "214")


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot", "stored"])
def test_a_hanging_server_runs_into_the_timeout_of_its_client(client: Client, faults: Faults, stage: str) -> None:
    faults.add(Rule(f"smtp.{stage}", "hang"))
    connected = client()
    connected.ehlo()
    assert connected.sock is not None
    connected.sock.settimeout(0.05)  # nothing comes, however long it is

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        connected.sendmail(ANN, [BOB], MESSAGE)


# -- delay, slow


@pytest.mark.parametrize("stage", ["connect", "banner", "ehlo", "mail", "rcpt", "data", "dot", "stored"])
def test_a_delay_is_waited_for(client: Client, faults: Faults, clock: Watched, server: Any, stage: str) -> None:
    faults.add(Rule(f"smtp.{stage}", "delay 30m"))
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, client)

        assert clock.pause() == 1800.0
        assert not sending.done()
        clock.advance(1800)
        assert sending.result(20) == {}
    assert server.octets() == [MESSAGE]


@pytest.mark.parametrize("stage", ["connect", "ehlo", "data", "dot"])
def test_a_slow_server_takes_the_message_all_the_same(
    client: Client, faults: Faults, clock: Watched, server: Any, stage: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", "slow 100/s"))
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, client)
        pauses = clock.pass_pauses(until=sending.done)

        assert sending.result() == {}
    assert max(pauses) == 0.1
    assert server.octets() == [MESSAGE]


# -- hide, offer, bounce


def test_keywords_that_are_hidden_and_offered(client: Client, faults: Faults) -> None:
    for do in ("hide SIZE", "hide 8BITMIME", "offer XMADEUP"):
        faults.add(Rule("smtp.ehlo", do))
    connected = client()
    connected.ehlo()

    assert [connected.has_extn(each) for each in ("size", "8bitmime", "xmadeup", "vrfy")] == [False, False, True, True]


def test_a_bounce_is_accepted(client: Client, faults: Faults, server: Any) -> None:
    faults.add(Rule("smtp.rcpt", "bounce 5.1.1 gone after 1h"))

    assert send(client) == {}
    assert [each.envelope.rcpt_to for each in server.messages()] == [(BOB,)]
