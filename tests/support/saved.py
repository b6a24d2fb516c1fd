"""Saved databases: one of every version of the schema, with a picture of what was in it.

They were made by the code of their time, which must be in a directory of its own::

    git worktree add /tmp/then COMMIT
    cd /tmp/then && PYTHONPATH=.:tests/support python .../tests/support/saved.py .../tests/store/schemas

A change of the schema comes with a file made by the code before it.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from messages import new_message

from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import facts
from mailtrap.message.summary import Summary
from mailtrap.search.grammar import parse
from mailtrap.store.records import Flag, NewMessage, NewRefusal
from mailtrap.store.sqlite import SqliteStore
from mailtrap.transcript import Transcript

QUERIES = ("subject:invoice", "body:grüße", "from:shop", "filename:prices", "has:attachment", "tag:kept", "ann", "日本")
INVOICE = (
    b"From: Shop <app@shop.test>\r\nTo: ann@x.test\r\nSubject: Your invoice 4711\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Gr\xc3\xbc\xc3\x9fe, Ann. \xe6\x97\xa5\xe6\x9c\xac\r\n--b\r\n"
    b"Content-Disposition: attachment; filename=prices.csv\r\n\r\na,b\r\n--b--\r\n"
)
MESSAGES = (INVOICE, b"no header at all", b"", b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000)


def picture(store: SqliteStore) -> dict[str, Any]:
    """All that a store says, as JSON has it; by what every version of it could be asked."""
    return {each.name: _project(store, each.id) for each in store.projects()} | {
        "cursor": store.cursor(),
        "sessions": [[each.id, each.protocol, each.messages, each.refusals] for each in store.sessions()],
        "transcripts": [[line.text for line in store.transcript(each.id).lines()] for each in store.sessions()],
    }


def _project(store: SqliteStore, project: int) -> dict[str, Any]:
    summaries = store.messages(project).summaries
    accounts = [each.name for each in store.accounts(project)]
    return {
        "id": project,
        "messages": [_summary(each) for each in summaries],
        "octets": [hashlib.sha256(store.octets(each.number)).hexdigest() for each in summaries],
        "filings": [[list(map(str, _fields(filing))) for filing in store.filings(each.number)] for each in summaries],
        "accounts": {name: _account(store, project, name) for name in accounts},
        "found": {query: [each.id for each in store.messages(project, parse(query)).summaries] for query in QUERIES},
        "refusals": [[each.session, each.stage, each.reply, each.partial.decode()] for each in store.refusals(project)],
    }


def _summary(each: Summary) -> list[object]:
    said = [each.number, each.id, each.origin, str(each.received_at), each.modseq, list(each.accounts), list(each.tags)]
    return [*said, each.seen, each.pinned, each.facts.size, each.envelope and each.envelope.mail_from]


def _account(store: SqliteStore, project: int, name: str) -> dict[str, Any]:
    account, inbox = store.account(project, name), store.mailbox(project, name)
    return {
        "counted": [account.messages, account.unseen],
        "inbox": [inbox.id, inbox.uidvalidity, inbox.uidnext, inbox.highest_modseq],
        "has": [inbox.messages, inbox.unseen, inbox.size],
        "entries": [
            [each.uid, each.number, each.modseq, int(each.flags), list(each.keywords)]
            for each in store.entries(inbox.id)
        ],
        "expunged": store.expunged_since(inbox.id, 0)
        and [list(each) for each in store.expunged_since(inbox.id, 0) or ()],
    }


def _fields(filing: Any) -> tuple[object, ...]:
    return filing.account, filing.mailbox, filing.uid, int(filing.flags), filing.removed_at, filing.removed_by


def fill(store: SqliteStore) -> None:
    """Some of everything."""
    default, other = store.project("default").id, store.new_project().id
    transcript = Transcript("smtp", "127.0.0.1:1", "127.0.0.1:2")
    store.open_session(transcript)
    transcript.add("C", b"EHLO client.example")
    for number, octets in enumerate((*MESSAGES, *MESSAGES)):
        store.add(_message(default, octets, number, transcript.id)).result()
    store.add(new_message(other, INVOICE)).result()
    envelope = Envelope(Address("app@shop.test"), (Address("ann@x.test"),))
    store.refuse(NewRefusal(default, transcript.id, "DATA", "552 too large", envelope, b"the beginning")).result()
    store.close_session(transcript)
    store.update(default, ["id-1"], pinned=True, add_tags=["kept"])
    store.update(default, ["id-2"], seen=True)
    store.delete(default, ["id-3"])
    inbox = store.mailbox(default, "ann@x.test").id
    uids = [each.uid for each in store.entries(inbox)]
    store.flag(inbox, uids[:2], add=Flag.FLAGGED | Flag.SEEN, add_keywords=["$Work"])
    store.remove(inbox, uids[-2:-1], by="imap")
    store.messages(default, parse("ann"))  # and so the full text is up to date


def _message(project: int, octets: bytes, number: int, session: str) -> NewMessage:
    return NewMessage(
        project=project,
        origin="smtp",
        octets=octets,
        facts=facts(octets),
        envelope=Envelope(Address("app@shop.test"), (Address("ann@x.test"),)),
        accounts=("catchall", "ann@x.test"),
        session=session,
        id=f"id-{number}",
        received_at=datetime(2026, 11, 24, 12, number, tzinfo=UTC),
    )


def main(folder: Path) -> None:
    """Make a database with the code at hand, and save it with its picture."""
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        store = SqliteStore(data)
        fill(store)
        store.close()
        store = SqliteStore(data)
        pictured = picture(store)
        store.close()
        with closing(sqlite3.connect(data / "mailtrap.db")) as db:
            db.execute("VACUUM")
            [version] = db.execute("PRAGMA user_version").fetchone()
        (folder / f"{version}.db.xz").write_bytes(lzma.compress((data / "mailtrap.db").read_bytes(), preset=9))
        (folder / f"{version}.json").write_text(json.dumps(pictured, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
