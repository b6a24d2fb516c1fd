"""APPEND: put a message into a mailbox."""

from __future__ import annotations

from datetime import datetime

from mailtrap.imap.flags import Flags, flags
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import target
from mailtrap.imap.quota import require_room
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Done, Responses
from mailtrap.imap.session import Session
from mailtrap.imap.wire import Literal
from mailtrap.message.facts import examined
from mailtrap.store.records import NewMessage


@command("APPEND", in_state=AUTHENTICATED, blocking=True)
def append(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.12. Its octets are kept as they came: a NUL or a bare LF in them is the client's."""
    args.space()
    name = args.mailbox()
    args.space()
    given = _flags(args)
    at = _internal_date(args)
    message = args.literal()
    args.end()

    mailbox = target(session, name)
    require_room(session, len(message.octets))
    filed = session.store.append(mailbox.id, _new(session, message, at), flags=given.system, keywords=given.keywords)
    yield from ()
    return Done("appended", f"APPENDUID {session.uidvalidity(mailbox.uidvalidity)} {filed.uid}")


def _flags(args: Reader) -> Flags:
    if args.peek() != b"(":
        return Flags()
    found = flags(args.flag_list())
    args.space()
    return found


def _internal_date(args: Reader) -> datetime | None:
    if args.peek() != b'"':
        return None
    at = args.date_time()
    args.space()
    return at


def _new(session: Session, message: Literal, at: datetime | None) -> NewMessage:
    return NewMessage(
        project=session.account.project,
        origin="append",
        octets=message.octets,
        facts=examined(message.octets),
        envelope=None,
        accounts=(session.account.account,),
        session=session.transcript.id,
        received_at=at,
    )
