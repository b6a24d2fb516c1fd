"""What an SMTP server offers, and how strict it is: the same for everybody, or for a project a policy of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mailtrap.errors import BadSettings, nearest

PROFILES = ("common", "full", "minimal", "helo")
"""What most servers offer; all that there is; SIZE alone; not even EHLO."""

_KEYWORD = re.compile(r"[A-Z0-9][A-Z0-9-]*")


@dataclass(frozen=True, slots=True)
class Policy:
    """How a server is to its clients. Keywords are those of EHLO, in any letter case.

    >>> sorted(Policy(hide={"size"}).but(hide=["dsn"]).hide)
    ['DSN', 'SIZE']
    """

    profile: str = "common"
    hide: frozenset[str] = frozenset()
    offer: frozenset[str] = frozenset()
    size: int = 50 << 20
    """Octets of the largest message."""
    strict: bool = False
    """Refuse messages that are not what the standards want."""
    auth_required: bool = False
    """Take no mail from who is not logged in."""
    starttls: bool | None = None
    """Whether clients may begin TLS; None: as the port has it."""
    login_needs_tls: bool = False
    """Take no credentials in plaintext."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            known = ", ".join(PROFILES)
            raise BadSettings(f"there is no profile {self.profile!r}{nearest(self.profile, PROFILES)} ({known})")
        for name in ("hide", "offer"):
            object.__setattr__(self, name, _keywords(getattr(self, name)))

    def but(self, *, hide: Iterable[str] = (), offer: Iterable[str] = ()) -> Policy:
        """The same with more keywords hidden or offered."""
        return replace(self, hide=self.hide.union(_keywords(hide)), offer=self.offer.union(_keywords(offer)))


class Policies:
    """The policy of every project: the default, unless it was given one. It may be used from any thread."""

    def __init__(self, default: Policy | None = None) -> None:
        self.default = default or Policy()
        self._own: dict[int, Policy] = {}

    def of(self, project: int) -> Policy:
        """The policy for mail into *project*."""
        return self._own.get(project, self.default)

    def set(self, project: int, **changes: Any) -> None:
        """Let the default with these *changes* hold for *project* from now on; raises `BadSettings`."""
        try:
            self._own[project] = replace(self.default, **changes)
        except TypeError:
            raise BadSettings(f"a policy has no such setting: {', '.join(changes)}") from None

    def clear(self, project: int) -> None:
        """Let the default hold for *project* again."""
        self._own.pop(project, None)


def _keywords(words: Iterable[str]) -> frozenset[str]:
    found = frozenset(map(str.upper, words))
    for word in found:
        if not _KEYWORD.fullmatch(word):
            raise BadSettings(f"{word!r} is no keyword of EHLO")
    return found
