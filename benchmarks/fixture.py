"""What a fixture costs a test: the same 200 tests with each, one message sent in every one."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SEND = """
import smtplib, pytest
def send(host, port):
    with smtplib.SMTP(host, port, local_hostname="here") as client:
        client.sendmail("a@x.test", ["b@x.test"], "Subject: hi\\r\\n\\r\\nhi\\r\\n")
"""

TESTS = {
    "no fixture": "@pytest.mark.parametrize('n', range(200))\ndef test_it(n): pass\n",
    "inbox (ours)": (
        "@pytest.mark.parametrize('n', range(200))\ndef test_it(n, inbox):\n"
        "    smtp = inbox.smtp()\n    send(smtp['host'], smtp['port'])\n    assert inbox.one().subject == 'hi'\n"
    ),
    "smtpdfix": (
        "@pytest.mark.parametrize('n', range(200))\ndef test_it(n, smtpd):\n"
        "    send(smtpd.hostname, smtpd.port)\n    assert len(smtpd.messages) == 1\n"
    ),
    "pytest-localserver": (
        "@pytest.mark.parametrize('n', range(200))\ndef test_it(n, smtpserver):\n"
        "    send(*smtpserver.addr)\n    assert len(smtpserver.outbox) == 1\n"
    ),
}
PLUGINS = {
    "no fixture": [],
    "inbox (ours)": ["-p", "pytest_mailtrap.plugin"],
    "smtpdfix": ["-p", "smtpdfix"],
    "pytest-localserver": ["-p", "pytest_localserver.plugin"],
}


def run(rounds: int = 3) -> None:
    """Interleaved; ms per test above a test that does nothing."""
    times: dict[str, list[float]] = {name: [] for name in TESTS}
    for _ in range(rounds):
        for name, tests in TESTS.items():
            times[name].append(_seconds(name, SEND + tests))
    base = statistics.median(times.pop("no fixture"))
    print("Fixture, ms per test with one message, server and start of the session included")
    for name, seconds in times.items():
        print(f"  {name:20} {(statistics.median(seconds) - base) * 5:.2f}", flush=True)


def _seconds(name: str, tests: str) -> float:
    """How long pytest says that it took."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_it.py").write_text(tests)
        (Path(directory) / "pytest.ini").write_text("[pytest]\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS[name], directory]
        environ = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ, cwd=directory)
    match = re.search(r"200 passed in ([\d.]+)s", done.stdout)
    assert match, done.stdout
    return float(match[1])
