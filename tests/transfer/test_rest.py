"""The two operations that carry many messages, and `Remote`, which asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import requests

from mailtrap.errors import NotFound
from mailtrap.portable.packed import TYPE, line, packed, unpacked
from mailtrap.portable.record import Record
from mailtrap.remote import Refused, Remote, Unreachable
from mailtrap.sandbox import Sandbox
from mailtrap.store.records import Flag

ONE = Record(id="one-one-", received_at=datetime(2025, 1, 31, 12, tzinfo=UTC), tags=("a",), flags=Flag.SEEN)
HELLO = b"From: Shop <shop@shop.test>\r\nTo: ann@example.com\r\nSubject: Hello\r\n\r\nHello.\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(http=0) as running:
        yield running


@pytest.fixture
def remote(sandbox: Sandbox) -> Iterator[Remote]:
    with closing(Remote(sandbox.url)) as opened:
        yield opened


def put(sandbox: Sandbox, octets: bytes, kind: str = TYPE) -> requests.Response:
    return requests.post(f"{sandbox.url}/v1/import", data=octets, headers={"Content-Type": kind}, timeout=30)


@pytest.mark.parametrize("octets", [b"x", b"{}\n", b'{"size":5}\nabc', packed(ONE, HELLO)[:-1]])
def test_what_cannot_be_taken_apart_is_refused_whole(sandbox: Sandbox, octets: bytes) -> None:
    answer = put(sandbox, octets)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_body")
    assert sandbox.messages() == []


def test_the_type_must_be_said(sandbox: Sandbox) -> None:
    assert put(sandbox, packed(ONE, HELLO), "message/rfc822").status_code == 415


def test_each_message_is_taken_skipped_or_refused_by_itself(sandbox: Sandbox) -> None:
    bad = line(ONE, size=0, origin="mars")

    answer = put(sandbox, packed(ONE, HELLO) + bad + packed(ONE, b"again") + b'{"size":4}\nlast')

    first, second, third, last = answer.json()["messages"]
    assert first == {"id": "one-one-", "outcome": "imported", "reason": ""}
    assert (second["outcome"], second["reason"][:18]) == ("failed", "origin must be one")
    assert (third["id"], third["outcome"]) == ("one-one-", "skipped")
    assert third["reason"].endswith("is there")  # which is found before it is tried, or only then
    assert last["outcome"] == "imported"
    assert [each.raw for each in sandbox.messages()] == [HELLO, b"last"]


def test_without_an_envelope_the_header_has_to_do(sandbox: Sandbox) -> None:
    put(sandbox, packed(ONE, HELLO))

    [message] = sandbox.messages()
    assert message.envelope is not None
    assert (message.envelope.mail_from, message.envelope.rcpt_to) == ("shop@shop.test", ("ann@example.com",))
    assert message.accounts == ["catchall", "ann@example.com"]
    assert (message.origin, message.received_at, message.tags, message.seen) == (
        "import",
        ONE.received_at,
        ["a"],
        True,
    )


def test_what_is_read_already_is_not_counted_as_unread(sandbox: Sandbox) -> None:
    put(sandbox, packed(ONE, HELLO) + packed(Record(id="two-two-"), HELLO))
    project = sandbox.current.project

    catchall = sandbox.store.account(project, "catchall")
    assert (catchall.messages, catchall.unseen) == (2, 1)
    assert sandbox.store.mailbox(project, "catchall").unseen == 1
    assert sandbox.store.mailbox(project, "ann@example.com").unseen == 2  # she has not read it


def test_messages_come_in_the_order_of_their_ids_but_those_that_are_gone(sandbox: Sandbox) -> None:
    ids = [sandbox.deliver(b"Subject: %d\n" % number).id for number in range(4)]
    sandbox.store.delete(sandbox.current.project, [ids[1]])
    asked = [ids[3], ids[1], "no-such-message", ids[0]]

    answer = requests.get(f"{sandbox.url}/v1/export", params={"id": asked}, timeout=30)

    assert answer.headers["Content-Type"] == TYPE
    found = list(unpacked(answer.content))
    assert [(members["id"], octets) for members, octets in found] == [
        (ids[3], b"Subject: 3\n"),
        (ids[0], b"Subject: 0\n"),
    ]
    assert requests.get(f"{sandbox.url}/v1/export", timeout=30).json()["code"] == "missing_parameter"


def test_a_remote_sandbox_is_listed_and_read(sandbox: Sandbox, remote: Remote) -> None:
    ids = [sandbox.deliver(b"Subject: %d\n" % number, rcpt_to=["ann@example.com"]).id for number in range(250)]

    assert [each["id"] for each in remote.messages()] == ids[::-1]
    assert [each["subject"] for each in remote.messages("subject:249")] == ["249"]
    assert remote.raw(ids[7]) == b"Subject: 7\n"
    assert [octets for _, octets in remote.fetch([ids[0]])] == [b"Subject: 0\n"]


def test_what_a_remote_sandbox_says_is_raised(sandbox: Sandbox, remote: Remote) -> None:
    gone = sandbox.deliver(b"Subject: gone\n").id
    sandbox.store.delete(sandbox.current.project, [gone])

    for message_id in (gone, "no-such-message"):
        with pytest.raises(NotFound):
            remote.raw(message_id)
    with pytest.raises(Refused, match="q: ") as refused:
        remote.page('"')
    assert refused.value.code == "bad_query"


def test_what_does_not_answer_is_unreachable() -> None:
    with closing(Remote("http://127.0.0.1:1")) as nowhere:
        assert not nowhere.answers()
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 does not answer: Connection refused"):
            nowhere.page()


def test_no_proxy_is_asked_for_what_is_here(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert remote.answers()
