"""Projects: worlds of their own within one sandbox, what is kept in each, and their passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from mailtrap import given
from mailtrap.errors import BadSettings, NotFound
from mailtrap.store import DEFAULT_PROJECT
from mailtrap.store.records import Project
from mailtrap.store.retention import Limits
from mailtrap_web.api.cursors import name_place
from mailtrap_web.api.kinds import Contains, Limit, NamePlace, ProjectName
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.stats import KeptShape

PATIENCE = 5.0
"""Seconds that a transaction which is under way may take before its project is deleted."""


class ProjectShape(TypedDict):
    """A project, how many messages are in it, and what is kept of them. The password is never told."""

    name: str
    messages: int
    keep: KeptShape
    has_password: bool
    current: bool


class ProjectList(TypedDict):
    """A page of projects, in the order of their names."""

    projects: list[ProjectShape]
    next: str | None


class ProjectDeletedShape(TypedDict):
    """How many messages went with a project."""

    deleted: int


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What is kept in a project, and its password. A password that is left out stays as it was; null is none.

    With none of the three limits those of all projects hold; with one, the others are without limit.
    """

    password: str | None = field(default="", repr=False)
    keep_messages: int | None = None
    keep_bytes: str | int | None = None
    keep_age: str | float | None = None


@route("GET", "/v1/projects")
def projects(call: Call, *, contains: Contains = "", limit: Limit = 50, cursor: NamePlace = "") -> ProjectList:
    """Projects with their counts; who named one sees that alone."""
    every = [each for each in call.world.store.projects() if not call.named or each.id == call.project]
    found = [each for each in every if each.name > cursor and contains in each.name]
    following = name_place(found[limit - 1].name) if len(found) > limit else None
    return {"projects": [_shape(call, each) for each in found[:limit]], "next": following}


@route("GET", "/v1/projects/{project}")
def project(call: Call, project: ProjectName) -> ProjectShape:
    """One project, with its counts."""
    return _shape(call, _found(call, project))


@route("PUT", "/v1/projects/{project}")
def put_project(call: Call, project: ProjectName, *, body: ProjectSettings) -> ProjectShape:
    """Make a project, or change what is kept in it and its password."""
    words = {"name": project, "password": body.password or None, "keep_messages": body.keep_messages,
             "keep_bytes": body.keep_bytes, "keep_age": body.keep_age}  # fmt: skip
    try:
        settings = given.project({word: value for word, value in words.items() if value is not None})
    except BadSettings as error:
        raise Problem(400, "bad_body", str(error)) from None
    _refuse_others(call, project)
    there = call.world.store.project(project)
    if body.password != "":  # which none can be: it was left out
        _refuse_given(call, there)
        call.world.accounts.set_password(there.id, settings.password)
    kept = Limits(settings.keep_messages, settings.keep_bytes, settings.keep_age)
    call.world.store.limit(there.id, kept or None)
    return _shape(call, there)


@route("DELETE", "/v1/projects/{project}")
def delete_project(call: Call, project: ProjectName) -> ProjectDeletedShape:
    """Delete a project with all that is in it, pinned messages too. Not the default, a current, or a given one."""
    there, current = _found(call, project), call.world.current
    if there.name == DEFAULT_PROJECT or there.id == current.project:
        raise Problem(409, "in_use", f"{there.name} is the default project, or the current one")
    if call.world.accounts.has_given(there.id):  # made anew it would have none of that
        raise Problem(409, "given_by_settings", f"the settings say who gets into {there.name}: change it there")
    if not current.wait_idle(there.id, PATIENCE):
        raise Problem(409, "in_use", f"a message for {there.name} is on its way")
    count = call.world.store.messages(there.id, limit=1).total
    call.world.store.delete_project(there.id)
    call.world.accounts.forget(there.id)
    call.world.faults.clear(there.id)
    return {"deleted": count}


def _found(call: Call, name: str) -> Project:
    _refuse_others(call, name)
    found = call.world.store.find_project(name)
    if found is None:
        raise NotFound(f"there is no project {name}")
    return found


def _refuse_others(call: Call, name: str) -> None:
    if call.named:
        own = call.world.store.find_project(name)
        if own is None or own.id != call.project:
            raise Problem(403, "another_project", "who names a project sees and changes that alone")


def _refuse_given(call: Call, project: Project) -> None:
    if call.world.accounts.is_password_given(project.id):
        raise Problem(409, "given_by_settings", f"the password of {project.name} is one of the settings")


def _shape(call: Call, each: Project) -> ProjectShape:
    store = call.world.store
    limits = store.limits(each.id)
    return {
        "name": each.name,
        "messages": store.messages(each.id, limit=1).total,
        "keep": {"messages": limits.messages, "octets": limits.octets, "age": limits.age},
        "has_password": call.world.accounts.password_of(each.id) is not None,
        "current": each.id == call.world.current.project,
    }
