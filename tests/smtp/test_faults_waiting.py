"""Delays, hangs and slowness: who waits for whom, and what ends it. Nothing here takes time: the clock is moved."""

from __future__ import annotations

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conversations import OverTcp
from faulty import Watched, until_so

from mailtrap.faults import Faults, Rule
from mailtrap.loop import Loop

GREETED = b"EHLO client.example\r\n"
MAIL = b"MAIL FROM:<ann@example.com>\r\n"
RCPT = b"RCPT TO:<bob@example.com>\r\n"
DATA = b"DATA\r\nSubject: x\r\n.\r\n"
FAREWELL = b"421 4.3.2 sandbox.localhost Shutting down"

STAGES = {
    "connect": b"",
    "banner": b"",
    "ehlo": GREETED,
    "auth": GREETED + b"AUTH PLAIN AGpvYi0xAHNlY3JldA==\r\n",
    "mail": GREETED + MAIL,
    "rcpt": GREETED + MAIL + RCPT,
    "rset": GREETED + MAIL + b"RSET\r\n",
    "quit": GREETED + MAIL + b"QUIT\r\n",
    "data": GREETED + MAIL + RCPT + DATA,
    "dot": GREETED + MAIL + RCPT + DATA,
    "stored": GREETED + MAIL + RCPT + DATA,
}
"""What brings a session to each stage."""


def in_loop(loop: Loop, what: Any) -> Any:
    """What is so in the loop's thread, after all that was sent."""

    async def look() -> Any:
        return what()

    return loop.run(look())


# -- delays


@pytest.mark.parametrize("stage", STAGES)
def test_a_delay_waits_by_the_clock_and_changes_nothing_else(
    server: Any, faults: Faults, clock: Watched, stage: str
) -> None:
    usual = server.connect()
    usual.send(STAGES[stage] + b"QUIT\r\n")
    lines = usual.rest()
    faults.add(Rule(f"smtp.{stage}", "delay 1h"))
    conversation = server.connect()
    conversation.send(STAGES[stage] + b"QUIT\r\n")

    assert clock.pause() == 3600.0
    clock.advance(1800.0)
    assert not conversation.closed
    clock.advance(1800.0)
    assert [line[:3] for line in conversation.rest()] == [line[:3] for line in lines]
    assert server.current.wait_idle(server.project, timeout=20)


def test_what_was_answered_before_goes_out_before_the_delay(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.rcpt", "delay 3s", rcpt="bob@*"))
    conversation = server.greeted()
    conversation.send(MAIL + b"RCPT TO:<carl@example.com>\r\n" + RCPT + b"RCPT TO:<dora@example.com>\r\n")

    assert clock.pause() == 3.0
    assert [conversation.line(), conversation.line()] == [b"250 2.1.0 OK", b"250 2.1.5 OK"]
    assert conversation.received == b""
    clock.advance(3)
    assert [conversation.line(), conversation.line()] == [b"250 2.1.5 OK"] * 2


def test_several_faults_act_in_their_order(server: Any, faults: Faults, clock: Watched) -> None:
    for do in ("delay 1s", "delay 2s", "reject 450 4.2.0 later", "delay 3s"):
        faults.add(Rule("smtp.noop", do))
    conversation = server.greeted()
    conversation.send(b"NOOP\r\n")

    assert [clock.pass_pause(), clock.pass_pause()] == [1.0, 2.0]
    assert conversation.line() == b"450 4.2.0 later"


def test_an_address_delays_without_any_rule(server: Any, clock: Watched, faults: Faults) -> None:
    conversation = server.greeted()
    conversation.send(MAIL + b"RCPT TO:<delay+90s@fault.test>\r\n")

    assert clock.pass_pause() == 90.0
    assert [conversation.line(), conversation.line()] == [b"250 2.1.0 OK", b"250 2.1.5 OK"]


def test_what_comes_during_a_delay_is_carried_out_after_it(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.dot", "delay 3s", times=1))
    conversation = server.in_data()
    conversation.send(b"first\r\n.\r\n")
    clock.pause()
    conversation.send(b"RSET\r\n" * 2_000)
    clock.advance(3)

    assert conversation.line().startswith(b"250 2.0.0 OK id=")
    assert [conversation.line() for _ in range(2_000)] == [b"250 2.0.0 OK"] * 2_000
    assert server.octets() == [b"first\r\n"]


def test_whoever_is_delayed_is_not_silent_for_too_long(server: Any, faults: Faults, clock: Watched) -> None:
    server.with_limits(faults=faults, clock=clock, idle=0.1, line=0.1)
    faults.add(Rule("smtp.noop", "delay 1h"))
    conversation = server.greeted()
    conversation.send(b"NOOP\r\nNO")
    clock.pause()
    late = in_loop(server.loop, lambda: conversation._protocol.is_late(server_time(conversation) + 10))
    clock.advance(3600)

    assert not late
    assert conversation.line() == b"250 2.0.0 OK"


def server_time(conversation: Any) -> float:
    return float(conversation._protocol.loop.time())


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("do", ["delay 1h", "hang", "slow 1/s"])
@pytest.mark.parametrize("way", ["eof", "gone"])
def test_a_client_that_goes_meanwhile_is_not_waited_for(
    server: Any, faults: Faults, clock: Watched, stage: str, do: str, way: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", do))
    conversation = server.connect()
    conversation.send(STAGES[stage])
    until_waiting(clock, server, conversation, do)
    if way == "eof":
        conversation.end()
        conversation.rest()
    else:
        conversation.hang_up()

    assert server.current.wait_idle(server.project, timeout=20)
    until_so(lambda: not in_loop(server.loop, lambda: [*server.factory._sessions]))


def until_waiting(clock: Watched, server: Any, conversation: Any, do: str) -> None:
    """Until the session waits."""
    if do == "hang":
        until_hanging(server, conversation)
    else:
        clock.pause()


def until_hanging(server: Any, conversation: Any) -> None:
    """It does so by no clock."""
    until_so(lambda: bool(in_loop(server.loop, lambda: conversation._protocol._hangs)))


@pytest.mark.parametrize("stage", ["dot", "stored"])
def test_a_message_that_came_whole_is_kept_though_its_client_went_during_a_delay(
    server: Any, faults: Faults, clock: Watched, stage: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", "delay 1h"))
    conversation = server.in_data()
    conversation.send(b"Subject: x\r\n.\r\n")
    clock.pause()
    conversation.hang_up()

    assert server.current.wait_idle(server.project, timeout=20)
    assert server.octets() == [b"Subject: x\r\n"]
    assert server.refusals() == []


def test_a_transaction_is_under_way_while_it_is_delayed(server: Any, faults: Faults, clock: Watched) -> None:
    for stage in ("mail", "rcpt", "data", "dot"):
        faults.add(Rule(f"smtp.{stage}", "delay 1s"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT + DATA)
    idle = []
    for _ in range(4):
        clock.pause()
        idle.append(server.current.wait_idle(server.project, timeout=0))
        clock.advance(1)

    assert idle == [False] * 4
    assert server.current.wait_idle(server.project, timeout=20)


# -- the server stops


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("do", ["delay 1h", "hang", "slow 1/s"])
def test_a_server_that_stops_waits_for_none_of_them(
    server: Any, faults: Faults, clock: Watched, stage: str, do: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", do))
    conversation = server.connect()
    conversation.send(STAGES[stage])
    until_waiting(clock, server, conversation, do)
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(server.loop.run, server.factory.shutdown(grace=3600))
        if stage in ("mail", "rcpt") and do != "hang":  # it may finish its transaction
            conversation.send(b"QUIT\r\n")
        lines = conversation.rest()
        stopping.result(20)

    assert (lines[-1:] == [] or not lines[-1].startswith(b"421")) if do == "hang" else lines[-1][:3] in (b"421", b"221")
    assert server.current.wait_idle(server.project, timeout=0)


def test_a_delay_that_comes_while_the_server_stops_is_none(server: Any, faults: Faults, clock: Watched) -> None:
    conversation = server.in_data()
    faults.add(Rule("smtp.dot", "delay 1h"))
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(server.loop.run, server.factory.shutdown(grace=3600))
        until_so(lambda: bool(server.factory.stopping))
        conversation.send(b"Subject: x\r\n.\r\n")
        stored, farewell = conversation.rest()
        stopping.result(20)

    assert (stored[:3], farewell) == (b"250", FAREWELL)


# -- hanging


@pytest.mark.parametrize("stage", STAGES)
def test_a_hang_is_silent_and_ends_what_was_under_way(server: Any, faults: Faults, stage: str) -> None:
    faults.add(Rule(f"smtp.{stage}", "hang"))
    conversation = server.connect()
    conversation.send(STAGES[stage])
    until_hanging(server, conversation)
    conversation.send(b"NOOP\r\n" * 10)

    assert server.current.wait_idle(server.project, timeout=20)
    conversation.end()
    assert b"250 2.0.0 OK" not in conversation.rest()


def test_a_client_that_hangs_for_too_long_is_left_without_a_word(server: Any, faults: Faults, clock: Watched) -> None:
    server.with_limits(faults=faults, clock=clock, idle=0.05)
    faults.add(Rule("smtp.rcpt", "hang"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT)

    assert conversation.rest() == [b"250 2.1.0 OK"]
    assert [(each.stage, each.reply, each.envelope.rcpt_to) for each in server.refusals()] == [
        ("RCPT", "", ("bob@example.com",))
    ]


# -- slowness


def test_data_is_read_slowly_in_pieces_with_a_pause_behind_each(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.data", "slow 100/s"))
    conversation = server.in_data()
    conversation.send(b"x" * 95 + b"\r\n.\r\n")
    pauses = clock.pass_pauses(until=lambda: bool(conversation.received))

    assert pauses == [0.1] * 10
    assert conversation.line().startswith(b"250")
    assert server.octets() == [b"x" * 95 + b"\r\n"]


def test_very_slow_data_is_read_octet_by_octet(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.data", "slow 2/s"))
    conversation = server.in_data()
    conversation.send(b"x\r\n.\r\n")

    assert clock.pass_pauses(until=lambda: bool(conversation.received)) == [0.5] * 6


def octets_of_data(server: Any) -> int:
    """So many came in the only session that there is."""
    [session] = server.factory._sessions
    return int(session.transaction.data.size)


@pytest.mark.parametrize("do", ["slow 1000/s", "drop after 900"])
def test_a_connection_that_is_lost_while_its_data_is_measured_is_no_bug(
    server: Any, faults: Faults, clock: Watched, caplog: pytest.LogCaptureFixture, do: str
) -> None:
    faults.add(Rule("smtp.data", do))
    with socket.create_connection(server.listen(server.factory)) as peer, peer.makefile("rb") as said:
        peer.sendall(STAGES["rcpt"] + b"DATA\r\n")
        assert any(line.startswith(b"354") for line in said)
        peer.sendall(b"x" * 500)
        until_so(lambda: in_loop(server.loop, lambda: octets_of_data(server) > 0))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    clock.pass_pauses(until=lambda: server.current.wait_idle(server.project, 0))

    assert caplog.records == []
    assert [refusal.stage for refusal in server.refusals()] == ["DATA"]


def test_replies_come_slowly_from_there_on(server: Any, faults: Faults, clock: Watched) -> None:
    conversation = server.greeted()
    faults.add(Rule("smtp.noop", "slow 100/s", times=1))
    conversation.writes.clear()
    conversation.send(b"NOOP\r\nNOOP\r\nQUIT\r\n")
    pauses = clock.pass_pauses(until=lambda: conversation.closed)

    assert conversation.rest() == [b"250 2.0.0 OK"] * 2 + [b"221 2.0.0 Bye"]
    assert {len(each) for each in conversation.writes} <= set(range(1, 11))
    assert sum(pauses) == pytest.approx(sum(map(len, conversation.writes)) / 100)


def test_a_connection_that_is_lost_while_its_reply_goes_out_slowly_is_no_bug(
    server: Any, faults: Faults, clock: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    faults.add(Rule("smtp.ehlo", "slow 10/s"))
    with socket.create_connection(server.listen(server.factory)) as peer:
        peer.sendall(GREETED)
        clock.pause()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    clock.pass_pauses(until=lambda: not in_loop(server.loop, lambda: [*server.factory._sessions]))

    assert caplog.records == []


def test_a_banner_comes_slowly(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.connect", "slow 50/s"))
    conversation = server.connect()
    pauses = clock.pass_pauses(until=lambda: b"\n" in conversation.received)

    assert conversation.line() == b"220 sandbox.localhost ESMTP mailtrap-sandbox"
    assert len(pauses) >= len(conversation.writes) - 1
    assert len(conversation.writes) == -(-46 // 5)


def test_the_client_feels_that_its_data_is_read_slowly(server: Any, faults: Faults, clock: Watched) -> None:
    faults.add(Rule("smtp.data", "slow 1000/s"))
    conversation = server.in_data(OverTcp)
    conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    conversation.send(b"Subject: x\r\n\r\n")
    clock.pause()
    conversation.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        conversation.send(b"x" * 1_000_000)
    [session] = server.factory._sessions

    assert in_loop(server.loop, lambda: len(session._lines)) < 1 << 16
