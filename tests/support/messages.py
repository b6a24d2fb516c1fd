"""New messages for a store, as a protocol would hand them in."""

from __future__ import annotations

from datetime import datetime

from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Origin
from mailtrap.store.records import NewMessage

HELLO = b"Subject: Hello\r\n\r\nHello, Ann.\r\n"


def new_message(
    project: int,
    octets: Octets = HELLO,
    *,
    rcpt_to: tuple[str, ...] = ("ann@x.test",),
    origin: Origin = "smtp",
    session: str | None = None,
    message_id: str = "",
    received_at: datetime | None = None,
    tags: tuple[str, ...] = (),
) -> NewMessage:
    """A message to these, with no more facts than its size."""
    appended = origin == "append"
    return NewMessage(
        project=project,
        origin=origin,
        octets=octets,
        facts=Facts(size=len(octets)),
        envelope=None if appended else Envelope(Address("app@shop.test"), tuple(map(Address, rcpt_to))),
        accounts=rcpt_to if appended else accounts_of(rcpt_to),
        session=session,
        id=message_id,
        received_at=received_at,
        tags=tags,
    )


def numbered(*numbers: object) -> bytes:
    """A message like no other with other numbers: short, or of several slices."""
    line = " ".join(map(str, numbers)).encode()
    return b"Subject: %b\r\n\r\n%b\r\n" % (line, line * (60_000 if line.endswith(b"7") else 100))
