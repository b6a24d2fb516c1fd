"""Accounts, sessions and refusals, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from mailtrap.current import Current
from mailtrap.envelope import Address, Envelope
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.store.records import NewRefusal
from mailtrap.transcript import Transcript

Put = Callable[..., Summary]


def pages(client: FlaskClient, path: str, what: str, **query: Any) -> list[Any]:
    """Everything of a list, two at a time."""
    found: list[Any] = []
    while True:
        response = client.get(path, query_string={"limit": 2, **query})
        assert response.json is not None
        found += response.json[what]
        if response.json["next"] is None:
            return found
        query["cursor"] = response.json["next"]


def test_accounts_come_in_the_order_of_their_names(client: FlaskClient, put: Put) -> None:
    for name in ("cy@x.test", "ann@x.test", "bob@bücher.test"):
        put(rcpt_to=(name,))

    names = [each["name"] for each in pages(client, "/v1/accounts", "accounts")]

    assert names == ["ann@x.test", "bob@bücher.test", "catchall", "cy@x.test"]


def test_accounts_are_filtered_by_name(client: FlaskClient, put: Put) -> None:
    for name in ("ann@x.test", "ann@y.test", "bob%41@x.test"):
        put(rcpt_to=(name,))

    assert [each["name"] for each in pages(client, "/v1/accounts", "accounts", contains="ann@")] == [
        "ann@x.test",
        "ann@y.test",
    ]
    assert [each["name"] for each in pages(client, "/v1/accounts", "accounts", contains="%41")] == ["bob%41@x.test"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ann@x.test", "ann@x.test"),
        ("ann@x.test", "ANN%40X.TEST"),
        ("a/b@x.test", "a/b@x.test"),
        ("a/b@x.test", "a%2Fb@x.test"),
        ("50%25@x.test", "50%2525@x.test"),
        ("bob@bücher.test", "bob@b%C3%BCcher.test"),
        ("bob@bücher.test", "bob@xn--bcher-kva.test"),
    ],
)
def test_an_account_has_its_counts(client: FlaskClient, put: Put, name: str, path: str) -> None:
    put(rcpt_to=(name,))

    account = client.get(f"/v1/accounts/{path}").json

    assert account is not None
    assert account.pop("last_arrival").endswith("Z")
    assert (account["name"], account["messages"], account["unseen"]) == (name, 1, 1)


def test_an_account_that_got_no_mail_is_not_there(client: FlaskClient) -> None:
    assert client.get("/v1/accounts/nobody@x.test").status_code == 404


def test_sessions_are_listed_newest_first_and_open_ones_have_no_end(client: FlaskClient, store: Store) -> None:
    transcripts = [Transcript("smtp", peer=f"127.0.0.1:{n}") for n in range(4)]
    for each in transcripts:
        store.open_session(each)
    for each in transcripts[:3]:
        store.close_session(each)

    sessions = pages(client, "/v1/sessions", "sessions")

    assert {each["id"] for each in sessions} == {each.id for each in transcripts}
    assert [each["id"] for each in sessions if each["ended"] is None] == [transcripts[3].id]
    assert sessions[0]["id"] == transcripts[3].id


def test_a_session_has_its_transcript(client: FlaskClient, store: Store) -> None:
    transcript = Transcript("smtp", peer="127.0.0.1:4711", local="127.0.0.1:1025")
    transcript.add("S", b"220 sandbox\r\n")
    transcript.add("C", b"EHLO \xff")
    store.open_session(transcript)

    response = client.get(f"/v1/sessions/{transcript.id}")

    assert response.json is not None
    assert [(each["who"], each["text"]) for each in response.json["lines"]] == [
        ("S", "220 sandbox"),
        ("C", "EHLO \\xff"),
    ]
    assert response.json["local"] == "127.0.0.1:1025"


def test_an_unknown_session_is_not_found(client: FlaskClient) -> None:
    assert client.get("/v1/sessions/AAAAAAAAAAAAAAAA").status_code == 404
    assert client.get("/v1/sessions?cursor=AAAAAAAAAAAAAAAA").status_code in (200, 404)


def test_what_was_refused_can_be_read(client: FlaskClient, store: Store, current: Current) -> None:
    for n in range(5):
        envelope = Envelope(Address("a@x.test"), (Address(f"b{n}@x.test"),))
        store.refuse(NewRefusal(current.project, "session", "RCPT", f"550 5.1.1 no {n}", envelope)).result()

    refusals = pages(client, "/v1/refusals", "refusals")

    assert [each["reply"] for each in refusals] == [f"550 5.1.1 no {n}" for n in range(5)]
    assert refusals[0]["stage"] == "RCPT"
    assert refusals[0]["envelope"]["rcpt_to"] == ["b0@x.test"]
    assert refusals[0]["at"].endswith("Z")
