"""The command as people run it: in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from mailtrap.listeners import PORTS

FREE = [text for name in PORTS for text in (f"--{name}", "0")]
"""Any free port for each protocol."""


class Served:
    """A ``mailtrap serve`` in a process of its own, on free ports of 127.0.0.1."""

    def __init__(self, arguments: tuple[str, ...], environ: dict[str, str], folder: Path) -> None:
        command = [sys.executable, "-m", "mailtrap", *FREE, "--host", "127.0.0.1", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said = ""
        for line in self.process.stdout or ():
            self.said += line
            if "Ctrl-C" in line:
                break
        else:
            raise AssertionError(f"it did not start: {self.said}{self.end()[1]}")

    @property
    def smtp_port(self) -> int:
        """The port of SMTP."""
        return int(re.search(r"SMTP_PORT=(\d+)", self.said)[1])  # type: ignore[index]  # the test is about to see

    @property
    def url(self) -> str:
        """Where the inspector and the REST API are."""
        return str(re.search(r"Inspector +(\S+)/", self.said)[1])  # type: ignore[index]  # the same

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code, and what was said on standard error."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        with self.process:
            try:
                complaints = self.process.communicate(timeout=30)[1]
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        return self.process.returncode, complaints


@pytest.fixture
def plain_environ() -> dict[str, str]:
    """The variables of this process, but none of ours and no coloured output."""
    path = os.pathsep.join(filter(None, sys.path))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAILSANDBOX_")}
    return {**ours, "PYTHONPATH": path, "NO_COLOR": "1"}


@pytest.fixture
def serve(tmp_path: Path, plain_environ: dict[str, str]) -> Iterator[Callable[..., Served]]:
    """Start ``mailtrap serve`` with more arguments, as often as a test likes; killed at its end."""
    with ExitStack() as running:

        def start(*arguments: str, **environ: str) -> Served:
            served = Served(arguments, plain_environ | environ, tmp_path)
            running.callback(lambda: served.process.poll() is None and served.end(signal.SIGKILL))
            return served

        yield start


@pytest.fixture
def own_certificate(tmp_path: Path) -> Path:
    """A file with a certificate for mail.example and its key, of a CA that is kept beside it as ``other-ca.pem``."""
    import trustme

    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "other-ca.pem")
    ca.issue_cert("mail.example").private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    return tmp_path / "own.pem"
