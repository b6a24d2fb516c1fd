"""The OpenAPI document, made from the operations: their parameters, types and docstrings."""

from __future__ import annotations

import inspect
import re
import types
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from mailtrap.version import __version__
from mailtrap_web.api import problems
from mailtrap_web.api.bodies import members
from mailtrap_web.api.reply import Reply, json_octets
from mailtrap_web.api.routes import OPERATIONS, Call, Operation, Parameter, route

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bytes: {"type": "string", "format": "binary"},
    Reply: {},
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` stays the same from release to release.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}


@route("GET", "/v1/openapi.json")
def openapi(call: Call) -> Reply:  # noqa: ARG001 - every operation is called alike
    """This description of the API."""
    return Reply(json_octets(document()))


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        described = paths.setdefault(operation.path.replace("{+", "{"), {})
        _merge(described, operation.method.lower(), _operation(operation, schemas))
    return {
        "openapi": "3.1.0",
        "info": {"title": "mailtrap-sandbox", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": schemas},
    }


_ABOUT = "Everything that a sandbox knows of the mail sent to it. GET changes nothing. Errors are `Problem`s."


def schema(declared: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a type; named ones go to *schemas* and are referred to."""
    if declared in _PLAIN:
        return _PLAIN[declared]
    if is_typeddict(declared) or is_dataclass(declared):
        return _named(declared, schemas)
    origin, inner = get_origin(declared), get_args(declared)
    if origin in (list, tuple):
        return {"type": "array", "items": schema(inner[0], schemas)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(inner[1], schemas)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if each is type(None) else schema(each, schemas) for each in inner]}
    if origin in (Annotated, NotRequired):
        return schema(inner[1] if origin is Annotated else inner[0], schemas)
    raise TypeError(f"no schema for {declared!r}")


def _named(declared: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    name = declared.__name__.removesuffix("Shape")
    if name not in schemas:
        schemas[name] = {}  # a type may contain itself
        hints = get_type_hints(declared, include_extras=True)
        if is_dataclass(declared):
            required = [member for member, (_, needed) in members(declared).items() if needed]
        else:
            required = [member for member, hint in hints.items() if get_origin(hint) is not NotRequired]
        schemas[name] = {
            "type": "object",
            "description": declared.__doc__ or "",
            "properties": {member.rstrip("_"): schema(hint, schemas) for member, hint in hints.items()},
            "required": required,
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = (operation.function.__doc__ or "").partition("\n\n")
    described: dict[str, Any] = {
        "operationId": operation.function.__name__,
        "summary": _unwrapped(summary),
        "description": _unwrapped(description),
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": {
            str(operation.status): {
                "description": "What was asked for.",
                "content": {operation.gives: {"schema": schema(_returned(operation), schemas)}},
            },
            "default": {
                "description": "What went wrong.",
                "content": {problems.TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.body_optional,
            "content": {operation.takes: {"schema": schema(operation.body, schemas)}},
        }
    return described


def _returned(operation: Operation) -> Any:
    """A stream and a `Reply` are of the type they are served as: any octets."""
    return Reply if inspect.isasyncgenfunction(operation.function) else operation.returns


def _parameter(parameter: Parameter) -> dict[str, Any]:
    one = dict(parameter.kind.schema)
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.required,
        "description": parameter.kind.text,
        "schema": {"type": "array", "items": one} if parameter.many else one,
    }


def _merge(described: dict[str, Any], method: str, operation: dict[str, Any]) -> None:
    """Two operations that differ in what they take are one, with both kinds of body."""
    known = described.setdefault(method, operation)
    if known is not operation:
        known["requestBody"]["content"] |= operation["requestBody"]["content"]
        names = {each["name"] for each in known["parameters"]}
        known["parameters"] += [each for each in operation["parameters"] if each["name"] not in names]
        known["description"] += f"\n\n{operation['summary']} {operation['description']}"


def _unwrapped(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text.strip())
