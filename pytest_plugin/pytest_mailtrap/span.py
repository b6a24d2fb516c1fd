"""Lengths of time as a test says them."""

from __future__ import annotations

from datetime import timedelta


def span(days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> float:
    """So much time, in seconds; `ValueError` where it is none.

    >>> span(hours=1, minutes=0.5)
    3630.0
    """
    __tracebackhide__ = True
    found = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    if found <= 0:
        raise ValueError("say for how long: hours=1, minutes=5, seconds=0.5")
    return found
