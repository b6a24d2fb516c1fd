"""For whom a rule is: patterns of addresses, peers, accounts, header fields; and projects."""

from __future__ import annotations

import pytest

from mailtrap.errors import BadFault
from mailtrap.faults import Asked, Rule
from mailtrap.faults.matching import concerns

MESSAGE = b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nX-Job: 1\r\nx-job: 47\r\n 11\r\n\r\nX-Job: body\r\n"


def asked(at: str = "smtp.dot", **who: object) -> Asked:
    usual = {"project": 1, "peer": "192.0.2.1", "mail_from": "app@shop.test", "rcpt_to": ("ann@x.test", "bob@y.test")}
    return Asked(at, **(usual | who))  # type: ignore[arg-type]  # they are what Asked has


@pytest.mark.parametrize(
    ("words", "member"),
    [
        ({"at": "smtp.dot", "header": ": 7"}, "header"),
        ({"at": "smtp.rcpt", "header": "X-Job: 7"}, "header"),
        ({"at": "smtp.*", "header": "X-Job: 7"}, "header"),
        ({"at": "smtp.mail", "rcpt": "x.test"}, "rcpt"),
        ({"at": "pop3.RETR", "rcpt": "x.test"}, "rcpt"),
        ({"at": "smtp.ehlo", "mail_from": "x.test"}, "mail_from"),
        ({"at": "smtp.banner", "account": "ann"}, "account"),
        ({"at": "smtp.dot", "peer": "x" * 501}, "peer"),
        ({"at": "smtp.dot", "rcpt": "a\nb"}, "rcpt"),
        ({"at": "smtp.dot", "times": 0}, "times"),
        ({"at": "smtp.dot", "skip": -1}, "skip"),
        ({"at": "smtp.dot", "every": 10**10}, "every"),
        ({"at": "smtp.dot", "chance": 0.0}, "chance"),
        ({"at": "smtp.dot", "chance": float("nan")}, "chance"),
        ({"at": "smtp.dot", "after": -1.0}, "after"),
        ({"at": "smtp.dot", "expires": float("inf")}, "expires"),
    ],
)
def test_a_word_that_could_never_mean_anything_is_refused(words: dict[str, object], member: str) -> None:
    with pytest.raises(BadFault) as caught:
        Rule(do="hang", **words)  # type: ignore[arg-type]  # that is the point

    assert caught.value.member == member


@pytest.mark.parametrize(
    ("words", "who", "is_so"),
    [
        ({}, {}, True),
        ({"rcpt": "*@z.test"}, {}, False),
        ({"rcpt": "*@Y.test"}, {}, True),
        ({"rcpt": "y.test"}, {}, True),
        ({"rcpt": "*.test"}, {}, True),
        ({"rcpt": "bob"}, {}, False),
        ({"rcpt": "b?b@*"}, {}, True),
        ({"rcpt": "bob@[192.0.2.1]"}, {"rcpt_to": ("bob@[192.0.2.1]",)}, True),
        ({"rcpt": "bücher.test"}, {"rcpt_to": ("ann@xn--bcher-kva.test",)}, True),
        ({"rcpt": "*@xn--bcher-kva.test"}, {"rcpt_to": ("ann@bücher.test",)}, True),
        ({"rcpt": "ann@y.test"}, {"rcpt_to": ('"ann"@y.test',)}, True),
        ({"rcpt": '"ann"@y.test'}, {"rcpt_to": ("ann@y.test",)}, True),
        ({"rcpt": "x.test"}, {"rcpt_to": ()}, False),
        ({"mail_from": "<>"}, {}, False),
        ({"mail_from": "<>"}, {"mail_from": ""}, True),
        ({"mail_from": "*"}, {"mail_from": ""}, True),
        ({"mail_from": "shop.test"}, {"mail_from": ""}, False),
        ({"account": "*"}, {}, False),
        ({"account": "JOB-*"}, {"account": "job-4711"}, True),
        ({"peer": "192.0.2.*"}, {}, True),
        ({"peer": "::1"}, {}, False),
        ({"project": 2}, {}, False),
        ({"project": 1, "rcpt": "x.test", "mail_from": "shop.test", "peer": "*"}, {}, True),
        ({"project": 1, "rcpt": "x.test", "mail_from": "shop.test", "peer": "::1"}, {}, False),
        ({"header": "X-Job: *47*"}, {}, False),
        ({"header": "X-Job: *47*"}, {"octets": lambda: MESSAGE}, True),
        ({"header": "x-job:47 11"}, {"octets": lambda: MESSAGE}, True),
        ({"header": "X-Job: body"}, {"octets": lambda: MESSAGE}, False),
        ({"header": "Subject: GRÜSSE"}, {"octets": lambda: MESSAGE}, True),
        ({"header": "Subject"}, {"octets": lambda: MESSAGE}, True),
        ({"header": "Cc"}, {"octets": lambda: MESSAGE}, False),
        ({"header": "X-Job"}, {"octets": lambda: b"\r\nX-Job: body\r\n"}, False),
    ],
)
def test_a_rule_is_for_whom_all_its_words_name(words: dict[str, object], who: dict[str, object], is_so: bool) -> None:
    rule = Rule("smtp.dot", "hang", **words)  # type: ignore[arg-type]  # they are words of a rule

    assert concerns(rule, asked(**who)) == is_so


def test_the_empty_mail_from_is_none_before_there_is_one() -> None:
    rule = Rule("smtp.*", "hang", mail_from="<>")

    assert not concerns(rule, asked("smtp.ehlo", mail_from=""))
    assert concerns(rule, asked("smtp.mail", mail_from=""))
