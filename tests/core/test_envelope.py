"""Addresses are strings that know their parts."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.envelope import Address, new_id


@pytest.mark.parametrize(
    ("address", "local", "domain"),
    [("", "", ""), ("postmaster", "postmaster", ""), ("a@b", "a", "b"), ('"a@b"@c', '"a@b"', "c"), ("@c", "", "c")],
)
def test_an_address_is_split_at_the_last_at(address: str, local: str, domain: str) -> None:
    assert (Address(address).local, Address(address).domain) == (local, domain)


@given(st.text(), st.text(), st.lists(st.text()).map(tuple))
def test_an_address_survives_copying_and_pickling(address: str, name: str, parameters: tuple[str, ...]) -> None:
    before = Address(address, name=name, parameters=parameters)
    for after in (copy.copy(before), copy.deepcopy(before), pickle.loads(pickle.dumps(before))):
        assert (after, after.name, after.parameters) == (before, name, parameters)


def test_ids_are_urlsafe_and_differ() -> None:
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(len(each) == 16 and each.replace("-", "").replace("_", "").isalnum() for each in ids)
