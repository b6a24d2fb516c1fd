"""A list row: all that a list shows, nothing that needs the octets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailtrap.envelope import Envelope
from mailtrap.message.facts import Facts

Origin = Literal["smtp", "lmtp", "deliver", "import", "bounce", "append"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A message as the store lists it: its identity, its envelope and facts, and its state as of the reading."""

    number: int
    """The store's row number: ascending, never reused. Order, floor and full text go by it."""
    id: str
    project: int
    origin: Origin
    received_at: datetime
    modseq: int
    """The mod-sequence at which it was stored: what a cursor counts."""
    envelope: Envelope | None
    """None for what was appended or imported without one."""
    facts: Facts
    session: str | None = None
    accounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    seen: bool = False
    pinned: bool = False
