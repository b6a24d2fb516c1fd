"""A sandbox at Unix sockets: every protocol, with each loop, and what is said of where it is and who is there."""

from __future__ import annotations

import http.client
import json
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from loops import LOOPS, loops_are

from mailtrap.errors import BadSettings, CannotListen, NotFound
from mailtrap.listeners import PORTS
from mailtrap.ready import main as ready
from mailtrap.ready import own_address
from mailtrap.sandbox import Sandbox
from mailtrap.settings import Settings, load
from mailtrap.welcome import welcome

MAIL = b"From: shop@example.com\r\nTo: ann@example.com\r\nSubject: Welcome\r\n\r\nHi Ann\r\n"
PATIENCE = 30.0


@pytest.fixture(params=LOOPS)
def everything(folder: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Every protocol at a socket that is called like it."""
    rules = ["at=smtp.rcpt peer=unix rcpt=*@slow.test do='reject 451 4.7.1 try later'", "at=imap.NOOP do='drop rst'"]
    rules += ["at=http.GET peer=unix do='reject 503' times=1 skip=1"]
    paths = {name: folder / name for name in PORTS}
    with loops_are(request.param), Sandbox(**paths, fault=rules, account="ann@example.com:s3cret") as running:
        yield running


class Talk:
    """A line to a protocol."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        path, _ = sandbox.address(name)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        if PORTS[name].at_once:
            self.socket = sandbox_context(sandbox).wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def line(self) -> bytes:
        return self.file.readline()

    def ask(self, line: bytes) -> bytes:
        self.socket.sendall(line + b"\r\n")
        return self.line()

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()


def sandbox_context(sandbox: Sandbox) -> Any:
    import ssl

    return ssl.create_default_context(cadata=sandbox.tls.ca_pem().decode())


def send(sandbox: Sandbox, rcpt: str = "bob@example.com") -> None:
    with smtplib.LMTP(*sandbox.address("lmtp")) as client:
        client.sendmail("shop@example.com", [rcpt], MAIL)


def get(path: str, target: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(PATIENCE)
    connection.sock.connect(path)
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    octets = answer.read()
    connection.close()
    return answer.status, octets


# -- what cannot be


@pytest.mark.parametrize("value", ["lmtp", "./a\0b", "./a\nb", "./\udc80", "", 1.5, b"/x.sock"])
def test_what_is_neither_a_port_nor_a_path_is_told_in_one_line(value: object) -> None:
    with pytest.raises(BadSettings, match=r"^lmtp is .*, but must be .*the path of a Unix socket") as caught:
        Sandbox(lmtp=value)

    assert "\n" not in str(caught.value)


def test_two_protocols_cannot_have_one_socket(folder: Path) -> None:
    with pytest.raises(CannotListen, match=r"x\.sock is in use already: stop what listens there, or set lmtp to"):
        Sandbox(smtp=folder / "x.sock", lmtp=folder / "x.sock").start()

    assert list(folder.iterdir()) == []


def test_a_socket_has_no_port_and_says_so(everything: Sandbox, folder: Path) -> None:
    for name in ("smtp", "pop3", "imap", "http"):
        with pytest.raises(
            NotFound, match=f"^this sandbox has no port for {name}, but a Unix socket: {folder}/{name}$"
        ):
            getattr(everything, f"{name}_port")
    with pytest.raises(NotFound, match="no port for http, but a Unix socket"):
        _ = everything.url


# -- every protocol


def test_every_protocol_greets_and_knows_that_a_peer_is_here(everything: Sandbox) -> None:
    said = {}
    for name in sorted(PORTS.keys() - {"http"}):
        with Talk(everything, name) as talk:
            said[name] = talk.line().split()[0]

    smtp, pop3, imap = b"220", b"+OK", b"*"
    assert list(said.values()) == [imap, imap, smtp, pop3, pop3, smtp, smtp, smtp]
    assert {each.peer for each in everything.store.sessions(limit=20)} == {"unix"}


def test_mail_that_came_by_a_socket_is_read_at_others(everything: Sandbox, folder: Path) -> None:
    send(everything)
    with Talk(everything, "pop3") as pop3:
        said = [pop3.line(), pop3.ask(b"USER bob@example.com"), pop3.ask(b"PASS x"), pop3.ask(b"STAT")]
    with Talk(everything, "imaps") as imap:
        imap.line()
        logged_in = imap.ask(b"a LOGIN bob@example.com x")
        seen = imap.ask(b"b STATUS INBOX (MESSAGES)")
    status, octets = get(str(folder / "http"), "/v1/messages")

    [message] = everything.messages()
    [session] = [each for each in everything.store.sessions(limit=9) if each.protocol == "lmtp"]
    assert message.envelope is not None
    assert (message.envelope.peer, session.peer) == ("unix", "unix")
    assert everything.store.transcript(session.id).local == f"unix:{folder}/lmtp"
    assert said[-1] == b"+OK 1 %d\r\n" % len(MAIL)
    assert logged_in.startswith(b"a OK")
    assert seen.startswith(b"* STATUS INBOX (MESSAGES 1)")
    assert (status, json.loads(octets)["messages"][0]["subject"]) == (200, "Welcome")


def test_tls_begins_at_a_socket_too(everything: Sandbox) -> None:
    context = sandbox_context(everything)
    context.check_hostname = False  # of a client that knows a path alone
    with Talk(everything, "submission") as talk:
        talk.line()
        assert talk.ask(b"STARTTLS").startswith(b"220")
        with context.wrap_socket(talk.socket) as secured:
            secured.sendall(b"NOOP\r\n")
            assert secured.recv(100).startswith(b"250")


def test_faults_happen_to_who_is_at_a_socket(everything: Sandbox, folder: Path) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(everything, "bob@slow.test")
    with Talk(everything, "imap") as imap:
        imap.line()
        with suppress(ConnectionResetError):
            assert imap.ask(b"a NOOP") == b""
    answers = [get(str(folder / "http"), "/v1/messages")[0] for _ in range(3)]

    assert answers == [200, 503, 200]


def test_wrong_passwords_count_at_a_socket(everything: Sandbox, folder: Path) -> None:
    with Talk(everything, "imap") as imap:
        imap.line()
        assert imap.ask(b"a LOGIN ann@example.com wrong").startswith(b"a NO")
        assert imap.ask(b"a LOGIN ann@example.com s3cret").startswith(b"a OK")
    basic = {"Authorization": "Basic bm9ib2R5Ong="}
    assert get(str(folder / "http"), "/v1/messages", **basic)[0] == 401


def test_the_name_that_a_page_asks_for_is_checked_at_a_socket_too(everything: Sandbox, folder: Path) -> None:
    assert get(str(folder / "http"), "/v1/messages", Host="evil.example")[0] == 403
    assert get(str(folder / "http"), "/v1/messages", Origin="http://evil.example")[0] == 403


def test_pages_say_at_which_socket_something_listens(everything: Sandbox, folder: Path) -> None:
    status, page = get(str(folder / "http"), "/")

    assert status == 200
    assert f"<dt>lmtp</dt><dd>{folder}/lmtp</dd>".encode() in page


# -- beginning and end


def test_its_sockets_go_with_it_and_come_again(folder: Path) -> None:
    sandbox = Sandbox(lmtp=folder / "lmtp", http=folder / "http")
    for _ in range(2):
        with sandbox:
            send(sandbox)
            assert get(str(folder / "http"), "/readyz")[0] == 200
            assert {each.name for each in folder.iterdir()} == {"lmtp", "http"}
        assert list(folder.iterdir()) == []


def test_a_socket_may_be_opened_while_it_runs(sandbox: Sandbox, folder: Path) -> None:
    assert sandbox.listen("lmtp", folder / "x.sock") == (str(folder / "x.sock"), 0)
    send(sandbox)

    sandbox.stop()
    assert list(folder.iterdir()) == []


def test_a_path_is_where_the_sandbox_was_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with Sandbox(lmtp="mail.sock") as sandbox:
        monkeypatch.chdir("/")

        assert sandbox.address("lmtp") == (str(folder / "mail.sock"), 0)
        send(sandbox)
    assert list(folder.iterdir()) == []


# -- what is said of it


def test_the_start_up_block_has_paths(everything: Sandbox, folder: Path) -> None:
    block = welcome(everything)

    others = f"STARTTLS unix:{folder}/submission  TLS unix:{folder}/smtps  LMTP unix:{folder}/lmtp"
    assert f"  SMTP       unix:{folder}/smtp  {others}\n" in block
    assert f"  HTTP       unix:{folder}/http  curl --unix-socket {folder}/http http://localhost/v1/messages\n" in block
    assert "SMTP_HOST" not in block
    assert "Anybody" not in block
    assert everything.exposed == []


def test_behind_a_proxy_the_inspector_has_its_address(folder: Path) -> None:
    with Sandbox(http=folder / "http", imaps=0, url="https://ci.example/mail") as sandbox:
        assert "Inspector  https://ci.example/mail/\n" in welcome(sandbox)
        assert "CA         https://ci.example/mail/ca.pem" in welcome(sandbox)


def test_a_flag_a_variable_and_a_file_name_sockets(folder: Path) -> None:
    folder.joinpath("mailtrap.toml").write_text('imap = "run/imap.sock"\n')

    settings = load({"lmtp": "./l"}, {"MAILSANDBOX_HTTP": "http.sock", "MAILSANDBOX_POP3": "~/p"}, folder)

    found = (settings.lmtp, settings.http, settings.pop3, settings.imap)
    assert found == (Path("l"), Path("http.sock"), Path.home() / "p", Path("run/imap.sock"))


OFF = {f"MAILSANDBOX_{name.upper()}": "off" for name in PORTS}


@pytest.mark.parametrize("name", ["http", "smtp", "pop3", "imap"])
def test_ready_asks_at_a_socket(
    everything: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = everything.address(name)[0]
    for variable, value in (OFF | {f"MAILSANDBOX_{name.upper()}": path}).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("MAILSANDBOX_SERVER", raising=False)

    assert ready([]) == 0

    everything.stop()
    assert ready([]) == 1
    assert capsys.readouterr().err.startswith(f"mailtrap: {name}+unix:{path} is not ready: [Errno 2] No such file")


def test_other_commands_say_that_they_need_an_address() -> None:
    with pytest.raises(BadSettings, match="only mailtrap ready can: use --server"):
        own_address(Settings(http=Path("/run/http.sock")))


# -- the command


def test_the_command_makes_sockets_and_removes_them(serve: Callable[..., Any], tmp_path: Path, folder: Path) -> None:
    served = serve("--lmtp", str(folder / "lmtp.sock"), "--socket-access", "all", MAILSANDBOX_IMAP=str(folder / "imap"))

    assert f"LMTP unix:{folder}/lmtp.sock\n" in served.said
    assert folder.joinpath("lmtp.sock").stat().st_mode & 0o777 == 0o666
    assert served.end() == (0, "")
    assert list(folder.iterdir()) == []


def test_what_a_killed_one_left_behind_is_replaced(serve: Callable[..., Any], folder: Path) -> None:
    path = folder / "lmtp.sock"
    serve("--lmtp", str(path)).end(signal.SIGKILL)
    assert path.is_socket()

    served = serve("--lmtp", str(path))

    smtplib.LMTP(str(path)).quit()
    assert served.end() == (0, "")


def test_a_socket_in_use_is_one_line_and_exit_1(folder: Path, plain_environ: dict[str, str]) -> None:
    with Sandbox(lmtp=folder / "x.sock"):
        command = [sys.executable, "-m", "mailtrap", "--smtp", str(folder / "x.sock"), "--http", "off"]
        ended = subprocess.run(command, cwd=folder, env=plain_environ, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"mailtrap: {folder}/x.sock is in use already: stop what listens there, or set smtp")
    assert ended.stderr.count("\n") == 1
