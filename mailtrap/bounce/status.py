"""The part of a report that programs read: message/delivery-status, RFC 3464 §2.1."""

from __future__ import annotations

from collections.abc import Iterator

from mailtrap.bounce.lines import date, field
from mailtrap.bounce.values import Outcome, Report


def status(about: Report) -> bytes:
    """The fields of the message, then those of each recipient."""
    groups = [_of_message(about), *(_of_recipient(each, about.id) for each in about.outcomes)]
    return b"\r\n".join("".join(f"{line}\r\n" for line in group).encode() for group in groups)


def _of_message(about: Report) -> Iterator[str]:
    if about.envid:  # RFC 3461 §6.3 (a): decoded, and only if it was given
        yield from field("Original-Envelope-Id", about.envid)
    yield from field("Reporting-MTA", f"dns;{about.hostname}")
    if about.helo:  # RFC 3464 §2.2.4
        yield from field("Received-From-MTA", f"dns;{about.helo}" + (f" ({about.peer})" if about.peer else ""))
    if about.arrived is not None:
        yield from field("Arrival-Date", date(about.arrived))


def _of_recipient(outcome: Outcome, message_id: str) -> Iterator[str]:
    if outcome.orcpt is not None:  # RFC 3461 §6.3 (d): only if it was given
        yield from field("Original-Recipient", ";".join(outcome.orcpt))
    # RFC 6533 §3: an address with other characters is of a type of its own.
    kind = "rfc822" if outcome.rcpt_to.isascii() else "utf-8"
    yield from field("Final-Recipient", f"{kind};{outcome.rcpt_to}")
    yield from field("Action", outcome.action)
    yield from field("Status", outcome.status)
    if outcome.diagnostic:  # no Remote-MTA: there is none (RFC 3464 §2.3.5)
        yield from field("Diagnostic-Code", f"smtp; {outcome.diagnostic}")
    if outcome.attempted is not None:
        yield from field("Last-Attempt-Date", date(outcome.attempted))
    if message_id:
        yield from field("Final-Log-Id", message_id)
    if outcome.retry_until is not None:
        yield from field("Will-Retry-Until", date(outcome.retry_until))
