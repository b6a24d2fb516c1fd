"""The command line: what it says when it starts, how it ends, and how it complains."""

from __future__ import annotations

import signal
import smtplib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailtrap.listeners import PORTS
from mailtrap.sandbox import Sandbox
from mailtrap.settings import OPTIONS
from mailtrap.version import __version__
from mailtrap.welcome import welcome

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, plain_environ: dict[str, str]) -> Run:
    def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mailtrap", *arguments],
            cwd=tmp_path,
            env=plain_environ | environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--smpt", "1"], "mailtrap: No such option '--smpt'"),
        (["--smtp", "many"], "mailtrap: --smtp is 'many', but must be a port from 1 to 65535"),
        (["--smtp", ""], "mailtrap: --smtp is ''"),
        (["serve", "--host", "mail.example"], "mailtrap: --host is 'mail.example'"),
        ([text for name in PORTS for text in (f"--{name}", "off")], "mailtrap: every port is off"),
        (["--ca-file", "missing.pem"], "mailtrap: ca_file and ca_key go together"),
        (["--cert-file", "missing.pem", "--smtp", "0"], "mailtrap: cert_file missing.pem cannot be read"),
        (["srve"], "mailtrap: No such command 'srve'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(run: Run, arguments: list[str], said: str) -> None:
    ended = run(*arguments)

    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_mistake_in_the_file_is_one_line_and_exit_2(run: Run, tmp_path: Path) -> None:
    tmp_path.joinpath("mailtrap.toml").write_text("smpt = 1\n")

    ended = run()

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "mailtrap.toml: there is no setting 'smpt'; did you mean smtp?" in ended.stderr


def test_a_port_in_use_is_one_line_and_exit_1(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ended = run("--smtp", str(port), "--http", "off", "--host", "127.0.0.1")

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"mailtrap: port {port} of 127.0.0.1 is in use by another program")
    assert ended.stderr.count("\n") == 1


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout == f"mailtrap-sandbox {__version__}\n"


def test_help_for_serving_lists_every_setting(run: Run) -> None:
    told = run("serve", "--help").stdout

    assert [option.flag for option in OPTIONS.values() if f"{option.flag} {option.metavar}" not in told] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(serve: Callable[..., Any], number: int) -> None:
    served = serve()
    with smtplib.SMTP("127.0.0.1", served.smtp_port) as smtp:
        smtp.sendmail("a@example.com", "b@example.com", b"Subject: one\r\n\r\n")
    with urllib.request.urlopen(f"{served.url}/v1/messages/latest/raw") as answer:
        raw = answer.read()

    assert raw == b"Subject: one\r\n\r\n"
    assert served.end(number) == (0, "")


def test_asked_twice_it_stops_at_once(serve: Callable[..., Any]) -> None:
    served = serve("--http", "off")
    with smtplib.SMTP("127.0.0.1", served.smtp_port) as smtp:
        smtp.ehlo()
        smtp.mail("a@example.com")  # a transaction in flight, for which it would wait
        served.process.send_signal(signal.SIGINT)
        while smtp.sock and not _refused(served.smtp_port):
            pass

        assert served.end(signal.SIGINT)[0] == 128 + signal.SIGINT
        smtp.close()


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return True
    return False


def test_unknown_variables_are_one_warning(serve: Callable[..., Any]) -> None:
    served = serve(MAILSANDBOX_SMPT="1", MAILSANDBOX_ZZZZ="2", MAILSANDBOX_TEST_CORPUS="3")

    code, complaints = served.end()

    assert code == 0
    assert complaints.count("\n") == 1
    assert "MAILSANDBOX_SMPT; did you mean MAILSANDBOX_SMTP?, MAILSANDBOX_ZZZZ" in complaints


def test_ready_knows_it(serve: Callable[..., Any], run: Run) -> None:
    served = serve()

    ended = run("ready", "--wait", "30", "--server", served.url)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_start_up_block_says_where_it_is_and_how_to_point_an_app_at_it(tmp_path: Path) -> None:
    with Sandbox(http=0, host="127.0.0.1", data=tmp_path) as sandbox:
        block = welcome(sandbox)

        assert f"127.0.0.1:{sandbox.smtp_port}" in block
        assert f"SMTP_HOST=127.0.0.1 SMTP_PORT={sandbox.smtp_port}" in block
        assert sandbox.url in block
        assert str(tmp_path) in block
        assert "\x1b" not in block
        assert "Anybody" not in block
        assert welcome(sandbox, colour=True).count("\x1b[1m") > 1


def test_the_start_up_block_has_every_port_and_the_ca() -> None:
    with Sandbox(host="127.0.0.1", **dict.fromkeys(PORTS, 0)) as sandbox:
        block = welcome(sandbox)

        port = {name: sandbox.address(name)[1] for name in PORTS}
        others = f"STARTTLS {port['submission']}  TLS {port['smtps']}  LMTP {port['lmtp']}"
        assert f"SMTP       127.0.0.1:{port['smtp']}  {others}\n" in block
        assert f"IMAP       127.0.0.1:{port['imap']}  TLS {port['imaps']}\n" in block
        assert f"CA         {sandbox.url}/ca.pem" in block


def test_a_port_for_tls_alone_is_shown_as_such() -> None:
    with Sandbox(smtp="off", pop3s=0, host="127.0.0.1") as sandbox:
        assert f"POP3       127.0.0.1:{sandbox.address('pop3s')[1]}  TLS\n" in welcome(sandbox)


def test_it_says_so_when_others_can_reach_it() -> None:
    with Sandbox(host="0.0.0.0") as sandbox:
        assert "Anybody who can reach 0.0.0.0 can read all mail" in welcome(sandbox)


def test_it_says_so_when_something_goes_wrong_on_purpose() -> None:
    with Sandbox(fault=["at=smtp.rcpt do='delay 3s'"] * 7) as sandbox:
        assert "    at=smtp.rcpt do='delay 3s'\n    and 2 more\n" in welcome(sandbox)
    with Sandbox() as sandbox:
        assert "on purpose" not in welcome(sandbox)


def test_it_says_who_needs_a_password_and_not_which() -> None:
    with Sandbox(imap=0) as sandbox:
        assert "(any user name and password, or none):" in welcome(sandbox)
        assert "or as catchall, with any password." in welcome(sandbox)
    with Sandbox(imap=0, account="ann@example.com:s3cret") as sandbox:
        assert "configured ones need theirs" in welcome(sandbox)
        assert "or theirs where one is configured" in welcome(sandbox)
        assert "s3cret" not in welcome(sandbox)
    with Sandbox(imap=0, auth="required") as sandbox:
        assert "(a configured user name and its password):" in welcome(sandbox)


# -- the CA


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--server", "nonsense"], 2, "mailtrap: Invalid value for '--server': 'nonsense' is not an address such as"),
        (["--server", "http://127.0.0.1:1"], 1, "mailtrap: http://127.0.0.1:1 does not answer: "),
        (["--data", "mail", "--out", "no/such/folder"], 1, "mailtrap: no/such/folder cannot be written: "),
    ],
)
def test_a_ca_that_cannot_be_had_is_one_line(run: Run, arguments: list[str], code: int, said: str) -> None:
    ended = run("ca", *arguments)

    assert ended.returncode == code
    assert ended.stderr.startswith(said)
    assert (ended.stderr.count("\n"), ended.stdout) == (1, "")


def test_the_ca_is_the_same_from_the_directory_the_server_and_the_sandbox(run: Run, tmp_path: Path) -> None:
    printed = run("ca", "--data", "mail").stdout
    with Sandbox(http=0, data=tmp_path / "mail") as sandbox:
        asked = run("ca", "--server", sandbox.url, "--out", "ca.pem")
        by_variable = run("ca", MAILSANDBOX_SERVER=sandbox.url).stdout

        assert asked.returncode == 0
        assert sandbox.tls.ca_pem().decode() == printed == by_variable == tmp_path.joinpath("ca.pem").read_text()


def test_with_a_certificate_of_its_own_there_is_no_ca(run: Run, own_certificate: Path) -> None:
    with Sandbox(http=0, cert_file=own_certificate) as sandbox:
        ended = run("ca", "--server", sandbox.url)

    assert ended.returncode == 1
    assert "/ca.pem has no certificate: 404 Not Found" in ended.stderr
