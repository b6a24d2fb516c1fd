"""What ``given`` lines of a transcript configure: accounts, and rules for all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mailtrap.configured import Accounts, Configured, State
from mailtrap.store import Store

RULES: dict[str, dict[str, Any]] = {
    "auth required": {"policy": "required"},
    "known recipients": {"known_recipients": True},
    "own sender": {"own_sender": True},
}
ACCOUNT = re.compile(r"the account (\S+?)(?: with password (.+?))?(?:, (suspended|full))?(?:, at most (\d+) octets)?")
PROJECT = re.compile(r"the project (\S+?)(?: with password (.+))?")


def is_configuring(line: str) -> bool:
    """Whether *line* is for `accounts`."""
    return line in RULES or bool(ACCOUNT.fullmatch(line) or PROJECT.fullmatch(line))


def accounts(lines: Iterable[str], store: Store, project: int) -> Accounts:
    """What these lines configure: ``the account ann@example.com with password s3cret, full``, ``auth required``, …"""
    lines = [line for line in lines if is_configuring(line)]
    rules = {name: value for line in lines for name, value in RULES.get(line, {}).items()}
    made = Accounts(store, **rules)
    for line in lines:
        if found := ACCOUNT.fullmatch(line):
            name, password, state, quota = found.groups()
            made.give(project, Configured(name, password, State(state or "active"), int(quota) if quota else None))
        elif found := PROJECT.fullmatch(line):
            its = store.project(found[1]).id
            if found[2]:
                made.give_password(its, found[2])
    return made
