"""What a server can do, as it says: in the greeting, at CAPABILITY, and when somebody has logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.imap import faulted
from mailtrap.imap.registry import CAPABILITIES, NOT_AUTHENTICATED

if TYPE_CHECKING:
    from mailtrap.imap.session import Session


def capabilities(session: Session) -> list[str]:
    """What is offered in the state of the session."""
    state = session.state
    found = [name for name, since in CAPABILITIES.items() if since <= state]
    if state is NOT_AUTHENTICATED:
        found += ["STARTTLS"] if session.world.starttls and session.tls is None else []
        found += [f"AUTH={name}" for name in session.mechanisms] if session.may_log_in else ["LOGINDISABLED"]
    changed = session.world.faults.active or session.lasting
    return faulted.capabilities(session, found) if changed else found
