"""Which accounts a message belongs to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.accounts import ATOM, CATCHALL, account_name, accounts_of, owners


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
        ('"Ann"@example.com', "ann@example.com"),
        ('"ann"@XN--bcher-kva.example', "ann@bücher.example"),
        ('"ann"@[IPv6:2001:DB8::1]', "ann@[ipv6:2001:db8::1]"),
        (r'"\a\n\n"@example.com', "ann@example.com"),
        ('"ann.lee"@example.com', "ann.lee@example.com"),
        ('"ann"."lee"@example.com', "ann.lee@example.com"),
        ('"ann..lee."@example.com', "ann..lee.@example.com"),  # as some phones have it, with quotes or without
        ('"jürgen"@example.com', "jürgen@example.com"),
        ('"ΑΝΝΑΣ"@example.com', "αννας@example.com"),
        ('"ann lee"@example.com', '"ann lee"@example.com'),
        (r'"ann\ lee"@example.com', '"ann lee"@example.com'),
        ('ann" "lee@example.com', '"ann lee"@example.com'),
        (r'"a\\b\"c\d"@example.com', r'"a\\b\"cd"@example.com'),
        ('""@example.com', '""@example.com'),
        ('"Postmaster"', "postmaster"),
        ('"a@b"', '"a@b"'),
        ('"ann@example.com', '"ann@example.com'),
        ('ann@"example.com"', 'ann@"example.com"'),
        (r'"ann\"@example.com', r'"ann\"@example.com'),
    ],
)
def test_an_account_is_named_in_lower_case_and_unicode_without_needless_quotes(address: str, name: str) -> None:
    assert account_name(address) == name


@pytest.mark.parametrize(
    ("rcpt_to", "user", "accounts"),
    [
        ([], None, ()),
        (["ann@x.test", "ANN@x.test"], None, ("ann@x.test",)),
        (["ann+tag@x.test"], None, ("ann+tag@x.test", "ann@x.test")),
        (["+tag@x.test"], None, ("+tag@x.test",)),
        (["ann+a+b@x.test"], None, ("ann+a+b@x.test", "ann@x.test")),
        (['"ann+tag"@x.test'], None, ("ann+tag@x.test", "ann@x.test")),
        (['"ann lee+tag"@x.test'], None, ('"ann lee+tag"@x.test', '"ann lee"@x.test')),
        (['"ann+a tag"@x.test'], None, ('"ann+a tag"@x.test', "ann@x.test")),
        ([r'"a\"+b"@x.test'], None, (r'"a\"+b"@x.test', r'"a\""@x.test')),
        (['"+a tag"@x.test'], None, ('"+a tag"@x.test',)),
        (['"ann"@x.test', "ann@x.test"], None, ("ann@x.test",)),
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


LOCAL = st.text(st.sampled_from('aZ.+" \\@*äΣß<\0') | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@st.composite
def spelt(draw: st.DrawFn, local: str) -> str:
    """*local* in quotes, where they must be and elsewhere, with backslashes that must be and others."""
    spelling = "".join("\\" + each if each in '\\"' or draw(st.booleans()) else each for each in local)
    return f'"{spelling}"'


@given(st.data(), LOCAL, st.sampled_from(["example.com", "XN--bcher-kva.example", "[192.0.2.1]"]))
def test_all_spellings_of_an_address_are_one_account(data: st.DataObject, local: str, domain: str) -> None:
    one, other = (f"{data.draw(spelt(local))}@{domain}" for _ in range(2))

    assert account_name(one) == account_name(other)
    if re.fullmatch(f"{ATOM}+", local):
        assert account_name(one) == account_name(f"{local}@{domain}")


@given(st.text() | st.text(st.sampled_from('aA@."\\ Σ+xn-')))
def test_an_account_is_called_by_its_own_name(address: str) -> None:
    name = account_name(address)

    assert account_name(name) == name
    assert {account_name(each) for each in owners(name)} == set(owners(name))
