"""Real clients trust the sandbox's CA, and speak TLS with it: at once, or after STARTTLS."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reading import mail, run

if TYPE_CHECKING:
    from process import Process, Start

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def ca(mailtrap: Process, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CA's certificate, from where a client's container would get it."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(mailtrap.get("/ca.pem").content)
    return file


@pytest.fixture
def trusting(ca: Path) -> ssl.SSLContext:
    """Trusts that CA alone, and looks at the name."""
    return ssl.create_default_context(cafile=str(ca))


def test_nobody_else_trusts_it(mailtrap: Process) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("localhost", mailtrap.ports["imaps"], ssl_context=ssl.create_default_context(), timeout=20)


def test_the_plain_ports_do_not_offer_it_unasked(mailtrap: Process) -> None:
    with imaplib.IMAP4("127.0.0.1", mailtrap.imap, timeout=20) as imap:
        assert "STARTTLS" not in imap.capabilities
    with smtplib.SMTP("127.0.0.1", mailtrap.smtp) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("starttls")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_python_sends_and_reads_in_tls(mailtrap: Process, trusting: ssl.SSLContext, host: str) -> None:
    to = f"tls-{host}@x.test"
    with smtplib.SMTP_SSL(host, mailtrap.ports["smtps"], context=trusting) as smtp:
        smtp.sendmail("app@shop.test", [to], mail("one"))
    with smtplib.SMTP(host, mailtrap.ports["submission"]) as smtp:
        smtp.starttls(context=trusting)
        smtp.sendmail("app@shop.test", [to], mail("two"))
    pop3 = poplib.POP3_SSL(host, mailtrap.ports["pop3s"], context=trusting, timeout=20)
    pop3.user(to)
    pop3.pass_("secret")
    count, _ = pop3.stat()
    pop3.quit()
    with imaplib.IMAP4_SSL(host, mailtrap.ports["imaps"], ssl_context=trusting, timeout=20) as imap:
        imap.login(to, "secret")
        assert imap.select()[1] == [b"2"]
        assert imap.search(None, "SUBJECT", "two")[1] == [b"2"]

    assert count == 2
    found = [mailtrap.get(f"/v1/messages/{each['id']}").json() for each in mailtrap.messages(q=f"to:{to} OR rcpt:{to}")]
    assert [each["envelope"]["tls"] for each in found] == ["TLSv1.3", "TLSv1.3"]


def test_python_upgrades_where_it_is_offered(start: Start, tmp_path: Path) -> None:
    mailtrap = start(None, "--starttls")
    (tmp_path / "ca.pem").write_bytes(mailtrap.get("/ca.pem").content)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with imaplib.IMAP4("localhost", mailtrap.imap, timeout=20) as imap:
        assert imap.starttls(trusting)[0] == "OK"
        assert imap.login("ann@x.test", "secret")[0] == "OK"
        assert "STARTTLS" not in imap.capabilities
    pop3 = poplib.POP3("localhost", mailtrap.pop3, timeout=20)
    pop3.stls(trusting)
    pop3.user("ann@x.test")
    pop3.pass_("secret")
    pop3.quit()
    with smtplib.SMTP("localhost", mailtrap.smtp) as smtp:
        smtp.starttls(context=trusting)
        assert smtp.sendmail("app@shop.test", ["ann@x.test"], mail("one")) == {}


@pytest.mark.needs("curl")
def test_curl_reads_in_tls_and_asks_for_a_name(mailtrap: Process, ca: Path, tmp_path: Path) -> None:
    mailtrap.deliver("curl-tls@x.test", mail("one"))
    trust = ["curl", "-sS", "--cacert", ca, "-u", "curl-tls@x.test:secret"]
    name = "mail.example.com"
    for protocol, path in (("imaps", "INBOX;MAILINDEX=1"), ("pop3s", "1")):
        port = mailtrap.ports[protocol]
        address = ["--resolve", f"{name}:{port}:127.0.0.1"]
        assert "Subject: one" in run([*trust, *address, f"{protocol}://{name}:{port}/{path}"], tmp_path)


@pytest.mark.needs("mbsync")
def test_mbsync_trusts_the_ca_and_reads(mailtrap: Process, ca: Path, tmp_path: Path) -> None:
    mailtrap.deliver("mbsync-tls@x.test", mail("one"))
    (tmp_path / "mail").mkdir()
    (tmp_path / "rc").write_text(
        f"IMAPStore far\nHost localhost\nPort {mailtrap.ports['imaps']}\nUser mbsync-tls@x.test\nPass secret\n"
        f"SSLType IMAPS\nSystemCertificates no\nCertificateFile {ca}\n\n"
        f"MaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\n\n"
        "Channel one\nFar :far:\nNear :near:\nCreate Near\nSyncState *\n"
    )
    run(["mbsync", "-c", tmp_path / "rc", "one"], tmp_path)

    [file] = (tmp_path / "mail" / "INBOX" / "new").iterdir()
    assert b"Subject: one" in file.read_bytes()


@pytest.mark.needs("fetchmail")
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail_trusts_the_ca_and_reads(mailtrap: Process, ca: Path, protocol: str, tmp_path: Path) -> None:
    mailtrap.deliver(f"fetchmail-{protocol}@x.test", mail("one"))
    (tmp_path / "rc").write_text(
        f"poll localhost protocol {protocol} service {mailtrap.ports[protocol + 's']} "
        f'user "fetchmail-{protocol}@x.test" password "secret" ssl sslcertck sslcertfile {ca} '
        f'mda "cat >{tmp_path}/got"\n'
    )
    (tmp_path / "rc").chmod(0o600)
    run(["fetchmail", "-f", "rc", "--pidfile", tmp_path / "pid"], tmp_path)

    assert "Subject: one" in (tmp_path / "got").read_text()
