"""Real clients meet faults: they say that they could not send, and what they were told; nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reading import mail
from senders import SENDERS, Errand, NotSent, Sender

from mailtrap.envelope import Envelope
from mailtrap.faults import Rule
from mailtrap.sandbox import Sandbox
from mailtrap.store.records import Refusal

pytestmark = pytest.mark.interop

TEXT = "no sale today"
STAGES = ("connect", "banner", "ehlo", "mail", "rcpt", "data", "dot", "stored")
SLOW_TO_START = ("Jakarta Mail",)
QUICK = tuple(name for name in SENDERS if name not in SLOW_TO_START)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for the tests of this file."""
    with Sandbox(smtp=0, submission=0, smtps=0, host="127.0.0.1") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def ca(running: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The CA's certificate."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(running.tls.ca_pem())
    return str(file)


@dataclass(frozen=True, slots=True)
class Trial:
    """A client, and the sandbox that troubles it."""

    sender: Sender
    sandbox: Sandbox
    home: Path
    to: str

    def given(self, at: str, do: str, **who: Any) -> None:
        """From now on there is this fault."""
        self.sandbox.faults.add(Rule(at, do, **who))

    def send(self, *, to: str = "", at: str = "smtp", octets: bytes = b"", **what: Any) -> str:
        """Send, or raise `NotSent`; gives what the client says."""
        port = self.sandbox.address(at)[1]
        return self.sender(Errand(port, (to or self.to,), octets or mail("sale"), **what), self.home)

    def fails(self, **what: Any) -> str:
        """What the client says when it cannot send."""
        with pytest.raises(NotSent) as told:
            self.send(**what)
        return str(told.value)

    def envelopes(self) -> list[Envelope]:
        """Those of the messages that came for the recipient."""
        every = [each.envelope for each in self.sandbox.messages() if each.envelope]
        return [each for each in every if each.rcpt_to == (self.to,)]

    @property
    def stored(self) -> int:
        """How many messages came for the recipient."""
        return len(self.envelopes())

    def sessions(self, last: int) -> list[str]:
        """What was said in the last ones."""
        store = self.sandbox.store
        return [str(store.transcript(each.id)) for each in store.sessions()[:last]]

    def refusals(self) -> list[Refusal]:
        """What is on record as refused for the recipient."""
        every = self.sandbox.store.refusals(self.sandbox.current.project)
        return [each for each in every if self.to in each.envelope.rcpt_to]


@pytest.fixture
def trial(client: str, running: Sandbox, numbers: Iterator[int], tmp_path: Path) -> Iterator[Trial]:
    yield Trial(SENDERS[client], running, tmp_path, f"trial{next(numbers)}@x.test")
    running.faults.clear()


def clients(*names: str, **having: bool) -> list[Any]:
    """Those that can do what is asked for, each with what it needs."""
    able = [SENDERS[name] for name in names if name in SENDERS] or list(SENDERS.values())
    able = [each for each in able if all(getattr(each, can) == it for can, it in having.items())]
    return [pytest.param(each.name, marks=pytest.mark.needs(*each.needs), id=each.name) for each in able]


def met(stages: tuple[str, ...]) -> list[Any]:
    """Every client at every stage; those that take a second to start, at the last one."""
    return [
        pytest.param(*client.values, stage, marks=client.marks, id=f"{client.id}-{stage}")
        for client in clients()
        for stage in (stages[-1:] if client.id in SLOW_TO_START else stages)
    ]


@pytest.mark.parametrize(("client", "stage"), met(STAGES))
def test_a_refusal_reaches_whoever_sends(trial: Trial, stage: str) -> None:
    trial.given(f"smtp.{stage}", f"reject 554 5.7.1 {TEXT}")

    assert TEXT in trial.fails()
    assert trial.stored == (stage == "stored")


@pytest.mark.parametrize(("client", "stage"), met(STAGES))
def test_a_connection_that_ends_is_an_error(trial: Trial, stage: str) -> None:
    trial.given(f"smtp.{stage}", "drop")

    trial.fails()
    assert trial.stored == (stage == "stored")


@pytest.mark.parametrize("do", ["drop rst", "bye"])
@pytest.mark.parametrize(("client", "stage"), met(("dot",)))
def test_so_is_one_that_is_reset_or_ends_with_421(trial: Trial, stage: str, do: str) -> None:
    trial.given(f"smtp.{stage}", do)

    trial.fails()
    assert trial.stored == 0


@pytest.mark.parametrize("client", clients(*QUICK))
def test_data_that_breaks_off_is_on_record_as_far_as_it_came(trial: Trial) -> None:
    trial.given("smtp.data", "drop after 1000")

    trial.fails(octets=mail("long", "x" * 70 + "\r\n" + "y" * 5000))
    assert trial.stored == 0
    [refusal] = trial.refusals()
    assert b"\r\nSubject: " in refusal.partial
    assert len(refusal.partial) <= 1000


@pytest.mark.parametrize("client", clients(*QUICK))
def test_waiting_and_speaking_slowly_harm_nobody(trial: Trial) -> None:
    trial.given("smtp.*", "delay 20ms")
    trial.given("smtp.ehlo", "slow 5000/s")
    trial.given("smtp.data", "slow 5000/s")

    trial.send()
    assert trial.stored == 1


@pytest.mark.parametrize("client", clients("smtplib", "aiosmtplib", "swaks", "msmtp", "curl", "Nodemailer"))
@pytest.mark.parametrize("stage", ["banner", "rcpt", "dot"])
def test_a_client_gives_up_by_its_own_time_when_nothing_is_said(trial: Trial, stage: str) -> None:
    if (trial.sender.name, stage) == ("curl", "dot"):
        return  # it waits for two minutes there, whatever --max-time says
    trial.given(f"smtp.{stage}", "hang", times=1)

    trial.fails(timeout="1")
    trial.send(timeout="20")
    assert trial.stored == 1


@pytest.mark.parametrize("client", clients(*QUICK))
def test_what_is_greylisted_passes_when_the_clock_was_moved_ahead(trial: Trial) -> None:
    trial.given("smtp.rcpt", "greylist 5m")

    assert "4.7.1" in trial.fails()
    assert "4.7.1" in trial.fails()
    trial.sandbox.clock.advance(301)
    trial.send()
    assert trial.stored == 1


@pytest.mark.parametrize("client", clients(*QUICK))
def test_recipients_say_themselves_what_goes_wrong(trial: Trial) -> None:
    assert "5.1.1" in trial.fails(to="reject+550+5.1.1@fault.test")
    trial.fails(to="drop@fault.test")
    trial.send(to="reject+250@fault.test")  # is none
    trial.send(to="delay+20ms@fault.test")


@pytest.mark.parametrize("kind", ["expired", "other-name", "self-signed"])
@pytest.mark.parametrize("client", clients(*QUICK, tls=True))
def test_a_wrong_certificate_is_refused_by_who_trusts_the_ca(trial: Trial, ca: str, kind: str) -> None:
    if (trial.sender.name, kind) == ("swaks", "other-name"):
        return  # this version does not compare names
    trial.given("smtp.connect", f"certificate {kind}")
    trial.fails(at="smtps", tls="at once", ca=ca)
    trial.fails(at="submission", tls="starttls", ca=ca)

    assert trial.stored == 0


@pytest.mark.parametrize("client", clients(*QUICK, tls=True))
def test_who_needs_tls_sends_nothing_in_plaintext_where_it_is_taken_away(trial: Trial, ca: str) -> None:
    if trial.sender.name == "Go":
        return  # uses TLS where it is offered, and cannot be told to need it
    tls = {"at": "submission", "tls": "starttls", "ca": ca, "user": "ann", "password": "s3cret"}
    for at, do in (("smtp.starttls", "reject 454 4.7.0 not now"), ("smtp.starttls", "drop")):
        trial.sandbox.faults.clear()
        trial.given(at, do)
        trial.fails(**tls)
    trial.sandbox.faults.clear()
    trial.given("smtp.ehlo", "hide STARTTLS")
    with suppress(NotSent):  # some ask for it all the same
        trial.send(**tls)

    assert all(each.tls for each in trial.envelopes())
    assert not [each for each in trial.sessions(3) if re.search(r"C (AUTH|MAIL)[^-]*$", each)]


@pytest.mark.parametrize("client", [each for each in clients(in_plaintext=True) if SENDERS[each.id].mechanisms])
def test_a_log_in_that_is_refused_is_an_error(trial: Trial) -> None:
    trial.given("smtp.auth", f"reject 535 5.7.8 {TEXT}")

    assert "535" in trial.fails(user="ann", password="s3cret")
    assert trial.envelopes() == []


@pytest.mark.parametrize("client", clients("smtplib", "aiosmtplib", "swaks", "msmtp", "Go"))
def test_who_looks_whether_a_log_in_is_offered_sees_that_it_is_not(trial: Trial) -> None:
    trial.given("smtp.ehlo", "hide AUTH")

    trial.fails(user="ann", password="s3cret", mechanism="" if trial.sender.in_plaintext else "PLAIN")
    assert trial.envelopes() == []
