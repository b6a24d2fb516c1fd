"""The commands as programs and people run them: processes of their own, and a sandbox that they find."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailtrap.sandbox import Sandbox

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the tests of a file; each uses addresses of its own."""
    with Sandbox(smtp="off", http=0, size_limit="10KiB", import_limit="10KiB") as running:
        yield running


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path) -> Run:
    """``mailtrap`` with these arguments, *octets* at its standard input, and our variable with the sandbox in it."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(filter(None, sys.path)), "NO_COLOR": "1"}

    def command(
        *arguments: str, octets: bytes = b"", program: tuple[str, ...] = (sys.executable, "-m", "mailtrap"), **more: str
    ) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [*program, *arguments],
            cwd=tmp_path,
            env={**environ, "MAILSANDBOX_SERVER": sandbox.url, **more},
            input=octets,
            capture_output=True,
            timeout=60,
        )
        return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return command
