"""Addresses are strings that know their parts."""

import copy
import os
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_gives_other_ids() -> None:
    reading, writing = os.pipe()
    new_id()
    child = os.fork()
    if not child:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 16).decode() != new_id()
