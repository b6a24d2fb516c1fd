"""Ordered migrations, one function each: the number applied so far is the version of a database."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection, complete_statement

from mailtrap.errors import StoreUnavailable

SLICE = 1 << 18
"""Octets in one row of ``raw``."""

APPLICATION = 0x6D747362  # "mtsb": what `file` and we ourselves know a database of ours by


def check(db: Connection, name: str) -> None:
    """Raise `StoreUnavailable` if the database, which is called *name*, is not one that we may write to."""
    [version] = db.execute("PRAGMA user_version").fetchone()
    [application] = db.execute("PRAGMA application_id").fetchone()
    [tables] = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION:
        raise StoreUnavailable(f"{name} is a database of something else; it was left as it is")
    if version > len(MIGRATIONS):
        raise StoreUnavailable(
            f"{name} was written by a newer version of this program (its format is {version}, "
            f"this one knows {len(MIGRATIONS)}): use that one, or another directory"
        )


def migrate(db: Connection) -> None:
    """Bring the database to the latest version, each step whole or not at all."""
    [version] = db.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        with db:  # commits at the end, or rolls back
            db.execute("BEGIN IMMEDIATE")
            step(db)
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {number}")


def create(db: Connection) -> None:
    """Version 1."""
    _run(
        db,
        """
        -- mod-sequence and UIDVALIDITY: one of each for the whole store, so that neither is ever used twice
        CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        -- and how far the full text goes: every message up to this number has been looked at
        INSERT INTO counter VALUES ('modseq', 0), ('uidvalidity', 0), ('indexed', 0);

        CREATE TABLE project (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            floor INTEGER NOT NULL DEFAULT 0,          -- messages at or below are gone, pinned ones excepted
            floor_modseq INTEGER NOT NULL DEFAULT 0,
            floored_at INTEGER,                        -- microseconds since 1970, UTC, like every time here
            messages INTEGER NOT NULL DEFAULT 0,       -- those that are there, the appended ones among them
            appended INTEGER NOT NULL DEFAULT 0
        );

        CREATE TABLE account (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project INTEGER NOT NULL REFERENCES project,
            name TEXT NOT NULL,
            last_arrival INTEGER,
            messages INTEGER NOT NULL DEFAULT 0,       -- filed for it and still there, removed entries included:
            unseen INTEGER NOT NULL DEFAULT 0,         -- as of the floor with this mod-sequence:
            counted_at INTEGER NOT NULL DEFAULT 0,
            UNIQUE (project, name)
        );

        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account INTEGER NOT NULL REFERENCES account,
            name TEXT NOT NULL,
            uidvalidity INTEGER NOT NULL,
            uidnext INTEGER NOT NULL DEFAULT 1,
            highest_modseq INTEGER NOT NULL DEFAULT 0,
            expunged_from INTEGER NOT NULL DEFAULT 0,  -- the expunge log reaches back to this mod-sequence
            messages INTEGER NOT NULL DEFAULT 0,       -- entries not removed, likewise
            unseen INTEGER NOT NULL DEFAULT 0,
            size INTEGER NOT NULL DEFAULT 0,
            counted_at INTEGER NOT NULL DEFAULT 0,
            UNIQUE (account, name)
        );

        CREATE TABLE message (
            number INTEGER PRIMARY KEY,                -- ascending, given by the writer and never twice
            id TEXT NOT NULL UNIQUE,
            project INTEGER NOT NULL,
            origin TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            modseq INTEGER NOT NULL,
            size INTEGER NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,         -- 1; or -1: no longer, but a floor has spared it
            session TEXT,
            accounts TEXT NOT NULL,                    -- JSON: what it was filed under
            envelope TEXT,                             -- JSON
            facts TEXT NOT NULL                        -- JSON
        );
        CREATE INDEX message_project ON message (project, number);
        CREATE INDEX message_pinned ON message (project, number) WHERE pinned;  -- those that a floor leaves

        -- n counts slices of 256 KiB; number and n share one key, so that a message is one run of the tree
        CREATE TABLE raw (key INTEGER PRIMARY KEY, octets BLOB NOT NULL);  -- key = number << 20 | n

        CREATE TABLE tag (
            name TEXT NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (name, message)
        ) WITHOUT ROWID;
        CREATE INDEX tag_message ON tag (message);

        CREATE TABLE entry (
            mailbox INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            message INTEGER NOT NULL,
            modseq INTEGER NOT NULL,
            flags INTEGER NOT NULL DEFAULT 0,
            keywords TEXT NOT NULL DEFAULT '',         -- separated by spaces
            removed_at INTEGER,                        -- a removed entry stays as a record
            removed_by TEXT,
            PRIMARY KEY (mailbox, uid)
        ) WITHOUT ROWID;
        CREATE INDEX entry_message ON entry (message);

        -- what was filed for an account, in the order of its lists: one row for each account of a message,
        -- written with its entries
        CREATE TABLE filed (
            account INTEGER NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (account, message)
        ) WITHOUT ROWID;

        CREATE TABLE expunged (
            mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, uid_from INTEGER NOT NULL, uid_to INTEGER NOT NULL,
            PRIMARY KEY (mailbox, modseq, uid_from)
        ) WITHOUT ROWID;

        CREATE TABLE gone (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project INTEGER NOT NULL,
            modseq INTEGER NOT NULL, at INTEGER NOT NULL, why TEXT NOT NULL
        );
        CREATE INDEX gone_project ON gone (project, number);

        -- deleted messages whose octets and texts still take up space
        CREATE TABLE purge (message INTEGER PRIMARY KEY, size INTEGER NOT NULL);

        CREATE TABLE refusal (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            project INTEGER NOT NULL, session TEXT NOT NULL, at INTEGER NOT NULL,
            stage TEXT NOT NULL, reply TEXT NOT NULL, envelope TEXT NOT NULL, partial BLOB NOT NULL
        );
        CREATE INDEX refusal_project ON refusal (project, number);

        CREATE TABLE session (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE, protocol TEXT NOT NULL, peer TEXT NOT NULL, local TEXT NOT NULL,
            started INTEGER NOT NULL, ended INTEGER NOT NULL,
            messages INTEGER NOT NULL DEFAULT 0, refusals INTEGER NOT NULL DEFAULT 0,
            transcript BLOB NOT NULL                   -- zlib
        );

        -- What searches look at, folded: the columns of `mailtrap.search.document.Document`, the longest last,
        -- so that the others are read without it. Written behind the answer, together with its index.
        CREATE TABLE document (
            message INTEGER PRIMARY KEY,
            subject TEXT NOT NULL, addresses TEXT NOT NULL, names TEXT NOT NULL, keys TEXT NOT NULL,
            codes TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL
        );

        -- Which documents have these three characters, in any of its columns. detail=none costs half of what full
        -- does and takes a sixth of its space; `mailtrap.store.query` looks at the document for the rest.
        CREATE VIRTUAL TABLE fulltext USING fts5 (
            subject, addresses, names, codes, headers, body,
            content='document', content_rowid='message', detail=none, columnsize=0,
            tokenize='trigram case_sensitive 1'
        );
        -- Every transaction adds a segment. By itself FTS5 merges them now and then, 80 ms at a time: so whoever
        -- adds one merges a few pages of what is there (`mailtrap.store.fulltext.merge`), sixteen into one.
        INSERT INTO fulltext (fulltext, rank) VALUES ('automerge', 0), ('usermerge', 16), ('crisismerge', 200);
        """,
    )


def find_refusals_by_session(db: Connection) -> None:
    """Version 2: a list of sessions says what was refused in them."""
    _run(db, "CREATE INDEX refusal_session ON refusal (session, number);")


def serve_mailboxes(db: Connection) -> None:
    """Version 3: mailboxes can be made, renamed, deleted and subscribed to, and FETCH has its octets ready."""
    _run(
        db,
        """
        -- A name is free again when its mailbox is deleted; the row stays, as a record of what was filed there.
        CREATE TABLE new_mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account INTEGER NOT NULL REFERENCES account,
            name TEXT NOT NULL,
            uidvalidity INTEGER NOT NULL,
            uidnext INTEGER NOT NULL DEFAULT 1,
            highest_modseq INTEGER NOT NULL DEFAULT 0,
            expunged_from INTEGER NOT NULL DEFAULT 0,
            messages INTEGER NOT NULL DEFAULT 0,
            unseen INTEGER NOT NULL DEFAULT 0,
            size INTEGER NOT NULL DEFAULT 0,
            counted_at INTEGER NOT NULL DEFAULT 0,
            deleted_at INTEGER
        );
        INSERT INTO new_mailbox SELECT *, NULL FROM mailbox;
        DROP TABLE mailbox;
        ALTER TABLE new_mailbox RENAME TO mailbox;
        CREATE UNIQUE INDEX mailbox_name ON mailbox (account, name) WHERE deleted_at IS NULL;

        -- what was explicitly subscribed to or unsubscribed from, whether there is such a mailbox or not
        CREATE TABLE subscription (
            account INTEGER NOT NULL, name TEXT NOT NULL, subscribed INTEGER NOT NULL, PRIMARY KEY (account, name)
        ) WITHOUT ROWID;

        -- ENVELOPE and BODYSTRUCTURE as they are sent: a copy of what the message says, written with its document.
        -- Whoever changes how they are made empties this table.
        CREATE TABLE outline (message INTEGER PRIMARY KEY, envelope BLOB NOT NULL, bodystructure BLOB NOT NULL);

        -- few entries are marked for removal, and few have keywords
        CREATE INDEX entry_deleted ON entry (mailbox, message) WHERE flags & 8 AND removed_at IS NULL;
        CREATE INDEX entry_keywords ON entry (mailbox, keywords, message) WHERE keywords <> '' AND removed_at IS NULL;

        -- A client may remember the mailboxes of an earlier store at this address: theirs are below.
        UPDATE counter SET value = max(value, CAST(strftime('%s', 'now') AS INTEGER))
        WHERE name = 'uidvalidity' AND NOT EXISTS (SELECT 1 FROM mailbox);
        """,
    )


def limit_projects(db: Connection) -> None:
    """Version 4: a project may have limits of its own, and knows what may expire; octets may be compressed."""
    _run(
        db,
        """
        -- Messages that may expire: those that are there and not pinned.
        ALTER TABLE project ADD COLUMN loose INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE project ADD COLUMN loose_octets INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE project ADD COLUMN keep TEXT;     -- JSON: its own limits: messages, octets, seconds

        UPDATE project SET (loose, loose_octets) = (
            SELECT count(*), coalesce(sum(size), 0) FROM message
            WHERE project = project.id AND pinned <= 0 AND (number > floor OR pinned)
        );

        -- How far the numbers went at a time of the store's own clock (`mailtrap.store.ages`).
        CREATE TABLE mark (at INTEGER PRIMARY KEY, number INTEGER NOT NULL);

        ALTER TABLE raw ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;  -- 1: by zlib, on its own
        """,
    )


def configure_accounts(db: Connection) -> None:
    """Version 5: accounts and projects can be configured, and projects deleted; what is put off is remembered."""
    _run(
        db,
        """
        -- An account need not be there to be configured. CRAM-MD5, APOP and SCRAM need the password as it is.
        CREATE TABLE configured (
            project INTEGER NOT NULL, name TEXT NOT NULL, password TEXT, state TEXT NOT NULL, quota INTEGER,
            PRIMARY KEY (project, name)
        ) WITHOUT ROWID;

        ALTER TABLE project ADD COLUMN password TEXT;
        -- The row stays, under another name, for what refers to it.
        ALTER TABLE project ADD COLUMN deleted_at INTEGER;

        -- What is to be done later, as JSON: reports on messages that bounce.
        CREATE TABLE remembered (number INTEGER PRIMARY KEY, what TEXT NOT NULL);
        """,
    )


def _run(db: Connection, script: str) -> None:
    """All statements of *script*, within the transaction that is open (`executescript` would end it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            db.execute(statement)
            statement = ""


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    create,
    find_refusals_by_session,
    serve_mailboxes,
    limit_projects,
    configure_accounts,
)
