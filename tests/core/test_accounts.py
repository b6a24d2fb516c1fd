"""Which accounts a message belongs to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.accounts import CATCHALL, account_name, accounts_of


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("", ""),
        ("Postmaster", "postmaster"),
        ("ANN@Example.COM", "ann@example.com"),
        ("ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("ann@xn--\x00.example", "ann@xn--\x00.example"),
        ("ann@xn--a", "ann@xn--a"),
        ("xn--not-a-domain@example.com", "xn--not-a-domain@example.com"),
        ('"a@b"@Example.com', '"a@b"@example.com'),
    ],
)
def test_an_account_is_named_in_lower_case_and_unicode(address: str, name: str) -> None:
    assert account_name(address) == name


@pytest.mark.parametrize(
    ("rcpt_to", "user", "accounts"),
    [
        ([], None, ()),
        (["ann@x.test", "ANN@x.test"], None, ("ann@x.test",)),
        (["ann+tag@x.test"], None, ("ann+tag@x.test", "ann@x.test")),
        (["+tag@x.test"], None, ("+tag@x.test",)),
        (["ann+a+b@x.test"], None, ("ann+a+b@x.test", "ann@x.test")),
        (["ann@x.test"], "job-4711", ("ann@x.test", "job-4711")),
        (["bob@x.test"], "ann@x.test", ("bob@x.test",)),
        (["bob@x.test"], "team-a", ("bob@x.test",)),
    ],
)
def test_a_message_belongs_to_its_recipients_and_its_app(
    rcpt_to: list[str], user: str | None, accounts: tuple[str, ...]
) -> None:
    assert accounts_of(rcpt_to, user, projects={"team-a"}) == (CATCHALL, *accounts)


@given(st.lists(st.text()), st.none() | st.text())
def test_any_address_has_an_account(rcpt_to: list[str], user: str | None) -> None:
    accounts = accounts_of(rcpt_to, user)

    assert accounts[0] == CATCHALL
    assert len(set(accounts)) == len(accounts)
