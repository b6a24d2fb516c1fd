"""What a test lets go wrong: ``inbox.faults.rcpt("bob@x.test").reject(550)``, for the mail of its inbox alone."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from mailtrap.errors import BadFault, NotFound
from mailtrap.faults import Rule
from pytest_mailtrap.span import span
from pytest_mailtrap.stages import Http, Imap, Pop3, Smtp

if TYPE_CHECKING:
    from mailtrap.faults import Faults as Engine

SHOWN_WORDS = ("rcpt", "mail_from", "account", "header", "skip", "every", "chance", "after", "expires")


class Fault:
    """One thing that goes wrong: until the end of the test, or of a ``with`` block, unless something else is said."""

    def __init__(self, engine: Engine, rule: Rule, number: int, strict: bool | None, where: str = "") -> None:
        """Made by the methods of a stage, as in ``inbox.faults.data().reject(451)``."""
        self._engine = engine
        self._rule = rule
        self.where = where
        """The line that asked for it."""
        self.number = number
        """The faults of an inbox are counted from 1: ``fault #1`` in what a failing test says."""
        self.strict = strict
        """Whether it fails the test if it is hit fewer times than asked for; None: as the others do."""

    def __repr__(self) -> str:
        return f"<Fault {self}>"

    def __str__(self) -> str:
        words = self._rule.words()
        more = "".join(f" {name}={words[name]}" for name in SHOWN_WORDS if name in words)
        times = f", {often(self._rule.times)}" if self._rule.times else ""
        return f"#{self.number} {self._rule.at}{more}: {self._rule.do}{times}"

    @property
    def id(self) -> str:
        """The sandbox's own number for it, as in the transcript and over REST."""
        return self._rule.id

    @property
    def hits(self) -> int:
        """How often it happened."""
        return self._now().hits

    @property
    def text(self) -> str:
        """What happens, as transcripts have it: ``reject 550 5.1.1 no such user``."""
        return str(self._rule.action())

    # -- when it happens

    def times(self, count: int) -> Self:
        """So often, and then no more."""
        __tracebackhide__ = True
        return self._change(times=count)

    def skip(self, count: int) -> Self:
        """So many go well before."""
        __tracebackhide__ = True
        return self._change(skip=count)

    def every(self, nth: int) -> Self:
        """Each *nth* time only."""
        __tracebackhide__ = True
        return self._change(every=nth)

    def chance(self, probability: float, *, seed: int = 0) -> Self:
        """With this probability only; always the same times with the same *seed*."""
        __tracebackhide__ = True
        return self._change(chance=probability, seed=seed)

    def after(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Self:
        """Not before so much time has passed, by `inbox.clock`."""
        __tracebackhide__ = True
        return self._change(after=span(days, hours, minutes, seconds))

    def expires(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Self:
        """No more when so much time has passed, by `inbox.clock`."""
        __tracebackhide__ = True
        return self._change(expires=span(days, hours, minutes, seconds))

    def remove(self) -> None:
        """Let it happen no more."""
        self._rule = self._now()
        try:
            self._engine.remove(self.id)
        except NotFound:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def missed(self) -> str:
        """How it fell short of what was asked for; empty if it did not."""
        hits, wanted = self.hits, self._rule.times or 1
        if hits >= wanted:
            return ""
        return f"hit {often(hits)}" + (f", not {often(wanted)}" if hits else "")

    def _now(self) -> Rule:
        try:
            return self._engine.rule(self.id)
        except NotFound:
            return self._rule

    def _change(self, **words: Any) -> Self:
        __tracebackhide__ = True
        try:
            self._rule = self._engine.change(self.id, **words)
        except BadFault as error:
            raise ValueError(error.reason) from None
        return self


class Faults:
    """The faults of one inbox. They queue per stage and matcher, and act in order.

    Each method names a stage, and what it gives has a method for each thing that can go wrong there. *rcpt* and
    *mail_from* may have ``*`` and ``?`` in them, or be a domain.
    """

    def __init__(self, engine: Engine, project: int, *, strict: bool) -> None:
        self._engine = engine
        self._project = project
        self._all: list[Fault] = []
        self._numbers = itertools.count()
        self._begun: dict[int, str] = {}
        """Stages that were named, and nothing was to go wrong there yet: where that was."""
        self.strict = strict
        """Whether faults that are hit fewer times than asked for fail the test, unless they say so themselves."""
        self.forgiven = False
        """The test failed already, so that nothing more is asked of it."""

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    # -- SMTP

    def connect(self, *, strict: bool | None = None) -> Smtp:
        """When a client connects, before the greeting."""
        return self._smtp("connect", strict)

    def banner(self, *, strict: bool | None = None) -> Smtp:
        """In place of the greeting."""
        return self._smtp("banner", strict)

    def ehlo(self, *, strict: bool | None = None) -> Smtp:
        """At EHLO or HELO."""
        return self._smtp("ehlo", strict)

    def starttls(self, *, strict: bool | None = None) -> Smtp:
        """At STARTTLS."""
        return self._smtp("starttls", strict)

    def auth(self, account: str = "", *, strict: bool | None = None) -> Smtp:
        """At AUTH, as *account*."""
        return self._smtp("auth", strict, account=account)

    def mail(self, mail_from: str = "", *, strict: bool | None = None) -> Smtp:
        """At MAIL FROM; ``<>`` is the empty one."""
        return self._smtp("mail", strict, mail_from=mail_from)

    def rcpt(self, rcpt: str = "", *, mail_from: str = "", strict: bool | None = None) -> Smtp:
        """At RCPT TO, for that recipient alone."""
        return self._smtp("rcpt", strict, rcpt=rcpt, mail_from=mail_from)

    def data(self, *, rcpt: str = "", mail_from: str = "", strict: bool | None = None) -> Smtp:
        """At DATA or the first BDAT, before the message."""
        return self._smtp("data", strict, rcpt=rcpt, mail_from=mail_from)

    def dot(self, *, rcpt: str = "", mail_from: str = "", header: str = "", strict: bool | None = None) -> Smtp:
        """When all of the message came, and nothing is stored yet. *header* is like ``X-Job: *7*``."""
        return self._smtp("dot", strict, rcpt=rcpt, mail_from=mail_from, header=header)

    def stored(self, *, rcpt: str = "", mail_from: str = "", header: str = "", strict: bool | None = None) -> Smtp:
        """When the message is stored, and the reply not sent: a client that is refused now sends it again."""
        return self._smtp("stored", strict, rcpt=rcpt, mail_from=mail_from, header=header)

    def smtp(self, verb: str = "*", *, strict: bool | None = None) -> Smtp:
        """At any other command of SMTP, or at every stage of it."""
        return self._smtp(verb, strict)

    # -- the other protocols

    def imap(self, command: str = "*", *, account: str = "", strict: bool | None = None) -> Imap:
        """At a command of IMAP, at ``connect``, ``banner`` or ``starttls``, or at all of them."""
        return Imap(self._add(strict, account=account), f"imap.{command}")

    def pop3(self, command: str = "*", *, account: str = "", strict: bool | None = None) -> Pop3:
        """The same for POP3."""
        return Pop3(self._add(strict, account=account), f"pop3.{command}")

    def http(self, method: str = "*", *, strict: bool | None = None) -> Http:
        """At a request of that method to the sandbox's own REST API, except for faults and clock."""
        return Http(self._add(strict), f"http.{method}")

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        for each in self._all:
            each.remove()

    def missed(self) -> list[Fault]:
        """Those that were hit fewer times than asked for, and should not have been."""
        if self.forgiven:
            return []
        return [each for each in self._all if (self.strict if each.strict is None else each.strict) and each.missed]

    def unsaid(self) -> list[str]:
        """Stages that were named without a word of what goes wrong there, which is a slip of the pen."""
        return [] if self.forgiven else list(self._begun.values())

    def named(self, rule_id: str) -> str:
        """What a fault is called in a test: ``fault #1`` if it is one of these."""
        number = next((each.number for each in self._all if each.id == rule_id), None)
        return f"fault {rule_id}" if number is None else f"fault #{number}"

    def _smtp(self, stage: str, strict: bool | None, **who: Any) -> Smtp:
        return Smtp(self._add(strict, **who), f"smtp.{stage}")

    def _add(self, strict: bool | None, **who: Any) -> Callable[[str, str], Fault]:
        number = next(self._numbers)
        self._begun[number] = _caller()

        def add(at: str, do: str) -> Fault:
            __tracebackhide__ = True
            self._begun.pop(number, None)
            try:
                rule = self._engine.add(Rule(at, do, project=self._project, **who))
            except BadFault as error:
                raise ValueError(error.reason) from None
            self._all.append(Fault(self._engine, rule, len(self._all) + 1, strict, _caller()))
            return self._all[-1]

        return add


def _caller() -> str:
    """The nearest line that is none of ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""


def often(count: int) -> str:
    """``never``, ``once``, ``3 times``"""
    return {0: "never", 1: "once"}.get(count, f"{count} times")
