"""The REST API: one file per resource. Importing this registers every operation."""

from mailtrap_web.api import (
    accounts,
    ca,
    clock,
    deliver,
    events,
    faults,
    health,
    messages,
    openapi,
    parts,
    projects,
    refusals,
    sessions,
    stats,
    transfer,
    wait,
)
from mailtrap_web.api.routes import OPERATIONS

__all__ = [
    "OPERATIONS",
    "accounts",
    "ca",
    "clock",
    "deliver",
    "events",
    "faults",
    "health",
    "messages",
    "openapi",
    "parts",
    "projects",
    "refusals",
    "sessions",
    "stats",
    "transfer",
    "wait",
]
