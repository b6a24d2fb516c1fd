"""The end: what is in flight is finished, nobody new is let in, and no port or child keeps anything open."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from imap_client import ImapClient
from process import LISTENERS, PYTHON, Process, Start
from reading import mail
from smtp_client import SmtpClient, stuffed

from mailtrap.store.sqlite import SqliteStore

LARGE = mail("large", "x" * 70 + "\r\n" * 40_000)


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_port_in_use_is_one_line_that_names_it_and_exit_1(listener: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        others = [word for each in LISTENERS if each != listener for word in (f"--{each}", "0")]
        command = [PYTHON, "-P", "-m", "mailtrap", "--host", "127.0.0.1", *others, f"--{listener}", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"mailtrap: port {port} of 127.0.0.1 is in use by another program")
    assert listener in done.stderr
    assert done.stderr.count("\n") == 1


def test_told_to_stop_it_finishes_what_is_in_flight_in_every_protocol(start: Start, tmp_path: Path) -> None:
    process = start(tmp_path / "data")
    process.deliver("ann@x.test", mail("read"))
    with (
        SmtpClient(("127.0.0.1", process.smtp)) as smtp,
        ImapClient(("127.0.0.1", process.imap)) as imap,
        ImapClient(("127.0.0.1", process.imap)) as idle,
        socket.create_connection(("127.0.0.1", process.pop3), 30) as pop3,
        pop3.makefile("rb") as said,
    ):
        for command, code in ((b"MAIL FROM:<a@x.test>", "250"), (b"RCPT TO:<ann@x.test>", "250"), (b"DATA", "354")):
            smtp.command(command, code)
        imap.log_in("ann@x.test")
        idle.log_in("ann@x.test").ok("SELECT INBOX")
        idle.begin_idle()
        imap.send(b"a9 APPEND INBOX {%d+}\r\n" % len(LARGE) + LARGE[:10_000])
        imap_is_in_the_middle(process)
        pop3.sendall(b"USER ann@x.test\r\nPASS secret\r\nDELE 1\r\nSTA")  # a command without its end
        assert [said.readline()[:3] for _ in range(4)] == [b"+OK"] * 4
        process.popen.terminate()

        assert idle.hear() == ["BYE", None, "The server is stopping"]  # who is idle is told at once
        imap.send(LARGE[10_000:] + b"\r\n")
        answers = [imap.read()]
        while answers[-1][0] != "a9":
            answers.append(imap.read())
        assert answers[-1][1] == "OK"
        assert imap.read()[:2] == ["*", "BYE"]
        smtp._socket.sendall(stuffed(LARGE))
        kept = smtp.reply("250").rpartition("id=")[2]
        pop3.sendall(b"T\r\n")
        assert said.readline() == b"+OK 0 0\r\n"
        assert said.readline() == b"-ERR [SYS/TEMP] The server is stopping\r\n"
    assert process.popen.wait(20) == 0
    again = start(tmp_path / "data")
    assert kept in {each["id"] for each in again.messages()}
    with ImapClient(("127.0.0.1", again.imap)) as client:  # by POP3 nothing was deleted, for nobody said QUIT
        [count] = client.log_in("ann@x.test").ok("SELECT INBOX").numbered("EXISTS")
    assert count == 3


def imap_is_in_the_middle(process: Process) -> None:
    """A round trip of another connection: what was sent before it has come."""
    with ImapClient(("127.0.0.1", process.imap)) as client:
        client.ok("NOOP")


@pytest.mark.needs("fcntl")
def test_a_forked_child_holds_no_port_and_no_directory_of_any_protocol(tmp_path: Path) -> None:
    code = """
import os, sys
from mailtrap.sandbox import Sandbox
sandbox = Sandbox(pop3=0, pop3s=0, imap=0, imaps=0, submission=0, smtps=0, http=0, data=sys.argv[1]).start()
if os.fork() == 0:
    print(*(port for [(_, port), *_] in sandbox.addresses.values()), flush=True)
    sys.stdin.read()  # it lives on
    os._exit(0)
sys.stdin.read()
"""
    command = [PYTHON, "-W", "ignore", "-c", code, str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        ports = [int(port) for port in parent.stdout.readline().split()]
        parent.kill()
        parent.wait()

        assert len(ports) == len(LISTENERS)
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), 30)
        SqliteStore(tmp_path / "data").close()
