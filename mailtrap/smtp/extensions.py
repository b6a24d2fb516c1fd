"""The extensions of SMTP, one row each: which profile offers it, where it is possible, and what EHLO says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mailtrap import held
from mailtrap.smtp.registry import COMMANDS

if TYPE_CHECKING:
    from mailtrap.smtp.policy import Policy
    from mailtrap.smtp.session import SMTP

COMMON = frozenset({"common", "full"})
FULL = frozenset({"full"})
WANTED_IN_LMTP = frozenset({"PIPELINING", "ENHANCEDSTATUSCODES"})
"""RFC 2033 §5."""
UNLESS_HELO = frozenset({"common", "full", "minimal"})


Says = Callable[["SMTP", "Policy"], str]
Test = Callable[["SMTP", "Policy"], bool]


@dataclass(frozen=True, slots=True)
class Extension:
    """One row of the table."""

    keyword: str
    profiles: frozenset[str] = COMMON
    says: Says | None = None
    """What follows the keyword."""
    is_usual: Test | None = None
    """Whether this connection is one for it; else it is there on request alone."""
    is_possible: Test | None = None
    """Whether it can be offered now, on request too."""

    def is_offered(self, smtp: SMTP, policy: Policy) -> bool:
        """Whether the client may use it."""
        if self.keyword in policy.hide or not (self._is_in_profile(smtp, policy) or self.keyword in policy.offer):
            return False
        return self.is_possible is None or self.is_possible(smtp, policy)

    def _is_in_profile(self, smtp: SMTP, policy: Policy) -> bool:
        if policy.profile not in self.profiles:
            return smtp.port.lmtp and self.keyword in WANTED_IN_LMTP
        return self.is_usual is None or self.is_usual(smtp, policy)


def offered(smtp: SMTP, policy: Policy) -> dict[str, str]:
    """What EHLO lists, each with what follows the keyword; unknown ones that were asked for come last."""
    rows = [each for each in EXTENSIONS if each.is_offered(smtp, policy)]
    found = {each.keyword: each.says(smtp, policy) if each.says else "" for each in rows}
    for keyword in sorted(policy.offer - policy.hide - _KNOWN):
        found[keyword] = ""
    return found


def _of(verb: str) -> Says:
    """What a command says that it offers; all of them are registered by the time that somebody asks."""
    return lambda smtp, _: COMMANDS[verb].says(smtp)


def _longest_hold(smtp: SMTP, _policy: Policy) -> str:
    """RFC 4865 §3: in seconds, and until when that is."""
    until = smtp.factory.clock.time() + timedelta(seconds=held.LONGEST)
    return f"{held.LONGEST} {until:%Y-%m-%dT%H:%M:%SZ}"


def _may_begin_tls(smtp: SMTP, policy: Policy) -> bool:
    return smtp.port.starttls if policy.starttls is None else policy.starttls


EXTENSIONS = (
    Extension("PIPELINING"),
    Extension("ENHANCEDSTATUSCODES"),
    Extension("SIZE", UNLESS_HELO, lambda _, policy: str(policy.size)),
    Extension("8BITMIME"),
    Extension("SMTPUTF8"),
    Extension("VRFY"),
    Extension("CHUNKING"),
    Extension("BINARYMIME", FULL),
    # An LMTP server has no queue: its client hears what became of each recipient, and reports that itself.
    Extension("DSN", is_usual=lambda smtp, _: not smtp.port.lmtp),
    Extension("LIMITS", FULL, lambda smtp, _: f"RCPTMAX={smtp.factory.limits.recipients}"),
    Extension("MT-PRIORITY", FULL),
    Extension("DELIVERBY", FULL),
    Extension("FUTURERELEASE", FULL, _longest_hold),
    Extension("REQUIRETLS", FULL, is_possible=lambda smtp, _: smtp.tls is not None),
    Extension(
        "STARTTLS", UNLESS_HELO, is_usual=_may_begin_tls, is_possible=lambda smtp, _: smtp.tls is None
    ),
    Extension("XCLIENT", UNLESS_HELO, _of("XCLIENT"), is_possible=lambda smtp, _: smtp.may_speak_for_others),
    Extension(
        "AUTH", says=_of("AUTH"), is_possible=lambda smtp, policy: smtp.tls is not None or not policy.login_needs_tls
    ),
)  # fmt: skip
"""In the order in which EHLO lists them."""

_KNOWN = frozenset(each.keyword for each in EXTENSIONS)
