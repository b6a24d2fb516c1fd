"""Damaged files: refused in one line, or served as far as they go; never wiped, and never another exception."""

from __future__ import annotations

import json
import lzma
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forking import in_child
from messages import new_message
from saved import picture

from mailtrap.errors import NotFound, StoreUnavailable
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

SCHEMAS = Path(__file__).parent / "schemas"
WHOLE = lzma.decompress((SCHEMAS / "3.db.xz").read_bytes())
PAGE = 4096
PICTURED = json.loads((SCHEMAS / "3.json").read_text("utf-8"))["default"]
OCTETS = dict(zip([each[0] for each in PICTURED["messages"]], PICTURED["octets"], strict=True))

DAMAGES: dict[str, Callable[[int], bytes]] = {
    "zeroed": lambda at: WHOLE[:at] + bytes(PAGE) + WHOLE[at + PAGE :],
    "overwritten": lambda at: WHOLE[:at] + b"\xa5" * PAGE + WHOLE[at + PAGE :],
    "cut off": lambda at: WHOLE[: at + 100],
    "cut out": lambda at: WHOLE[:at] + WHOLE[at + PAGE :],
}


def made(tmp_path: Path, octets: bytes) -> Path:
    file = tmp_path / "data" / "mailtrap.db"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(octets)
    return file


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_page_is_refused_or_served_around(tmp_path: Path, damage: str) -> None:
    came = Counter(
        what_comes_of(made(tmp_path / str(at), DAMAGES[damage](at)))
        for at in range(0, len(WHOLE), 5 * PAGE)
        if not (tmp_path / str(at)).mkdir()
    )

    assert came["refused"]
    assert came["served"] or damage.startswith("cut")


def opened(file: Path) -> tuple[str, SqliteStore | None]:
    """A store, or what is said instead."""
    try:
        return "", SqliteStore(file.parent)
    except StoreUnavailable as error:
        return str(error), None


def what_comes_of(file: Path) -> str:
    """``refused``, or ``served``: then each message is what it was, or said to be out of reach."""
    before = file.stat().st_size
    said, store = opened(file)
    if store is None:
        assert said.startswith(f"{file} is damaged")
        assert "\n" not in said
        assert file.stat().st_size >= before
        return "refused"
    try:
        for use in (lambda: picture(store), lambda: store.add(new_message(1)).result()):
            with suppress(StoreUnavailable):
                use()
        for number, digest in OCTETS.items():
            with suppress(StoreUnavailable, NotFound):
                octets = store.octets(number)
                assert sha256(octets).hexdigest() == digest or b"\xa5" * 100 in octets
    finally:
        store.close()
    assert file.stat().st_size >= before
    return "served"


@pytest.mark.parametrize("octets", [b"\xa5" * 8192, bytes(8192), WHOLE[:8192]], ids=["noise", "zeros", "no log"])
def test_a_log_that_is_none_harms_nothing(reopen: Open, tmp_path: Path, octets: bytes) -> None:
    file = made(tmp_path, WHOLE)
    file.with_name("mailtrap.db-wal").write_bytes(octets)

    store = reopen()
    assert {number: sha256(store.octets(number)).hexdigest() for number in OCTETS} == OCTETS


def test_of_a_damaged_log_what_comes_before_the_damage_is_there(reopen: Open, tmp_path: Path) -> None:
    file = made(tmp_path, b"")
    code = """
import os, sys
from pathlib import Path
from messages import new_message
from mailtrap.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
project = store.project("default").id
for number in range(20):
    store.add(new_message(project, b"%d" % number)).result()
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, str(file.parent)], env=environment(), check=False)
    log = file.with_name("mailtrap.db-wal")
    octets = log.read_bytes()
    log.write_bytes(octets[: -(len(octets) // 4)] + b"\xa5" * (len(octets) // 4))

    store = reopen()
    project = store.project("default").id
    found = [int(store.octets(each.number)) for each in store.messages(project, limit=200).summaries]
    assert 0 < len(found) < 20
    assert found == list(range(len(found)))[::-1]
    assert store.add(new_message(project)).result()
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_log_without_its_database_is_no_leftover(tmp_path: Path) -> None:
    log = made(tmp_path, b"").with_name("mailtrap.db-wal")
    log.write_bytes(b"all that was not copied yet")

    with pytest.raises(StoreUnavailable, match="which is not there: put it back"):
        SqliteStore(log.parent)
    assert log.read_bytes() == b"all that was not copied yet"


@pytest.mark.needs("fcntl")
def test_a_file_that_may_not_be_written_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = made(tmp_path, WHOLE)
    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == os.getuid() and each != Path("/tmp"):
            each.chmod(each.stat().st_mode | 0o055)
    file.parent.chmod(0o777)
    file.chmod(0o444)

    def refuse() -> str:
        if os.getuid() == 0:
            os.setuid(65534)  # nothing is closed to root
        try:
            SqliteStore(file.parent).close()
        except StoreUnavailable as error:
            return str(error)
        return "opened"

    said = in_child(refuse)

    assert said == f"{file} may not be written to by this user: allow it, or use another directory"
    assert file.read_bytes() == WHOLE


@pytest.mark.needs("fcntl")
def test_neither_a_killed_process_nor_its_forked_child_holds_the_directory(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from mailtrap.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
if os.fork() == 0:
    print("forked", flush=True)
    sys.stdin.read()  # lives on
    os._exit(0)
sys.stdin.read()
"""
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), **pipes) as parent:  # type: ignore[call-overload]  # a mapping
        assert parent.stdout.readline() == b"forked\n"
        with pytest.raises(StoreUnavailable, match=f"in use by process {parent.pid};"):
            SqliteStore(tmp_path)
        parent.kill()
        parent.wait()

        SqliteStore(tmp_path).close()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), *sys.path]))}
