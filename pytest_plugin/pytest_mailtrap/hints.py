"""What else may have happened to mail that is missing: cheap to find out, and only for a test that fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mailtrap.message.captured import Message
from mailtrap.peers import place
from mailtrap.store.watch import arrivals
from pytest_mailtrap.conversation import conversations
from pytest_mailtrap.record import clock

if TYPE_CHECKING:
    from pytest_mailtrap.asking import Question

LAST_WORDS = 3
"""Lines of a session that brought nothing."""


def hints(question: Question) -> list[str]:
    """One sentence each."""
    found = [*_came_before(question), *(list(_under_way(question)) or _connections(question)), *_bounces(question)]
    with suppress(Exception):  # whatever state Django is in, it is not what the test is told of
        found += _django()
    return found


def _came_before(question: Question) -> Iterator[str]:
    """Mail of that kind that does not count, because it was too early."""
    inbox = question.inbox
    if question.since is not None and (early := _newest(question, inbox.project)):
        if question.since != inbox.since:
            yield f"one came at {_at(early)}, before the block: {question.method}() takes what comes inside it"
        else:
            yield f"one came at {_at(early)}, before this inbox was opened inside a wider one"
    for project in inbox.server.no_inbox:
        if stray := _newest(question, project, since=inbox.gap):
            yield f"one came at {_at(stray)}, when no inbox was open: ask for it before the mail is sent"


def _newest(question: Question, project: int, since: int | None = None) -> Message | None:
    store, message = question.inbox.server.store, question.inbox.server.message
    page = store.messages(project, arrivals(question.wanted.query), since=since, limit=20)
    return next((each for each in map(message, page.summaries) if question.wanted.holds(each)), None)


def _at(message: Message) -> str:
    return clock(message.summary.received_at)


def _under_way(question: Question) -> Iterator[str]:
    if not question.inbox.server.current.wait_idle(question.inbox.project, 0):
        yield "a client is still sending: its transaction has not ended"


def _connections(question: Question) -> Iterator[str]:
    """Where nothing arrived, whether there was anybody at all."""
    inbox = question.inbox
    if inbox.record().rows:
        return
    talks = conversations(inbox)
    where = place(*inbox.server.address("smtp"))
    if not talks:
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        whose = f" (each xdist worker has its own, this is {worker}'s)" if worker else ""
        yield f"nobody has connected to {where}{whose}: is that where the app sends to? See inbox.smtp()"
    for talk in talks[-1:]:
        last = "; ".join(f"{line.who}: {talk.told(line)}" for line in talk.lines[-LAST_WORDS:])
        yield f"a client connected and sent nothing; the last that was said: {last}"


def _bounces(question: Question) -> Iterator[str]:
    """Mail that comes back later, where it is asked for."""
    if question.mail is not question.inbox.bounces:
        return
    for each in question.inbox.faults:
        if each.text.startswith("bounce ") and " after " in each.text and each.hits:
            later = each.text.rpartition(" ")[2]
            yield f"fault #{each.number} lets mail come back after {later}: see inbox.clock.advance(…)"


def _django() -> Iterator[str]:
    """Mail that Django has put elsewhere, or not sent yet."""
    mail: Any = sys.modules.get("django.core.mail")
    if outbox := getattr(mail, "outbox", None):
        are = "mail is" if len(outbox) == 1 else "mails are"
        yield f"{len(outbox)} {are} in django.core.mail.outbox: the backend is locmem, which sends nothing"
    database: Any = sys.modules.get("django.db")
    if database is not None:
        waiting = sum(len(each.run_on_commit) for each in database.connections.all(initialized_only=True))
        if waiting:
            wait = "callback waits" if waiting == 1 else "callbacks wait"
            yield (
                f"{waiting} {wait} in transaction.on_commit, and a test's transaction never commits: "
                "see django_capture_on_commit_callbacks, or TestCase.captureOnCommitCallbacks"
            )
