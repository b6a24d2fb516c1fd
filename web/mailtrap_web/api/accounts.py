"""Accounts: the names that mail was addressed to, with their counts, and how those that are configured are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypedDict

from mailtrap import given
from mailtrap.configured import Configured, State
from mailtrap.errors import BadSettings, NotFound
from mailtrap.store.records import Account
from mailtrap_web.api.cursors import name_place
from mailtrap_web.api.kinds import AccountName, Contains, Flag, Limit, NamePlace
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import moment_or_none


class AccountShape(TypedDict):
    """A name, how much is in its INBOX, how much of that it has not seen, and when the last came.

    Whether it is configured, and how: the password is never told.
    """

    name: str
    messages: int
    unseen: int
    last_arrival: str | None
    configured: bool
    has_password: bool
    state: str
    quota: int | None


class AccountList(TypedDict):
    """A page of accounts, in the order of their names."""

    accounts: list[AccountShape]
    next: str | None


class AccountRemovedShape(TypedDict):
    """Whether the account was configured until now, and how many messages were taken out of its mailboxes."""

    forgotten: bool
    removed: int


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How an account is configured. A password that is left out stays as it was; null is none: any will do.

    The state is active, suspended or full; the quota is octets, or text such as 10MiB.
    """

    password: str | None = field(default="", repr=False)
    state: str = "active"
    quota: str | int | None = None


@route("GET", "/v1/accounts")
def accounts(call: Call, *, contains: Contains = "", limit: Limit = 50, cursor: NamePlace = "") -> AccountList:
    """Accounts with their counts, the catch-all and those among them that are configured."""
    there = {each.name: each for each in call.world.store.accounts(
        call.project, contains=contains, after=cursor, limit=limit + 1
    )}  # fmt: skip
    for each in call.world.accounts.every(call.project):
        if each.name > cursor and contains.lower() in each.name:
            there.setdefault(each.name, _empty(each.name))
    found = [there[name] for name in sorted(there)]
    following = name_place(found[limit - 1].name) if len(found) > limit else None
    return {"accounts": [_shape(call, each) for each in found[:limit]], "next": following}


@route("GET", "/v1/accounts/{+name}")
def account(call: Call, name: AccountName) -> AccountShape:
    """One account, with its counts."""
    try:
        found = call.world.store.account(call.project, name)
    except NotFound:
        if call.world.accounts.find(call.project, name) is None:
            raise
        found = _empty(name)
    return _shape(call, found)


@route("PUT", "/v1/accounts/{+name}")
def put_account(call: Call, name: AccountName, *, body: AccountSettings) -> AccountShape:
    """Configure an account: who logs in as it needs its password; mail for it is taken by its state and quota."""
    _refuse_given(call, name)
    before = call.world.accounts.find(call.project, name)
    configured = _configured(name, body)
    if body.password == "":  # which none can be: it was left out
        configured = replace(configured, password=before.password if before else None)
    call.world.accounts.put(call.project, configured)
    return account(call, name)


@route("DELETE", "/v1/accounts/{+name}")
def delete_account(call: Call, name: AccountName, *, empty: Flag = False) -> AccountRemovedShape:
    """Configure an account no more. With *empty*, also take all out of its mailboxes; others keep what they have."""
    if not empty:
        _refuse_given(call, name)
    forgotten = call.world.accounts.remove(call.project, name)
    if not forgotten and not empty:
        raise NotFound(f"the account {name} is not configured")
    return {"forgotten": forgotten, "removed": _emptied(call, name) if empty else 0}


def _configured(name: str, body: AccountSettings) -> Configured:
    words = {"name": name, "password": body.password or None, "state": body.state, "quota": body.quota}
    try:
        return given.account({word: value for word, value in words.items() if value is not None}).configured
    except BadSettings as error:
        raise Problem(400, "bad_body", str(error)) from None


def _refuse_given(call: Call, name: str) -> None:
    if call.world.accounts.is_given(call.project, name):
        raise Problem(409, "given_by_settings", f"the account {name} is one of the settings: change it there")


def _emptied(call: Call, name: str) -> int:
    store, removed = call.world.store, 0
    for mailbox in store.mailboxes(call.project, name):
        uids = store.view(mailbox.id).uids
        store.remove(mailbox.id, uids, by="rest")
        removed += len(uids)
    return removed


def _empty(name: str) -> Account:
    return Account(0, name, 0, 0, None)


def _shape(call: Call, each: Account) -> AccountShape:
    configured = call.world.accounts.find(call.project, each.name)
    return {
        "name": each.name,
        "messages": each.messages,
        "unseen": each.unseen,
        "last_arrival": moment_or_none(each.last_arrival),
        "configured": configured is not None,
        "has_password": configured is not None and configured.password is not None,
        "state": configured.state.value if configured else State.ACTIVE.value,
        "quota": configured.quota if configured else None,
    }
