"""NAMESPACE: where mailboxes are."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses, untagged
from mailtrap.imap.session import Session


@command("NAMESPACE", in_state=AUTHENTICATED, capability="NAMESPACE")
def namespace(_session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.10: an account has its own mailboxes, without a prefix, and no others."""
    args.end()

    yield untagged(b"NAMESPACE", b'(("" "/"))', b"NIL", b"NIL")
    return None
