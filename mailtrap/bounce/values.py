"""What a report says, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mailtrap.envelope import new_id
from mailtrap.message.parse import Octets

Action = Literal["failed", "delayed", "delivered", "relayed"]

LARGEST = 1 << 20
"""Of a message with more octets its header alone goes back, whatever RET says (RFC 3461 §6.2 allows that)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message for one recipient."""

    rcpt_to: str
    action: Action
    status: str
    """Three numbers, as in RFC 3463: ``5.1.1``."""
    diagnostic: str = ""
    """An SMTP reply: ``550 5.1.1 No such user``."""
    orcpt: tuple[str, str] | None = None
    """The type and the address of ORCPT, decoded."""
    attempted: datetime | None = None
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a report says. What comes from others may be anything."""

    mail_from: str
    """Who gets it (RFC 3464 §2)."""
    outcomes: tuple[Outcome, ...]
    """At least one, all with the same action."""
    original: Octets
    """The message, or of a large one as much as its header is part of."""
    whole: bool
    """Whether the message goes back and not its header alone (`goes_whole`)."""
    at: datetime
    hostname: str = "sandbox.localhost"
    arrived: datetime | None = None
    envid: str = ""
    """The value of ENVID, decoded."""
    helo: str = ""
    peer: str = ""
    id: str = ""
    """Under which id the message is kept."""
    message_id: str = ""
    """The message's own Message-ID."""
    token: str = field(default_factory=new_id)
    """Makes the report's Message-ID and boundary unlike all others."""


def goes_whole(action: Action, ret: str, size: int) -> bool:
    """Whether a report of *action* has the message in it, with this RET (empty: none), and not its header alone.

    Without RET, of a failure all of it (RFC 6522 §3); what did not fail is told of with the header (RFC 3461 §4.3).
    """
    return action == "failed" and ret != "HDRS" and size <= LARGEST
