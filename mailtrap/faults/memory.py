"""What faults remember between two askings, within bounds: who waits in a greylist, who came how often."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from mailtrap.faults.actions import Action, Greylist, No, Rate, Reply
from mailtrap.faults.rules import Asked

MOST = 10_000
"""The most that each table remembers; beyond, what was not asked about for longest is forgotten."""

Value = TypeVar("Value")
Key = tuple[str, ...]
"""The id of the rule, or the address that is a fault, and then whom it is about."""


class Table(Generic[Value]):
    """A dict that forgets."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key) -> Value | None:
        """What is remembered; it counts as asked about."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        """Remember *value*, and forget another for it if need be."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, owner: str) -> None:
        """Forget all that one rule remembers."""
        for key in [each for each in self._values if each[0] == owner]:
            del self._values[key]


class Memory:
    """The tables of all rules and addresses. Not thread-safe."""

    def __init__(self) -> None:
        self.waiting: Table[float] = Table()
        """When a greylist first saw a peer, MAIL FROM and recipient."""
        self.windows: Table[tuple[float, int]] = Table()
        """Since when a rate counts for somebody, and how far."""
        self.tries: Table[int] = Table()
        """How often ``tempfail`` refused."""

    def settle(self, action: Action, asked: Asked, now: float) -> Action | None:
        """*action* as a protocol can carry it out; None if all is well this time."""
        if isinstance(action, Greylist):
            return self._greylisted(action, asked, now)
        if isinstance(action, Rate):
            return self._limited(action, asked, now)
        return action

    def tempfail(self, action: Action, times: int, asked: Asked) -> Action | None:
        """*action* as often as *times*, then None: for each project and address."""
        key = (action.address, str(asked.project))
        tried = self.tries.get(key) or 0
        if tried >= times:
            return None
        self.tries.put(key, tried + 1)
        return action

    def forget(self, rule: str) -> None:
        """A rule is gone."""
        self.waiting.forget(rule)
        self.windows.forget(rule)

    def _greylisted(self, action: Greylist, asked: Asked, now: float) -> Action | None:
        key = (_owner(action), str(asked.project), asked.peer, asked.mail_from, *map(str.lower, asked.rcpt_to))
        since = self.waiting.get(key)
        if since is None:
            self.waiting.put(key, since := now)
        if now - since >= action.seconds:
            return None
        return Reply(451, "4.7.1", "greylisted, try again later", rule=action.rule, address=action.address)

    def _limited(self, action: Rate, asked: Asked, now: float) -> Action | None:
        who = ("account", asked.account) if asked.account else ("peer", asked.peer)
        key = (_owner(action), str(asked.project), *who)
        since, count = self.windows.get(key) or (now, 0)
        if now - since >= action.seconds:
            since, count = now, 0
        self.windows.put(key, (since, min(count, action.count) + 1))
        return _too_many(asked.at, action) if count >= action.count else None


def _owner(action: Action) -> str:
    return action.rule or action.address


def _too_many(at: str, action: Action) -> Action:
    protocol, _, stage = at.partition(".")
    text = "too much at once, try again later"
    if protocol in ("imap", "pop3"):  # RFC 9051 §7.1, RFC 3206 §4
        return No("LIMIT" if protocol == "imap" else "SYS/TEMP", text, rule=action.rule)
    if protocol == "http":  # RFC 6585 §4
        return Reply(429, "", text, rule=action.rule)
    return Reply(421 if stage in ("connect", "banner") else 450, "4.7.1", text, rule=action.rule)
