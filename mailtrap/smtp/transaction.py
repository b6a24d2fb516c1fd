"""One mail transaction, from MAIL to its end (RFC 5321 §3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailtrap.current import Current
from mailtrap.envelope import Address
from mailtrap.faults import Bounce
from mailtrap.smtp.data import Data
from mailtrap.smtp.pacing import Measure
from mailtrap.smtp.policy import Policy


@dataclass(slots=True)
class Transaction:
    """What was declared so far. It belongs to the project named at log-in, or current at MAIL, until `end`."""

    mail_from: Address
    current: Current
    named: int | None = None
    rcpt_to: list[Address] = field(default_factory=list)
    data: Data | None = None
    """The data, from the moment DATA was answered 354, or the first BDAT came."""
    hold: float = 0
    """Seconds after which the recipients get the message (RFC 4865)."""
    refusals: int = 0
    """How many refusals are on record for it: what the client gives up after one needs no other."""
    bounces: dict[str, Bounce] = field(default_factory=dict)
    """The recipients to whom it will turn out to be undeliverable, and why."""
    measure: Measure | None = None
    """How a fault has the data read."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    project: int = field(init=False)
    policy: Policy = field(init=False)
    """The project's, as it was at MAIL."""
    _ended: bool = False

    def __post_init__(self) -> None:
        self.project = self.current.begin(self.named)

    @property
    def is_binary(self) -> bool:
        """Whether the message may be any octets (RFC 3030 §3)."""
        return self.has("BODY=BINARYMIME")

    def has(self, parameter: str) -> bool:
        """Whether MAIL had *parameter*."""
        return any(each.upper() == parameter for each in self.mail_from.parameters)

    def end(self) -> None:
        """It is over, and what came of it is committed; only the first call counts."""
        if not self._ended:
            self._ended = True
            self.current.end(self.project)
