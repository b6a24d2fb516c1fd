"""The list: everything, or what a search finds, newest first, page by page; and what to do when there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask.typing import ResponseReturnValue

from mailtrap.accounts import account_name
from mailtrap.errors import BadQuery
from mailtrap.message.summary import Summary
from mailtrap.search.grammar import parse
from mailtrap.search.tree import Query
from mailtrap.store.records import Page
from mailtrap_web.api.cursors import place, read_place
from mailtrap_web.api.problems import Problem
from mailtrap_web.inspector.page import host, page, pages, project, world
from mailtrap_web.inspector.snippets import snippets

ROWS = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """What the middle column shows."""

    q: str
    account: str
    rows: list[Summary]
    total: int
    more_than: bool
    """Whether *total* is only where counting stopped."""
    older: str | None
    first: bool
    """Whether it begins with the newest."""
    error: BadQuery | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.q and not self.account

    def beside(self, message_id: str) -> tuple[Summary | None, Summary | None]:
        """The rows before and after a message."""
        ids = [each.id for each in self.rows]
        if message_id not in ids:
            return None, None
        at = ids.index(message_id)
        return self.rows[at - 1] if at else None, self.rows[at + 1] if at + 1 < len(ids) else None


@pages.get("/")
def messages() -> ResponseReturnValue:
    """The list by itself."""
    found = listing()
    if found.error is None and found.is_all and found.first and not found.rows:
        return start()
    return page("list.html", 400 if found.error else 200, listing=found)


def start() -> ResponseReturnValue:
    """Nothing is there yet: how to send something."""
    name = request.args.get("with", "Python")
    path, port = world().addresses.get("smtp", ("", 0))
    there = snippets(host(), port) if port else {}
    chosen = name if name in there else "Python"
    return page("start.html", names=list(there), name=chosen, snippets=there, path=path)


def listing(around: Summary | None = None) -> Listing:
    """What the address asks for; the page that has *around* in it, where none is named."""
    q, account = request.args.get("q", "").strip(), request.args.get("account", "").strip()
    before = _before()
    try:
        query = parse(q)
    except BadQuery as error:
        return Listing(q, account, [], 0, False, None, True, error)
    found = _page(query, account, before)
    if around is not None and before is None and all(each.number != around.number for each in found.summaries):
        before = around.number + 1
        found = _page(query, account, before)
    return Listing(q, account, found.summaries, found.total, found.total_is_lower_bound, place(found.next), not before)


def _page(query: Query, account: str, before: int | None) -> Page:
    name = account_name(account) if account else None
    return world().store.messages(project(), query, account=name, before=before, limit=ROWS)


def _before() -> int | None:
    text = request.args.get("page", "")
    try:
        return read_place(text) if text else None
    except ValueError as error:
        raise Problem(400, "bad_parameter", f"page must be {error}") from None
