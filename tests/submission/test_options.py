"""The options of sendmail: those that programs give, and those that are wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.submission.options import BadUsage, parse


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-k"], "there is no option -k"),
        (["--bcc", "x"], "there is no option --bcc"),
        (["-t", "-f"], "-f needs a value"),
        (["--server"], "--server needs a value"),
        (["-bs"], "-bs is not for a sandbox"),
        (["-b", "p"], "-bp is not for a sandbox"),
        (["-N", "sometimes"], "-N is 'sometimes', but must be never, or some of success, failure and delay"),
        (["-N", "never,delay"], "-N is 'never,delay'"),
        (["-R", "body"], "-R is 'body', but must be full or hdrs"),
        (["-V", "a b"], "-V is 'a b', but must be an envelope id"),
        (["-V", "a+b"], "-V is 'a+b'"),
        (["-V", "x" * 101], "-V is 'xxx"),
    ],
)
def test_what_sendmail_does_not_know_is_refused(arguments: list[str], said: str) -> None:
    with pytest.raises(BadUsage) as caught:
        parse(arguments)

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-t", "-i", "-f", "bounce@shop.test"],
        ["-ti", "-fbounce@shop.test"],
        ["-it", "-rbounce@shop.test"],
        ["-t", "-oi", "-odi", "-oem", "-f", "bounce@shop.test"],
        ["-bm", "-t", "-oi", "-fbounce@shop.test", "-B8BITMIME", "-O", "DeliveryMode=b", "-L", "tag", "-v", "-n", "-U"],
    ],
)
def test_each_way_to_write_it_means_the_same(arguments: list[str]) -> None:
    options = parse(arguments)

    assert (options.reads_header, options.dot_ends, options.mail_from) == (True, False, "bounce@shop.test")
    assert options.recipients == []


def test_recipients_stand_anywhere_and_behind_two_hyphens_are_nothing_else() -> None:
    assert parse(["ann@x.test", "-i", "bob@x.test", "--", "-f", "cy@x.test"]).recipients == [
        *("ann@x.test", "bob@x.test", "-f", "cy@x.test"),
    ]


def test_what_dsn_is_asked_for_becomes_parameters() -> None:
    options = parse(["-N", "success,delay", "-R", "hdrs", "-V", "job+2B7"])

    assert options.rcpt_parameters == ["NOTIFY=SUCCESS,DELAY"]
    assert options.mail_parameters == ["RET=HDRS", "ENVID=job+2B7"]


def test_a_queue_is_run_without_a_value() -> None:
    assert (parse(["-q", "30m"]).runs_queue, parse(["-q30m"]).runs_queue) == (True, True)


@given(st.lists(st.text(st.sampled_from("-tifFbodqNRV=, x"), max_size=6), max_size=5))
def test_any_arguments_are_taken_or_refused(arguments: list[str]) -> None:
    with suppress(BadUsage):
        parse(arguments)
