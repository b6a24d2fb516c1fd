"""Which faults act now: rules in their order, and recipients that are faults by their name."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mailtrap.clock import Clock
from mailtrap.errors import BadFault, NotFound
from mailtrap.faults import matching
from mailtrap.faults.actions import Action, Ending
from mailtrap.faults.addressed import DOMAIN, fault_of
from mailtrap.faults.memory import Memory
from mailtrap.faults.rules import Asked, Rule

MOST_RULES = 1000
_AT_DOMAIN = "@" + DOMAIN


@dataclass(slots=True)
class Held:
    """A rule, and what became of it."""

    rule: Rule
    action: Action
    since: float
    """When it was added, by the clock."""
    random: random.Random
    asked: int = 0
    """How often somebody asked whom it is for."""
    hits: int = 0
    spent: bool = False


class Faults:
    """All that goes wrong on purpose in one sandbox; may be used from any thread.

    >>> faults = Faults(Clock())
    >>> rule = faults.add(Rule("smtp.rcpt", "reject 550 5.1.1 no such user", rcpt="bob@x.test"))
    >>> [str(action) for action in faults.fire(Asked("smtp.rcpt", 1, rcpt_to=("Bob@x.test",)))]
    ['reject 550 5.1.1 no such user']
    """

    def __init__(
        self, clock: Clock, *, address_faults: bool = True, project: Callable[[str], int] | None = None
    ) -> None:
        """*project* gives the number of a project by its name."""
        self.active = False
        """There is a rule that may act. Whoever would ask looks here first."""
        self._clock = clock
        self._project = project
        self._address_faults = address_faults
        self._memory = Memory()
        self._held: dict[str, Held] = {}
        self._by_stage: dict[str, list[Held]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> Rule:
        """Let *rule* act from now on; gives it with its id. A later rule acts where no earlier one ended the stage."""
        project = self._number(rule.project)  # before the lock: the store may have to make it, and tells the loop
        with self._lock:
            if len(self._held) >= MOST_RULES:
                raise BadFault("", f"there are {MOST_RULES} faults already: remove some")
            seed = random.getrandbits(31) if rule.chance is not None and rule.seed is None else rule.seed
            made = replace(rule, id=str(next(self._numbers)), project=project, hits=0, spent=False, seed=seed)
            action = replace(made.action(), rule=made.id)
            chance = random.Random(seed)  # noqa: S311 - a test wants the same again
            self._held[made.id] = Held(made, action, self._clock.now(), chance)
            self._sort()
        return made

    def change(self, rule_id: str, **words: Any) -> Rule:
        """Let a rule have these words from now on; its place, its hits and its age are as they were."""
        with self._lock:
            held = self._one(rule_id)
            held.rule = replace(held.rule, **words)
            held.action = replace(held.rule.action(), rule=rule_id)
            if "seed" in words:
                held.random = random.Random(held.rule.seed)  # noqa: S311 (a test wants the same again)
            held.spent = held.rule.times is not None and held.hits >= held.rule.times
            self._sort()
            return _shown(held)

    def remove(self, rule_id: str) -> Rule:
        """Take a rule away; gives it as it was. Raises `NotFound`."""
        with self._lock:
            held = self._one(rule_id)
            del self._held[rule_id]
            self._memory.forget(rule_id)
            self._sort()
        return _shown(held)

    def rule(self, rule_id: str) -> Rule:
        """One rule, with its hits; raises `NotFound`."""
        with self._lock:
            self._expire()
            return _shown(self._one(rule_id))

    def rules(self, project: int | None = None) -> list[Rule]:
        """All rules with their hits, oldest first; with *project* those that act there alone."""
        with self._lock:
            self._expire()
            return [_shown(each) for each in self._held.values() if project in (None, each.rule.project)]

    def acting_in(self, project: int) -> list[Rule]:
        """Those that act in *project*, in others too or not."""
        return [each for each in self.rules() if each.project in (None, project)]

    def clear(self, project: int | None = None) -> int:
        """Take all rules away, or those of *project*; gives how many."""
        with self._lock:
            gone = [name for name, each in self._held.items() if project in (None, each.rule.project)]
            for name in gone:
                del self._held[name]
                self._memory.forget(name)
            self._sort()
        return len(gone)

    def fire(self, asked: Asked, *, only: tuple[type[Action], ...] = (Action,)) -> tuple[Action, ...]:
        """What shall happen now, in order; at the most one of them, the last, ends the stage. Counts as a hit.

        *only*: actions of other types neither happen nor count.
        """
        with self._lock:
            found: list[Action] = []
            for action in self._acting(asked, only):
                found.append(action)
                if isinstance(action, Ending):
                    break
        return tuple(found)

    def is_address(self, rcpt_to: str) -> bool:
        """Whether a recipient is a fault by its name: then `fire` must be asked, though nothing is active."""
        if not self._address_faults or rcpt_to[-len(_AT_DOMAIN) :].lower() != _AT_DOMAIN:
            return False
        return fault_of(str(rcpt_to)) is not None

    def _one(self, rule_id: str) -> Held:
        try:
            return self._held[rule_id]
        except KeyError:
            raise NotFound(f"there is no fault {rule_id}") from None

    def _acting(self, asked: Asked, only: tuple[type[Action], ...]) -> Iterator[Action]:
        for held in self._by_stage.get(asked.at) or self._by_stage.get(_every_stage(asked.at)) or ():
            action = self._act(held, asked) if isinstance(held.action, only) else None
            if action is not None:
                yield action
        if asked.at == "smtp.rcpt":
            yield from self._addressed(asked)

    def _addressed(self, asked: Asked) -> Iterator[Action]:
        """What recipients at `DOMAIN` want."""
        for address in asked.rcpt_to:
            found = fault_of(str(address)) if self.is_address(address) else None
            if found is not None:
                action, times = found
                settled = (
                    self._memory.settle(action, asked, self._clock.now())
                    if times is None
                    else self._memory.tempfail(action, times, asked)
                )
                if settled is not None:
                    yield settled

    def _act(self, held: Held, asked: Asked) -> Action | None:
        age = self._clock.now() - held.since
        if held.rule.expires is not None and age >= held.rule.expires:
            self._spend(held)
        if held.spent or age < held.rule.after or not matching.concerns(held.rule, asked):
            return None
        held.asked += 1
        if not _turn(held):
            return None
        action = self._memory.settle(held.action, asked, self._clock.now())
        if action is not None:
            held.hits += 1
            if held.rule.times is not None and held.hits >= held.rule.times:
                self._spend(held)
        return action

    def _spend(self, held: Held) -> None:
        held.spent = True
        self._sort()

    def _expire(self) -> None:
        now = self._clock.now()
        for held in self._held.values():
            held.spent = held.spent or (held.rule.expires is not None and now - held.since >= held.rule.expires)
        self._sort()

    def _sort(self) -> None:
        """Which rules to look at, by stage."""
        live = [each for each in self._held.values() if not each.spent]
        self._by_stage = {stage: [] for stage in {each.rule.at for each in live}}
        for held in live:
            for stage, found in self._by_stage.items():
                if held.rule.at in (stage, _every_stage(stage)):
                    found.append(held)
        self.active = bool(live)

    def _number(self, project: int | str | None) -> int | None:
        if not isinstance(project, str):
            return project
        if self._project is None:
            raise BadFault("project", "there are no names of projects here")
        return self._project(project)


def _turn(held: Held) -> bool:
    """Whether it is this one's turn, among those the rule is for."""
    rule = held.rule
    behind = held.asked - rule.skip
    if behind <= 0 or behind % rule.every:
        return False
    return rule.chance is None or held.random.random() < rule.chance


def _every_stage(at: str) -> str:
    return at.partition(".")[0] + ".*"


def _shown(held: Held) -> Rule:
    return replace(held.rule, hits=held.hits, spent=held.spent)
