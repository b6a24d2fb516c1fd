"""Addresses of a header, however they are written."""

from __future__ import annotations

import pytest

from mailtrap.message.headers import addresses
from mailtrap.message.limits import LIMITS
from mailtrap.message.mailboxes import mailboxes


def named(text: str) -> list[tuple[str, str]]:
    return [(str(each), each.name) for each in mailboxes(text)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        ",,;",
        "<>",
        "()",
        "(a@b.test)",
        '""',
        "Team:;",
        "no address",
        "Ann <>",
        '"a" "b"',
        "((((",
        '"',
        "\\",
    ],
)
def test_no_address(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # as nearly all are written
        ("ann@x.test", [("ann@x.test", "")]),
        ("<ann@x.test>", [("ann@x.test", "")]),
        ("Ann <ann@x.test>", [("ann@x.test", "Ann")]),
        ('"Smith, Ann" <ann@x.test>', [("ann@x.test", "Smith, Ann")]),
        ("Ann B. Smith <ann@x.test>,bob@x.test", [("ann@x.test", "Ann B. Smith"), ("bob@x.test", "")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x.test>", [("j@x.test", "Jörg")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@x.test>', [("j@x.test", "Jörg")]),
        ("jörg@bücher.example", [("jörg@bücher.example", "")]),
        # RFC 5322 §3.4: groups, quoted strings, literals, comments
        (
            "Team: ann@x.test, Bob <bob@x.test>;, c@x.test",
            [("ann@x.test", ""), ("bob@x.test", "Bob"), ("c@x.test", "")],
        ),
        ("undisclosed-recipients:;", []),
        ('"a b"@x.test', [('"a b"@x.test', "")]),
        ('"ann"@x.test', [("ann@x.test", "")]),
        ('Ann <"a@b"@x.test>', [('"a@b"@x.test', "Ann")]),
        ('Ann "the \\"boss\\"" Smith <ann@x.test>', [("ann@x.test", 'Ann the "boss" Smith')]),
        ("ann@[192.0.2.1]", [("ann@[192.0.2.1]", "")]),
        ("<ann@[IPv6:2001:db8::1]>", [("ann@[IPv6:2001:db8::1]", "")]),
        ("ann@x.test (Ann (the boss) \\) Smith)", [("ann@x.test", "Ann (the boss) ) Smith")]),
        ("(first) Ann (second) <ann@(third)x.test>", [("ann@x.test", "Ann")]),
        # RFC 5322 §4.4: routes, spaces, nothing between commas
        ("<@a.test,@b.test:ann@x.test>", [("ann@x.test", "")]),
        ("ann @ x . test", [("ann@x.test", "")]),
        ("Ann < ann @ x.test >", [("ann@x.test", "Ann")]),
        (",ann@x.test,,bob@x.test,", [("ann@x.test", ""), ("bob@x.test", "")]),
        # RFC 7103 §7.1: what is wrong, and clear nonetheless
        ("root", [("root", "")]),
        ("Ann <ann@x.test", [("ann@x.test", "Ann")]),
        ("Ann ann@x.test>", [("ann@x.test", "Ann")]),
        ("Ann <<ann@x.test>>", [("ann@x.test", "Ann")]),
        ("<ann@x.test> <bob@x.test>", [("ann@x.test", ""), ("bob@x.test", "")]),
        ("Ann <ann@x.test> Bob <bob@x.test>", [("ann@x.test", "Ann"), ("bob@x.test", "Bob")]),
        ("ann@x.test; bob@x.test", [("ann@x.test", ""), ("bob@x.test", "")]),
        ("ann@x.test bob@x.test", [("ann@x.test", ""), ("bob@x.test", "")]),
        ("Smith, Ann <ann@x.test>", [("Smith", ""), ("ann@x.test", "Ann")]),
        ("Ann (unclosed <ann@x.test>", [("ann@x.test", "Ann unclosed")]),
        ('"unclosed <ann@x.test>', [("ann@x.test", "unclosed")]),
        ('Mr. "X" ann@x.test', [("ann@x.test", "Mr. X")]),
        ("ann@x.test <ann@x.test>", [("ann@x.test", "ann@x.test")]),
        ("mailto:ann@x.test", [("ann@x.test", "")]),
        ("ann@@x.test", [("ann@@x.test", "")]),
    ],
)
def test_addresses_and_their_names(text: str, found: list[tuple[str, str]]) -> None:
    assert named(text) == found


def test_addresses_of_a_field_are_unfolded() -> None:
    [ann, bob] = addresses(b" Ann\r\n Smith <ann@x.test>,\r\n\tbob@x.test\r\n")

    assert (ann, ann.name, ann.local, ann.domain) == ("ann@x.test", "Ann Smith", "ann", "x.test")
    assert bob == "bob@x.test"


@pytest.mark.parametrize("separator", [", ", "; ", " (c), "])
def test_so_many_addresses_of_a_field_are_taken(separator: str) -> None:
    text = separator.join(f"a{number}@x.test" for number in range(LIMITS.addresses + 10))

    assert mailboxes(text) == [f"a{number}@x.test" for number in range(LIMITS.addresses)]
