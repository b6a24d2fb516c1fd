"""Who is told of what, and when (RFC 3461 §5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from mailtrap import dsn
from mailtrap.bounce.values import Outcome
from mailtrap.envelope import Address, Envelope
from mailtrap.faults import Bounce

LONG = 300.0
"""A message that was not delivered for so many seconds is delayed: who asked for it with NOTIFY=DELAY is told then."""


class Due(NamedTuple):
    """One report, and in how many seconds it is to be made."""

    seconds: float
    outcomes: tuple[Outcome, ...]


def reports(envelope: Envelope, bounces: Mapping[str, Bounce], at: datetime) -> list[Due]:
    """The reports on a message that is accepted at *at*: what is told of at the same time is told of in one."""
    if not envelope.mail_from:  # RFC 3461 §5.2: a null reverse-path is told of nothing
        return []
    due: dict[tuple[float, str], dict[str, Outcome]] = {}
    for rcpt_to in envelope.rcpt_to:
        for seconds, outcome in _outcomes(rcpt_to, bounces.get(rcpt_to), at):
            due.setdefault((seconds, outcome.action), {})[rcpt_to] = outcome  # §5.2.8; none twice
    return [Due(seconds, tuple(outcomes.values())) for (seconds, _), outcomes in due.items()]


def _outcomes(rcpt_to: Address, bounce: Bounce | None, at: datetime) -> list[tuple[float, Outcome]]:
    """What is told of one recipient, and in how many seconds."""
    asked = dsn.notify(rcpt_to)
    if bounce is None:  # §5.2.3
        delivered = Outcome(rcpt_to, "delivered", "2.0.0", orcpt=dsn.orcpt(rcpt_to), attempted=at)
        return [(0.0, delivered)] if "SUCCESS" in asked else []
    wait = timedelta(seconds=bounce.after_seconds)
    failed = Outcome(
        rcpt_to,
        "failed",
        bounce.enhanced,
        f"{bounce.code} {bounce.enhanced} {bounce.text}",
        orcpt=dsn.orcpt(rcpt_to),
        attempted=at + wait,
    )
    told = []
    if "DELAY" in asked and bounce.after_seconds > LONG:  # §5.2.5: (b) would let us, but few systems do unasked
        told.append((LONG, _delayed(failed, at)))
    if not asked or "FAILURE" in asked:  # §5.2.6
        told.append((bounce.after_seconds, failed))
    return told


def _delayed(failed: Outcome, at: datetime) -> Outcome:
    """The same before it is final: while it lasts, it is a temporary failure (RFC 3463 §2)."""
    temporary = failed.status.startswith("4.")
    return replace(
        failed,
        action="delayed",
        status=failed.status if temporary else "4.0.0",  # §6.3 (g)
        diagnostic=failed.diagnostic if temporary else "",
        attempted=at + timedelta(seconds=LONG),
        retry_until=failed.attempted,
    )
