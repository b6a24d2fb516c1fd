"""What somebody has configured of accounts and projects: password, state, quota. All others are as mail makes them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from mailtrap.accounts import account_name, owners
from mailtrap.attempts import Attempts

if TYPE_CHECKING:
    from mailtrap.store import Store

POSTMASTER = "postmaster"

Policy = Literal["known", "required"]


class State(StrEnum):
    """What an account can do."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Nobody logs in as it, and no mail is taken for it."""
    FULL = "full"
    """No mail is taken for it now."""


class Refusal(StrEnum):
    """Why no mail is taken for a recipient."""

    UNKNOWN = "unknown"
    SUSPENDED = "suspended"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Configured:
    """An account as it was configured. Without a password any will do."""

    name: str
    password: str | None = field(default=None, repr=False)
    state: State = State.ACTIVE
    quota: int | None = None
    """Octets that it may have in all of its mailboxes."""


Key = tuple[int, str]
"""A project and the folded name of an account in it."""


class Accounts:
    """What is configured, in memory: those of the settings, and those that the store keeps. Any thread may use it."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        policy: Policy = "known",
        known_recipients: bool = False,
        own_sender: bool = False,
    ) -> None:
        """Without a *store* nothing is kept, and no quota is ever exceeded."""
        self.policy = policy
        """``required``: who is not configured does not get in."""
        self.known_recipients = known_recipients
        """No mail is taken for who is not configured."""
        self.own_sender = own_sender
        """Who logs in by a configured name sends under that name."""
        self.any = False
        """Whether anything is configured at all: as long as it is not, there is nothing to look at."""
        self.has_passwords = False
        self.attempts = Attempts()
        """Who tried wrong passwords."""
        self._store = store
        self._lock = threading.Lock()
        self._given: dict[Key, Configured] = {}
        self._given_passwords: dict[int, str] = {}
        self._kept: dict[Key, Configured] = {}
        self._kept_passwords: dict[int, str] = {}
        if store is not None:
            self._kept = _kept(store)
            self._kept_passwords = store.passwords()
        self._changed()

    # -- what the settings have, which nobody changes

    def give(self, project: int, configured: Configured) -> None:
        """An account of the settings: it comes before what is kept, and is not."""
        with self._lock:
            folded = _folded(configured)
            self._given[project, folded.name] = folded
            self._changed()

    def give_password(self, project: int, password: str) -> None:
        """The password that a project has by the settings."""
        with self._lock:
            self._given_passwords[project] = password
            self._changed()

    def is_given(self, project: int, name: str) -> bool:
        """Whether an account is one of the settings."""
        return (project, account_name(name)) in self._given

    def is_password_given(self, project: int) -> bool:
        """Whether the password of a project is one of the settings."""
        return project in self._given_passwords

    def has_given(self, project: int) -> bool:
        """Whether the settings have the password of a project, or an account in it."""
        return project in self._given_passwords or any(its == project for its, _ in self._given)

    # -- what is asked

    def find(self, project: int, name: str) -> Configured | None:
        """The account called *name*, if it is configured."""
        if not self.any:
            return None
        key = project, account_name(name)
        return self._given.get(key) or self._kept.get(key)

    def every(self, project: int) -> list[Configured]:
        """All that are configured in a project, by name."""
        with self._lock:
            found = {name: each for (its, name), each in (self._kept | self._given).items() if its == project}
        return [found[name] for name in sorted(found)]

    def password_of(self, project: int) -> str | None:
        """The password of a project; None where any will do."""
        return self._given_passwords.get(project) or self._kept_passwords.get(project)

    def refusal(self, project: int, rcpt_to: str, size: int = 0) -> Refusal | None:
        """Why a message of *size* octets, as far as that is known, is not taken for *rcpt_to*."""
        name = account_name(rcpt_to)
        concerned = [each for it in owners(name) if (each := self.find(project, it)) is not None]
        if not concerned:
            is_known = not self.known_recipients or name.partition("@")[0] == POSTMASTER  # RFC 5321 §4.5.1
            return None if is_known else Refusal.UNKNOWN
        if any(each.state is State.SUSPENDED for each in concerned):
            return Refusal.SUSPENDED
        return Refusal.FULL if any(self.is_full(project, each, size) for each in concerned) else None

    def is_full(self, project: int, configured: Configured, size: int = 0) -> bool:
        """Whether an account has no room for *size* octets more."""
        if configured.state is State.FULL:
            return True
        return configured.quota is not None and self.used(project, configured.name) + max(size, 1) > configured.quota

    def used(self, project: int, name: str) -> int:
        """The octets in all mailboxes of an account."""
        return sum(each.size for each in self._store.mailboxes(project, name)) if self._store else 0

    # -- what can be changed

    def put(self, project: int, configured: Configured) -> Configured:
        """Configure an account, in the place of what it was; gives it with its name folded."""
        folded = _folded(configured)
        with self._lock:
            if self._store is not None:
                self._store.configure(project, folded)
            self._kept[project, folded.name] = folded
            self._changed()
        return folded

    def remove(self, project: int, name: str) -> bool:
        """Configure an account no more; gives whether it was. Its mail stays."""
        key = project, account_name(name)
        with self._lock:
            if key not in self._kept:
                return False
            if self._store is not None:
                self._store.unconfigure(*key)
            del self._kept[key]
            self._changed()
        return True

    def set_password(self, project: int, password: str | None) -> None:
        """Give a project a password, or none."""
        with self._lock:
            if self._store is not None:
                self._store.set_password(project, password)
            self._kept_passwords.pop(project, None)
            if password is not None:
                self._kept_passwords[project] = password
            self._changed()

    def forget(self, project: int) -> None:
        """A project is gone, and all that was configured in it."""
        with self._lock:
            self._kept = {key: each for key, each in self._kept.items() if key[0] != project}
            self._kept_passwords.pop(project, None)
            self._changed()

    def _changed(self) -> None:
        every = (*self._given.values(), *self._kept.values())
        passwords = self._given_passwords or self._kept_passwords
        self.has_passwords = bool(passwords) or any(each.password is not None for each in every)
        self.any = bool(every or passwords) or self.known_recipients or self.policy == "required"


def _folded(configured: Configured) -> Configured:
    return replace(configured, name=account_name(configured.name))


def _kept(store: Store) -> dict[Key, Configured]:
    """What *store* keeps, by names of today: an earlier version had some with needless quotes, which are renamed."""
    kept = {(project, each.name): each for project, each in store.configured()}
    for (project, name), each in tuple(kept.items()):
        folded = _folded(each)
        if folded.name != name:
            del kept[project, name]
            store.unconfigure(project, name)
            if (project, folded.name) not in kept:
                kept[project, folded.name] = folded
                store.configure(project, folded)
    return kept
