"""What a report says to people."""

from __future__ import annotations

from mailtrap.bounce.lines import broken, clean, date
from mailtrap.bounce.values import Action, Report

SUBJECTS: dict[Action, str] = {
    "failed": "Delivery Status Notification (Failure)",
    "delayed": "Delivery Status Notification (Delay)",
    "delivered": "Delivery Status Notification (Success)",
    "relayed": "Delivery Status Notification (Relay)",
}
_TEXTS: dict[Action, tuple[str, str]] = {
    "failed": (
        "Your message could not be delivered to:",
        "That is final: it will not be tried again.",
    ),
    "delayed": (
        "Your message has not yet reached:",
        "It is still on its way, so there is no need to send it again.",
    ),
    "delivered": (
        "Your message was delivered, as you asked to be told, to:",
        "It is in the mailbox; whether anybody has read it is not known.",
    ),
    "relayed": (
        "Your message was passed on to a system that reports no deliveries, for:",
        "You will hear of it again only if that fails.",
    ),
}
_REST = "Below is the same for programs to read, and your message or its header."


def subject(about: Report) -> str:
    """The Subject."""
    return SUBJECTS[about.outcomes[0].action]


def text(about: Report) -> bytes:
    """The first part: what happened, and to whom."""
    before, after = _TEXTS[about.outcomes[0].action]
    lines = [f"This is the mail system at {about.hostname}.", "", before, ""]
    for each in about.outcomes:
        lines += broken(f"    {clean(each.rcpt_to)}")
        lines += broken(f"        {clean(each.diagnostic)}") if each.diagnostic else []
        if each.retry_until is not None:
            lines.append(f"        will be tried until {date(each.retry_until)}")
    return "\r\n".join([*lines, "", after, _REST, ""]).encode()
