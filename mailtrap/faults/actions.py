"""What a fault does: values that each protocol carries out in its own way.

Written out, an action is the text of ``do`` that it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that goes wrong on purpose."""

    rule: str = field(default="", kw_only=True)
    """The id of the rule that wants it; empty where a recipient at fault.test does."""
    address: str = field(default="", kw_only=True)
    """That recipient."""

    @property
    def remark(self) -> str:
        """What the transcript says of it: ``fault 7: reject 451 4.7.1 try later``."""
        return f"fault {self.rule or self.address}: {self}"


class Ending:
    """Nothing else happens at this stage."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reply(Action, Ending):
    """SMTP answers so; HTTP takes the code as the status."""

    code: int
    enhanced: str
    text: str

    def __str__(self) -> str:
        return joined("reject", self.code, self.enhanced, self.text)


@dataclass(frozen=True, slots=True)
class No(Action, Ending):
    """IMAP answers NO, POP3 -ERR, with the response code in brackets, if there is one."""

    code: str
    text: str

    def __str__(self) -> str:
        return joined("no", self.code and f"[{self.code}]", self.text)


@dataclass(frozen=True, slots=True)
class Bad(Action, Ending):
    """IMAP answers BAD."""

    text: str

    def __str__(self) -> str:
        return joined("bad", self.text)


@dataclass(frozen=True, slots=True)
class Bye(Action, Ending):
    """The server says goodbye and closes: IMAP with BYE, POP3 with -ERR, SMTP with 421."""

    text: str

    def __str__(self) -> str:
        return joined("bye", self.text)


@dataclass(frozen=True, slots=True)
class Drop(Action, Ending):
    """The connection ends without a word; *after* so many octets of data, at ``smtp.data``."""

    reset: bool = False
    after: int | None = None

    def __str__(self) -> str:
        return joined("drop", "rst" if self.reset else "", "" if self.after is None else f"after {self.after}")


@dataclass(frozen=True, slots=True)
class Hang(Action, Ending):
    """Nothing more is read or said."""

    def __str__(self) -> str:
        return "hang"


@dataclass(frozen=True, slots=True)
class Delay(Action):
    """It goes on in *seconds*."""

    seconds: float

    def __str__(self) -> str:
        return f"delay {written(self.seconds)}"


@dataclass(frozen=True, slots=True)
class Slow(Action):
    """From now on, so many octets a second come out."""

    octets_per_second: int

    def __str__(self) -> str:
        return f"slow {self.octets_per_second}/s"


@dataclass(frozen=True, slots=True)
class Bounce(Action):
    """The message is accepted, and a report of its failure comes back to its MAIL FROM."""

    code: int
    enhanced: str
    text: str
    after_seconds: float = 0.0

    def __str__(self) -> str:
        after = f"after {written(self.after_seconds)}" if self.after_seconds else ""
        return joined("bounce", self.enhanced, self.text, after)


@dataclass(frozen=True, slots=True)
class Hide(Action):
    """A capability is not announced."""

    keyword: str

    def __str__(self) -> str:
        return f"hide {self.keyword}"


@dataclass(frozen=True, slots=True)
class Offer(Action):
    """A capability is announced, whether there is any such thing or not."""

    keyword: str

    def __str__(self) -> str:
        return f"offer {self.keyword}"


CertificateKind = Literal["expired", "other-name", "self-signed"]


@dataclass(frozen=True, slots=True)
class Certificate(Action):
    """The TLS handshake shows a certificate that no client should take."""

    kind: CertificateKind

    def __str__(self) -> str:
        return f"certificate {self.kind}"


@dataclass(frozen=True, slots=True)
class StaleUidvalidity(Action):
    """The mailbox says another UIDVALIDITY than before, as if it had been made anew."""

    def __str__(self) -> str:
        return "stale-uidvalidity"


@dataclass(frozen=True, slots=True)
class Greylist(Action):
    """Comes to a `Reply` until the same peer, MAIL FROM and recipient have waited; no protocol sees it."""

    seconds: float

    def __str__(self) -> str:
        return f"greylist {written(self.seconds)}"


@dataclass(frozen=True, slots=True)
class Rate(Action):
    """Comes to a refusal beyond *count* in *seconds* of one account or peer; no protocol sees it."""

    count: int
    seconds: float

    def __str__(self) -> str:
        return f"rate {self.count}/{written(self.seconds)}"


def written(seconds: float) -> str:
    """A duration as one would write it, to the millisecond.

    >>> written(5400.0), written(7200.0), written(0.25)
    ('90m', '2h', '0.25s')
    """
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def joined(*words: object) -> str:
    """The words that there are, as ``do`` has them."""
    return " ".join(str(word) for word in words if word not in ("", None))
