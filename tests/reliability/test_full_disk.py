"""A disk that is full: every protocol says so in its own form, nobody loses anything, and it recovers by itself."""

from __future__ import annotations

import os
import poplib
import resource
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from imap_client import ImapClient
from load import Load, assert_kept
from process import Start
from reading import mail

SMALL = 12 << 20
"""Octets of a whole file system."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("no file system can be mounted here; RLIMIT_FSIZE has its own test")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all the room that is left."""
    file = place / "something-else"
    with file.open("wb", buffering=0) as opened:
        for size in (1 << 16, 1 << 12):
            while True:
                try:
                    opened.write(b"x" * size)
                except OSError:
                    break
    return file


def test_a_full_disk_is_said_by_every_protocol_and_recovered_from(start: Start, small_disk: Path) -> None:
    process = start(small_disk / "data")
    process.deliver("ann@x.test", mail("before"))
    process.deliver("bob@x.test", mail("another"))
    with (
        ImapClient(("127.0.0.1", process.imap)) as imap,
        closing(poplib.POP3("127.0.0.1", process.pop3, timeout=30)) as pop3,
    ):
        imap.log_in("ann@x.test").ok("SELECT INBOX")
        pop3.user("bob@x.test")
        pop3.pass_("secret")
        pop3.dele(1)
        file = fill(small_disk)
        load = Load()
        with load.on(process):
            load.until(refused=20)

        assert {words for words in load.refused if words[:2] != "NO"} == {
            "'452 4.3.1 The store cannot take mail now' instead of 250"
        }
        assert {words for words in load.refused if words[:2] == "NO"} == {"NO ['UNAVAILABLE']"}
        large = b"x" * 200_000
        answer = imap.command("APPEND INBOX {}", large)
        assert (answer.status, answer.code) == ("NO", ["UNAVAILABLE"])
        for command in ("STORE 1 +FLAGS (\\Flagged)", "COPY 1 INBOX", "CREATE new"):
            answer = imap.command(command)  # what is small may find room in a log that was copied just now
            assert answer.status == "OK" or answer.code == ["UNAVAILABLE"], command
        try:
            pop3.quit()
        except poplib.error_proto as error:
            assert str(error).startswith("b'-ERR [SYS/TEMP]")  # noqa: PT017 - or else nothing is wrong
        refused = process.session.post(
            f"http://127.0.0.1:{process.http}/v1/messages", data=large, headers={"Content-Type": "message/rfc822"}
        )
        assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
        # What is there can be read all the while
        assert {process.raw(each) for each in process.messages()} >= {mail("before")}
        assert imap.ok("FETCH 1 BODY.PEEK[]").fetched()[1]["BODY[]"] == mail("before")

        file.unlink()
        with load.on(process):
            load.until(acknowledged=50)
        imap.ok("STORE 1 +FLAGS (\\Flagged)")
    assert_kept(process, load)
    process.kill()
    again = start(small_disk / "data")
    assert_kept(again, load)
    assert again.stop() == 0


def test_a_file_that_may_not_grow_is_as_good_as_a_full_disk(start: Start, tmp_path: Path) -> None:
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (6 << 20, resource.RLIM_INFINITY))
    process = start(tmp_path / "data", preexec_fn=limit)
    load = Load()
    with load.on(process):
        load.until(refused=20)
    assert "'452 4.3.1 The store cannot take mail now' instead of 250" in load.refused
    assert process.get("/readyz").status_code == 200
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    with load.on(process):
        load.until(acknowledged=50)

    assert_kept(process, load)
    assert process.stop() == 0
