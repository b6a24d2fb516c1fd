"""The program's clock, moved ahead while it runs: what goes by age is gone, and what comes then stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

from process import PYTHON, Process, Start
from reading import mail


def advance(process: Process, time: str) -> None:
    """As people do it."""
    server = f"http://127.0.0.1:{process.http}"
    subprocess.run([PYTHON, "-P", "-m", "mailtrap", "clock", "advance", time, "--server", server], check=True)


def subjects(process: Process) -> list[object]:
    return [each["subject"] for each in process.messages()]


def test_messages_are_gone_when_the_clock_is_past_their_age(start: Start, tmp_path: Path) -> None:
    process = start(tmp_path / "data", "--keep-age", "30d")
    process.deliver("ann@x.test", mail("first"))
    advance(process, "29d")
    process.deliver("ann@x.test", mail("second"))
    assert subjects(process) == ["second", "first"]
    advance(process, "2d")

    assert subjects(process) == ["second"]
    assert process.stop() == 0
    again = start(tmp_path / "data", "--keep-age", "30d")
    assert subjects(again) == ["second"]
    advance(again, "30d")
    assert subjects(again) == []
    assert again.stop() == 0
