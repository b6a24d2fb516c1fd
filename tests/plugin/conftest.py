"""pytest, run by pytest; and inboxes without it."""

from __future__ import annotations

import os
import smtplib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_mailtrap import Inbox, Server

ROOT = Path(__file__).parents[2]
HELPERS = """
import asyncio, re, smtplib, threading
import pytest

def send(inbox, subject="Welcome", to="ann@example.com", mail_from="shop@shop.test", text="Hi Ann"):
    with smtplib.SMTP(**inbox.smtp(), local_hostname="app.test") as smtp:
        smtp.sendmail(mail_from, [to], f"From: {mail_from}\\nTo: {to}\\nSubject: {subject}\\n\\n{text}\\n".encode())
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server without pytest, for what does not depend on it."""
    with Server(timeout=0.0) as running:
        yield running


@pytest.fixture
def box(server: Server) -> Iterator[Inbox]:
    """An inbox that does not wait."""
    with server.inbox() as opened:
        yield opened


@pytest.fixture
def send(server: Server) -> Callable[..., None]:
    """Send a mail by SMTP."""

    def sent(
        subject: str = "Welcome",
        to: str | list[str] = "ann@example.com",
        *,
        mail_from: str = "shop@shop.test",
        message: bytes | None = None,
    ) -> None:
        header = (
            f"From: {mail_from}\r\nTo: {to if isinstance(to, str) else ', '.join(to)}\r\nSubject: {subject}\r\n\r\n"
        )
        with smtplib.SMTP(*server.address("smtp"), local_hostname="app.test") as smtp:
            smtp.sendmail(mail_from, to, header.encode() + b"Hi Ann\r\n" if message is None else message)

    return sent


@pytest.fixture(autouse=True)
def _outermost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let child processes import what this one can, be it installed or not; and nothing be a worker of xdist's."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    here = [str(ROOT / folder) for folder in (".", "web", "pytest_plugin")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*here, *filter(None, sys.path)]))


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a test module with the plugin and nothing else: ``run("def test_it(inbox): ...", "-v")``."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def result(
        source: str, *arguments: str, subprocess: bool = False, plugin: str | None = "pytest_mailtrap.plugin"
    ) -> pytest.RunResult:
        pytester.makepyfile(HELPERS + dedent(source))
        run = pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess
        return run(*(["-p", plugin] if plugin else []), "-p", "no:cacheprovider", *arguments)

    return result
