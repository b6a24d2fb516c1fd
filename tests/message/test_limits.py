"""How far messages are looked into is a setting; what is behind a limit is kept, and noted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailtrap.errors import BadSettings
from mailtrap.message.facts import facts
from mailtrap.message.limits import LIMITS, Limits
from mailtrap.message.parse import parse
from mailtrap.sandbox import Sandbox

DEEP = (
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(9))
    + b"\r\nend\r\n"
)
MANY = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\npart\r\n" * 9 + b"--b--\r\n"
CROWDED = b"To: " + b", ".join(b"u%d@x.test" % n for n in range(9)) + b"\r\n\r\n"
LONG = b"X-Filler: " + b"x" * 200 + b"\r\nSubject: behind it\r\n\r\n"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    usual = Limits()
    LIMITS.become(depth=usual.depth, parts=usual.parts, header=usual.header, addresses=usual.addresses)


@pytest.mark.parametrize(("name", "value"), [("mime_depth", 0), ("mime_depth", 201), ("mime_parts", -1)])
def test_a_limit_that_cannot_be_is_refused(name: str, value: int) -> None:
    with pytest.raises(BadSettings, match=name):
        Sandbox(**{name: value})


@pytest.mark.parametrize(
    ("name", "octets", "defect"),
    [
        ("mime_depth", DEEP, "too-deep"),
        ("mime_parts", MANY, "too-many-parts"),
        ("addresses_limit", CROWDED, "too-many-addresses"),
    ],
)
def test_what_is_behind_a_limit_is_kept_and_noted(name: str, octets: bytes, defect: str) -> None:
    with Sandbox(**{name: 5}) as sandbox:
        message = sandbox.deliver(octets)

        assert defect in message.summary.facts.defects
        assert message.raw == octets


def test_a_header_is_read_up_to_its_limit() -> None:
    assert facts(LONG).subject == "behind it"
    with Sandbox(header_limit=100) as sandbox:
        message = sandbox.deliver(LONG)

        assert (message.subject, message.summary.facts.defects) == ("", ("long-header",))
        assert message.raw == LONG


def test_without_settings_nothing_of_these_is_beyond_a_limit() -> None:
    for octets in (DEEP, MANY, CROWDED, LONG):
        codes = {each.code for each in parse(octets).defects}
        assert codes.isdisjoint({"too-deep", "too-many-parts", "too-many-addresses", "long-header"})
