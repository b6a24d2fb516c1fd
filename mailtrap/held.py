"""Messages to be released later (RFC 4865): the store has them at once, those whom they are for when it is time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mailtrap.accounts import account_name
from mailtrap.clock import Clock
from mailtrap.envelope import Address
from mailtrap.errors import MailtrapError, StoreUnavailable
from mailtrap.message.summary import Summary
from mailtrap.store import Store

LONGEST = 365 * 86_400
"""Seconds that a message may be held."""

MARK = '{"release"'
"""What the store remembers begins so."""

_INTERVAL = re.compile(r"[1-9][0-9]{0,8}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII)


class BadHold(MailtrapError):
    """It does not say for how long, or for too long."""


def seconds(mail_from: Address, now: datetime) -> float:
    """For how long the message is to be held; 0 for not at all, and for what is past. Raises `BadHold`.

    >>> seconds(Address("ann@example.com", parameters=("HOLDFOR=60",)), datetime.now())
    60.0
    """
    asked = [each for each in mail_from.parameters if each[:4].upper() == "HOLD"]
    if len(asked) > 1:  # §4.2: one of the two
        raise BadHold("there are two")
    for each in asked:
        keyword, _, value = each.partition("=")
        found = float(value) if _INTERVAL.fullmatch(value) and keyword.upper() == "HOLDFOR" else _until(value, now)
        if found > LONGEST:
            raise BadHold("it is too long")
        return max(0.0, found)
    return 0.0


def _until(value: str, now: datetime) -> float:
    if not _DATE_TIME.fullmatch(value):
        raise BadHold("it is no time")
    try:
        return (datetime.fromisoformat(value.upper()) - now).total_seconds()
    except ValueError:
        raise BadHold("there is no such time") from None


class Held:
    """Releases messages when they are due by the clock; may be used from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def resume(self) -> None:
        """Wait again for what the store remembers."""
        for number, what in self._store.remembered().items():
            if what.startswith(MARK):
                self._wait(number, what)

    def hold(self, summary: Summary, accounts: Sequence[str], seconds: float) -> Future[int]:
        """A message was stored that *accounts* get in so many *seconds*; done when that is committed."""
        at = self._clock.time() + timedelta(seconds=seconds)
        what = json.dumps(
            {"release": summary.id, "project": summary.project, "accounts": list(accounts), "at": at.isoformat()}
        )
        kept = self._store.remember(what)
        kept.add_done_callback(lambda done: self._kept(done, what))
        return kept

    def _kept(self, done: Future[int], what: str) -> None:
        if done.exception() is None:
            self._wait(done.result(), what)

    def _wait(self, number: int, what: str) -> None:
        at = datetime.fromisoformat(json.loads(what)["at"])
        self._clock.after(max(0.0, (at - self._clock.time()).total_seconds()), partial(self._release, number, what))

    def _release(self, number: int, what: str) -> Future[Any] | None:
        its = json.loads(what)
        with suppress(StoreUnavailable):  # closed: it is remembered, and done after the next start
            accounts = [account_name(each) for each in its["accounts"]]  # an earlier version kept needless quotes
            return self._store.release(number, its["project"], its["release"], accounts)
        return None
