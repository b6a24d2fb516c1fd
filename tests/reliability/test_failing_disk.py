"""A disk that fails at any write: what was answered 250 is there, all else was refused, and the file stays whole."""

from __future__ import annotations

import errno
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from load import Load, assert_kept
from process import Start, spawn
from trouble import Trouble, compiled

pytestmark = [pytest.mark.needs("cc")]

REFUSALS = {"'452 4.3.1 The store cannot take mail now' instead of 250", "NO ['UNAVAILABLE']"}
ROUNDS = 12


@pytest.fixture
def trouble(tmp_path: Path) -> Trouble:
    """What happens to the disk of a process with its environment."""
    return Trouble(compiled(tmp_path), tmp_path / "orders")


@pytest.fixture(params=["--durable", "--hostname=mail.test"], ids=["durable", "by default"])
def option(request: pytest.FixtureRequest) -> str:
    """Whether each commit waits for the disk."""
    return str(request.param)


@pytest.mark.parametrize("seed", [1, 2])
def test_whichever_write_fails_nothing_acknowledged_is_lost(
    start: Start, tmp_path: Path, trouble: Trouble, option: str, seed: int
) -> None:
    chance = random.Random(seed)
    process = start(tmp_path / "data", option, env=trouble.environment)
    load = Load()
    with load.on(process):
        for _ in range(ROUNDS):
            load.until(acknowledged=10)
            times = chance.choice([1, 1, 2, 5, 20])
            trouble.fail(chance.choice([errno.EIO, errno.ENOSPC]), after=chance.randrange(60), times=times)
            load.until(acknowledged=20)  # whatever fails, it goes on when that is over
        trouble.fail(errno.EIO)
        load.until(refused=10)
        trouble.end()
        load.until(acknowledged=20)

    assert trouble["failed"] > ROUNDS
    assert set(load.refused) <= REFUSALS
    assert_kept(process, load)
    process.kill()
    again = start(tmp_path / "data")
    assert_kept(again, load)
    assert again.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "mailtrap.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_disk_has_a_message_before_its_250_on_request_alone(
    start: Start, tmp_path: Path, trouble: Trouble, option: str
) -> None:
    process = start(tmp_path / "data", option, env=trouble.environment)
    before = trouble["syncs"]
    for _ in range(20):
        process.deliver("ann@x.test", b"Subject: hello\r\n\r\n")

    synced = trouble["syncs"] - before
    assert synced >= 20 if option == "--durable" else synced < 20
    assert process.stop() == 0


def test_a_disk_that_cannot_be_written_at_the_start_is_one_line_and_exit_1(tmp_path: Path, trouble: Trouble) -> None:
    for after in (0, 1, 5, 20):
        trouble.fail(errno.ENOSPC, after=after)
        process = spawn(["--data", str(tmp_path / str(after))], env=trouble.environment)
        said, _ = process.popen.communicate(timeout=60)

        assert process.popen.returncode == 1, said
        assert said.count("\n") == 1
        assert said.startswith(f"mailtrap: {tmp_path / str(after)}")
        trouble.end()
        again = spawn(["--data", str(tmp_path / str(after))])
        assert again.popen.stdout is not None
        assert "every message is kept" in again.popen.stdout.readline()  # and nothing half made is in the way
        again.kill()
        again.popen.communicate()


def test_a_disk_that_no_log_can_be_on_is_one_line_and_exit_1(tmp_path: Path, trouble: Trouble) -> None:
    trouble["remote"] = 1
    process = spawn(["--data", str(tmp_path / "data")], env=trouble.environment)
    said, _ = process.popen.communicate(timeout=60)

    assert process.popen.returncode == 1
    assert said == f"mailtrap: {tmp_path}/data/mailtrap.db cannot have a write-ahead log: put it on a local disk\n"
