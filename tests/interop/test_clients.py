"""What real clients send is what the REST API gives."""

from __future__ import annotations

import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from process import Process

pytestmark = pytest.mark.interop

MAIL = b"From: app@shop.test\r\nTo: ann@x.test\r\nSubject: Hello\r\n\r\n.dots\r\n..and more\r\nbye\r\n"


def test_smtplib_sends_a_message_with_an_attachment(mailtrap: Process) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@shop.test", "smtplib@x.test", "Größe"
    message.set_content("Hi Ann\n")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="invoice.pdf")
    with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as client:
        client.login("job-4711", "any password")
        assert client.send_message(message) == {}

    [found] = mailtrap.messages(q="to:smtplib@x.test")
    whole = mailtrap.get(f"/v1/messages/{found['id']}").json()
    assert whole["subject"] == "Größe"
    assert whole["envelope"]["user"] == "job-4711"
    assert [each["filename"] for each in whole["attachments"]] == ["invoice.pdf"]
    assert "job-4711" in whole["accounts"]


@pytest.mark.parametrize("message", [b"Subject: a\n\n.\n..\n.a\nb", b".\n", b"no header at all"])
def test_smtplib_sendmail_with_bare_line_feeds_keeps_every_octet(mailtrap: Process, message: bytes) -> None:
    to = f"bytes{len(message)}@x.test"
    with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as client:
        assert client.sendmail("app@shop.test", [to], message) == {}

    [found] = mailtrap.messages(q=f"to:{to}")
    # smtplib leaves the line ends of bytes alone, and doubles dots after each of them
    assert mailtrap.raw(found) == message + b"\r\n"


@pytest.mark.needs("swaks")
def test_swaks_with_auth_and_an_attachment(mailtrap: Process, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"a note")
    command = ["swaks", "--server", f"127.0.0.1:{mailtrap.smtp}", "--from", "app@shop.test", "--to", "swaks@x.test"]
    login = ["--auth", "LOGIN", "--auth-user", "app", "--auth-password", "s3cret"]
    done = subprocess.run(
        [*command, *login, "--attach", f"@{tmp_path / 'note.txt'}", "--header", "Subject: from swaks"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    [found] = mailtrap.messages(q="rcpt:swaks@x.test")
    assert (found["subject"], found["attachments"]) == ("from swaks", 1)
    transcript = mailtrap.get(f"/v1/messages/{found['id']}/transcript").text
    assert "AUTH LOGIN" in transcript
    assert "s3cret" not in transcript
    assert "czNjcmV0" not in transcript


@pytest.mark.needs("curl")
def test_curl_sends_and_reads_back_the_same_octets(mailtrap: Process, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(MAIL)
    envelope = ["--mail-from", "app@shop.test", "--mail-rcpt", "curl@x.test"]
    smtp = ["curl", "-sS", f"smtp://127.0.0.1:{mailtrap.smtp}/here", *envelope, "-T", str(tmp_path / "mail.eml")]
    subprocess.run(smtp, check=True)
    [found] = mailtrap.messages(q="to:curl@x.test")
    read = ["curl", "-sS", "-f", f"http://127.0.0.1:{mailtrap.http}/v1/messages/{found['id']}/raw"]

    assert subprocess.run(read, check=True, capture_output=True).stdout == MAIL


@pytest.mark.needs("curl")
def test_curl_waits_for_mail_that_comes_later(mailtrap: Process) -> None:
    url = f"http://127.0.0.1:{mailtrap.http}/v1/wait?to=later@x.test&timeout=20"
    with subprocess.Popen(["curl", "-sS", "-f", url], stdout=subprocess.PIPE, text=True) as waiting:
        with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as client:
            client.sendmail("app@shop.test", ["later@x.test"], MAIL)
        answer, _ = waiting.communicate(timeout=30)

    assert waiting.returncode == 0
    assert '"later@x.test"' in answer


@pytest.mark.needs("smtp-source")
def test_smtp_source_with_parallel_sessions(mailtrap: Process) -> None:
    command = ["smtp-source", "-s", "5", "-m", "60", "-l", "3000", "-f", "app@shop.test", "-t", "source@x.test"]
    subprocess.run([*command, f"inet:127.0.0.1:{mailtrap.smtp}"], check=True, timeout=60)

    assert mailtrap.get("/v1/messages", q="rcpt:source@x.test").json()["total"] == 60


def test_a_closed_port_of_http_and_an_unknown_verb_get_clear_answers(mailtrap: Process) -> None:
    with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as client:
        code, reply = client.docmd("FROBNICATE")

    assert code == 500
    assert reply.startswith(b"5.5.")
    assert mailtrap.get("/v1/messages/unknown").status_code == 404
    assert mailtrap.get("/v1/messages", q="from:").status_code == 400


@pytest.mark.needs("chromium")
def test_chromium_shows_what_was_sent(mailtrap: Process, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as client:
        client.sendmail("app@shop.test", ["chromium@x.test"], MAIL.replace(b"Hello", b"Hello, Chromium"))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]

    page = f"http://127.0.0.1:{mailtrap.http}/?account=chromium@x.test"
    shown = subprocess.run([*command, page], check=True, capture_output=True, text=True, timeout=60)

    assert "Hello, Chromium" in shown.stdout
    assert "<b>1</b> message" in shown.stdout
