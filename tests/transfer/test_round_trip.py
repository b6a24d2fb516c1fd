"""Out and in again: octets, ids, envelopes, times, tags, flags and pins are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.transfer.conftest import Side

ODD = [
    b"",
    b"\n",
    b"\r\n",
    b"\n\r\n",
    b"a",
    b"a\r",
    b"a\n\r",
    b"From ",
    b"From",
    b"From me\n>From you\n>>From\n> From \n",
    b"Subject: a\n\nFrom ann@example.com Fri Jan 31 12:00:00 2025\n\nFrom ann@example.com Fri Jan 31 12:00:00 2025",
    b"\n\nFrom x Fri Jan 31 12:00:00 2025\n\n\n",
    b"Subject: NUL\r\n\r\n\0\0\r\n\0",
    bytes(range(256)) * 3,
    b"x" * 300_000,
    b">" * 70_000 + b"From \n",
]


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_the_whole_corpus_comes_back_as_it_was(
    side: Callable[[str], Side], tmp_path: Path, all_corpus_files: list[Path], form: str
) -> None:
    here, there = side("here"), side("there")
    here.fill([*(file.read_bytes() for file in all_corpus_files), *ODD])

    out = here.export(tmp_path / "out", form)
    back = there.import_(tmp_path / "out", form)

    assert (out.failures, back.failures) == ([], [])
    assert out.advanced == out.units
    assert back.advanced == back.units
    assert back.count.done == out.count.done == len(all_corpus_files) + len(ODD)
    assert there.known() == [(replace(record, origin="import"), octets) for record, octets in here.known()]


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_what_comes_back_is_told_apart_from_what_was_captured(
    side: Callable[[str], Side], tmp_path: Path, form: str
) -> None:
    here, there = side("here"), side("there")
    here.fill([b"Subject: one\r\n\r\n"])
    here.export(tmp_path / "out", form)
    there.import_(tmp_path / "out", form)

    assert [record.origin for record, _ in there.known()] == ["import"]


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_accounts_are_those_of_the_envelope(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here, there = side("here"), side("there")
    here.fill([b"To: eve@example.com\r\n\r\n"] * 4)
    here.export(tmp_path / "out", form)
    there.import_(tmp_path / "out", form)

    def accounts(side: Side) -> list[str]:
        return [each.name for each in side.store.accounts(side.store.project("default").id)]

    assert accounts(there) == accounts(here)
    assert "job-4711" in accounts(there)
    assert "eve@example.com" not in accounts(there)


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_only_what_a_query_finds_goes_out(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here, there = side("here"), side("there")
    here.fill([b"Subject: %d\r\n\r\n%s\r\n" % (number, b"odd" if number % 2 else b"even") for number in range(10)])

    out = here.export(tmp_path / "out", form, "odd")
    there.import_(tmp_path / "out", form)

    assert out.count.done == 5
    assert [octets for octets in there.octets() if b"even" in octets] == []


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_nothing_goes_out_and_nothing_comes_in(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here = side("here")

    out = here.export(tmp_path / "out", form)
    back = here.import_(tmp_path / "out", form)

    assert (out.count.done, out.units, back.count.done, back.failures) == (0, 0, 0, [])


def test_pages_are_put_together_oldest_first(side: Callable[[str], Side], tmp_path: Path) -> None:
    here, there = side("here"), side("there")
    here.fill([b"Subject: %d\r\n\r\n" % number for number in range(601)])
    here.export(tmp_path / "out.mbox")
    there.import_(tmp_path / "out.mbox")

    assert there.octets() == [b"Subject: %d\r\n\r\n" % number for number in range(601)]


def test_it_comes_back_over_rest_as_it_was(
    side: Callable[[str], Side], tmp_path: Path, all_corpus_files: list[Path], served: Side
) -> None:
    here, there = side("here"), side("there")
    here.fill([*(file.read_bytes() for file in all_corpus_files), *ODD, *[b"Subject: %d\n" % n for n in range(300)]])
    here.export(tmp_path / "out.mbox")
    put = served.import_(tmp_path / "out.mbox")
    again = served.import_(tmp_path / "out.mbox")
    got = served.export(tmp_path / "again.zip")
    there.import_(tmp_path / "again.zip")

    there_now = [(replace(record, origin="import"), octets) for record, octets in here.known()]
    total = len(there_now)
    assert (put.count.done, put.failures, again.count.done, again.count.skipped) == (total, [], 0, total)
    assert (got.count.done, got.failures) == (total, [])
    assert served.known() == there_now
    assert there.known() == there_now
