"""What a report shows of a test's mail, and the files for whoever looks later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from mailtrap.message.captured import Message
from mailtrap.transcript import printable
from pytest_mailtrap.faulting import often
from pytest_mailtrap.record import Record, Row

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox
    from pytest_mailtrap.server import Server

TITLE = "captured mail"

ROWS = 20
"""So many messages and refusals are listed, the newest if there are more."""
TEXTS = 3
"""So many messages are shown with their text, the newest."""
TEXT = 20
"""Lines of text that are shown of one."""
TRANSCRIPT = 60
"""Lines of transcript that are shown, the last."""
WIDTH = 200
"""Characters of a line that are shown."""


def section(inbox: Inbox) -> str:
    """All that happened in *inbox*, the newest mail with its text, and what was said last; bounded in size."""
    record = inbox.record()
    rows = [str(row) for row in record.rows]
    texts = [line for row in _newest(record) for line in _text(row)]
    transcript = inbox.transcript.splitlines()
    return "\n".join([record.summary, *_last(rows, ROWS), *_faults(inbox), *texts, *_last(transcript, TRANSCRIPT)])


def written(inbox: Inbox, folder: Path, nodeid: str) -> str:
    """Write all mail of *inbox* to *folder*, and what happened; gives where, or why not."""
    name = file_name(nodeid)
    record = inbox.record()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join([nodeid, record.summary, *map(str, record.rows), *_faults(inbox), inbox.transcript, ""])
        (folder / f"{name}.txt").write_text(text, "utf-8", "backslashreplace")
        for row in record.rows:
            if row.refusal is None:
                (folder / f"{name}-{row.number}.eml").write_bytes(row.message.raw)
    except OSError as error:
        return f"could not be written to {folder}: {error.strerror}"
    return f"written to {folder / name}.txt" + (", its mail beside it" if record.messages else "")


def strays_text(server: Server, strays: list[Message]) -> str:
    """What to say of mail that came when a test had ended, with its sessions."""
    what = "a mail" if len(strays) == 1 else f"{len(strays)} mails"
    rows = _last([str(row) for row in Record(strays, []).rows], ROWS)
    sessions = dict.fromkeys(each.summary.session for each in strays if each.summary.session)
    transcript = [line for each in sessions for line in str(server.store.transcript(each)).splitlines()]
    return "\n".join([f"{what} came when this test had ended, so no test has it:", *rows, *_last(transcript, ROWS)])


def file_name(nodeid: str) -> str:
    """A name for the files of a test: whatever it is called, safe, short and its own.

    >>> file_name("tests/test_shop.py::test_welcome")
    'tests-test_shop.py-test_welcome'
    """
    name = re.sub(r"[^\w.-]+|::", "-", nodeid, flags=re.ASCII).strip("-.")
    if re.sub(r"/|::", "-", nodeid) == name and len(name) <= 100:
        return name
    return f"{name[:100]}-{sha256(nodeid.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _faults(inbox: Inbox) -> Iterator[str]:
    yield from (f"fault {each} (hit {often(each.hits)})" for each in inbox.faults)


def _newest(record: Record) -> list[Row]:
    return [row for row in record.rows if row.refusal is None][-TEXTS:]


def _text(row: Row) -> Iterator[str]:
    yield f"-- the text of #{row.number}"
    lines = row.message.text.strip().splitlines()
    yield from (f"    {printable(line[:WIDTH])}" for line in lines[:TEXT])
    if len(lines) > TEXT:
        yield f"    … {len(lines) - TEXT} lines more"


def _last(lines: list[str], count: int) -> list[str]:
    more = len(lines) - count
    return [*([f"… {more} before these"] if more > 0 else []), *(line[:WIDTH] for line in lines[-count:])]
