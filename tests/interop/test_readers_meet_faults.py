"""mbsync, offlineimap, fetchmail and curl meet faults: they notice, lose nothing, and go on when all is well again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reading import mail, maildir, run
from syncing import Command, mbsync, offlineimap

from mailtrap.faults import Rule
from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

NAME = "reader@x.test"
FAILED = 1

KNOWN = b"Message-ID: <one@shop.test>\r\n" + mail("one")
"""What mbsync finds again in a mailbox whose UIDs mean nothing any more."""


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(imap=0, pop3=0, imaps=0, pop3s=0, host="127.0.0.1") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    with running.current.set_to(running.store.new_project().id):
        yield running
        running.faults.clear()


def deliver(sandbox: Sandbox, subject: str) -> None:
    sandbox.deliver(mail(subject), rcpt_to=[NAME])


# -- whoever keeps in step

each_client = pytest.mark.parametrize(
    "client",
    [
        pytest.param(mbsync, marks=pytest.mark.needs("mbsync"), id="mbsync"),
        pytest.param(offlineimap, marks=pytest.mark.needs("offlineimap"), id="offlineimap"),
    ],
)
Client = Callable[[str, int, Path], Command]


@each_client
@pytest.mark.parametrize(
    ("at", "do"),
    [
        ("imap.connect", "bye in maintenance"),
        ("imap.LOGIN", "no UNAVAILABLE later"),
        ("imap.LIST", "bad what?"),
        ("imap.SELECT", "bye gone"),
        ("imap.FETCH", "no SERVERBUG a disk failed"),
        ("imap.FETCH", "drop after 300"),
        ("imap.FETCH", "drop rst"),
    ],
)
def test_who_syncs_fails_and_is_in_step_afterwards(
    sandbox: Sandbox, client: Client, tmp_path: Path, at: str, do: str
) -> None:
    (tmp_path / "mail").mkdir()
    command = client(NAME, sandbox.imap_port, tmp_path)
    deliver(sandbox, "one")
    run(command, tmp_path)
    deliver(sandbox, "two")
    rule = sandbox.faults.add(Rule(at, do))
    run(command, tmp_path, also=FAILED)
    met = sandbox.faults.remove(rule.id).hits
    assert maildir(tmp_path / "mail" / "INBOX") == [mail("one")]
    run(command, tmp_path)

    assert met > 0
    assert sorted(maildir(tmp_path / "mail" / "INBOX")) == [mail("one"), mail("two")]


@pytest.mark.needs("mbsync")
def test_mbsync_takes_a_mailbox_for_made_anew_and_recovers(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    command = mbsync(NAME, sandbox.imap_port, tmp_path)
    sandbox.deliver(KNOWN, rcpt_to=[NAME])
    run(command, tmp_path)
    rule = sandbox.faults.add(Rule("imap.SELECT", "stale-uidvalidity"))
    said = run(command, tmp_path)
    sandbox.faults.remove(rule.id)

    assert "box INBOX: Recovered from change of UIDVALIDITY" in said
    assert "box INBOX: Recovered from change of UIDVALIDITY" in run(command, tmp_path)
    assert maildir(tmp_path / "mail" / "INBOX") == [KNOWN]


@pytest.mark.needs("offlineimap")
def test_offlineimap_takes_a_mailbox_for_made_anew_and_leaves_it_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    command = offlineimap(NAME, sandbox.imap_port, tmp_path)
    deliver(sandbox, "one")
    run(command, tmp_path)
    deliver(sandbox, "two")
    rule = sandbox.faults.add(Rule("imap.SELECT", "stale-uidvalidity"))
    said = run(command, tmp_path, also=2)
    sandbox.faults.remove(rule.id)

    assert "UID validity problem" in said
    run(command, tmp_path)
    assert sorted(maildir(tmp_path / "mail" / "INBOX")) == [mail("one"), mail("two")]


# -- whoever only reads


def curl(sandbox: Sandbox, scheme: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    path = "/INBOX;MAILINDEX=1" if scheme.startswith("imap") else "/1"
    url = f"{scheme}://127.0.0.1:{sandbox.address(scheme)[1]}{path}"
    return subprocess.run(
        ["curl", "-sS", "--max-time", "20", "-u", f"{NAME}:secret", *options, url], capture_output=True
    )


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    ("at", "do", "codes"),
    [  # curl's manual has the codes; versions differ in what they take for what
        ("imap.connect", "bye", {8}),
        ("imap.AUTHENTICATE", "no AUTHENTICATIONFAILED", {67}),
        ("imap.SELECT", "no NONEXISTENT", {67, 78}),
        ("imap.FETCH", "drop after 40", {18, 56}),
        ("pop3.connect", "bye", {8}),
        ("pop3.AUTH", "no AUTH", {67}),
        ("pop3.RETR", "no SYS/TEMP", {8, 56}),
    ],
)
def test_curl_says_what_is_wrong(sandbox: Sandbox, at: str, do: str, codes: set[int]) -> None:
    deliver(sandbox, "one")
    sandbox.faults.add(Rule(at, do, times=1))

    assert curl(sandbox, at.partition(".")[0]).returncode in codes
    assert curl(sandbox, at.partition(".")[0]).stdout == mail("one")


@pytest.mark.needs("curl")
@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
@pytest.mark.parametrize(
    ("kind", "said"), [("expired", b"expired"), ("other-name", b"name matches"), ("self-signed", b"self-signed")]
)
def test_curl_takes_no_wrong_certificate(sandbox: Sandbox, tmp_path: Path, scheme: str, kind: str, said: bytes) -> None:
    deliver(sandbox, "one")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(sandbox.tls.ca_pem())
    sandbox.faults.add(Rule(f"{scheme[:-1]}.starttls", f"certificate {kind}", times=1))
    refused = curl(sandbox, scheme, "--cacert", str(ca))

    assert refused.returncode == 60
    assert said in refused.stderr.replace(b"self signed", b"self-signed")
    assert curl(sandbox, scheme, "--cacert", str(ca)).stdout == mail("one")


@pytest.mark.needs("fetchmail")
@pytest.mark.parametrize("do", ["no SYS/TEMP", "drop after 100", "drop rst"])
def test_fetchmail_takes_nothing_that_it_has_not_got_whole(sandbox: Sandbox, tmp_path: Path, do: str) -> None:
    (tmp_path / ".fetchmailrc").write_text(
        f"poll 127.0.0.1 port {sandbox.pop3_port} protocol POP3 user '{NAME}' password 'secret' fetchall "
        f"mda \"cat >> {tmp_path}/got\" nokeep sslproto ''\n"
    )
    (tmp_path / ".fetchmailrc").chmod(0o600)
    command: Command = [
        "fetchmail",
        "-f",
        tmp_path / ".fetchmailrc",
        "--nosyslog",
        "--nodetach",
        "-i",
        tmp_path / "ids",
    ]
    deliver(sandbox, "one")
    sandbox.faults.add(Rule("pop3.RETR", do, times=1))
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(list(map(str, command)), env=environ, capture_output=True).returncode != 0
    account = sandbox.store.mailbox(sandbox.current.project, NAME)
    assert [each.uid for each in sandbox.store.entries(account.id)] == [1]
    run(command, tmp_path)

    assert sandbox.store.entries(account.id) == []
    assert (tmp_path / "got").read_bytes().count(b"Subject: one") in (1, 2)
