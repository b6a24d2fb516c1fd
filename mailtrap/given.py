"""Accounts and projects as the settings give them. No error repeats what was written: a password may be in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from mailtrap import quantities as q
from mailtrap.accounts import CATCHALL
from mailtrap.configured import Configured, State
from mailtrap.errors import BadSettings
from mailtrap.tables import check_names, tables, words_of

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class GivenAccount:
    """An account, and the name of its project; the default one, if empty."""

    configured: Configured
    project: str = ""


@dataclass(frozen=True, slots=True)
class GivenProject:
    """A project, and what is kept in it; if nothing is said of that, as much as in all others."""

    name: str
    password: str | None = field(default=None, repr=False)
    keep_messages: int | None = None
    keep_bytes: int | None = None
    keep_age: float | None = None

    @property
    def has_limits(self) -> bool:
        """Whether anything is said of what is kept."""
        return not (self.keep_messages is self.keep_bytes is self.keep_age is None)


def account(words: Mapping[str, object]) -> GivenAccount:
    """A row of the settings: ``name password state quota project``; raises `BadSettings`.

    >>> account({"name": "ann@example.com", "password": "s3cret", "state": "full"})
    GivenAccount(configured=Configured(name='ann@example.com', state=<State.FULL: 'full'>, quota=None), project='')
    """
    check_names(words, ("name", "password", "state", "quota", "project"), "an account")
    state = _read(words, "state", q.one_of(*State)) or State.ACTIVE
    configured = Configured(
        _needed(words, "an account", _name),
        _read(words, "password", password),
        State(state),
        _read(words, "quota", q.size),
    )
    return GivenAccount(configured, _read(words, "project", project_name) or "")


def project(words: Mapping[str, object]) -> GivenProject:
    """A row of the settings: ``name password keep_messages keep_bytes keep_age``; raises `BadSettings`."""
    check_names(words, ("name", "password", "keep_messages", "keep_bytes", "keep_age"), "a project")
    return GivenProject(
        _needed(words, "a project", project_name),
        _read(words, "password", password),
        _read(words, "keep_messages", q.count),
        _read(words, "keep_bytes", q.size),
        _read(words, "keep_age", q.duration),
    )


def accounts(value: object) -> tuple[GivenAccount, ...]:
    """The setting ``account``: tables, lines of words, or ``name:password``.

    >>> accounts("ann@example.com:s3cret;;name=bob@example.com state=full")[1].configured.state
    <State.FULL: 'full'>
    """
    return tables(account, GivenAccount, _line("name=ann@example.com password=s3cret, or name:password"))(value)


def projects(value: object) -> tuple[GivenProject, ...]:
    """The setting ``project``: tables, lines of words, or ``name:password``."""
    return tables(project, GivenProject, _line("name=team-a password=s3cret, or name:password"))(value)


def password(value: object) -> str:
    """A password: text of any characters but control characters and those that cannot be stored."""
    if not isinstance(value, str) or not value or _NOT_STORED.search(value):
        raise ValueError("text, without control characters, and not empty")
    return value


def project_name(value: object) -> str:
    """A name by which a project can be logged in to: it must be no account's."""
    if not isinstance(value, str) or not _PROJECT.fullmatch(value) or value.lower() == CATCHALL:
        raise ValueError("a name such as team-a, of up to 100 characters without spaces, @, : and /")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("a name such as ann@example.com")
    return value


def _needed(words: Mapping[str, object], what: str, read: Callable[[object], str]) -> str:
    name = _read(words, "name", read)
    if name is None:
        raise BadSettings(f"{what} needs a name")
    return name


def _read(words: Mapping[str, object], name: str, read: Callable[[object], Row]) -> Row | None:
    if name not in words:
        return None
    try:
        return read(words[name])
    except ValueError as error:
        raise BadSettings(f"{name} must be {error}") from None


def _line(form: str) -> Callable[[str], Mapping[str, str]]:
    """A reader of lines that may be ``name:password``, too; *form* is what an error says instead of the line."""

    def read(line: str) -> Mapping[str, str]:
        line = line.strip()
        if _LONG.match(line):
            try:
                return words_of(line)
            except BadSettings:
                raise BadSettings(f"it is written {form}") from None
        name, colon, secret = line.partition(":")
        return {"name": name, "password": secret} if colon else {"name": name}

    return read


_NOT_STORED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LONG = re.compile(r"[a-z_]+=")
_PROJECT = re.compile(r"[^\s@:/\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,100}")
