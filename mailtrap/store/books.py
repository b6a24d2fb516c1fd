"""The writer's memory: counters of projects, accounts and mailboxes, written down once per batch."""

from __future__ import annotations

from sqlite3 import Connection

from mailtrap.errors import NotFound, ProjectGone
from mailtrap.store import expunged, floors, rows
from mailtrap.store.rows import AccountRow, MailboxRow, ProjectRow

INBOX = "INBOX"

_MOST = 20_000
"""So many accounts are remembered."""

# Of what is gone, the newest of each project is remembered longest; and under a floor nothing may be put.
_NUMBER = """
    SELECT max(
        coalesce((SELECT max(number) FROM message), 0),
        coalesce((SELECT max(number) FROM gone), 0),
        coalesce((SELECT max(floor) FROM project), 0)
    )
"""
_NAMED = "SELECT id FROM mailbox WHERE account = ? AND name = ? AND deleted_at IS NULL"


class Books:
    """What the writer counts. Whoever takes a row out of it may change it, and keeps it no longer than the batch.

    A floor that rose since a row was counted has left only what it spared: the row is counted anew when it is
    next taken out, before anything above the floor is added to it.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db
        self.number = 0
        """The row number of the newest message."""
        self.modseq = 0
        self._uidvalidity = 0
        self._written = (0, 0)
        self._projects: dict[int, ProjectRow] = {}
        self._accounts: dict[int, AccountRow] = {}
        self._names: dict[tuple[int, str], AccountRow] = {}
        self._mailboxes: dict[int, MailboxRow] = {}
        self._taken: tuple[dict[int, ProjectRow], dict[int, AccountRow], dict[int, MailboxRow]] = ({}, {}, {})
        self.reread()

    def reread(self) -> None:
        """Forget everything that is not in the database: at the start, and when a batch came to nothing."""
        self._forget()
        counters = dict(self._db.execute("SELECT name, value FROM counter").fetchall())
        self.modseq, self._uidvalidity = self._written = (counters["modseq"], counters["uidvalidity"])
        [self.number] = self._db.execute(_NUMBER).fetchone()

    def next_number(self) -> int:
        """The row number of a new message."""
        self.number += 1
        return self.number

    def next_modseq(self) -> int:
        """A mod-sequence of its own."""
        self.modseq += 1
        return self.modseq

    def project(self, project: int) -> ProjectRow:
        """A project that something can be done in; raises `ProjectGone`, or `NotFound` if there was none."""
        row = self.remains(project)
        if row.deleted_at is not None:
            raise ProjectGone
        return row

    def remains(self, project: int) -> ProjectRow:
        """A project, or what is left of one that was deleted; raises `NotFound`."""
        row = self._projects.get(project)
        if row is None:
            row = self._projects[project] = ProjectRow(*rows.read(self._db, rows.READ_PROJECT, project))
        self._taken[0][project] = row
        return row

    def seen(self, project: int) -> ProjectRow | None:
        """A project as it was last taken out, for a look only."""
        return self._projects.get(project)

    def account(self, project: ProjectRow, name: str) -> AccountRow:
        """The account called *name*; made, if there is none."""
        row = self._names.get((project.id, name))
        if row is None:
            found = self._db.execute("SELECT id FROM account WHERE project = ? AND name = ?", (project.id, name))
            there = found.fetchone()
            row = self._load_account(there[0] if there else self._make_account(project, name))
        return self._current(row)

    def inbox(self, account: AccountRow) -> MailboxRow:
        """Its INBOX; made, if there is none."""
        if account.inbox is None:
            account.inbox = self.named(account, INBOX) or self.make_mailbox(account, INBOX)
        return self._current_mailbox(account.inbox)

    def named(self, account: AccountRow, name: str) -> MailboxRow | None:
        """Its mailbox called *name*, if there is one."""
        found = self._db.execute(_NAMED, (account.id, name)).fetchone()
        return self.mailbox(found[0]) if found else None

    def make_mailbox(self, account: AccountRow, name: str) -> MailboxRow:
        """A new mailbox, with a UIDVALIDITY that none has had."""
        self._uidvalidity += 1
        made = self._db.execute(
            "INSERT INTO mailbox (account, name, uidvalidity, counted_at) VALUES (?, ?, ?, ?) RETURNING id",
            (account.id, name, self._uidvalidity, account.project.floor_modseq),
        )
        return self.mailbox(made.fetchone()[0])

    def mailbox(self, mailbox: int) -> MailboxRow:
        """A mailbox, deleted or not, and its account with it; raises `NotFound`, or `ProjectGone`."""
        row = self._mailboxes.get(mailbox) or self._load_mailbox(mailbox)
        self.project(row.account.project.id)
        self._current(row.account)
        return self._current_mailbox(row)

    def target(self, mailbox: int) -> MailboxRow:
        """A mailbox that something can be put into; raises `NotFound` if it was deleted, too."""
        row = self.mailbox(mailbox)
        if row.deleted_at is not None:
            raise NotFound(f"mailbox {row.name} was deleted")
        return row

    def write(self) -> None:
        """Write down what was taken out."""
        for project in self._taken[0].values():
            rows.write_project(self._db, project)
        for account in self._taken[1].values():
            rows.write_account(self._db, account)
        for mailbox in self._taken[2].values():
            rows.write_mailbox(self._db, mailbox)
        for name, value, written in zip(
            ("modseq", "uidvalidity"), (self.modseq, self._uidvalidity), self._written, strict=True
        ):
            if value != written:
                self._db.execute("UPDATE counter SET value = ? WHERE name = ?", (value, name))

    def committed(self) -> None:
        """What was written down is so."""
        self._written = (self.modseq, self._uidvalidity)
        for taken in self._taken:
            taken.clear()
        if len(self._accounts) > _MOST:
            self._forget()

    def _forget(self) -> None:
        for remembered in (self._projects, self._accounts, self._names, self._mailboxes, *self._taken):
            remembered.clear()

    def _current(self, row: AccountRow) -> AccountRow:
        if row.stale:
            row.messages, row.unseen = floors.counters(self._db, row.id)
            row.counted_at = row.project.floor_modseq
        self._taken[1][row.id] = row
        return row

    def _current_mailbox(self, row: MailboxRow) -> MailboxRow:
        if row.stale:
            self._recount(row)
        self._taken[2][row.id] = row
        return row

    def _recount(self, row: MailboxRow) -> None:
        project = row.account.project
        spared = floors.spared_entries(self._db, row.id)
        if row.messages:
            gone = expunged.without([(1, row.uidnext - 1)], [uid for uid, _, _ in spared])
            expunged.log(self._db, row, gone, project.floor_modseq)
            row.highest_modseq = project.floor_modseq
        row.messages = len(spared)
        row.unseen = sum(not seen for _, seen, _ in spared)
        row.size = sum(size for _, _, size in spared)
        row.counted_at = project.floor_modseq

    def _make_account(self, project: ProjectRow, name: str) -> int:
        made = self._db.execute(
            "INSERT INTO account (project, name, counted_at) VALUES (?, ?, ?) RETURNING id",
            (project.id, name, project.floor_modseq),
        )
        return int(made.fetchone()[0])

    def _load_account(self, account: int) -> AccountRow:
        project, *columns = rows.read(self._db, rows.READ_ACCOUNT, account)
        row = AccountRow(self.project(project), *columns)
        self._accounts[account] = self._names[project, row.name] = row
        return row

    def _load_mailbox(self, mailbox: int) -> MailboxRow:
        account, *columns = rows.read(self._db, rows.READ_MAILBOX, mailbox)
        owner = self._accounts.get(account) or self._load_account(account)
        row = self._mailboxes[mailbox] = MailboxRow(owner, *columns)
        if row.name == INBOX and row.deleted_at is None:
            owner.inbox = row
        return row
