"""HTML as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.hypertext import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # no HTML, or broken
        ("", ""),
        ("plain", "plain"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<", "<"),
        ("a <", "a <"),
        ("<>a", "<>a"),
        ("<3", "<3"),
        ("<p", ""),
        ("a <b", "a"),
        ("</", ""),
        ("a </ b> c", "a c"),
        ("<p>a<p", "a"),
        ("<!-- never closed <p>a", ""),
        ("<!--> a", "a"),
        ("<!doctype html>a", "a"),
        ("<?xml version='1.0'?>a", "a"),
        ("<script>never closed <p>a", ""),
        ("<title>never closed", ""),
        ("<a href='x>y'>b</a>", "b"),
        ('<a title="<b>">c', '">c'),
        ("<a href='never closed>b", "b"),
        ("<div <p>a", "a"),
        ("a\0b", "a\0b"),
        # references
        ("J&uuml;rgen &amp; S&ouml;hne", "Jürgen & Söhne"),
        ("&#74;&#x4a;&#X4A", "JJJ"),
        ("&lt;p&gt;", "<p>"),
        ("&unknown; & &; &#; &#x;", "&unknown; & &; &#; &#x;"),
        ("&#0;&#xd800;&#x110000;", "\ufffd\ufffd\ufffd"),
        ("&#99999999999999999999;", "\ufffd"),
        ("&#" + "9" * 5000 + ";a", "\ufffda"),
        ("&#" + "0" * 5000 + ";a", "\ufffda"),
        ("a&nbsp;&nbsp;b", "a b"),
        # blocks
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<h1>a</h1>b", "a\nb"),
        ("a<b>b</b><i>c</i>", "abc"),
        ("<p>a\r\n  b</p>", "a b"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><td>a<td>b<tr><th>c</table>", "a b\nc"),
        ("<div><div><div>a</div></div></div><div>b</div>", "a\n\nb"),
        ("<pre>a\n  b</pre>c\nd", "a\nb\nc d"),
        ("</pre>a\nb", "a b"),
        # what is not shown
        ("<head><title>t</title><style>p{}</style></head><body>a", "a"),
        ("<head><meta><body>a", "a"),
        ("<title>t</title>a", "a"),
        ("<STYLE>p > a{}</STYLE>a", "a"),
        ("a<script>if (1 < 2) '</b>'</script>b", "ab"),
        ("a<template><p>x</template>b", "ab"),
        ("a<!-- <p>x --> b", "a b"),
        ("<div style='display:none'>preheader</div>a", "preheader\na"),
    ],
)
def test_what_is_read(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.lists(st.text("abc é☃&;<>\"'", min_size=1)))
def test_escaped_text_is_read_as_it_is(pieces: list[str]) -> None:
    from html import escape

    text = html_to_text("<br>".join(map(escape, pieces)))

    lines = [" ".join(piece.split(" ")).strip() for piece in pieces]
    assert [line.split() for line in text.split("\n") if line] == [line.split() for line in lines if line]
