"""Faults: rules that make something go wrong on purpose, and how often they did."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Annotated, NotRequired, TypedDict

from mailtrap.errors import BadFault, NotFound
from mailtrap.faults import Rule, rule
from mailtrap_web.api.kinds import FaultId, Flag
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.reply import Reply, json_octets
from mailtrap_web.api.routes import Call, route


class FaultShape(TypedDict):
    """A rule, in the words that it is written with, and what became of it. A `spent` one does nothing any more."""

    id: str
    at: str
    do: str
    rcpt: NotRequired[str]
    mail_from: NotRequired[str]
    account: NotRequired[str]
    peer: NotRequired[str]
    header: NotRequired[str]
    project: NotRequired[str]
    times: NotRequired[int]
    skip: NotRequired[int]
    every: NotRequired[int]
    chance: NotRequired[float]
    seed: NotRequired[int]
    after: NotRequired[str]
    expires: NotRequired[str]
    hits: int
    spent: bool


class FaultList(TypedDict):
    """The rules that act in this project, oldest first."""

    faults: list[FaultShape]


class RemovedShape(TypedDict):
    """How many rules are gone."""

    removed: int


@dataclass(frozen=True, slots=True)
class NewFault:
    """A rule: at which stage, what happens (`reject 451 4.7.1 try later`), for whom, and when."""

    at: str
    do: str
    rcpt: str | None = None
    mail_from: str | None = None
    account: str | None = None
    peer: str | None = None
    header: str | None = None
    project: str | None = None
    times: int | None = None
    skip: int | None = None
    every: int | None = None
    chance: str | float | None = None
    seed: int | None = None
    after: str | float | None = None
    expires: str | float | None = None


Created = Annotated[Reply, FaultShape]


@route("GET", "/v1/faults")
def faults(call: Call) -> FaultList:
    """The rules that act in this project, each with its hits; those made for all projects among them."""
    return {"faults": [_shape(each, _names(call)) for each in call.world.faults.acting_in(call.project)]}


@route("GET", "/v1/faults/{fault_id}")
def fault(call: Call, fault_id: FaultId) -> FaultShape:
    """One rule, with its hits."""
    return _shape(_one(call, fault_id), _names(call))


@route("POST", "/v1/faults", status=201)
def add_fault(call: Call, *, body: NewFault) -> Created:
    """Make something go wrong from now on, in this project unless another is named."""
    words = {name: value for name, value in asdict(body).items() if value is not None}
    named = words.pop("project", None)
    project = call.project if named is None else _project(call, named)
    made = call.world.faults.add(replace(rule(words), project=project))
    shape = _shape(made, _names(call))
    return Reply(json_octets(shape), status=201, headers={"Location": f"/v1/faults/{made.id}"})


@route("DELETE", "/v1/faults/{fault_id}")
def remove_fault(call: Call, fault_id: FaultId) -> FaultShape:
    """Take one rule away; gives it as it was."""
    names, found = _names(call), _one(call, fault_id)
    if not _may_change(call, found):
        raise Problem(403, "another_project", "the rule acts in other projects, too")
    return _shape(call.world.faults.remove(found.id), names)


@route("DELETE", "/v1/faults")
def clear_faults(call: Call, *, all: Flag = False) -> RemovedShape:  # noqa: A002
    """Take all rules away that act in this project; `all=true` must be there."""
    if not all:
        raise Problem(400, "nothing_named", "to remove every fault say all=true; one is removed at /v1/faults/{id}")
    found = [each for each in call.world.faults.acting_in(call.project) if _may_change(call, each)]
    for each in found:
        with suppress(NotFound):  # somebody else was quicker
            call.world.faults.remove(each.id)
    return {"removed": len(found)}


def _may_change(call: Call, found: Rule) -> bool:
    """Who names a project changes only what acts in that alone."""
    return not call.named or found.project == call.project


def _one(call: Call, fault_id: str) -> Rule:
    found = call.world.faults.rule(fault_id)
    if found.project not in (None, call.project):
        raise NotFound(f"there is no fault {fault_id}")
    return found


def _names(call: Call) -> dict[int, str]:
    return {each.id: each.name for each in call.world.store.projects()}


def _project(call: Call, name: str) -> int:
    found = call.world.store.find_project(name)
    if found is None:
        raise BadFault("project", f"there is no project {name!r}")
    if call.named and found.id != call.project:
        raise Problem(403, "another_project", "who names a project makes faults in that alone")
    return found.id


def _shape(each: Rule, names: dict[int, str]) -> FaultShape:
    shape: FaultShape = {"id": each.id, **each.words(), "hits": each.hits, "spent": each.spent}  # type: ignore[typeddict-item]  # the words are its members, as a test holds
    if isinstance(each.project, int) and each.project in names:
        shape["project"] = names[each.project]
    return shape
