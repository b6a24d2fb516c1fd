"""What can be asked of a mail."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_mailtrap import Inbox
from pytest_mailtrap.criteria import wanted

MESSAGE = b"""\
From: The Shop <news@shop.test>\r
To: Ann <ann@example.com>\r
Cc: boss@example.org\r
Subject: Your =?utf-8?q?d=C3=ADgest?= of today\r
X-Job: 4711\r
X-Job: 4712\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: multipart/alternative; boundary=c\r
\r
--c\r
Content-Type: text/plain\r
\r
Hi Ann, all is well\r
--c\r
Content-Type: text/html\r
\r
<p class="intro">Hi <b>Ann</b></p>\r
--c--\r
--b\r
Content-Type: application/pdf; name="invoice-7.pdf"\r
Content-Disposition: attachment; filename="invoice-7.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERg==\r
--b--\r
"""


@pytest.mark.parametrize(
    ("criteria", "error", "said"),
    [
        ({"subjct": "x"}, TypeError, "there is no criterion subjct=; did you mean subject=?"),
        ({"from": "x"}, TypeError, "did you mean from_=?"),
        ({"sender": "x"}, TypeError, "there is no criterion sender=; did you mean from_= or mail_from=?"),
        ({"xyz": "x"}, TypeError, "there is no criterion xyz=; there are subject=, from_=, to=, "),
        ({"subject": 7}, TypeError, "subject= takes a text, a pattern or a function, not 7"),
        ({"subject": None}, TypeError, "subject= takes a text, a pattern or a function, not None"),
        ({"to": ["ann@example.com"]}, TypeError, "to= takes a text, a pattern or a function, not ['ann@example.com']"),
        ({"text": re.compile(b"x")}, TypeError, "text= takes a text, a pattern or a function"),
        ({"subject": ""}, ValueError, "subject='' takes text"),
        ({"html": " "}, ValueError, "html=' ' takes text"),
        ({"to": ""}, ValueError, "to='' takes an address or a domain"),
        ({"to": "Ann <ann@example.com>"}, ValueError, "takes the address alone"),
        ({"q": "subject:"}, ValueError, "q='subject:': the value of subject: is missing"),
        ({"q": 7}, TypeError, "q= takes a text in the search language, not 7"),
        ({"header": "X-Job"}, TypeError, "header= takes names and values"),
        ({"header": {"X-Job": 7}}, TypeError, "header['X-Job']= takes a text"),
        ({"where": "x"}, TypeError, "where= takes a function of the mail, not 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_what_does(
    criteria: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        wanted(criteria)

    assert said in str(caught.value)


HOLDS: list[dict[str, Any]] = [
    {},
    {"subject": "YOUR digest"},
    {"subject": re.compile("^Your d.gest")},
    {"subject": lambda text: text.endswith("today")},
    {"from_": "news@shop.test"},
    {"from_": "Shop.Test"},
    {"to": "ann@example.com"},
    {"to": "boss@example.org"},
    {"to": "hidden@example.net"},
    {"to": "example.net"},
    {"to": "*@example.net"},
    {"to": re.compile("^hidden@")},
    {"to": lambda address: address.domain == "example.net"},
    {"cc": "boss@example.org"},
    {"mail_from": "bounce@shop.test"},
    {"rcpt": "hidden@example.net"},
    {"text": "hi ann, ALL"},
    {"text": re.compile(r"all\s+is")},
    {"html": '<p class="intro">'},
    {"html": re.compile("<b>.*</b>")},
    {"attachment": "invoice"},
    {"attachment": "invoice-*.pdf"},
    {"attachment": re.compile(r"\d\.pdf$")},
    {"header": {"x-job": ""}},
    {"header": {"X-Job": "4712"}},
    {"header": {"X-Job": re.compile("^4711$"), "Subject": "digest"}},
    {"q": "has:attachment -subject:welcome"},
    {"where": lambda mail: mail.size > 100},
    {"subject": "digest", "to": "ann@example.com", "text": "well"},
]
HOLDS_NOT: list[dict[str, Any]] = [
    {"subject": "Welcome"},
    {"subject": re.compile("digest$")},
    {"from_": "bounce@shop.test"},
    {"from_": "hop.test"},
    {"to": "ann@example"},
    {"to": "nn@example.com"},
    {"cc": "ann@example.com"},
    {"mail_from": "news@shop.test"},
    {"mail_from": ""},
    {"rcpt": "boss@example.org"},
    {"text": "<b>"},
    {"text": re.compile("ALL")},
    {"html": "<i>"},
    {"attachment": "*.txt"},
    {"header": {"X-Other": ""}},
    {"header": {"X-Job": re.compile("^4713$")}},
    {"q": "is:pinned"},
    {"where": lambda mail: mail.attachments == []},
    {"subject": "digest", "to": "carol@example.com"},
]


@pytest.fixture
def full_box(box: Inbox) -> Inbox:
    box.deliver(MESSAGE, mail_from="bounce@shop.test", rcpt_to=["ann@example.com", "hidden@example.net"])
    return box


@pytest.mark.parametrize("criteria", HOLDS, ids=lambda criteria: "-".join(criteria))
def test_what_holds_is_found_and_is_seen_to_hold(full_box: Inbox, criteria: dict[str, Any]) -> None:
    message = full_box.one(**criteria)

    assert all(each.holds(message) for each in wanted(criteria).criteria)
    assert full_box.wait(**criteria).id == message.id


@pytest.mark.parametrize("criteria", HOLDS_NOT, ids=lambda criteria: "-".join(criteria))
def test_what_does_not_hold_is_not_found(full_box: Inbox, criteria: dict[str, Any]) -> None:
    [message] = full_box

    assert not wanted(criteria).holds(message)
    full_box.never(within=0, **criteria)


def test_the_null_reverse_path_can_be_asked_for(box: Inbox) -> None:
    box.deliver(MESSAGE, mail_from="", rcpt_to=["ann@example.com"])

    assert box.one(mail_from="").subject.startswith("Your")


def test_criteria_are_shown_as_they_were_written() -> None:
    def is_late(text: str) -> bool:
        return "late" in text

    asked = wanted({"subject": re.compile("digest"), "to": "ann@example.com", "text": is_late, "header": {"X": "1"}})

    assert str(asked) == "subject=/digest/ to='ann@example.com' text=is_late() header['X']='1'"
