"""Python's own client, over TCP: both ways of the textbook, lost connections, and two clients at once."""

from __future__ import annotations

import poplib
from contextlib import closing
from typing import Any

import pytest

ONE, TWO = b"Subject: one\r\n\r\n.1\r\n", b"Subject: two\r\n\r\n2\r\n"


def log_in(pop3: Any, name: str = "ann@example.com") -> poplib.POP3:
    host, port = pop3.over_tcp()
    client = poplib.POP3(host, port, timeout=20)
    client.user(name)
    client.pass_("any password will do")
    return client


def retrieved(client: poplib.POP3, number: int) -> bytes:
    return b"\r\n".join(client.retr(number)[1]) + b"\r\n"


def test_what_is_not_there_is_an_error(pop3: Any) -> None:
    pop3.add()
    client = log_in(pop3)

    for attempt in (lambda: client.retr(2), lambda: client.dele(0), lambda: client.uidl(2), lambda: client.top(2, 0)):
        with pytest.raises(poplib.error_proto, match="ERR There is no message"):
            attempt()
    assert client.noop() == b"+OK"
    client.quit()


def test_download_and_delete(pop3: Any) -> None:
    pop3.add(ONE, TWO)
    client = log_in(pop3)
    assert client.stat() == (2, len(ONE) + len(TWO))
    found = []
    for number in range(1, 3):
        found.append(retrieved(client, number))
        client.dele(number)
    client.quit()

    assert found == [ONE, TWO]
    assert pop3.left() == []
    assert pop3.left("catchall") == [ONE, TWO]
    with closing(log_in(pop3)) as again:
        assert again.stat() == (0, 0)


def test_leave_a_copy_on_the_server(pop3: Any) -> None:
    pop3.add(ONE)
    seen: dict[bytes, bytes] = {}

    def collect() -> list[bytes]:
        client = log_in(pop3)
        new = []
        for line in client.uidl()[1]:
            number, unique_id = line.split()
            if unique_id not in seen:
                seen[unique_id] = retrieved(client, int(number))
                new.append(seen[unique_id])
        client.quit()
        return new

    assert collect() == [ONE]
    assert collect() == []
    pop3.add(TWO)
    assert collect() == [TWO]
    assert pop3.left() == [ONE, TWO]


def test_a_lost_connection_removes_nothing(pop3: Any) -> None:
    pop3.add(ONE, TWO)
    client = log_in(pop3)
    client.dele(1)
    client.close()
    client = log_in(pop3)
    client.dele(2)
    client.rset()
    client.quit()

    assert pop3.left() == [ONE, TWO]


def test_two_clients_at_once(pop3: Any) -> None:
    pop3.add(ONE, TWO)
    first, second = log_in(pop3), log_in(pop3)
    first.dele(1)
    second.dele(2)
    assert retrieved(first, 2) == TWO
    assert retrieved(second, 1) == ONE
    first.quit()
    assert second.stat() == (1, len(ONE))
    assert retrieved(second, 1) == ONE
    second.quit()

    assert pop3.left() == []


def test_a_message_is_there_on_the_first_look(pop3: Any) -> None:
    for count in range(1, 6):
        pop3.add()
        with closing(log_in(pop3)) as client:
            assert client.stat()[0] == count


def test_what_the_server_can_do(pop3: Any) -> None:
    pop3.add(ONE)
    client = log_in(pop3)

    offered = client.capa()
    assert offered["EXPIRE"] == ["NEVER"]
    assert {"TOP", "UIDL", "USER", "PIPELINING", "RESP-CODES"} < offered.keys()
    assert "STLS" not in offered
    assert client.top(1, 0)[1] == [b"Subject: one", b""]
    assert client.list()[1] == [b"1 %d" % len(ONE)]
    client.quit()


def test_what_is_seen_by_pop3_is_seen_when_quit_is_answered(pop3: Any) -> None:
    pop3.add(ONE, TWO)
    client = log_in(pop3)
    retrieved(client, 2)
    client.quit()

    assert [bool(flags) for flags in pop3.flags()] == [False, True]
