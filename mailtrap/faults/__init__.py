"""Rules that make a protocol misbehave on purpose.

A protocol looks whether any fault is active, and if so says what it is about to do, and who asks (`Asked`);
it is told what shall happen (`Action`).
"""

from __future__ import annotations

from mailtrap.faults.actions import (
    Action,
    Bad,
    Bounce,
    Bye,
    Certificate,
    Delay,
    Drop,
    Ending,
    Hang,
    Hide,
    No,
    Offer,
    Reply,
    Slow,
    StaleUidvalidity,
)
from mailtrap.faults.addressed import DOMAIN
from mailtrap.faults.announced import Told, altered, told
from mailtrap.faults.engine import Faults
from mailtrap.faults.rules import Asked, Rule, rule

__all__ = [
    "DOMAIN",
    "Action",
    "Asked",
    "Bad",
    "Bounce",
    "Bye",
    "Certificate",
    "Delay",
    "Drop",
    "Ending",
    "Faults",
    "Hang",
    "Hide",
    "No",
    "Offer",
    "Reply",
    "Rule",
    "Slow",
    "StaleUidvalidity",
    "Told",
    "altered",
    "rule",
    "told",
]
