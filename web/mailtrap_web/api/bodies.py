"""A request's body: read within its limit, and made into the type that the operation declares."""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from typing import IO, Any, NoReturn, Union, get_args, get_origin, get_type_hints

from mailtrap_web.api.problems import Problem

_PIECE = 1 << 16


def read_body(stream: IO[bytes], limit: int) -> bytearray:
    """The body, read piece by piece; raises `Problem` as soon as it is longer than *limit*."""
    octets = bytearray()
    while piece := stream.read(_PIECE):
        octets += piece
        if len(octets) > limit:
            raise too_large(limit)
    return octets


def too_large(limit: int) -> Problem:
    """The answer to a body beyond *limit*."""
    return Problem(413, "too_large", f"the body is larger than {limit} octets", limit=limit)


def json_value(octets: bytes | bytearray, declared: Any) -> Any:
    """The JSON in *octets* as a value of the *declared* type, a dataclass; raises `Problem`."""
    try:
        value = json.loads(octets.decode(), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Problem(400, "bad_json", f"the body is not JSON: {error.msg}", position=error.pos) from None
    except UnicodeDecodeError as error:
        raise Problem(400, "bad_json", "the body is not UTF-8", position=error.start) from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, NaN, brackets without end
        raise Problem(400, "bad_json", "the body is not JSON that can be read") from None
    return _typed(value, declared, "the body")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _typed(value: object, declared: Any, where: str) -> Any:
    if is_dataclass(declared):
        return _object(value, declared, where)
    if get_origin(declared) in (Union, types.UnionType):
        if value is None and type(None) in get_args(declared):
            return None
        return _one_of(value, [each for each in get_args(declared) if each is not type(None)], where)
    if get_origin(declared) is tuple and isinstance(value, list):
        return tuple(_typed(each, get_args(declared)[0], f"{where}[{n}]") for n, each in enumerate(value))
    if get_origin(declared) is dict and isinstance(value, dict):
        return {_typed(k, str, where): _typed(v, get_args(declared)[1], f"{where}.{k}") for k, v in value.items()}
    if type(value) is not declared:
        raise Problem(400, "bad_body", f"{where} must be {_called(declared)}")
    if isinstance(value, str):
        _check_text(value, where)
    return value


def _one_of(value: object, declared: list[Any], where: str) -> Any:
    """A value of one of several types."""
    if len(declared) == 1:
        return _typed(value, declared[0], where)
    for each in declared:
        if type(value) is each or (each is float and type(value) is int):
            return _typed(value, type(value), where)
    raise Problem(400, "bad_body", f"{where} must be {' or '.join(map(_called, declared))}")


def _object(value: object, declared: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise Problem(400, "bad_body", f"{where} must be an object")
    hints = get_type_hints(declared)
    known = members(declared)
    for name in value:
        if name not in known:
            nearest = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}"
            raise Problem(400, "bad_body", f"{where} has no member {name!r}; {hint}")
    for name, (_, required) in known.items():
        if required and name not in value:
            raise Problem(400, "bad_body", f"{where} lacks {name!r}")
    given = {known[name][0]: (name, each) for name, each in value.items()}
    return declared(**{field: _typed(each, hints[field], name) for field, (name, each) in given.items()})


def members(declared: Any) -> dict[str, tuple[str, bool]]:
    """The members of a dataclass in JSON, each with its field and whether it must be there.

    A field like ``from_``, which Python would not have otherwise, is called ``from`` there.
    """
    return {
        each.name.rstrip("_"): (each.name, each.default is MISSING and each.default_factory is MISSING)
        for each in fields(declared)
    }


def _check_text(value: str, where: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:  # "\ud800" alone is JSON, but no text
        raise Problem(400, "bad_body", f"{where} has half a surrogate pair in it") from None
    if "\0" in value:
        raise Problem(400, "bad_body", f"{where} has a NUL in it")


def _called(declared: Any) -> str:
    names = {
        str: "a string",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        tuple: "a list",
        dict: "an object",
    }
    return names[get_origin(declared) or declared]
