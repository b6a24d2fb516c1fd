"""Work grows with the octets, not with their square: counted in lines of our code, whatever they are like.

What regular expressions and the standard library do is not counted so. There the inputs are so large that anything
but linear work would be felt.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest

from mailtrap.message.captured import Message
from mailtrap.message.facts import facts
from mailtrap.message.parse import parse
from mailtrap.message.structure import bodystructure, envelope
from mailtrap.message.summary import Summary

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HTML = b"Content-Type: text/html\r\n\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n\r\n"


def nested(number: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (each, each) for each in range(number)
    )


def repeated(before: bytes, piece: bytes, after: bytes = b"\r\n\r\n") -> Callable[[int], bytes]:
    return lambda number: before + piece * number + after


ADVERSARIES: dict[str, Callable[[int], bytes]] = {
    # structure
    "nested multiparts": nested,
    "nested multiparts of one boundary": repeated(b"", MULTIPART + b"--b\r\n"),
    "nested multiparts, never begun": repeated(b"", MULTIPART),
    "nested messages": repeated(b"", b"Content-Type: message/rfc822\r\n\r\n"),
    "nested alternatives with text": repeated(
        b"", b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\na\r\n--b\r\n"
    ),
    "parts": repeated(MULTIPART, b"--b\r\n\r\nx\r\n"),
    "parts without an empty line": repeated(MULTIPART, b"--b\r\nA: 1\r\n"),
    "parts that open multiparts": repeated(
        MULTIPART, b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
    ),
    "parts with bad content": repeated(MULTIPART, b"--b\r\n" + BASE64 + b"!\xff\r\n"),
    "lines that are nearly delimiters": repeated(MULTIPART + b"--b\r\n\r\n", b"--c\r\n--b \x00\r\n"),
    "closing delimiters": repeated(MULTIPART + b"--b\r\n", b"--b--\r\n"),
    "hyphens": repeated(MULTIPART, b"-\n"),
    # header
    "fields": repeated(b"", b"A: 1\r\n"),
    "fields that are bad": lambda number: (
        b"".join(b"A: =?utf-8?q?=%d?=\r\n" % each for each in range(number)) + b"\r\n"
    ),
    "fields that may be there once": repeated(b"", b"To:\r\nDate: now\r\nContent-Type: x\r\n"),
    "stray lines": repeated(b"A: 1\r\n", b"stray\r\n"),
    "folds": repeated(b"Subject: a\r\n", b" b\r\n"),
    "folds of white space": repeated(b"Subject: a", b"\r\n \t "),
    "white space before no colon": repeated(b"Subject: a\r\nb", b" "),
    # words
    "beginnings of words": repeated(b"Subject: ", b"=?"),
    "words without an end": repeated(b"Subject: ", b"=?utf-8?q?a "),
    "words": repeated(b"Subject: ", b"=?utf-8?q?a?= "),
    "words of two charsets": repeated(b"Subject: ", b"=?utf-8?q?a?= =?koi8-r?b?YQ==?= "),
    "equals signs in a word": repeated(b"Subject: =?utf-8?b?", b"=", b"?=\r\n\r\n"),
    "question marks": repeated(b"Subject: =", b"?"),
    # parameters
    "semicolons": repeated(b"Content-Type: text/plain", b";"),
    "semicolons and spaces": repeated(b"Content-Type: text/plain", b"; "),
    "parameters": repeated(b"Content-Type: text/plain", b"; a=b"),
    "names of parameters": repeated(b"Content-Type: text/plain", b"; a"),
    "pieces of a parameter": lambda number: (
        b"Content-Type: text/plain" + b"".join(b"; a*%d*=%%41" % each for each in range(number)) + b"\r\n\r\n"
    ),
    "pieces with a gap": lambda number: (
        b"Content-Type: text/plain" + b"".join(b"; a*%d=b" % (2 * each) for each in range(number)) + b"\r\n\r\n"
    ),
    "quotation marks in parameters": repeated(b"Content-Type: text/plain; a=", b'"'),
    "backslashes in parameters": repeated(b'Content-Type: text/plain; a="', b"\\"),
    "parentheses in parameters": repeated(b"Content-Type: text/plain; a=", b" ("),
    # addresses
    "addresses": repeated(b"To: ", b"Ann <a@b>, "),
    "addresses with comments": repeated(b"To: ", b"a@b (c), "),
    "addresses without commas": repeated(b"To: ", b"<a@b> "),
    "addresses and spaces": repeated(b"To: ", b"a@b "),
    "parentheses": repeated(b"To: ", b"("),
    "parentheses that close": lambda number: b"To: " + b"(" * number + b")" * number + b" a@b\r\n\r\n",
    "quotation marks": repeated(b"To: ", b'"'),
    "quoted quotation marks": repeated(b'To: "', b'\\"'),
    "backslashes": repeated(b"To: ", b"\\"),
    "angle brackets": repeated(b"To: ", b"<"),
    "brackets": repeated(b"To: ", b"["),
    "at signs": repeated(b"To: a", b" @ "),
    "dots": repeated(b"To: a", b" . "),
    "groups": repeated(b"To: ", b"a: b@c;"),
    "colons": repeated(b"To: ", b":"),
    "routes": repeated(b"To: <", b"@a,"),
    "names": repeated(b"To: ", b"a "),
    "parentheses in a date": repeated(b"Date: ", b"("),
    "digits in a date": repeated(b"Date: ", b"1"),
    # content
    "tags": repeated(HTML, b"<p>"),
    "tags without an end": repeated(HTML, b"<p "),
    "tags with quotation marks": repeated(HTML, b"<a '"),
    "quotation marks in a tag": repeated(HTML + b"<a ", b"\"'"),
    "less-than signs": repeated(HTML, b"<"),
    "slashes": repeated(HTML, b"</"),
    "comments": repeated(HTML, b"<!--"),
    "declarations": repeated(HTML, b"<!"),
    "scripts": repeated(HTML, b"<script></script>"),
    "scripts without an end": repeated(HTML, b"<script>"),
    "heads": repeated(HTML, b"<head></hea"),
    "references": repeated(HTML, b"&"),
    "references to numbers": repeated(HTML, b"&#1"),
    "digits of a reference": repeated(HTML + b"&#", b"1"),
    "empty lines in HTML": repeated(HTML, b"<br> "),
    "cells": repeated(HTML, b"<td>  "),
    "padding in base64": repeated(BASE64, b"="),
    "padding everywhere in base64": repeated(BASE64, b"YQ=="),
    "soft breaks": repeated(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"= "),
    "uuencoded lines": repeated(b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\n", b"#86)C\n"),
    "flowed lines": repeated(b"Content-Type: text/plain; format=flowed\r\n\r\n", b"a \r\n"),
    "quotes in flowed lines": repeated(b"Content-Type: text/plain; format=flowed\r\n\r\n", b">"),
    "charset switches": repeated(b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n", b"\x1b$B\x1b(B"),
    "shifts": repeated(b"Content-Type: text/plain; charset=utf-7\r\n\r\n", b"+-+"),
    # lines
    "long lines": repeated(b"A: 1\r\n\r\n", b"x" * 999 + b"\r\n"),
    "short lines": repeated(b"A: 1\r\n\r\n", b"\r\n"),
    "bare line ends": repeated(b"A: 1\r\n\r\n", b"\n\r"),
    "NULs": repeated(b"", b"\0"),
    "8-bit octets": repeated(b"", b"\xff"),
}


def size(adversary: Callable[[int], bytes]) -> int:
    """The octets of one piece."""
    return len(adversary(101)) - len(adversary(100))


def read(octets: bytes) -> None:
    """Everything that is read of a message when it comes, and when somebody looks at it."""
    found = facts(octets)
    message = Message(Summary(1, "id", 1, "smtp", datetime(2026, 11, 23, tzinfo=UTC), 1, None, found), lambda: octets)
    _ = message.text, message.html, message.headers, message.defects, message.parts
    _ = [(each.content, each.filename) for each in message.attachments]
    structure = parse(octets)
    envelope(octets, structure), bodystructure(octets, structure)


def forget() -> None:
    """Empty all caches, so that no message is read faster because of another."""
    for name, module in list(sys.modules.items()):
        if name.startswith("mailtrap.message"):
            for value in vars(module).values():
                getattr(value, "cache_clear", bool)()


def lines_run(octets: bytes) -> int:
    """How many lines of `mailtrap.message` reading takes."""
    count = 0

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if "message" in frame.f_code.co_filename else None

    forget()
    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        read(octets)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("adversary", ADVERSARIES.values(), ids=ADVERSARIES)
def test_more_of_the_same_takes_no_more_steps_for_each(adversary: Callable[[int], bytes]) -> None:
    # beyond the greatest depth, and all three within or all beyond what is looked at for a preview
    number = 1300 // size(adversary) if size(adversary) <= 5 else max(250, 4200 // size(adversary))

    one, two, three = (lines_run(adversary(times * number)) for times in (1, 2, 3))
    assert three - two <= 1.1 * (two - one) + 100


@pytest.mark.parametrize("adversary", ADVERSARIES.values(), ids=ADVERSARIES)
def test_many_are_read(adversary: Callable[[int], bytes]) -> None:
    read(adversary(50_000 // size(adversary)))
