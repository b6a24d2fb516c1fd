"""What can go wrong at a stage of a protocol: a method for each; they give the fault, which can be told when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from mailtrap.faults.actions import joined, written
from pytest_mailtrap.span import span

if TYPE_CHECKING:
    from pytest_mailtrap.faulting import Fault

Add = Callable[[str, str], "Fault"]


class Stage:
    """What can go wrong in any protocol."""

    def __init__(self, add: Add, at: str) -> None:
        self._add = add
        self._at = at

    def delay(self, seconds: float) -> Fault:
        """Waits so long, by `inbox.clock`, then goes on."""
        __tracebackhide__ = True
        return self._do("delay", written(seconds))

    def slow(self, octets_per_second: int) -> Fault:
        """From there on, no more than so many octets a second come through."""
        __tracebackhide__ = True
        return self._do("slow", f"{octets_per_second}/s")

    def drop(self, *, reset: bool = False) -> Fault:
        """Ends the connection without a word, or with a TCP *reset*."""
        __tracebackhide__ = True
        return self._do("drop", "rst" if reset else "")

    def hang(self) -> Fault:
        """Says nothing more until the client gives up."""
        __tracebackhide__ = True
        return self._do("hang")

    def rate(self, count: int, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Fault:
        """Refuses what goes beyond so many in so much time, of each account, or peer where nobody is logged in."""
        __tracebackhide__ = True
        return self._do("rate", f"{count}/{written(span(0, hours, minutes, seconds))}")

    def _do(self, *words: object) -> Fault:
        __tracebackhide__ = True
        return self._add(self._at, joined(*words))


class Mail(Stage):
    """What can go wrong in SMTP, POP3 and IMAP."""

    def drop(self, *, reset: bool = False, after_bytes: int | None = None) -> Fault:
        """Ends the connection without a word, or with a TCP *reset*; when so many octets came (`data`) or went."""
        __tracebackhide__ = True
        return self._do("drop", "rst" if reset else "", "" if after_bytes is None else f"after {after_bytes}")

    def bye(self, text: str = "") -> Fault:
        """Says goodbye and closes: 421 in SMTP, BYE in IMAP, -ERR in POP3."""
        __tracebackhide__ = True
        return self._do("bye", text)

    def hide(self, keyword: str) -> Fault:
        """Does not announce a capability; in SMTP at `ehlo`."""
        __tracebackhide__ = True
        return self._do("hide", keyword)

    def offer(self, keyword: str) -> Fault:
        """Announces a capability, whether it is there or not; in SMTP at `ehlo`."""
        __tracebackhide__ = True
        return self._do("offer", keyword)

    def certificate(self, kind: Literal["expired", "other-name", "self-signed"]) -> Fault:
        """Shows a certificate in the TLS handshake that no client should take; at `connect` or `starttls`."""
        __tracebackhide__ = True
        return self._do("certificate", kind)


class Smtp(Mail):
    """What can go wrong at a stage of SMTP."""

    def reject(self, code: int = 550, enhanced: str = "", text: str = "") -> Fault:
        """Answers with an error: ``reject(451)``, ``reject(550, "5.1.1", "no such user")``."""
        __tracebackhide__ = True
        return self._do("reject", code, enhanced, text)

    def greylist(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Fault:
        """Answers 451 until so much time passed since who asks did first; 5 minutes if nothing is said. At `rcpt`."""
        __tracebackhide__ = True
        waits = written(span(0, hours, minutes, seconds)) if hours or minutes or seconds else ""
        return self._do("greylist", waits)

    def bounce(self, enhanced: str = "", text: str = "", *, after: timedelta | float = 0) -> Fault:
        """Takes the message, and files a report of its failure in `inbox.bounces`: now, or *after* so many seconds."""
        __tracebackhide__ = True
        seconds = after.total_seconds() if isinstance(after, timedelta) else after
        return self._do("bounce", enhanced, text, f"after {written(seconds)}" if seconds else "")


class Pop3(Mail):
    """What can go wrong at a command of POP3."""

    def no(self, code: str = "", text: str = "") -> Fault:
        """Answers -ERR, with a response code such as ``SYS/TEMP``."""
        __tracebackhide__ = True
        return self._do("no", code, text)


class Imap(Mail):
    """What can go wrong at a command of IMAP."""

    def no(self, code: str = "", text: str = "") -> Fault:
        """Answers NO, with a response code such as ``SERVERBUG``."""
        __tracebackhide__ = True
        return self._do("no", code, text)

    def bad(self, text: str = "") -> Fault:
        """Answers BAD."""
        __tracebackhide__ = True
        return self._do("bad", text)

    def stale_uidvalidity(self) -> Fault:
        """Says another UIDVALIDITY than before, as if the mailbox had been made anew."""
        __tracebackhide__ = True
        return self._do("stale-uidvalidity")


class Http(Stage):
    """What can go wrong at a request."""

    def reject(self, status: int = 503, text: str = "") -> Fault:
        """Answers with an error."""
        __tracebackhide__ = True
        return self._do("reject", status, text)
