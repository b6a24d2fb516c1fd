"""Paths of MAIL and RCPT: the wrong ones first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.smtp.addresses import BadAddress, path

LETTERS = st.text(st.sampled_from('<>@"\\,:;.[]() \tab é\0'))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "<", ">", "<ann", "ann>", "<a@b", "<a@b>>", "<<a@b>>", "<a@>", "<@b>", "<@b:>x", "<a@b@c>", "<a b@c>",
        '<"a@b>', "<a@[b>", "<a@b c>", "<a@b>x", "<a@b,c@d>", "<a:b@c>", "<a@b;>", "<(a)@b>", "<a\x00@b>", "<a\r\n@b>",
        "@relay:a@b", "<@:a@b>", "<a@b.\x7f>", '<"a\r\nb"@c>', '<"\\\0"@c>',
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        path(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<>", ""),
        ("< >", ""),
        ("<ann@example.com>", "ann@example.com"),
        ("< ann@example.com >", "ann@example.com"),
        ("ann@example.com", "ann@example.com"),
        ("ann", "ann"),
        ("<Postmaster>", "Postmaster"),
        ("<a..b.@example.com>", "a..b.@example.com"),
        ("<a+tag/x=y!#$%&'*?^_`{|}~@example.com>", "a+tag/x=y!#$%&'*?^_`{|}~@example.com"),
        ('<"a b"@example.com>', '"a b"@example.com'),
        ('<"a\\"b@c"@example.com>', '"a\\"b@c"@example.com'),
        ('<a."b c".d@example.com>', 'a."b c".d@example.com'),
        ("<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
        ("<ann@[IPv6:2001:db8::1]>", "ann@[IPv6:2001:db8::1]"),
        ("<@relay.example:ann@example.com>", "ann@example.com"),
        ("<@relay.example, @[192.0.2.1]:ann@example.com>", "ann@example.com"),
        ("<änn@bücher.example>", "änn@bücher.example"),
        ("<\udce4nn@example.com>", "\udce4nn@example.com"),
    ],
)
def test_a_path_is_taken_as_sent(text: str, address: str) -> None:
    assert path(text) == address
    assert path(text).parameters == ()


def test_parameters_keep_their_letter_case() -> None:
    address = path("<ann@example.com> ENVID=QQ314159+2B \t ORCPT=rfc822;Ann@example.com x")

    assert address.parameters == ("ENVID=QQ314159+2B", "ORCPT=rfc822;Ann@example.com", "x")


@given(st.one_of(st.text(), LETTERS, LETTERS.map("<{}>".format)))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        address = path(text)
    except BadAddress:
        return
    assert path(f"<{address}>") == address
    assert not {"\r", "\n", "\0"} & set(address)


@pytest.mark.parametrize(
    "text",
    [
        '<"' + "a" * 50_000,
        '<"' + '\\"' * 50_000,
        '<"a"' * 20_000,
        "<" + "@a," * 20_000,
        "<" + "a." * 50_000,
        "<" * 50_000,
    ],
)
def test_long_nonsense_is_refused_in_one_pass(text: str) -> None:
    with pytest.raises(BadAddress):  # with backtracking this would not end
        path(text)
