"""What a list shows of a message, found in one pass before it is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailtrap.envelope import Address


@dataclass(frozen=True, slots=True)
class Facts:
    """Header facts and the outline of the MIME structure, decoded; foreign text throughout."""

    size: int
    subject: str = ""
    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    date: datetime | None = None
    message_id: str = ""
    preview: str = ""
    attachments: int = 0
    filenames: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """The content types of the leaf parts, lower case, none twice: ``("text/plain", "text/calendar")``."""
    defects: tuple[str, ...] = ()
    """The codes of the defects noticed, none twice."""
    defect_count: int = 0
