"""Accounts: the names that mail was addressed to, with their counts."""

from __future__ import annotations

from typing import TypedDict

from mailtrap.store.records import Account
from mailtrap_web.api.cursors import name_place
from mailtrap_web.api.kinds import AccountName, Contains, Limit, NamePlace
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import moment_or_none


class AccountShape(TypedDict):
    """A name, how much is in its INBOX, how much of that it has not seen, and when the last came."""

    name: str
    messages: int
    unseen: int
    last_arrival: str | None


class AccountList(TypedDict):
    """A page of accounts, in the order of their names."""

    accounts: list[AccountShape]
    next: str | None


@route("GET", "/v1/accounts")
def accounts(call: Call, *, contains: Contains = "", limit: Limit = 50, cursor: NamePlace = "") -> AccountList:
    """Accounts with their counts, the catch-all among them."""
    found = call.world.store.accounts(call.project, contains=contains, after=cursor, limit=limit + 1)
    more = len(found) > limit
    return {"accounts": list(map(_shape, found[:limit])), "next": name_place(found[limit - 1].name) if more else None}


@route("GET", "/v1/accounts/{+name}")
def account(call: Call, name: AccountName) -> AccountShape:
    """One account, with its counts."""
    return _shape(call.world.store.account(call.project, name))


def _shape(each: Account) -> AccountShape:
    return {
        "name": each.name,
        "messages": each.messages,
        "unseen": each.unseen,
        "last_arrival": moment_or_none(each.last_arrival),
    }
