"""Any text is a rule or raises `BadFault`, nothing else; and a rule that is written out is read as the same."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailtrap.clock import Clock
from mailtrap.errors import BadFault, BadSettings
from mailtrap.faults import Asked, Faults, rule
from mailtrap.faults.addressed import fault_of
from mailtrap.faults.globs import address_matches, matches
from mailtrap.faults.kinds import KINDS, read
from mailtrap.faults.rules import WORDS
from mailtrap.faults.stages import STAGES, stage
from mailtrap.tables import words_of

NUMBERS = "450 451 250 550 999 5.1.1 4.7.1 2.0.0 3s 1h 0s 9999d 100/s 10kB/s 10/1m 10/m 1/0 0.5 512"
OTHERS = "/ after rst [OK] NO try later expired other-name SIZE AUTH=PLAIN + ² é ' \" ;; [[ %"
PIECES = st.sampled_from([*KINDS, *NUMBERS.split(), *OTHERS.split(), "", "\r\n", "\t"])
DO = st.one_of(st.text(), st.builds("{} {}".format, st.sampled_from(list(KINDS)), st.lists(PIECES).map(" ".join)))
STAGE = st.sampled_from([f"{protocol}.{name}" for protocol, names in STAGES.items() for name in (*names, "*")])
GOOD = {
    "at": st.one_of(STAGE, st.sampled_from(["smtp.rcpt", "smtp.dot", "SMTP.HELO"])),
    "do": st.sampled_from(["reject", "delay 250ms", "bounce x y after 1h", "drop", "no [OK] it's"]),
    "header": st.sampled_from(["X-Job: *7*", "Subject"]),
    "project": st.text(),
    "times": st.integers(1, 10**9),
    "skip": st.integers(0, 10**9).map(str),
    "every": st.integers(1, 9),
    "chance": st.one_of(st.floats(0.0, 1.0), st.integers(1, 100).map("{}%".format), st.just("1e-7")),
    "seed": st.integers(-(10**17), 10**17),
    "after": st.floats(0.0, 1e7),
    "expires": st.integers(1, 10**6).map("{}m".format),
}
BAD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), PIECES)
PATTERN = st.sampled_from(["*@slow.test", "<>", "slow.test", "ann@[192.0.2.1]", "*'*"])


def tables() -> st.SearchStrategy[dict[str, object]]:
    """Words of a rule, most of them good."""
    every = {name: GOOD.get(name, PATTERN) for name in WORDS}
    optional = {name: strategy for name, strategy in every.items() if name not in ("at", "do")}
    good = st.fixed_dictionaries({"at": every["at"], "do": every["do"]}, optional=optional)
    bad = st.dictionaries(st.sampled_from([*WORDS, "tims", ""]), BAD, max_size=1)
    return st.builds(lambda good, bad: good | bad, good, bad)


@given(DO, st.one_of(STAGE, STAGE, st.text()))
@example("delay ", "smtp.rcpt")
@example("rate 10/", "smtp.rcpt")
@example("bounce after 1h", "smtp.rcpt")
@example("drop rst after", "smtp.data")
@example("no [SERVERBUG] x", "imap.FETCH")
def test_any_text_is_an_action_that_is_written_as_it_was_read_or_refused(do: str, at: str) -> None:
    try:
        at = stage(at)
        action = read(do, at)
    except BadFault:
        return

    assert read(str(action), at) == action
    assert str(action).isascii()
    assert str(action).isprintable()


@given(tables())
def test_any_words_are_a_rule_that_is_written_as_it_was_read_or_refused(words: dict[str, object]) -> None:
    try:
        made = rule(words)
    except BadFault:
        return

    assert rule(made.words()) == made
    assert rule(words_of(str(made))) == made


@given(st.text())
@example("at=smtp.rcpt do='")
@example("=")
def test_any_line_is_words_or_refused(line: str) -> None:
    with suppress(BadSettings):
        words_of(line)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=5).map("+".join)).map(lambda local: local + "@fault.test"))
def test_any_recipient_is_a_fault_or_like_any_other(address: str) -> None:
    faults = Faults(Clock())
    fired = faults.fire(Asked("smtp.rcpt", 1, peer="p", mail_from="a@x", rcpt_to=(address,)))

    assert len(fired) == (fault_of(address) is not None)


@given(st.text(alphabet="ab*?@.", max_size=8), st.text(alphabet="ab@.", max_size=8))
def test_a_pattern_means_the_same_as_the_same_pattern_in_words(pattern: str, text: str) -> None:
    def slowly(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return slowly(pattern[1:], text) or (bool(text) and slowly(pattern, text[1:]))
        return bool(text) and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])

    assert matches(pattern, text) == slowly(pattern, text)


@given(st.text(), st.text())
def test_any_pattern_is_like_any_address_or_not(pattern: str, address: str) -> None:
    assert address_matches(pattern, address) in (True, False)
    assert address_matches("*", address)


@pytest.mark.parametrize("pattern", ["*a" * 250 + "b", "*" * 500, "?*" * 250])
def test_no_pattern_takes_time_that_explodes(pattern: str) -> None:
    began = time.process_time()
    matches(pattern, "a" * 2000)

    assert time.process_time() - began < 30
