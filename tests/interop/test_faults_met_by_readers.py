"""Real readers meet faults of POP3 and IMAP: they say so, lose nothing, and get everything the next time."""

from __future__ import annotations

import poplib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from faulty import until_so
from reading import mail, maildir
from senders import NotSent as Failed
from senders import run

from mailtrap.faults import Rule
from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

TEXTS = ["one", "two", "three"]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for the tests of this file."""
    with Sandbox(pop3=0, pop3s=0, imap=0, imaps=0, host="127.0.0.1") as sandbox:
        yield sandbox


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has three messages, and reads them into files."""

    sandbox: Sandbox
    account: str
    home: Path
    read: Callable[[Reader, str, str], None]
    protocol: str

    def given(self, do: str, *stages: str, times: int | None = None) -> None:
        """From now on there is this fault."""
        for at in stages:
            self.sandbox.faults.add(Rule(f"{self.protocol}.{at}", do, times=times))

    def met(self) -> bool:
        """Whether it came to that; from now on there is no fault, and nobody is there any more.

        Who broke off may have asked for more in the same breath, which is done all the same.
        """
        until_so(lambda: all(each.ended for each in self.sandbox.store.sessions()))
        hits = sum(rule.hits for rule in self.sandbox.faults.rules())
        self.sandbox.faults.clear()
        return hits > 0

    def port(self, tls: str) -> int:
        """Where to read."""
        return self.sandbox.address(self.protocol + tls)[1]

    def reads(self, tls: str = "", timeout: str = "20") -> None:
        """Read what there is; raises `Failed`."""
        self.read(self, tls, timeout)

    def fails(self, tls: str = "", timeout: str = "20") -> None:
        """It must not work, and say so."""
        with pytest.raises(Failed):
            self.reads(tls, timeout)

    def got(self) -> list[bytes]:
        """What has been read so far, whole."""
        return sorted(maildir(self.home / "mail" / "INBOX"))


def fetchmail(reader: Reader, tls: str, timeout: str) -> None:
    """Into a Maildir, by a script of one line; what was read is removed."""
    certificates = f"ssl sslcertck sslcertfile {reader.home / 'ca.pem'}" if tls else "sslproto ''"
    name = "file=$(mktemp -p INBOX/tmp) && cat >$file && mv $file INBOX/new"
    (reader.home / "fetchmailrc").write_text(
        f"poll localhost protocol {reader.protocol} service {reader.port(tls)} timeout {timeout}\n"
        f'user "{reader.account}" password "s3cret" {certificates} mda "cd {reader.home}/mail && {name}"\n'
    )
    (reader.home / "fetchmailrc").chmod(0o600)
    run(["fetchmail", "-f", "fetchmailrc", "--pidfile", reader.home / "pid", "--invisible"], reader.home)


def mbsync(reader: Reader, tls: str, timeout: str) -> None:
    """In step, in both directions."""
    trust = f"IMAPS\nSystemCertificates no\nCertificateFile {reader.home}/ca.pem" if tls else "None"
    (reader.home / "mbsyncrc").write_text(
        f"IMAPStore far\nHost localhost\nPort {reader.port(tls)}\nUser {reader.account}\nPass s3cret\n"
        f"SSLType {trust}\nAuthMechs LOGIN\nTimeout {timeout}\n\n"
        f"MaildirStore near\nPath {reader.home}/mail/\nInbox {reader.home}/mail/INBOX\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nExpunge Both\nSync All\nSyncState *\n"
    )
    run(["mbsync", "-c", reader.home / "mbsyncrc", "all"], reader.home)


def curl(reader: Reader, tls: str, timeout: str) -> None:
    """One message after the other, each in a session of its own."""
    there = f"{reader.protocol}{tls}://localhost:{reader.port(tls)}/"
    for number in range(1, len(TEXTS) + 1):
        what = f"INBOX;MAILINDEX={number}" if reader.protocol == "imap" else str(number)
        file = reader.home / "mail" / "INBOX" / "tmp" / str(number)
        command = ["curl", "-sS", "--cacert", reader.home / "ca.pem", "-u", f"{reader.account}:s3cret"]
        run([*command, "--max-time", timeout, there + what, "-o", file], reader.home)
        file.rename(file.parent.parent / "new" / str(number))


READERS = [
    pytest.param(read, protocol, marks=pytest.mark.needs(read.__name__), id=f"{read.__name__}-{protocol}")
    for read, protocol in [(fetchmail, "pop3"), (fetchmail, "imap"), (mbsync, "imap"), (curl, "pop3"), (curl, "imap")]
]
SYNCING = [pytest.param(mbsync, "imap", marks=pytest.mark.needs("mbsync"), id="mbsync")]
each_reader = pytest.mark.parametrize(("read", "protocol"), READERS)


@pytest.fixture
def reader(
    running: Sandbox,
    numbers: Iterator[int],
    tmp_path: Path,
    read: Callable[[Reader, str, str], None],
    protocol: str,
) -> Iterator[Reader]:
    account = f"reader{next(numbers)}@x.test"
    for text in TEXTS:
        running.deliver(mail(text), rcpt_to=[account])
    (tmp_path / "ca.pem").write_bytes(running.tls.ca_pem())
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / "INBOX" / name).mkdir(parents=True)
    yield Reader(running, account, tmp_path, read, protocol)
    running.faults.clear()


ALL = sorted(mail(text) for text in TEXTS)
LOG_IN = {"pop3": ("PASS", "AUTH"), "imap": ("LOGIN", "AUTHENTICATE")}
GET = {"pop3": ("RETR", "TOP"), "imap": ("FETCH",)}  # fetchmail gets messages by TOP


@each_reader
@pytest.mark.parametrize("do", ["no sorry", "bye", "drop", "drop rst"])
def test_who_is_not_let_in_says_so_and_gets_everything_later(reader: Reader, do: str) -> None:
    reader.given(do, *LOG_IN[reader.protocol])
    reader.fails()
    assert reader.met()
    assert reader.got() == []

    reader.reads()
    assert reader.got() == ALL


@each_reader
@pytest.mark.parametrize("do", ["no sorry", "bye", "drop", "drop rst", "drop after 60"])
def test_a_message_that_breaks_off_is_got_again(reader: Reader, do: str) -> None:
    reader.given(do, *GET[reader.protocol], times=1)
    if (reader.read, reader.protocol, do) == (curl, "pop3", "drop after 60"):
        return  # takes the end of the connection for that of the message
    with suppress(Failed):  # some leave that message for the next time, and go on
        reader.reads()
    assert reader.met()
    assert set(reader.got()) <= set(ALL)

    with suppress(Failed):  # there was nothing left
        reader.reads()
    assert sorted(set(reader.got())) == ALL


@each_reader
def test_waiting_and_speaking_slowly_harm_nobody(reader: Reader) -> None:
    reader.given("delay 20ms", "*")
    reader.given("slow 20000/s", "banner")
    reader.reads()

    assert reader.got() == ALL


@each_reader
@pytest.mark.parametrize("at", ["banner", "get"])
def test_a_reader_gives_up_by_its_own_time_when_nothing_is_said(reader: Reader, at: str) -> None:
    reader.given("hang", *(GET[reader.protocol] if at == "get" else [at]), times=1)
    reader.fails(timeout="2")
    assert reader.met()

    reader.reads()
    assert sorted(set(reader.got())) == ALL


@pytest.mark.parametrize(("read", "protocol"), READERS[:3])
@pytest.mark.parametrize("kind", ["expired", "other-name", "self-signed"])
def test_a_wrong_certificate_is_refused(reader: Reader, kind: str) -> None:
    reader.given(f"certificate {kind}", "connect")
    reader.fails(tls="s")
    assert reader.met()
    assert reader.got() == []

    reader.reads(tls="s")
    assert reader.got() == ALL


@pytest.mark.parametrize(("read", "protocol"), READERS[:1])
def test_what_was_removed_by_a_session_that_breaks_off_is_there_still(reader: Reader) -> None:
    reader.given("drop", "QUIT", times=1)
    with suppress(Failed):
        reader.reads()
    assert reader.met()

    assert reader.got() == ALL
    there = poplib.POP3("localhost", reader.port(""), timeout=20)
    there.user(reader.account)
    there.pass_("s3cret")
    assert there.stat()[0] == len(ALL)
    there.quit()


@pytest.mark.parametrize(("read", "protocol"), SYNCING)
@pytest.mark.parametrize(
    ("at", "do"),
    [("SELECT", "no sorry"), ("STORE", "bad what"), ("APPEND", "drop"), ("FETCH", "drop"), ("CLOSE", "drop")],
)
def test_both_sides_are_in_step_after_all(reader: Reader, at: str, do: str) -> None:
    reader.reads()
    new, cur = reader.home / "mail" / "INBOX" / "new", reader.home / "mail" / "INBOX" / "cur"
    files = {text: file for file in new.iterdir() for text in TEXTS if text.encode() in file.read_bytes()}
    files["one"].rename(cur / f"{files['one'].name}:2,S")
    files["two"].unlink()
    (new / "1700000000.1.here").write_bytes(mail("four").replace(b"\r\n", b"\n"))
    reader.given(do, at, times=1)
    with suppress(Failed):
        reader.reads()
    assert reader.met()

    reader.reads()
    assert reader.got() == sorted([mail("one"), mail("three"), mail("four")])
    before = sorted(each.name for each in [*new.iterdir(), *cur.iterdir()])
    reader.reads()
    assert sorted(each.name for each in [*new.iterdir(), *cur.iterdir()]) == before
