"""Files that somebody else has made: nothing is followed or swallowed whole, and a bad one stops no other."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from mailtrap.transfer.items import Unusable
from mailtrap.transfer.places import reader, writer

if TYPE_CHECKING:
    from tests.transfer.conftest import Side

GOOD = b"Subject: good\r\n\r\n"
FROM = b"From ann@example.com Fri Jan 31 12:00:00 2025\n"


def only_good(side: Side, path: Path, form: str | None = None, limit: int = 1000) -> list[tuple[str, str]]:
    """What of *path* could not be taken; the good message alone could."""
    watcher = side.import_(path, form, limit)
    assert side.octets() == [GOOD]
    assert watcher.count.failed == len(watcher.failures)
    assert watcher.advanced == watcher.units
    return [(where.removeprefix(f"{path}"), reason) for where, reason in watcher.failures]


def test_a_link_is_not_followed(side: Callable[[str], Side], tmp_path: Path) -> None:
    box, secret = tmp_path / "box", tmp_path / "secret"
    box.joinpath("deep").mkdir(parents=True)
    secret.mkdir()
    secret.joinpath("secret.eml").write_bytes(b"secret")
    box.joinpath("deep", "good.eml").write_bytes(GOOD)
    box.joinpath("link.eml").symlink_to(secret / "secret.eml")
    box.joinpath("dangling.eml").symlink_to("nowhere")
    box.joinpath("folder").symlink_to(secret)

    found = only_good(side("there"), box)

    assert found == [(name, "it is a symbolic link, and none is followed") for name in ("/dangling.eml", "/link.eml")]


def test_a_link_in_a_maildir_is_not_followed(side: Callable[[str], Side], tmp_path: Path) -> None:
    box = tmp_path / "box"
    for name in ("cur", "new", "tmp"):
        box.joinpath(name).mkdir(parents=True)
    box.joinpath("cur", "1.good:2,S").write_bytes(GOOD)
    box.joinpath("tmp", "2.half").write_bytes(b"half")
    box.joinpath("new", "3.link").symlink_to("/etc/hostname")
    box.joinpath("new", ".hidden").write_bytes(b"hidden")

    assert only_good(side("there"), box) == [("/new/3.link", "it is a symbolic link, and none is followed")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_nobody_is_waited_for(side: Callable[[str], Side], tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    os.mkfifo(box / "pipe.eml")
    box.joinpath("good.eml").write_bytes(GOOD)

    assert only_good(side("there"), box) == [("/pipe.eml", "it is no file")]
    with pytest.raises(Unusable, match="neither a file nor a directory"):
        reader(box / "pipe.eml", None, 1000)


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "zip"])
def test_what_is_too_large_is_left_out(side: Callable[[str], Side], tmp_path: Path, form: str) -> None:
    here, there = side("here"), side("there")
    here.fill([b"x" * 1001, GOOD, b"y" * 500_000])
    here.export(tmp_path / "out", form)

    found = there.import_(tmp_path / "out", form, limit=1000)

    assert there.octets() == [GOOD]
    assert [reason for _, reason in found.failures] == ["it is larger than 1,000 octets (see --size-limit)"] * 2


def test_what_is_as_large_as_can_be_is_taken(side: Callable[[str], Side], tmp_path: Path) -> None:
    here, there = side("here"), side("there")
    full = [b"From \n" * 166 + b"xxxx", b"x" * 1000, b"\n" * 1000]
    here.fill(full)
    for form in ("eml", "mbox", "maildir", "zip"):
        here.export(tmp_path / form, form)
        assert there.import_(tmp_path / form, form, limit=1000).failures == []

    assert there.octets() == full


def test_a_bomb_is_not_let_off(side: Callable[[str], Side], tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("bomb.eml", bytes(30 << 20))
        archive.writestr("lies.eml", bytes(30 << 20))
        archive.writestr("good.eml", GOOD)
    octets = bomb.read_bytes()
    size = struct.pack("<I", 30 << 20)
    lies = octets.rindex(b"lies.eml") - 46 + 24  # in the directory at the end, which `zipfile` goes by
    assert octets[lies : lies + 4] == size
    bomb.write_bytes(octets[:lies] + struct.pack("<I", 10) + octets[lies + 4 :])

    found = dict(only_good(side("there"), bomb))

    assert found.keys() == {", bomb.eml", ", lies.eml"}
    assert "larger than 1,000 octets" in found[", bomb.eml"]
    assert "cannot be unpacked: Bad CRC" in found[", lies.eml"]


def test_members_of_a_zip_file_that_cannot_be_read_are_named(side: Callable[[str], Side], tmp_path: Path) -> None:
    with ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("../up.eml", GOOD)
        archive.writestr("bz.eml", b"x" * 100, ZIP_BZIP2)
        archive.writestr("secret.eml", b"secret")
        archive.writestr("damaged.eml", b"damaged")
        archive.writestr("__MACOSX/._a.eml", b"not a message")
        archive.writestr("folder.eml/", b"")
        archive.writestr("read.me", b"not a message")
    octets = bytearray(tmp_path.joinpath("odd.zip").read_bytes())
    octets[octets.rindex(b"secret.eml") - 46 + 8] |= 1
    octets[octets.index(b"damaged.eml") + 11 + 1] ^= 1
    tmp_path.joinpath("odd.zip").write_bytes(octets)

    assert only_good(side("there"), tmp_path / "odd.zip") == [
        (", bz.eml", "it is packed by a method other than deflate"),
        (", secret.eml", "it is encrypted"),
        (", damaged.eml", "it cannot be unpacked: Bad CRC-32 for file 'damaged.eml'"),
    ]


def line(**members: object) -> str:
    return json.dumps(members) + "\n"


@pytest.mark.parametrize(
    "name", ["../secret.eml", "/etc/hostname", "deep/secret.eml", "..", "", "a\0b", "C:secret.eml", "..\\secret.eml"]
)
def test_an_index_names_files_beside_it_alone(side: Callable[[str], Side], tmp_path: Path, name: str) -> None:
    box = tmp_path / "box"
    box.mkdir()
    tmp_path.joinpath("secret.eml").write_bytes(b"secret")
    box.joinpath("good.eml").write_bytes(GOOD)
    box.joinpath("mailtrap.jsonl").write_text(line(id="one-one-", file=name) + line(id="two-two-", file="good.eml"))

    there = side("there")
    assert only_good(there, box) == []
    assert [record.id for record, _ in there.known()] == ["two-two-"]


@pytest.mark.parametrize(
    "bad",
    [
        "no json\n",
        "[]\n",
        line(id="../../x", file="good.eml"),
        line(id="abcdefgh", file="good.eml", received_at="yesterday"),
        line(id="abcdefgh", file="good.eml", envelope={"mail_from": "a\nb"}),
        line(id="abcdefgh", file="good.eml", tags="x" * (5 << 20)),
    ],
    ids=["text", "list", "id", "time", "envelope", "length"],
)
def test_a_bad_line_of_an_index_costs_no_message(side: Callable[[str], Side], tmp_path: Path, bad: str) -> None:
    tmp_path.joinpath("good.eml").write_bytes(GOOD)
    tmp_path.joinpath("mailtrap.jsonl").write_text(bad + line(id="otherother", file="nowhere.eml"))

    there = side("there")
    watcher = there.import_(tmp_path)

    assert (there.octets(), watcher.failures) == ([GOOD], [])
    assert len(watcher.warnings) == 1
    assert watcher.warnings[0].startswith("mailtrap.jsonl, line 1: ")


def test_a_changed_mbox_is_taken_without_what_its_index_says(side: Callable[[str], Side], tmp_path: Path) -> None:
    here, there = side("here"), side("there")
    here.fill([b"Subject: a\n", b"Subject: b", b"Subject: c\n"])
    here.export(tmp_path / "out.mbox")
    octets = tmp_path.joinpath("out.mbox").read_bytes()
    tmp_path.joinpath("out.mbox").write_bytes(octets.replace(b"Subject: a\n", b"Subject: a\nX: y\n"))

    watcher = there.import_(tmp_path / "out.mbox")

    assert there.octets() == [b"Subject: a\nX: y\n", b"Subject: b\n", b"Subject: c\n"]
    [warning] = watcher.warnings
    assert warning.endswith("was changed: 3 messages are not where its index says")


@pytest.mark.parametrize(
    ("name", "octets", "said"),
    [
        ("a.mbox", b"Subject: none\n\n", "does not begin with a line such as"),
        ("a.zip", b"Subject: none\n\n", "is no whole zip file"),
        ("a.zip", b"PK\x03\x04", "is no whole zip file"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "it is not clear what it is: say --format"),
        ("a", b"", "it is not clear what it is: say --format"),
        ("nowhere", None, "there is no such file or directory"),
    ],
)
def test_what_cannot_be_read_at_all_is_said(
    side: Callable[[str], Side], tmp_path: Path, name: str, octets: bytes | None, said: str
) -> None:
    if octets is not None:
        tmp_path.joinpath(name).write_bytes(octets)

    with pytest.raises(Unusable, match=said):
        side("there").import_(tmp_path / name)


def test_a_file_is_known_by_its_name_or_its_beginning(side: Callable[[str], Side], tmp_path: Path) -> None:
    tmp_path.joinpath("a.EML").write_bytes(FROM + b"not an mbox")
    tmp_path.joinpath("b").write_bytes(FROM + b"b\n\n")
    tmp_path.joinpath("c.txt").write_bytes(b"Subject: c\n\n")
    tmp_path.joinpath("d.eml").symlink_to("a.EML")  # whoever names a link means it
    with ZipFile(tmp_path / "e", "w") as archive:
        archive.writestr("e.eml", b"e")
    there = side("there")
    for name in ("a.EML", "b", "c.txt", "d.eml", "e"):
        there.import_(tmp_path / name)

    assert there.octets() == [FROM + b"not an mbox", b"b\n", b"Subject: c\n\n", b"e"]


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("a.eml", None, "a directory is made"),
        ("file", "maildir", "is no directory"),
        ("file", None, "is no directory"),
        ("folder", "mbox", "is a directory"),
        ("folder", "zip", "is a directory"),
    ],
)
def test_what_cannot_be_written_to_is_said(tmp_path: Path, name: str, form: str | None, said: str) -> None:
    tmp_path.joinpath("folder").mkdir()
    tmp_path.joinpath("file").touch()

    with pytest.raises(Unusable, match=said):
        writer(tmp_path / name, form)


@pytest.mark.skipif(sys.platform == "win32", reason="names are other there")
def test_flags_of_a_maildir_are_those_of_the_names(side: Callable[[str], Side], tmp_path: Path) -> None:
    here, there = side("here"), side("there")
    here.fill([GOOD])
    here.export(tmp_path / "out", "maildir")
    [file] = tmp_path.joinpath("out", "new").iterdir()
    file.rename(tmp_path / "out" / "cur" / f"{file.name}:2,FRS")  # as a program does that shows it
    there.import_(tmp_path / "out")

    [(before, _)], [(record, _)] = here.known(), there.known()
    assert record.id == before.id
    assert sorted(flag.name or "" for flag in record.flags) == ["ANSWERED", "FLAGGED", "SEEN"]


def test_pythons_own_mailbox_reads_what_is_written(side: Callable[[str], Side], tmp_path: Path) -> None:
    import mailbox

    here = side("here")
    bodies = [b"Subject: %d\n\n>From me\ntext\n" % number for number in range(10)]
    here.fill(bodies)
    here.export(tmp_path / "out.mbox")
    here.export(tmp_path / "out", "maildir")

    box = mailbox.mbox(tmp_path / "out.mbox", create=False)
    directory = mailbox.Maildir(tmp_path / "out", create=False)
    assert [each["subject"] for each in box] == [str(number) for number in range(10)]
    assert sorted(directory.get_bytes(key) for key in directory.keys()) == bodies  # noqa: SIM118 - it iterates over values
    assert sorted("S" in each.get_flags() for each in directory) == [False] * 6 + [True] * 4
    box.close()
