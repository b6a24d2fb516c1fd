"""NOOP and CHECK: nothing but what there is to tell, which every command tells at its end."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import ANY, SELECTED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("NOOP", in_state=ANY)
@command("CHECK", in_state=SELECTED)
def noop(_session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.1.2; CHECK is of RFC 3501 §6.4.1, and everything is on disk as it is."""
    args.end()
    yield from ()
    return None
