"""What a fixture costs a test: the same 200 tests with each, one message sent in every one."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers import Missing, python_of_peers
from benchmarks.report import OURS, AtMost, Effort, Row

SEND = """
import smtplib, pytest
def send(host, port):
    with smtplib.SMTP(host, port, local_hostname="here") as client:
        client.sendmail("a@x.test", ["b@x.test"], "Subject: hi\\r\\n\\r\\nhi\\r\\n")
"""

TESTS = {
    **dict.fromkeys(
        ("no fixture", "no fixture of ours"), "@pytest.mark.parametrize('n', range(200))\ndef test_it(n): pass\n"
    ),
    OURS: (
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
    "no fixture of ours": [],
    OURS: ["-p", "pytest_mailtrap.plugin"],
    "smtpdfix": ["-p", "smtpdfix"],
    "pytest-localserver": ["-p", "pytest_localserver.plugin"],
}


def run(effort: Effort) -> Iterator[Row]:
    """Interleaved; ms per test above a test that does nothing. Others' fixtures run in a Python of their own."""
    pythons = {name: Path(sys.executable) for name in ("no fixture", OURS)}
    try:
        pythons |= {name: python_of_peers() for name in ("no fixture of ours", "smtpdfix", "pytest-localserver")}
    except Missing as error:
        print(f"without other fixtures: {error}", file=sys.stderr)
    times: dict[str, list[float]] = {name: [] for name in pythons}
    for _ in range(effort.of(3, 1)):
        for name, python in pythons.items():
            times[name].append(_seconds(python, name))
    medians = {name: statistics.median(found) for name, found in times.items()}
    bases = {OURS: medians.pop("no fixture"), "others": medians.pop("no fixture of ours", 0.0)}
    figures = {name: (found - bases.get(name, bases["others"])) * 5 for name, found in medians.items()}
    yield Row("fixture", "a test with one message, of 200", figures, goals=(AtMost(3.2),))


def _seconds(python: Path, name: str) -> float:
    """How long pytest says that it took."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_it.py").write_text(SEND + TESTS[name])
        (Path(directory) / "pytest.ini").write_text("[pytest]\n")
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS[name], directory]
        environ = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ, cwd=directory)
    match = re.search(r"200 passed in ([\d.]+)s", done.stdout)
    assert match, done.stdout
    return float(match[1])
