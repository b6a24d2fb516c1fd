"""The HTML of a message, made ready for its frame: few edits, linear, and nothing else changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_web.frame import edited

OWN = {"logo@x": "/own/2", "a b": "/own/3"}
LINK = '<a target="_blank" rel="noopener noreferrer" '


@pytest.mark.parametrize(
    "html",
    [
        "",
        "no HTML at all",
        "a < b > c",
        "<",
        "<a",
        '<a href="',
        "<!--",
        "<!-- <base href=x> <img src='cid:logo@x'> -->",
        "<style>p { color: red }",
        "<p title='<base href=x'>",
        "<!doctype html><html><body><table><tr><td>x</table>",
        '<a href="#top">up</a>',
        "<img src='cid:unknown@x'>",
        "cid:logo@x in the text",
        "<p class=acid:logo@x>",
        "<meta charset=utf-8><meta name=viewport content='width=1'>",
        "\0\ud800\N{ZERO WIDTH SPACE}",
        f"<a href='#&#{'1' * 5000};'>",
    ],
)
def test_what_needs_no_edit_stays_as_it_is(html: str) -> None:
    assert edited(html, OWN).html == html


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<img src=cid:logo@x>", "<img src=/own/2>"),
        ("<IMG SRC='CID:logo@x'>", "<IMG SRC='/own/2'>"),
        ("<img src='cid:logo%40x'>", "<img src='/own/2'>"),
        ("<img src='cid:a%20b'>", "<img src='/own/3'>"),
        ('<td background="cid:logo@x">', '<td background="/own/2">'),
        ("<p style='background:url(cid:logo@x)'>", "<p style='background:url(/own/2)'>"),
        ('<style>p{background:url("cid:logo@x")}</style>', '<style>p{background:url("/own/2")}</style>'),
        ("<img srcset='cid:logo@x 2x'>", "<img srcset='/own/2 2x'>"),
    ],
)
def test_pictures_of_the_message_get_an_address(html: str, shown: str) -> None:
    assert edited(html, OWN).html == shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<a href=https://x.test/>x</a>", LINK + "href=https://x.test/>x</a>"),
        ("<A target=_top href='mailto:a@x.test'>", LINK.replace("a", "A", 1) + "target=_top href='mailto:a@x.test'>"),
        ('<area href="/x">', LINK.replace("a", "area", 1) + 'href="/x">'),
    ],
)
def test_links_open_a_window_of_their_own(html: str, shown: str) -> None:
    assert edited(html, OWN).html == shown


@pytest.mark.parametrize(
    "tag",
    [
        "<base href='https://evil.test/'>",
        "<BASE target=_top>",
        "<meta http-equiv=refresh content='0;url=https://evil.test/'>",
        "<META CONTENT=0 HTTP-EQUIV='Refresh'>",
        "<link rel=dns-prefetch href=//evil.test>",
        "<link href=//evil.test rel='x PRECONNECT'>",
        "<link rel=prefetch href=https://evil.test/x>",
    ],
)
def test_what_would_lead_elsewhere_by_itself_is_left_out_and_named(tag: str) -> None:
    found = edited(f"<p>before{tag}after", OWN)

    assert found.html == "<p>beforeafter"
    assert found.dropped == [tag]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<iframe src='https://evil.test/'></iframe>", "<x-iframe src='https://evil.test/'></x-iframe>"),
        ("<IFRAME/src=//evil.test>", "<x-IFRAME/src=//evil.test>"),
        ("<svg><style><iframe src=//evil.test>", "<svg><style><x-iframe src=//evil.test>"),
        ("<frameset><frame src=//evil.test>", "<x-frameset><x-frame src=//evil.test>"),
        ("<object data=//evil.test>x</object>", "<x-object data=//evil.test>x</x-object>"),
        ("<iframes> <frame-x> iframe <embedded>", "<iframes> <frame-x> iframe <embedded>"),
    ],
)
def test_there_are_no_frames_in_the_frame(html: str, shown: str) -> None:
    found = edited(html, OWN)

    assert found.html == shown
    assert len(found.dropped) == shown.count("<x-")


def test_what_is_not_fetched_is_counted_by_host() -> None:
    found = edited(
        "<link rel=stylesheet href='https://css.test/a.css'><style>@import 'http://css.test/b'; "
        "p{background:url(//img.test/c)}</style><img src='https://img.test/d' srcset='https://img.test/e 1x, f 2x'>"
        "<td background=https://img.test/g style=\"background:url('https://img.test/h')\">"
        "<a href=https://link.test/><img src=cid:logo@x><img src=data:,><img src=/relative><img src='https://['>",
        OWN,
    )

    assert len(found.remote) == 7
    assert found.hosts == ["css.test", "img.test"]


PIECES = ("<", ">", '"', "'", "-->", "<!--", "<a ", "<a href=x>", "<style>", "</style>", "cid:logo@x", "=", "src", " ")


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)))
def test_any_text_is_taken_and_its_text_stays(html: str) -> None:
    found = edited(html, OWN)

    assert found.remote is not None
    assert len(found.html) >= len(html) - sum(map(len, found.dropped)) - 20 * html.lower().count("cid:")


@given(st.text(alphabet=st.characters(exclude_characters="<>")))
def test_text_without_tags_is_not_changed(text: str) -> None:
    assert edited(text, OWN).html == text


@pytest.mark.parametrize("piece", ["<", "<a", "<a '", '<a "', "<!--", "<!-", "<style>", "<style", "<a b=", "-", "cid:"])
def test_long_repetitions_end(piece: str) -> None:
    html = piece * 100_000

    assert re.sub(r"cid:", "", edited(html, {}).html) == re.sub(r"cid:", "", html)
