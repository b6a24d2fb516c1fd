"""Broken off anywhere, an export and an import go on where they were, and nothing is torn or there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailtrap.portable.record import Record
from mailtrap.transfer.index import PART, index_of
from mailtrap.transfer.items import Unusable
from mailtrap.transfer.places import writer

if TYPE_CHECKING:
    from tests.transfer.conftest import Side

FORMS = ["eml", "mbox", "maildir", "zip"]
MANY = [b"Subject: %d\r\n\r\n%s" % (number, b"From here\n" * (number % 40)) for number in range(450)]
FEW = [b"Subject: a\n\nFrom a\n", b"b", b"", b"Subject: %s\n" % (b"d" * 300), b"\n"]

KILLED = """
import os, signal, sys
from pathlib import Path
from mailtrap.store.sqlite import SqliteStore
from mailtrap.transfer.places import reader, writer
from mailtrap.transfer.stores import InDirectory
from mailtrap.transfer.work import Count, bring_in, take_out

class Killer:
    count = Count()
    left = int(sys.argv[5])
    def begin(self, units): pass
    def fail(self, where, reason): pass
    def advance(self, units):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

what, data, path, form = sys.argv[1:5]
store = SqliteStore(Path(data))
messages = InDirectory(store, store.project("default").id)
if what == "import":
    bring_in(reader(Path(path), form, 1 << 20), messages, Killer())
else:
    take_out(messages, "", writer(Path(path), form), Killer())
"""


def killed(what: str, data: Path, path: Path, form: str, after: int) -> None:
    """An export or import that is killed after so many messages."""
    path_variable = ":".join(filter(None, sys.path))
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, what, str(data), str(path), form, str(after)],
        env={"PYTHONPATH": path_variable},
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def imported(here: Side) -> list[tuple[Record, bytes]]:
    return [(replace(record, origin="import"), octets) for record, octets in here.known()]


@pytest.mark.parametrize("after", [1, 333])
@pytest.mark.parametrize("form", FORMS)
def test_an_export_that_was_killed_goes_on(side: Callable[[str], Side], tmp_path: Path, form: str, after: int) -> None:
    here = side("here")
    here.fill(MANY)
    here.store.close()
    killed("export", tmp_path / "here", tmp_path / "out", form, after)
    here, there = side("here"), side("there")

    out = here.export(tmp_path / "out", form)
    back = there.import_(tmp_path / "out", form)

    assert out.count.skipped == after // 200 * 200
    assert out.count.done == len(MANY) - out.count.skipped
    assert (back.count.done, back.failures, back.warnings) == (len(MANY), [], [])
    assert there.known() == imported(here)


@pytest.mark.parametrize("form", FORMS)
def test_an_import_that_was_killed_goes_on(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here = side("here")
    here.fill(MANY)
    here.export(tmp_path / "out", form)
    killed("import", tmp_path / "there", tmp_path / "out", form, 300)
    there = side("there")

    back = there.import_(tmp_path / "out", form)

    assert back.count.skipped >= 300
    assert back.count.done == len(MANY) - back.count.skipped
    assert there.known() == imported(here)


def test_an_import_without_an_index_goes_on_too(side: Callable[[str], Side], tmp_path: Path) -> None:
    there = side("there")
    for number, octets in enumerate([*MANY, MANY[0], MANY[0]]):
        tmp_path.joinpath(f"{number:04}.eml").write_bytes(octets)
    there.store.close()
    killed("import", tmp_path / "there", tmp_path, "eml", 300)
    there = side("there")

    back = there.import_(tmp_path, "eml")
    again = there.import_(tmp_path, "eml")

    assert there.octets() == [*MANY, MANY[0], MANY[0]]
    assert back.count.skipped + back.count.done == again.count.skipped == len(MANY) + 2


def broken_off(here: Side, path: Path, form: str) -> Path:
    """An export of all that is there, but for its end; gives its index."""
    to = writer(path, form)
    for record, octets in here.known():
        to.add(record, octets)
    to.flush()
    to.close()
    index = index_of(path)
    return index.with_name(index.name + PART)


@pytest.mark.parametrize("form", FORMS)
def test_wherever_the_index_is_torn_the_export_goes_on(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here = side("here")
    here.fill(FEW)
    size = broken_off(here, tmp_path / "first", form).stat().st_size
    for cut in [0, 1, *range(100, size, 97), size - 1, size]:
        path = tmp_path / f"out-{cut}"
        os.truncate(broken_off(here, path, form), cut)

        here.export(path, form)
        there = side(f"there-{cut}")
        back = there.import_(path, form)

        assert there.known() == imported(here)
        assert (back.failures, back.warnings) == ([], [])


@pytest.mark.parametrize("form", ["mbox", "zip"])
def test_wherever_the_file_is_torn_the_export_goes_on(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here = side("here")
    here.fill(FEW)
    broken_off(here, tmp_path / "first", form)
    size = tmp_path.joinpath("first").stat().st_size
    for cut in [0, 1, *range(50, size, 61), size - 1]:
        path = tmp_path / f"out-{cut}"
        broken_off(here, path, form)
        os.truncate(path, cut)

        here.export(path, form)
        there = side(f"there-{cut}")
        back = there.import_(path, form)

        assert there.known() == imported(here)
        assert (back.failures, back.warnings) == ([], [])


@pytest.mark.parametrize("form", FORMS)
def test_what_came_since_is_added_to_a_finished_export(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here, there = side("here"), side("there")
    here.fill(FEW)
    here.export(tmp_path / "out", form)
    here.fill(FEW)

    more = here.export(tmp_path / "out", form)
    there.import_(tmp_path / "out", form)

    assert (more.count.skipped, more.count.done) == (len(FEW), len(FEW))
    assert there.known() == imported(here)


@pytest.mark.parametrize("form", FORMS)
def test_two_exports_to_one_place_are_one_too_many(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here = side("here")
    first = writer(tmp_path / "out", form)

    with pytest.raises(Unusable, match="another export writes to"):
        here.export(tmp_path / "out", form)
    first.close()
    assert here.export(tmp_path / "out", form).failures == []


@pytest.mark.parametrize("name", ["box.mbox", "box.zip"])
def test_a_file_that_is_no_export_is_left_alone(side: Callable[[str], Side], tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"somebody's own")

    with pytest.raises(Unusable):
        side("here").export(path)
    assert path.read_bytes() == b"somebody's own"
    assert sorted(each.name for each in tmp_path.iterdir()) == [name, "here"]


def test_what_somebody_else_has_put_into_the_mbox_stays(side: Callable[[str], Side], tmp_path: Path) -> None:
    here, there = side("here"), side("there")
    here.fill(FEW)
    here.export(tmp_path / "out.mbox")
    with tmp_path.joinpath("out.mbox").open("ab") as file:
        file.write(b"From eve Fri Jan 31 12:00:00 2025\nSubject: theirs\n\nnot ended")
    here.fill([b"Subject: late\n"])

    here.export(tmp_path / "out.mbox")
    back = there.import_(tmp_path / "out.mbox")

    theirs = b"Subject: theirs\n\nnot ended\n"
    assert there.octets() == [*FEW, theirs, b"Subject: late\n"]
    assert (back.failures, back.warnings) == ([], [])


def test_a_zip_file_that_somebody_else_has_changed_is_left_alone(side: Callable[[str], Side], tmp_path: Path) -> None:
    from zipfile import ZipFile

    here = side("here")
    here.fill(FEW)
    here.export(tmp_path / "out.zip")
    with ZipFile(tmp_path / "out.zip", "a") as archive:
        archive.writestr("more.eml", b"Subject: theirs\n")
    before = tmp_path.joinpath("out.zip").read_bytes()

    with pytest.raises(Unusable, match="no export that can be gone on with"):
        here.export(tmp_path / "out.zip")
    assert tmp_path.joinpath("out.zip").read_bytes() == before


def test_a_message_read_while_the_export_was_broken_off_is_there_once(
    side: Callable[[str], Side], tmp_path: Path
) -> None:
    here, there = side("here"), side("there")
    here.fill(FEW)
    index = broken_off(here, tmp_path / "out", "maildir")
    os.truncate(index, 0)
    ids = [record.id for record, _ in here.known()]
    here.store.update(here.store.project("default").id, ids, seen=True)

    here.export(tmp_path / "out", "maildir")
    back = there.import_(tmp_path / "out", "maildir")

    assert back.count.done == len(FEW)
    assert there.known() == imported(here)


@pytest.mark.parametrize("lost", [0, 2, 4])
def test_a_file_that_is_missing_is_written_again(side: Callable[[str], Side], tmp_path: Path, lost: int) -> None:
    here, there = side("here"), side("there")
    here.fill(FEW)
    here.export(tmp_path / "out", "eml")
    tmp_path.joinpath("out", f"{here.known()[lost][0].id}.eml").unlink()

    here.export(tmp_path / "out", "eml")
    there.import_(tmp_path / "out", "eml")

    assert there.known() == imported(here)
