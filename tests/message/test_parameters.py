"""Values with parameters (RFC 2045 §5.1, RFC 2231)."""

from __future__ import annotations

import pytest

from mailtrap.message.parameters import parameterised


@pytest.mark.parametrize("text", ["a", "a;", "a;;;", "a; b", "a; =c", "a; b c=d", 'a; "b"=c', "a; ;=;"])
def test_what_is_no_parameter(text: str) -> None:
    assert parameterised(text) == ("a", {})


@pytest.mark.parametrize(
    ("text", "value"),
    [("", ""), (";", ""), (" Text/Plain ", "text/plain"), ("text/plain (plain)", "text/plain"), ("a(b)c", "a(b)c")],
)
def test_the_value(text: str, value: str) -> None:
    assert parameterised(text) == (value, {})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # RFC 2045 §5.1
        ("a; b=c", {"b": "c"}),
        ("a;B=C", {"b": "C"}),
        ('a; b="c; d=e"', {"b": "c; d=e"}),
        ('a; b="c \\" \\\\ d"', {"b": 'c " \\ d'}),
        ("a ; b = c ; d = e ", {"b": "c", "d": "e"}),
        ("a; b=c (comment)", {"b": "c"}),
        ('a; b="c" (comment); d=e', {"b": "c", "d": "e"}),
        # what senders do
        ("a; b=", {"b": ""}),
        ('a; b=""', {"b": ""}),
        ("a; b=c d.txt", {"b": "c d.txt"}),
        ("a; b=c (1).txt", {"b": "c (1).txt"}),
        ('a; b="C:\\new.txt"', {"b": "C:\\new.txt"}),
        ('a; b="never closed; c=d', {"b": "never closed; c=d"}),
        ("a; b=c; b=d", {"b": "c"}),
        ("a; b; c=d", {"c": "d"}),
        ("a; b==c", {"b": "=c"}),
        ("a; name==?utf-8?q?caf=C3=A9?=", {"name": "café"}),
        ('a; name="=?utf-8?q?caf?= =?utf-8?q?=C3=A9?="', {"name": "café"}),
        ("a; name=café", {"name": "café"}),
    ],
)
def test_parameters(text: str, found: dict[str, str]) -> None:
    assert parameterised(text) == ("a", found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # RFC 2231 §3, §4, §4.1
        ('a; URL*0="ftp://";\n URL*1="cs.utk.edu"', {"url": "ftp://cs.utk.edu"}),
        ("a; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", {"title": "This is ***fun***"}),
        ("a; t*0*=us-ascii'en'is%20even%20; t*1*=more%20; t*2=\"isn't it!\"", {"t": "is even more isn't it!"}),
        ("a; t*1=b; t*0=a", {"t": "ab"}),
        ("a; t*0*=utf-8''%C3; t*1*=%BC", {"t": "ü"}),
        ("a; t*=utf-8''", {"t": ""}),
        ("a; t=old; t*=utf-8''new", {"t": "new"}),
        ("a; t*=utf-8''new; t=old", {"t": "new"}),
        ("a; t*=iso-8859-1'de'%FC%20\"", {"t": 'ü "'}),
        # what is wrong, and clear nonetheless
        ("a; t*=%C3%BC", {"t": "ü"}),
        ("a; t*=utf-8'%C3%BC", {"t": "utf-8'ü"}),
        ("a; t*=utf-8''%zz%C3", {"t": "%zz\ufffd"}),
        ("a; t*=x-klingon''%FC", {"t": "ü"}),
        ("a; t*=utf-16''A%d8", {"t": "\ufffd"}),
        ("a; t*0=a; t*2=c", {"t": "a"}),
        ("a; t*1=b", {}),
        ("a; t*0=a; t*0=b", {"t": "a"}),
        ("a; t*99999=z; t*0=a", {"t": "a"}),
        ("a; t*100000=z", {"t*100000": "z"}),
        ("a; t*x=z", {"t*x": "z"}),
        ("a; *=z; **=y", {"*": "z", "**": "y"}),
        ('a; t*0="=?utf-8?q?a"; t*1="?="', {"t": "a"}),
    ],
)
def test_parameters_in_pieces_and_encoded(text: str, found: dict[str, str]) -> None:
    assert parameterised(text) == ("a", found)
