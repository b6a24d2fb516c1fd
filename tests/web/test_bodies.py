"""A body becomes the type that was declared, or a problem that says where it does not."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_web.api.bodies import json_value, read_body
from mailtrap_web.api.problems import Problem


@dataclass(frozen=True)
class Inner:
    name: str
    count: int = 0


@dataclass(frozen=True)
class Outer:
    from_: str
    flag: bool | None = None
    names: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b"", "bad_json", "not JSON"),
        (b"{", "bad_json", "not JSON"),
        (b'{"from": "a"} x', "bad_json", "not JSON"),
        (b'{"from": NaN}', "bad_json", "not JSON"),
        (b'{"from": ' + b"1" * 5000 + b"}", "bad_json", "not JSON"),
        (b"[" * 100_000, "bad_json", "not JSON"),
        (b'{"from": "\xff"}', "bad_json", "not UTF-8"),
        (b"[]", "bad_body", "the body must be an object"),
        (b"null", "bad_body", "the body must be an object"),
        (b"{}", "bad_body", "lacks 'from'"),
        (b'{"from_": "a"}', "bad_body", "no member 'from_'; did you mean from?"),
        (b'{"from": "a", "flags": true}', "bad_body", "did you mean flag?"),
        (b'{"from": "a", "zzz": true}', "bad_body", "known: from, flag, names, inner, headers"),
        (b'{"from": 1}', "bad_body", "from must be a string"),
        (b'{"from": "a", "flag": 1}', "bad_body", "flag must be true or false"),
        (b'{"from": "a", "names": "b"}', "bad_body", "names must be a list"),
        (b'{"from": "a", "names": ["b", null]}', "bad_body", "names[1] must be a string"),
        (b'{"from": "a", "inner": [{"name": "b", "count": true}]}', "bad_body", "count must be a whole number"),
        (b'{"from": "a", "headers": {"X": 1}}', "bad_body", "headers.X must be a string"),
        (b'{"from": "\\ud800"}', "bad_body", "half a surrogate pair"),
        (b'{"from": "a\\u0000"}', "bad_body", "NUL"),
    ],
)
def test_a_wrong_body_is_refused_and_the_place_named(body: bytes, code: str, says: str) -> None:
    with pytest.raises(Problem) as caught:
        json_value(body, Outer)

    assert (caught.value.status, caught.value.code) == (400, code)
    assert says in caught.value.detail


def test_a_body_becomes_the_declared_type() -> None:
    body = {"from": "a", "flag": None, "names": ["b"], "inner": [{"name": "c"}], "headers": {"X": "d"}}

    assert json_value(json.dumps(body).encode(), Outer) == Outer("a", None, ("b",), (Inner("c"),), {"X": "d"})


def test_a_body_is_not_read_beyond_its_limit() -> None:
    endless = io.BytesIO(b"x" * 1_000_000)

    with pytest.raises(Problem) as caught:
        read_body(endless, 1000)

    assert caught.value.status == 413
    assert endless.tell() <= 1 << 16


def test_a_body_at_its_limit_is_read() -> None:
    assert read_body(io.BytesIO(b"x" * 1000), 1000) == b"x" * 1000


@given(st.binary())
def test_any_octets_are_taken_or_refused(octets: bytes) -> None:
    with suppress(Problem):
        json_value(octets, Outer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["from", "flag", "names", "inner", "headers", "name", "x"]), inner)
    ),
)


@given(JSON)
def test_any_json_is_taken_or_refused(value: object) -> None:
    with suppress(Problem):
        json_value(json.dumps(value).encode(), Outer)
