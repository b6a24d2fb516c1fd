"""``mailtrap sendmail`` where other programs look for sendmail: what is sent, and the exit codes that they know."""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailtrap.message.captured import Message
from mailtrap.sandbox import Sandbox

Run = Callable[..., "subprocess.CompletedProcess[str]"]

MAIL = b"To: %s\nSubject: hi\n\nHello\n"


def sent_to(sandbox: Sandbox, address: str) -> Message:
    [message] = [each for each in sandbox.messages() if each.envelope and address in each.envelope.rcpt_to]
    return message


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-k"], os.EX_USAGE, "there is no option -k"),
        ([], os.EX_USAGE, "nobody is to get it: name recipients, or say -t"),
        (["-t"], os.EX_USAGE, "nobody is to get it: the header has no To, Cc or Bcc"),
        (["-f", "me@", "ann@x.test"], os.EX_USAGE, "-f is 'me@', but must be an address"),
        (["--server", "nonsense", "ann@x.test"], os.EX_USAGE, "the server is 'nonsense', but must be an address such"),
        (["ann@x.test", "bob@"], os.EX_NOUSER, "there can be no such address: 'bob@'"),
        (["--server=http://127.0.0.1:1", "ann@x.test"], os.EX_TEMPFAIL, "http://127.0.0.1:1 does not answer: "),
    ],
)
def test_a_failure_is_one_line_and_a_code_of_sysexits(run: Run, arguments: list[str], code: int, said: str) -> None:
    ended = run("sendmail", *arguments, octets=b"Subject: hi\n\nHello\n")

    assert ended.returncode == code
    assert ended.stderr.startswith(f"mailtrap sendmail: {said}")
    assert (ended.stderr.count("\n"), ended.stdout) == (1, "")


def test_what_the_sandbox_refuses_is_wrong_data(run: Run) -> None:
    ended = run("sendmail", "big@x.test", octets=b"x" * 20_000)

    assert ended.returncode == os.EX_DATAERR
    assert ended.stderr == "mailtrap sendmail: the body is larger than 10240 octets\n"


def test_it_is_sent_to_whom_the_header_says_without_bcc(run: Run, sandbox: Sandbox) -> None:
    written = b"To: header@x.test\nBcc: hidden@x.test\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\n\n.dots\n.\nand more\n"

    ended = run("sendmail", "-t", "-i", "-f", "bounce@shop.test", octets=written)

    assert (ended.returncode, ended.stdout, ended.stderr) == (os.EX_OK, "", "")
    message = sent_to(sandbox, "hidden@x.test")
    assert message.envelope is not None
    assert message.envelope.mail_from == "bounce@shop.test"
    assert message.envelope.rcpt_to == ("header@x.test", "hidden@x.test")
    assert (message.subject, message.origin) == ("Größe", "deliver")
    assert "bcc" not in message.headers
    assert message.raw.endswith(b"\r\n\r\n.dots\r\n.\r\nand more\r\n")


def test_without_f_it_is_from_whoever_runs_it(run: Run, sandbox: Sandbox) -> None:
    run("sendmail", "-F", "Cron Daemon", "root,who@x.test", octets=b"no header\n.\nnot read\n")

    message = sent_to(sandbox, "who@x.test")
    assert message.envelope is not None
    assert message.envelope.mail_from == f"{pwd.getpwuid(os.getuid()).pw_name}@localhost"
    assert message.envelope.rcpt_to == ("root@localhost", "who@x.test")
    assert message.headers["From"].startswith('"Cron Daemon" <')
    assert message.raw.endswith(b"\r\n\r\nno header\r\n")


def test_what_dsn_is_asked_for_is_kept(run: Run, sandbox: Sandbox) -> None:
    run("sendmail", "-f<>", "-N", "success", "-R", "full", "-V", "job7", "dsn@x.test", octets=MAIL % b"x@x.test")

    envelope = sent_to(sandbox, "dsn@x.test").envelope
    assert envelope is not None
    assert (envelope.mail_from, envelope.mail_from.parameters) == ("", ("RET=FULL", "ENVID=job7"))
    assert [each.parameters for each in envelope.rcpt_to] == [("NOTIFY=SUCCESS",)]


def test_asked_for_more_it_says_where_the_message_is(run: Run, sandbox: Sandbox) -> None:
    ended = run("sendmail", "-v", "verbose@x.test", octets=MAIL % b"x@x.test")

    assert ended.stdout == f"{sandbox.url}/m/{sent_to(sandbox, 'verbose@x.test').id}\n"


def test_there_is_no_queue_to_run_and_help_to_be_had(run: Run) -> None:
    assert (run("sendmail", "-q").returncode, run("sendmail", "-q30m").stdout) == (0, "")
    assert "-t             the header says to whom" in run("sendmail", "--help").stdout


def test_a_link_called_sendmail_is_sendmail(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "sendmail"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom mailtrap.__main__ import main\nmain()\n")
    program.chmod(0o755)

    ended = run("-i", "link@x.test", octets=MAIL % b"x@x.test", program=(str(program),))

    assert (ended.returncode, ended.stderr) == (0, "")
    assert sent_to(sandbox, "link@x.test").subject == "hi"


@pytest.mark.interop
@pytest.mark.needs("php")
def test_php_sends_through_it(run: Run, sandbox: Sandbox) -> None:
    path = shlex.join([sys.executable, "-m", "mailtrap", "sendmail", "-t", "-i"])
    script = (
        'exit(mail("php@x.test", "From PHP", "Hello\\n.\\nAnn", ["From" => "shop@shop.test", "Bcc" => "b@x.test"], '
    )
    script += '"-fbounce@shop.test") ? 0 : 1);'

    ended = run("-d", f"sendmail_path={path}", "-r", script, program=("php",))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    message = sent_to(sandbox, "php@x.test")
    assert message.envelope is not None
    assert message.envelope.mail_from == "bounce@shop.test"
    assert message.envelope.rcpt_to == ("php@x.test", "b@x.test")
    assert message.subject == "From PHP"
    assert message.raw.endswith(b"Hello\r\n.\r\nAnn\r\n")
