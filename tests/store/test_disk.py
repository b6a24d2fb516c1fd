"""A disk that gets full is said to be, once, and in good time."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mailtrap.store.disk import Disk, DiskWatch, disk
from mailtrap.store.sqlite import SqliteStore


class Filling:
    """A disk to be filled, and a clock that goes on with every look."""

    def __init__(self) -> None:
        self.used = 0
        self.now = 0.0

    def look(self) -> Disk:
        return Disk(total=100 << 30, free=100 - self.used << 30)

    def clock(self) -> float:
        self.now += 60
        return self.now


def test_it_warns_once_until_there_is_room_again(caplog: pytest.LogCaptureFixture) -> None:
    filling = Filling()
    watch = DiskWatch(filling.look, filling.clock)
    warned = []
    for used in (0, 79, 80, 85, 79, 81, 74, 79, 80, 99):
        filling.used = used
        caplog.clear()
        watch.note()
        if caplog.records:
            warned.append(used)

    assert warned == [80, 80]


def test_it_looks_now_and_then_only() -> None:
    looks = []
    now = 1000.0

    def look() -> Disk:
        looks.append(now)
        return Disk(100, 50)

    watch = DiskWatch(look, lambda: now)
    for _ in range(100):
        watch.note()
        now += 1

    assert len(looks) == 10


def test_a_disk_that_cannot_be_asked_is_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    def look() -> Disk:
        raise OSError("gone")

    with caplog.at_level(logging.WARNING):
        DiskWatch(look).note()
    assert not caplog.records


def test_what_it_says() -> None:
    assert Disk(100 << 30, 21 << 30).warning is None
    assert Disk(100 << 30, 15 << 30).warning == "the disk is 85% full, 15.0 GiB are free"
    assert Disk(0, 0).warning is None


def test_a_store_knows_its_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data")
    assert store.disk().total == disk(tmp_path).total
    store.close()
