"""Whatever is in the files: it is taken or refused, and nothing else is raised."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtrap.portable.packed import line
from mailtrap.portable.record import Record
from mailtrap.transfer.index import PART, Journal, read_index
from mailtrap.transfer.items import Unusable
from mailtrap.transfer.mboxrd import quoted
from mailtrap.transfer.places import reader

FROM = b"From ann@example.com Fri Jan 31 12:00:00 2025\n"
MESSAGE = b"Subject: a\n\nFrom me\n"


def a_zip_file() -> bytes:
    octets = io.BytesIO()
    with ZipFile(octets, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.eml", MESSAGE)
        archive.writestr("mailtrap.jsonl", line(Record(id="abcdefgh"), file="a.eml", size=20))
        archive.writestr("b.eml", MESSAGE * 20)
    return octets.getvalue()


GOOD = {
    "box.zip": a_zip_file(),
    "box.mbox": FROM + quoted(MESSAGE) + b"\n" + FROM + b"b\n\n",
    "mailtrap.jsonl": line(Record(id="abcdefgh"), file="a.eml", offset=46, length=21, size=20) * 2,
}


def damaged(good: bytes) -> st.SearchStrategy[bytes]:
    """*good*, with a few octets changed, put in or taken away."""
    change = st.tuples(st.integers(0, len(good)), st.integers(0, 4), st.binary(max_size=4))

    def changed(changes: list[tuple[int, int, bytes]]) -> bytes:
        octets = good
        for at, gone, put in changes:
            octets = octets[:at] + put + octets[at + gone :]
        return octets

    return st.lists(change, min_size=1, max_size=4).map(changed)


def taken(path: Path) -> Iterator[bytes]:
    try:
        for item in reader(path, None, 100).items():
            try:
                yield item.load()
            except Unusable:
                continue
    except Unusable:
        return


@given(damaged(GOOD["box.zip"]))
@settings(max_examples=300)
def test_any_zip_file(octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "box.zip")
        path.write_bytes(octets)

        assert all(len(each) <= 100 for each in taken(path))


@given(damaged(GOOD["box.mbox"]), damaged(GOOD["mailtrap.jsonl"]))
def test_any_mbox_with_any_index(octets: bytes, index: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "box.mbox")
        path.write_bytes(octets)
        path.with_name("box.mbox.mailtrap.jsonl").write_bytes(index)

        assert all(len(each) <= 100 for each in taken(path))


@given(damaged(GOOD["mailtrap.jsonl"]) | st.binary())
def test_any_index(octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mailtrap.jsonl")
        path.write_bytes(octets)
        warnings: list[str] = []
        lines = list(read_index(path, warnings))
        path.rename(path.with_name(path.name + PART))
        try:
            journal = Journal(path)
        except Unusable:
            assert warnings
        else:
            assert journal.done == {each.record.id for each in lines}
            journal.close()


def test_what_is_damaged_here_is_good_otherwise(tmp_path: Path) -> None:
    for name, octets in GOOD.items():
        tmp_path.joinpath(name).write_bytes(octets)

    assert list(taken(tmp_path / "box.zip")) == [MESSAGE]
    assert list(taken(tmp_path / "box.mbox")) == [MESSAGE, b"b\n"]
    assert len(list(read_index(tmp_path / "mailtrap.jsonl", []))) == 2
