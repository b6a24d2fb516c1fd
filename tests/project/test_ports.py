"""Bound ports: one number on every address, refusals in one line that says what to set."""

from __future__ import annotations

import os
import socket

import pytest

from mailtrap import ports
from mailtrap.errors import CannotListen


def test_a_port_in_use_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotListen, match=rf"^port {port} of 127\.0\.0\.1 is in use .* set smtp to another port"):
            ports.listen(["127.0.0.1"], port, "smtp")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"does not have that address: set host"):
        ports.listen(["192.0.2.1"], 0, "smtp")
    with pytest.raises(CannotListen, match=r"does not have that address: set host"):
        ports.listen(["2001:db8::1"], 0, "smtp")


@pytest.mark.needs("ipv6")
def test_a_refusal_leaves_no_port_open() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotListen):
            ports.listen(["127.0.0.1", "::1"], port, "smtp")

        socket.create_server(("127.0.0.1", port)).close()


def test_an_ipv6_address_that_is_not_there_is_left_out_where_another_is() -> None:
    [only] = ports.listen(["127.0.0.1", "2001:db8::1"], 0, "smtp")

    with only:
        assert only.getsockname()[0] == "127.0.0.1"


@pytest.mark.needs("ipv6")
def test_both_loopback_addresses_have_the_same_free_port() -> None:
    first, second = ports.listen(["127.0.0.1", "::1"], 0, "smtp")

    with first, second:
        assert first.getsockname()[:2] == ("127.0.0.1", first.getsockname()[1])
        assert second.getsockname()[:2] == ("::1", first.getsockname()[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_does_not_hold_our_ports() -> None:
    [ours] = ports.listen(["127.0.0.1"], 0, "smtp")
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"closed" if ours.fileno() == -1 else b"open")
        os._exit(0)
    os.close(tell)

    with ours, os.fdopen(told, "rb") as answer:
        assert answer.read() == b"closed"
        assert ours.fileno() != -1
    os.waitpid(child, 0)
