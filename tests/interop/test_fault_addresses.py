"""Recipients that are faults by their name, as a client that knows nothing of faults meets them."""

from __future__ import annotations

import subprocess

import pytest

from mailtrap.message.captured import Message
from mailtrap.sandbox import Sandbox

pytestmark = [pytest.mark.interop, pytest.mark.needs("swaks")]

NO_RECIPIENT, DISCONNECTED = 24, 6
"""Exit codes of swaks."""


def swaks(sandbox: Sandbox, to: str, *options: str) -> tuple[int, str]:
    """Send to *to*, at most one recipient of which is refused; gives the exit code and the dialogue."""
    host, port = sandbox.address("smtp")
    command = [
        "swaks",
        "--server",
        f"{host}:{port}",
        "--from",
        "app@shop.test",
        "--to",
        to,
        "--timeout",
        "20",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def filed(sandbox: Sandbox) -> list[Message]:
    """What has been stored, with the reports that are due."""
    sandbox.clock.advance(0)
    return sandbox.messages()


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("reject@fault.test", "550 5.7.1"),
        ("reject+552@fault.test", "552 5.2.2"),
        ("Reject+550+5.1.1@Fault.Test", "550 5.1.1"),
        ("tempfail@fault.test", "451 4.3.0"),
        ("tempfail+452+4.2.2@fault.test", "452 4.2.2"),
        ("greylist@fault.test", "451 4.7.1"),
    ],
)
def test_a_recipient_is_refused_as_its_name_says(sandbox: Sandbox, address: str, reply: str) -> None:
    code, dialogue = swaks(sandbox, address)

    assert code == NO_RECIPIENT
    assert f"<** {reply} " in dialogue
    assert filed(sandbox) == []


def test_the_other_recipients_get_the_message(sandbox: Sandbox) -> None:
    code, dialogue = swaks(sandbox, "reject+550+5.1.1@fault.test,bob@x.test")

    [message] = filed(sandbox)
    assert (code, message.accounts) == (0, ["catchall", "bob@x.test"]), dialogue


def test_who_tries_again_gets_through(sandbox: Sandbox) -> None:
    codes = [swaks(sandbox, "tempfail+450+2x@fault.test")[0] for _ in range(3)]

    assert codes == [NO_RECIPIENT, NO_RECIPIENT, 0]
    assert len(filed(sandbox)) == 1


def test_who_waits_is_taken_off_the_grey_list(sandbox: Sandbox) -> None:
    codes = [swaks(sandbox, "greylist+10m@fault.test")[0] for _ in range(2)]
    sandbox.clock.advance(600)

    assert [*codes, swaks(sandbox, "greylist+10m@fault.test")[0]] == [NO_RECIPIENT, NO_RECIPIENT, 0]


def test_a_dropped_connection_stores_nothing(sandbox: Sandbox) -> None:
    code, dialogue = swaks(sandbox, "drop@fault.test")

    assert code == DISCONNECTED, dialogue
    assert filed(sandbox) == []


@pytest.mark.parametrize(("address", "status"), [("bounce@fault.test", "5.1.1"), ("bounce+5.2.2@fault.test", "5.2.2")])
def test_a_bounce_is_taken_and_comes_back(sandbox: Sandbox, address: str, status: str) -> None:
    code, dialogue = swaks(sandbox, address)

    [sent, report] = filed(sandbox)
    assert code == 0, dialogue
    assert sent.accounts == ["catchall"]
    assert report.accounts == ["catchall", "app@shop.test"]
    assert f"Status: {status}\r\n".encode() in report.raw


def test_what_only_looks_like_a_fault_is_delivered(sandbox: Sandbox) -> None:
    code, dialogue = swaks(sandbox, "bounces@fault.test,reject@fault.test.example,reject+250@fault.test")

    [message] = filed(sandbox)
    assert code == 0, dialogue
    assert message.accounts == [
        "catchall",
        "bounces@fault.test",
        "reject@fault.test.example",
        "reject+250@fault.test",
        "reject@fault.test",
    ]
