"""``mailtrap send``: a message out of options, and where it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mailtrap.sandbox import Sandbox

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--to", "ann"], 2, "mailtrap: 'ann' is not an address such as ann@example.com"),
        (["--to", "ann@x.test, bob@x.test"], 2, "mailtrap: 'ann@x.test, bob@x.test' is not an address"),
        (["--from", ""], 2, "mailtrap: '' is not an address"),
        (["--attach", "missing.pdf"], 2, "mailtrap: Invalid value for '--attach': File 'missing.pdf' does not exist"),
        (["--header", "X-Job"], 2, "mailtrap: Invalid value for '--header': a field is written 'Name: value'"),
        (["--header", "A: 1", "--header", "a: 2"], 2, "mailtrap: Invalid value for '--header': a field can be given"),
        (["--header", "X Job: 1"], 2, "mailtrap: 'X Job' is no name for a field"),
        (["--subject", "a\nBcc: b@x.test"], 2, "mailtrap: Subject may not have '\\n' in it"),
        (["--text", "-", "--html", "-"], 2, "mailtrap: --text and --html: one of them can come from standard input"),
        (["--server", "nonsense"], 2, "mailtrap: Invalid value for '--server': 'nonsense' is not an address such as"),
        (["--server", "http://127.0.0.1:1"], 1, "mailtrap: http://127.0.0.1:1 does not answer: "),
        (["--text", "x" * 20_000], 1, "mailtrap: the body is larger than 10240 octets"),
        (["mail.eml"], 2, "mailtrap: Got unexpected extra argument (mail.eml)"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], code: int, said: str) -> None:
    ended = run("send", *arguments)

    assert ended.returncode == code
    assert ended.stderr.startswith(said)
    assert (ended.stderr.count("\n"), ended.stdout) == (1, "")


def test_nothing_need_be_said(run: Run, sandbox: Sandbox) -> None:
    ended = run("send")

    message_id, page = ended.stdout.split()
    [message] = [each for each in sandbox.messages() if each.id == message_id]
    assert page == f"{sandbox.url}/m/{message_id}"
    assert (message.subject, message.to, message.origin) == ("A test message", ["ann@example.com"], "deliver")
    assert message.text == "This is a test message, sent by mailtrap send.\n"


def test_all_that_is_said_is_in_it(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.joinpath("invoice.pdf").write_bytes(b"%PDF-1.7")
    whom = ["--to", "Jürgen <j@x.test>", "--to", "ann@x.test", "--cc", "cy@x.test", "--bcc", "hidden@x.test"]
    what = ["--from", "Shop <shop@shop.test>", "--subject", "Größe", "--text", "-", "--html", "<p>Hi"]

    ended = run(
        "send", *whom, *what, "--attach", "invoice.pdf", "--header", "X-Job: 7", "--json", octets="Grüße".encode()
    )

    told = json.loads(ended.stdout)
    [message] = [each for each in sandbox.messages() if each.id == told["id"]]
    assert message.envelope is not None
    assert message.envelope.mail_from == told["mail_from"] == "shop@shop.test"
    assert message.envelope.rcpt_to == ("j@x.test", "ann@x.test", "cy@x.test", "hidden@x.test")
    assert (message.to[0].name, message.cc, message.bcc) == ("Jürgen", ["cy@x.test"], [])
    assert (message.subject, message.text.strip(), message.html.strip()) == ("Größe", "Grüße", "<p>Hi")
    assert (message.attachment("invoice.pdf").content, message.headers["X-Job"]) == (b"%PDF-1.7", "7")
    assert told["page"] == f"{sandbox.url}/m/{told['id']}"


def test_it_can_go_to_hidden_recipients_alone(run: Run, sandbox: Sandbox) -> None:
    message_id = run("send", "--bcc", "alone@x.test").stdout.split()[0]

    [message] = [each for each in sandbox.messages() if each.id == message_id]
    assert message.envelope is not None
    assert (message.envelope.rcpt_to, message.to) == (("alone@x.test",), [])
