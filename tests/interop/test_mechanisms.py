"""Every mechanism with clients that were written by others: GNU SASL, Python, swaks, curl."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import subprocess
from collections.abc import Iterator

import pytest

from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

ANN = "ann@example.com"
PASSWORD = "s\u00e9cr\u00a0et"
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    accounts = [{"name": ANN, "password": PASSWORD}, f"{ANN.upper()}x:s3cret"]
    with Sandbox(pop3=0, imap=0, account=accounts) as running:
        yield running


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return subprocess.run(arguments, input="", capture_output=True, text=True, timeout=60, check=False, env=environ)


@pytest.mark.needs("gsasl")
@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("protocol", ["smtp", "imap"])
def test_gnu_sasl_and_we_trust_one_another_by_the_right_password_alone(
    sandbox: Sandbox, protocol: str, mechanism: str
) -> None:
    port = sandbox.address(protocol)[1]
    client = ("gsasl", "--client", f"--{protocol}", "--no-starttls", f"--connect=127.0.0.1:{port}")

    for password, is_right in ((f"{PASSWORD}x", False), (PASSWORD, True)):
        ended = run(*client, "--mechanism", mechanism, "--authentication-id", ANN, "--password", password)
        assert ("Client authentication finished" in ended.stderr + ended.stdout) is is_right, ended.stderr


@pytest.mark.needs("swaks")
@pytest.mark.parametrize("mechanism", ["CRAM-MD5", "PLAIN", "LOGIN"])
def test_swaks_logs_in(sandbox: Sandbox, mechanism: str) -> None:
    user = ("--auth-user", f"{ANN}x", "--auth-password")
    server = ("swaks", "--server", f"127.0.0.1:{sandbox.smtp_port}", "--quit-after", "AUTH", "--to", "x@y.test")

    assert run(*server, "--auth", mechanism, *user, "wrong").returncode == 28  # its code for that
    assert run(*server, "--auth", mechanism, *user, "s3cret").returncode == 0


@pytest.mark.needs("curl")
@pytest.mark.parametrize("options", [["--login-options", "AUTH=CRAM-MD5"], ["--login-options", "AUTH=+APOP"]])
def test_curl_reads_by_pop3(sandbox: Sandbox, options: list[str]) -> None:
    url = f"pop3://127.0.0.1:{sandbox.pop3_port}/"

    assert run("curl", "-sS", url, *options, "-u", f"{ANN}x:wrong").returncode == 67  # login denied
    assert run("curl", "-sS", url, *options, "-u", f"{ANN}x:s3cret").returncode == 0


@pytest.mark.needs("curl")
def test_curl_brings_a_bearer_token(sandbox: Sandbox) -> None:
    url = f"imap://127.0.0.1:{sandbox.imap_port}/"

    assert run("curl", "-sS", url, "-u", f"{ANN}x:", "--oauth2-bearer", "old").returncode == 67
    assert run("curl", "-sS", url, "-u", f"{ANN}x:", "--oauth2-bearer", "s3cret").returncode == 0


def test_python_logs_in_by_its_own_mechanisms(sandbox: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
            smtp.login(f"{ANN}x", "wrong")
        smtp.login(f"{ANN}x", "s3cret")
    imap = imaplib.IMAP4("127.0.0.1", sandbox.imap_port)
    assert imap.login_cram_md5(f"{ANN}x", "s3cret")[0] == "OK"
    imap.logout()
    pop3 = poplib.POP3("127.0.0.1", sandbox.pop3_port)
    assert pop3.apop(f"{ANN}x", "s3cret") == b"+OK 0 messages"
    pop3.quit()
