"""The accounts: every name that mail was addressed to."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from mailtrap_web.api.cursors import name_place, read_name_place
from mailtrap_web.api.problems import Problem
from mailtrap_web.inspector.page import page, pages, project, world

ROWS = 100


@pages.get("/accounts")
def accounts() -> ResponseReturnValue:
    """A page of accounts, in the order of their names."""
    contains = request.args.get("contains", "").strip()
    found = world().store.accounts(project(), contains=contains, after=_after(), limit=ROWS + 1)
    more = name_place(found[ROWS - 1].name) if len(found) > ROWS else None
    return page("accounts.html", accounts=found[:ROWS], contains=contains, more=more)


def _after() -> str:
    text = request.args.get("after", "")
    try:
        return read_name_place(text) if text else ""
    except ValueError as error:
        raise Problem(400, "bad_parameter", f"after must be {error}") from None
