"""Rules: at which stage, for whom and when something goes wrong; and what is asked at each stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from shlex import quote
from typing import Any

from mailtrap import quantities as q
from mailtrap.errors import BadFault, BadSettings, nearest
from mailtrap.faults.actions import Action, written
from mailtrap.faults.kinds import read as read_do
from mailtrap.faults.stages import stage
from mailtrap.faults.words import MOST_SECONDS, seconds

LONGEST_PATTERN = 500
"""Characters."""
TRANSACTION = ("smtp.mail", "smtp.rcpt", "smtp.data", "smtp.dot", "smtp.stored")
"""Where there is a MAIL FROM. Without one there is "", as there is for the empty one."""
NUMBERS = ("times", "skip", "every")
WHO = ("rcpt", "mail_from", "account", "peer", "header")
MOST = 10**9
"""The greatest number that a rule may have."""
PROBABILITY = "a probability such as 0.2 or 20%"

_PROBABILITY = re.compile(r"([0-9]{0,3}\.?[0-9]{1,18}(?:e-[0-9]{1,2})?)(%?)", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is about to happen, and who asks."""

    at: str
    """The protocol and the stage: ``smtp.rcpt``, ``imap.FETCH``."""
    project: int
    peer: str = ""
    """The host it comes from."""
    mail_from: str = ""
    rcpt_to: tuple[str, ...] = ()
    """At ``smtp.rcpt`` the one asked about, later all that were accepted."""
    account: str = ""
    """Who is logged in."""
    octets: Callable[[], bytes] | None = None
    """The message, where all of it is here."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault that somebody wants. It cannot be made with words that mean nothing: that raises `BadFault`.

    >>> Rule("SMTP.rcpt", "reject 451 4.7.1 try later", rcpt="*@slow.test", times=2).words()
    {'at': 'smtp.rcpt', 'do': 'reject 451 4.7.1 try later', 'rcpt': '*@slow.test', 'times': 2}
    """

    at: str
    """Protocol and stage, or ``smtp.*`` for every stage."""
    do: str
    """What happens: the name of a kind, and its words."""
    rcpt: str = ""
    """Which recipients: an address with ``*`` and ``?``, or a domain. Like all of these in any letter case."""
    mail_from: str = ""
    """Which MAIL FROM; ``<>`` is the empty one."""
    account: str = ""
    """Who is logged in."""
    peer: str = ""
    """Which host it comes from."""
    header: str = ""
    """A field of the message: ``X-Job: *7*``."""
    project: int | str | None = None
    """Where alone it acts: a number of the store's, or a name."""
    times: int | None = None
    """How often, at the most."""
    skip: int = 0
    """So many go well first."""
    every: int = 1
    """Then each so-manieth fails."""
    chance: float | None = None
    """And with this probability only."""
    seed: int | None = None
    """What the chance begins from, for the same again."""
    after: float = 0.0
    """Seconds by the sandbox's clock before it begins."""
    expires: float | None = None
    """Seconds by the sandbox's clock until it ends."""
    id: str = ""
    hits: int = 0
    """How often it acted."""
    spent: bool = False
    """It does nothing any more."""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "at", stage(self.at))
        set_(self, "do", self.do.strip())
        self.action()
        for name in ("after", "expires"):
            set_(self, name, _rounded(name, getattr(self, name)))
        for name in WHO:
            _check_pattern(name, getattr(self, name))
        _check_stage(self)
        _check_numbers(self)

    def action(self) -> Action:
        """What it does, as a value."""
        return read_do(self.do, self.at)

    def words(self) -> dict[str, Any]:
        """The words that it is written with: all that is not as it would be anyway. Durations are text."""
        found = {each.name: getattr(self, each.name) for each in fields(self) if each.name in WORDS}
        found = {name: value for name, value in found.items() if value != WORDS[name]}
        if isinstance(self.project, int):  # it has a number in this store, and there is no word for that
            del found["project"]
        return found | {name: written(found[name]) for name in ("after", "expires") if name in found}

    def __str__(self) -> str:
        """As one line, which a shell would cut into its words again (`mailtrap.tables.words_of`)."""
        return " ".join(f"{name}={quote(str(value))}" for name, value in self.words().items())


WORDS: dict[str, Any] = {each.name: each.default for each in fields(Rule) if each.name not in ("id", "hits", "spent")}
"""What a rule may be written with, and what each is if it is not given."""


def rule(words: Mapping[str, object]) -> Rule:
    """The rule that *words* describe, as they stand in a file or come by REST; raises `BadFault`.

    >>> rule({"at": "smtp.data", "do": "drop after 512", "times": "2", "expires": "1h"})
    ... # doctest: +ELLIPSIS
    Rule(at='smtp.data', do='drop after 512', ..., times=2, ..., expires=3600.0, id='', hits=0, spent=False)
    """
    for name in words:
        if name not in WORDS:
            raise BadFault(name, f"a fault has no such word{nearest(name, WORDS)}")
    for name in ("at", "do"):
        if name not in words:
            raise BadFault(name, "a fault needs it")
    read: dict[str, Any] = {name: READ.get(name, _text)(name, value) for name, value in words.items()}
    return Rule(**read)


def setting(words: Mapping[str, object]) -> Rule:
    """The same for a row of the settings."""
    try:
        return rule(words)
    except BadFault as error:
        raise BadSettings(str(error)) from None


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadFault(name, "it is text")
    return value


def _number(name: str, value: object) -> int:
    if name == "skip" and str(value) == "0":
        return 0
    try:
        return q.count(value)
    except ValueError as error:
        raise BadFault(name, f"{value!r} is not {error}") from None


def _seed(name: str, value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or len(text) > 18 or not _WHOLE.fullmatch(text):
        raise BadFault(name, f"{value!r} is not a whole number")
    return int(text)


def _chance(name: str, value: object) -> float:
    found = _PROBABILITY.fullmatch(str(value).strip())
    if found is None:
        raise BadFault(name, f"{value!r} is not {PROBABILITY}")
    return round(float(found[1]) / 100, 8) if found[2] else float(found[1])


def _duration(name: str, value: object) -> float:
    if name == "after" and str(value) in ("0", "0.0"):
        return 0.0
    return seconds(f"{value:.3f}" if isinstance(value, float) else str(value), name)


READ: dict[str, Callable[[str, object], object]] = {
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys(("after", "expires"), _duration),
    "chance": _chance,
    "seed": _seed,
}
"""How the words are read that are not text."""


def _rounded(name: str, value: float | None) -> float | None:
    """Seconds, to the millisecond."""
    if value is None:
        return None
    if not 0 <= value <= MOST_SECONDS:
        raise BadFault(name, f"{value} is not a number of seconds up to 3650 days")
    return round(value, 3)


def _check_pattern(name: str, pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN or not (pattern.isprintable() or not pattern):
        raise BadFault(name, f"a pattern is printable, with up to {LONGEST_PATTERN} characters")
    if name == "header" and pattern and not pattern.partition(":")[0].strip():
        raise BadFault(name, f"{pattern!r} has no field name: it is written X-Job: *7*")


def _check_stage(rule: Rule) -> None:
    if rule.header and rule.at not in ("smtp.dot", "smtp.stored"):
        raise BadFault("header", f"the message is not known at {rule.at}, only at smtp.dot and smtp.stored")
    if rule.rcpt and rule.at not in ("smtp.rcpt", "smtp.data", "smtp.dot", "smtp.stored", "smtp.*"):
        raise BadFault("rcpt", f"there is no recipient at {rule.at}, only at smtp.rcpt, data, dot and stored")
    if rule.mail_from and rule.at not in (*TRANSACTION, "smtp.*"):
        raise BadFault("mail_from", f"there is no MAIL FROM at {rule.at}, only at smtp.mail and behind")
    if rule.account and rule.at.endswith((".connect", ".banner")):
        raise BadFault("account", f"nobody is logged in at {rule.at}")


def _check_numbers(rule: Rule) -> None:
    for name in NUMBERS:
        value = getattr(rule, name)
        if value is not None and not (0 if name == "skip" else 1) <= value <= MOST:
            raise BadFault(name, f"{value} is not a whole number above 0")
    if rule.chance is not None and not 0 < rule.chance <= 1:
        raise BadFault("chance", f"{rule.chance} is not {PROBABILITY}")
