"""An endpoint is one typed function: from its signature come parsing, refusals and the reference.

    @route("GET", "/v1/accounts/{+name}")
    def account(call: Call, name: AccountName, *, limit: Limit = 50) -> AccountShape:
        \"\"\"One account, with its counts.\"\"\"

What the path names comes from the path (``{+name}`` may have slashes in it, as in RFC 6570), ``body`` from the body,
everything else from the query. The type of a parameter is `Annotated` with the `Kind` that reads it.
Coroutines and asynchronous generators are served in the event loop, all others in a thread.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from mailtrap_web.api.problems import Problem
from mailtrap_web.world import World

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the world, the project that it names or that was current, and its headers (lower case)."""

    world: World
    project: int
    headers: Mapping[str, str] = field(default_factory=dict)
    named: bool = False
    """The request named the project (`mailtrap_web.access`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a parameter is read (`ValueError` says what it must be), its JSON schema, and what it means."""

    read: Callable[[str], object]
    schema: Mapping[str, object]
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path or the query."""

    name: str
    kind: Kind
    in_path: bool
    required: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path: what it takes, the function that does it, and what it gives."""

    method: str
    path: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    body: Any
    """The type of the body: `bytes`, or a dataclass of its JSON; None where there is no body."""
    body_optional: bool
    takes: str
    gives: str
    status: int
    returns: Any

    @property
    def in_loop(self) -> bool:
        """Whether the event loop serves it."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)


OPERATIONS: list[Operation] = []


def route(
    method: str, path: str, *, status: int = 200, takes: str = "application/json", gives: str = "application/json"
) -> Callable[[Function], Function]:
    """Register a function as an operation of the API."""

    def register(function: Function) -> Function:
        hints = get_type_hints(function, include_extras=True)
        declared = inspect.signature(function).parameters.values()
        parameters = tuple(
            _parameter(each, hints[each.name], path) for each in declared if each.name not in ("call", "body")
        )
        optional = type(None) in get_args(hints.get("body"))
        body = get_args(hints["body"])[0] if optional else hints.get("body")
        OPERATIONS.append(
            Operation(method, path, function, parameters, body, optional, takes, gives, status, hints["return"])
        )
        return function

    return register


def arguments(operation: Operation, path: Mapping[str, str], query: str) -> dict[str, object]:
    """What to call the operation with, read from the path's values and the query string; raises `Problem`."""
    known = {each.name: each for each in operation.parameters}
    found: dict[str, list[str]] = {name: [value] for name, value in path.items()}
    for name, value in _pairs(query):
        if name not in known or known[name].in_path:
            raise _unknown(name, [each.name for each in operation.parameters if not each.in_path])
        found.setdefault(name, []).append(value)
    missing = [each.name for each in operation.parameters if each.required and each.name not in found]
    if missing:
        raise Problem(400, "missing_parameter", f"{missing[0]} is missing", parameter=missing[0])
    return {name: _read(known[name], values) for name, values in found.items()}


def _parameter(declared: inspect.Parameter, hint: Any, path: str) -> Parameter:
    kinds = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Kind)]
    if not kinds:
        raise TypeError(f"{declared.name} has no Kind")
    many = get_origin(hint.__origin__) is tuple
    in_path = f"{{{declared.name}}}" in path or f"{{+{declared.name}}}" in path
    return Parameter(declared.name, kinds[0], in_path, declared.default is declared.empty, many)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=2000)
    except ValueError:
        raise Problem(400, "bad_parameter", "too many parameters") from None


def _read(parameter: Parameter, values: list[str]) -> object:
    if parameter.many:
        return tuple(_one(parameter, value) for value in values)
    if len(values) > 1:
        raise Problem(400, "bad_parameter", f"{parameter.name} is given twice", parameter=parameter.name)
    return _one(parameter, values[0])


def _one(parameter: Parameter, value: str) -> object:
    try:
        return parameter.kind.read(value)
    except ValueError as error:
        detail = f"{parameter.name} must be {error}"
        raise Problem(400, "bad_parameter", detail, parameter=parameter.name) from None


def _unknown(name: str, known: list[str]) -> Problem:
    nearest = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = (
        f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}" if known else "there are none here"
    )
    return Problem(400, "unknown_parameter", f"there is no parameter {name!r}; {hint}", parameter=name)
