"""Peers beside ours. What Debian does not have is installed when it is first asked for, outside the repository."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.process import await_port, free_port, quiet, running
from benchmarks.servers import Server, sandbox, smtp_sink, stock_aiosmtpd

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))  # the Dovecot of the tests

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mail-sandbox-benchmarks"
MAILDEV, GREENMAIL = "3.0.0", "2.1.3"
PYTHON_PEERS = ("smtpdfix==0.5.3", "pytest-localserver==0.10.0.post0")

Start = Callable[[], AbstractContextManager[Server]]


class Missing(Exception):
    """A peer that cannot be had here."""


@contextmanager
def maildev() -> Iterator[Server]:
    """MailDev of npm, as it comes: mail in memory, its files in a temporary directory."""
    smtp, web = free_port(), free_port()
    ports = ["--smtp", str(smtp), "--web", str(web), "--ip", "127.0.0.1", "--web-ip", "127.0.0.1"]
    with running([_program("node"), str(maildev_program()), *ports], smtp) as process:
        await_port(web, process)
        yield Server(process.pid, smtp, lambda: quiet(process.pid), web)


@contextmanager
def greenmail() -> Iterator[Server]:
    """GreenMail standalone of Maven, with any name and password; it keeps mail in memory."""
    ports = {name: free_port() for name in ("smtp", "imap", "pop3")}
    words = [
        f"-Dgreenmail.{name}.{what}" for name, port in ports.items() for what in (f"port={port}", "hostname=127.0.0.1")
    ]
    command = [_program("java"), *words, "-Dgreenmail.auth.disabled", "-jar", str(greenmail_jar())]
    with running(command, ports["smtp"]) as process:
        for port in ports.values():
            await_port(port, process)
        yield Server(process.pid, ports["smtp"], lambda: quiet(process.pid), imap=ports["imap"], pop3=ports["pop3"])


@contextmanager
def dovecot() -> Iterator[Server]:
    """Debian's Dovecot with Maildirs, without full-text index. It takes no mail over SMTP."""
    _program("dovecot")
    from dovecot import running as started  # type: ignore[import-not-found]  # it is among the tests

    with started() as it:
        yield Server(it.process.pid, 0, imap=it.imap, pop3=it.pop3)


SMTP: dict[str, Start] = {
    "sandbox": sandbox,
    "aiosmtpd": stock_aiosmtpd,
    "MailDev": maildev,
    "GreenMail": greenmail,
    "smtp-sink": smtp_sink,
}
"""Where mail can be sent to; `aiosmtpd` is stock and keeps a list, `smtp-sink` is C and throws all away."""

READERS: dict[str, Start] = {"sandbox": sandbox, "Dovecot": dovecot, "GreenMail": greenmail}
"""Where mail can be read from by IMAP and POP3."""


def at_hand(starters: dict[str, Start]) -> dict[str, Start]:
    """Those that can be had here; the others are named, with what is missing."""
    return {name: start for name, start in starters.items() if _why_not(name, start) is None}


@functools.cache
def _why_not(name: str, start: Start) -> str | None:
    try:
        with start():
            return None
    except (Missing, OSError, RuntimeError) as error:
        print(f"without {name}: {error}", file=sys.stderr, flush=True)
        return str(error)


# -- installing


@functools.cache
def maildev_program() -> Path:
    """Where MailDev is."""
    home = CACHE / f"maildev-{MAILDEV}"
    program = home / "node_modules" / "maildev" / "dist" / "bin" / "maildev.js"
    return _installed(program, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(home), f"maildev@{MAILDEV}")


@functools.cache
def greenmail_jar() -> Path:
    """Where GreenMail is."""
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
    artifact = f"-Dartifact=com.icegreen:greenmail-standalone:{GREENMAIL}"
    jar = CACHE / f"greenmail-standalone-{GREENMAIL}.jar"
    return _installed(jar, "mvn", "-B", "-q", goal, artifact, f"-DoutputDirectory={CACHE}")


@functools.cache
def python_of_peers() -> Path:
    """A Python that has the fixtures of others, and nothing of ours."""
    python = CACHE / "python" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "python"], check=True)
    if not list(python.parent.parent.glob("lib/*/site-packages/smtpdfix")):
        _carried_out([str(python), "-m", "pip", "install", "-q", "pytest", *PYTHON_PEERS])
    return python


def _installed(what: Path, program: str, *arguments: str) -> Path:
    if not what.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"installing {what.name} into {CACHE}", file=sys.stderr, flush=True)
        _carried_out([_program(program), *arguments])
    return what


def _carried_out(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Missing(f"cannot be installed ({error})") from error


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        raise Missing(f"no {name} here")
    return found
