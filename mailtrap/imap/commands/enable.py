"""ENABLE: the client knows of an extension that changes what is sent to it."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses, untagged
from mailtrap.imap.session import Session

CAN_BE_ENABLED = {"IMAP4REV2": b"IMAP4rev2"}


@command("ENABLE", in_state=AUTHENTICATED, capability="ENABLE")
def enable(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.1: what is unknown is ignored, and what is on already is not told again."""
    args.space()
    asked = [args.keyword()]
    while args.eat(b" "):
        asked.append(args.keyword())
    args.end()

    enabled = [name for name in dict.fromkeys(asked) if name in CAN_BE_ENABLED and name not in session.enabled]
    session.enabled.update(enabled)
    yield untagged(b"ENABLED", *(CAN_BE_ENABLED[name] for name in enabled))
    return None
