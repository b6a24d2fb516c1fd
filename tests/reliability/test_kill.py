"""``kill -9`` at any moment: what was acknowledged is there, once, with the octets as sent.

Twenty kills by default. ``MAILSANDBOX_TEST_KILLS=100 pytest -s tests/reliability/test_kill.py`` has 100,000 messages
acknowledged, and takes some minutes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from load import Load, assert_kept
from process import Process, Start, spawn

KILLS = int(os.environ.get("MAILSANDBOX_TEST_KILLS", "20"))
EACH = 100 if KILLS < 100 else 1000
"""So many are acknowledged, at least, before each kill; a few more each time, so that it hits at any moment."""


def test_kill_9_under_load_loses_nothing_acknowledged(start: Start, tmp_path: Path) -> None:
    load = Load()
    took: list[float] = []
    for kill in range(KILLS):
        began = time.monotonic()
        process = spawn(["--data", str(tmp_path / "data")])
        until_it_says_so(process)
        took.append(time.monotonic() - began)
        with load.on(process):
            load.until(acknowledged=EACH + kill % 7)
            process.kill()
        process.popen.communicate()
    process = start(tmp_path / "data")

    print(f"{KILLS} kills, {len(load.sent)} acknowledged by SMTP and {len(load.appended)} by IMAP;", end=" ")
    print(f"start-up took {min(took):.2f} to {max(took):.2f} s")
    assert load.acknowledged >= EACH * KILLS
    assert not load.refused
    assert_kept(process, load)
    assert process.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "mailtrap.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def until_it_says_so(process: Process) -> None:
    """Wait for the last line of what it says when it has started."""
    assert process.popen.stdout is not None
    said = ""
    for line in process.popen.stdout:
        said += line
        if "Ctrl-C stops it" in line:
            return
    raise AssertionError(said)
