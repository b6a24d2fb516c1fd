"""What a client asked to be told, read out of an envelope's parameters."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap import dsn, xtext
from mailtrap.envelope import Address


def address(*parameters: str) -> Address:
    return Address("ann@example.com", parameters=parameters)


@pytest.mark.parametrize("text", ["a=b", "a+b", "+2b", "+4", "+", "a b", "ö", "a+ZZ", "\x7f"])
def test_what_is_no_xtext_is_refused(text: str) -> None:
    with pytest.raises(xtext.BadXtext):
        xtext.decoded(text)


@given(st.binary())
def test_any_octets_can_be_said_in_xtext(octets: bytes) -> None:
    text = octets.decode("utf-8", "surrogateescape")

    assert xtext.encoded(text).isascii()
    assert xtext.decoded(xtext.encoded(text)) == text


@given(st.text())
def test_any_text_is_xtext_or_is_not(text: str) -> None:
    with suppress(xtext.BadXtext):
        xtext.decoded(text)


@pytest.mark.parametrize("value", ["", "NEVER,FAILURE", "SOMETIMES", "FAILURE,", ",", "FAILURE DELAY"])
def test_a_notify_without_sense_counts_as_not_said(value: str) -> None:
    assert dsn.notify(address("NOTIFY=" + value)) == frozenset()


def test_nothing_said_is_nothing_asked() -> None:
    plain = address("SIZE=9")

    assert (dsn.notify(plain), dsn.ret(plain), dsn.envid(plain), dsn.orcpt(plain)) == (frozenset(), "", "", None)


@pytest.mark.parametrize(
    ("value", "conditions"),
    [("never", {"NEVER"}), ("Failure", {"FAILURE"}), ("SUCCESS,delay,FAILURE", {"SUCCESS", "DELAY", "FAILURE"})],
)
def test_notify_is_read_in_any_letter_case(value: str, conditions: set[str]) -> None:
    assert dsn.notify(address("SIZE=9", "notify=" + value)) == conditions


def test_ret_and_envid_are_those_of_mail() -> None:
    assert dsn.ret(address("Ret=hdrs")) == "HDRS"
    assert dsn.ret(address("RET=ALL")) == ""
    assert dsn.envid(address("ENVID=Job+2B7")) == "Job+7"
    assert dsn.envid(address("ENVID=Job+7")) == ""


@pytest.mark.parametrize(
    "value", ["ann@example.com", ";ann", "rfc822;", "rf c;a", "rfc822;a+b", r"utf-8;a\x{D800}", r"utf-8;a\b"]
)
def test_an_orcpt_that_cannot_be_counts_as_not_said(value: str) -> None:
    assert dsn.orcpt(address("ORCPT=" + value)) is None


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("rfc822;Bob@example.com", ("rfc822", "Bob@example.com")),
        ("RFC822;a+2Bb@example.com", ("RFC822", "a+b@example.com")),
        (r"utf-8;bj\x{F6}rn@example.com", ("utf-8", "björn@example.com")),
        ("UTF-8;björn@example.com", ("UTF-8", "björn@example.com")),
    ],
)
def test_orcpt_is_decoded_as_its_type_has_it(value: str, meant: tuple[str, str]) -> None:
    assert dsn.orcpt(address("ORCPT=" + value)) == meant


@given(st.text())
def test_any_value_can_be_asked_about(value: str) -> None:
    said = address("NOTIFY=" + value, "RET=" + value, "ENVID=" + value, "ORCPT=" + value)

    dsn.notify(said), dsn.ret(said), dsn.envid(said), dsn.orcpt(said)
