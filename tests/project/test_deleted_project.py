"""A project is deleted while clients are in it: each is told so in its protocol's way, and nothing is put there."""

from __future__ import annotations

import imaplib
import logging
import poplib
import smtplib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from threading import Barrier

import pytest
import requests
from faulty import until_so
from imap_client import ImapClient, Unexpected

from mailtrap.errors import ProjectGone
from mailtrap.sandbox import Sandbox

MESSAGE = b"Subject: hello\r\n\r\nHello, Ann.\r\n"
ANN = "ann@example.com"
TEAM = "team-a"
TIMEOUT = 30


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(imap=0, pop3=0, http=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """With a project that has a message, and nothing else."""
    if left := running.store.find_project(TEAM):
        running.store.delete_project(left.id)
    running.deliver(MESSAGE, rcpt_to=[ANN], project=running.store.project(TEAM).id)
    return running


def delete(sandbox: Sandbox) -> requests.Response:
    return requests.delete(f"{sandbox.url}/v1/projects/{TEAM}", timeout=TIMEOUT)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Closes connections."""
    with ExitStack() as stack:
        yield stack


def post(sandbox: Sandbox) -> requests.Response:
    to, kind = {"rcpt_to": ANN}, {"Content-Type": "message/rfc822"}
    return requests.post(
        f"{sandbox.url}/v1/messages", MESSAGE, params=to, headers=kind, auth=(TEAM, ""), timeout=TIMEOUT
    )


def imap(sandbox: Sandbox, opened: ExitStack, user: str = f"{TEAM}/{ANN}") -> imaplib.IMAP4:
    client = imaplib.IMAP4("localhost", sandbox.imap_port, TIMEOUT)
    opened.callback(client.shutdown)
    client.login(user, "any")
    client.select()
    return client


def pop3(sandbox: Sandbox, opened: ExitStack) -> poplib.POP3:
    client = poplib.POP3("localhost", sandbox.pop3_port, TIMEOUT)
    opened.callback(client.close)
    client.user(f"{TEAM}/{ANN}")
    client.pass_("any")
    return client


def smtp(sandbox: Sandbox, opened: ExitStack) -> smtplib.SMTP:
    client = opened.enter_context(smtplib.SMTP("localhost", sandbox.smtp_port, timeout=TIMEOUT))
    client.login(TEAM, "any")
    return client


def test_imap_says_bye_in_idle_at_once_and_elsewhere_before_anything_else(sandbox: Sandbox, opened: ExitStack) -> None:
    idling, other, elsewhere = imap(sandbox, opened), imap(sandbox, opened), imap(sandbox, opened, ANN)
    idling.send(b"x IDLE\r\n")
    assert idling.readline() == b"+ idling\r\n"
    assert delete(sandbox).json() == {"deleted": 1}

    assert [idling.readline() for _ in range(3)] == [b"* 1 EXPUNGE\r\n", b"* BYE The project was deleted\r\n", b""]
    with pytest.raises(imaplib.IMAP4.abort, match="The project was deleted"):
        other.store("1", "+FLAGS", r"\Seen")
    assert elsewhere.noop()[0] == "OK"


def test_pop3_says_that_it_is_for_good(sandbox: Sandbox, opened: ExitStack) -> None:
    client = pop3(sandbox, opened)
    client.dele(1)
    delete(sandbox)

    with pytest.raises(poplib.error_proto, match=r"-ERR \[SYS/PERM\] The project was deleted"):
        client.quit()


def test_smtp_takes_no_more_mail(sandbox: Sandbox, opened: ExitStack) -> None:
    client = smtp(sandbox, opened)
    delete(sandbox)

    with pytest.raises(smtplib.SMTPSenderRefused, match=r"550.*The project was deleted"):
        client.sendmail("app@shop.test", ANN, MESSAGE)


def test_rest_ends_waits_and_streams_and_knows_the_name_no_more(sandbox: Sandbox) -> None:
    with requests.get(f"{sandbox.url}/v1/events", auth=(TEAM, ""), stream=True, timeout=TIMEOUT) as stream:
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(each for each in lines if each.startswith("event")) == "event: ready"
        subscribers = len(sandbox.bus._subscribers)
        with ThreadPoolExecutor() as threads:
            ask = f"{sandbox.url}/v1/wait?to=nobody@example.com"
            waiting = threads.submit(requests.get, ask, auth=(TEAM, ""), timeout=TIMEOUT)
            until_so(lambda: len(sandbox.bus._subscribers) > subscribers)
            delete(sandbox)
            answer = waiting.result()
        told = [each for each in lines if each.startswith("event")]

    assert told == ["event: emptied", "event: gone"]
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert requests.get(f"{sandbox.url}/v1/events", auth=(TEAM, ""), timeout=TIMEOUT).status_code == 401


def test_whoever_writes_while_it_is_deleted_gets_a_clean_answer(
    sandbox: Sandbox, opened: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    team, numbers = sandbox.store.project(TEAM).id, count()
    by_imap = opened.enter_context(ImapClient(sandbox.address("imap"))).log_in(f"{TEAM}/{ANN}")
    by_smtp = smtp(sandbox, opened)
    writers: list[Callable[[], object]] = [
        lambda: by_imap.ok("APPEND INBOX {+}", MESSAGE),
        lambda: by_smtp.sendmail("app@shop.test", ANN, MESSAGE),
        lambda: sandbox.deliver(MESSAGE, rcpt_to=[ANN], project=team),
        lambda: sandbox.store.make_mailbox(team, ANN, f"Box {next(numbers)}"),
        lambda: post(sandbox).raise_for_status(),
    ]
    together = Barrier(len(writers) + 1)

    def write(do: Callable[[], object]) -> Exception:
        do()
        together.wait(TIMEOUT)
        try:
            while True:
                do()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(writers)) as threads:
        ended = [threads.submit(write, each) for each in writers]
        together.wait(TIMEOUT)
        sandbox.store.delete_project(team)
        imap_said, smtp_said, *others, rest_said = [each.result() for each in ended]

    [left] = sandbox.store._db.execute(
        "SELECT count(*) FROM message JOIN project ON project.id = project WHERE project = ? AND number > floor",
        (team,),
    ).fetchone()
    assert (left, caplog.text) == (0, "")
    assert isinstance(imap_said, Unexpected | ConnectionResetError)
    assert "he project was deleted" in by_imap.log()  # NO, or BYE
    assert isinstance(smtp_said, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)
    assert "550, b'5.7.1 The project was deleted'" in str(smtp_said)
    assert list(map(type, others)) == [ProjectGone, ProjectGone]
    assert isinstance(rest_said, requests.HTTPError)
    assert str(rest_said)[:3] in ("401", "404")
