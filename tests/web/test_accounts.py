"""Accounts over REST: configured, listed with their counts, emptied, and never with their passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from messages import new_message

from mailtrap.configured import Accounts, Configured, State
from mailtrap.current import Current
from mailtrap.store import Store

if TYPE_CHECKING:
    from tests.web.conftest import Put

ANN = "/v1/accounts/ann@example.com"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "must be an object"),
        ({"passwort": "x"}, "did you mean 'password'?"),
        ({"state": "dead"}, "state must be active, suspended or full"),
        ({"state": None}, "state must be a string"),
        ({"quota": "much"}, "quota must be a size"),
        ({"quota": 0}, "quota must be a size"),
        ({"quota": True}, "quota must be"),
        ({"password": "two\nlines"}, "password must be text"),
        ({"password": 5}, "password must be a string"),
    ],
)
def test_what_cannot_be_configured_is_refused(client: FlaskClient, accounts: Accounts, body: Any, said: str) -> None:
    answer = client.put(ANN, json=body)

    assert answer.status_code == 400
    assert said.replace("'", "") in answer.json["detail"].replace("'", "")  # type: ignore[index]
    assert not accounts.any


def test_an_account_is_configured_and_its_password_never_told(
    client: FlaskClient, current: Current, accounts: Accounts
) -> None:
    answer = client.put("/v1/accounts/Ann@Example.com", json={"password": "s3cret", "state": "full", "quota": "1KiB"})

    assert answer.json == {
        "name": "ann@example.com",
        "messages": 0,
        "unseen": 0,
        "last_arrival": None,
        "configured": True,
        "has_password": True,
        "state": "full",
        "quota": 1024,
    }
    assert "s3cret" not in client.get(ANN).text + client.get("/v1/accounts").text
    assert accounts.find(current.project, "ann@example.com") == Configured(
        "ann@example.com", "s3cret", State.FULL, 1024
    )


def test_a_password_that_is_left_out_stays_and_null_takes_it_away(
    client: FlaskClient, current: Current, accounts: Accounts
) -> None:
    client.put(ANN, json={"password": "s3cret", "quota": 5})
    client.put(ANN, json={"state": "suspended"})
    assert accounts.find(current.project, "ann@example.com") == Configured("ann@example.com", "s3cret", State.SUSPENDED)

    client.put(ANN, json={"password": None})
    assert accounts.find(current.project, "ann@example.com") == Configured("ann@example.com")


def test_the_list_has_both_accounts_with_mail_and_configured_ones_page_by_page(client: FlaskClient, put: Put) -> None:
    put(rcpt_to=("bob@example.com",))
    for name in ("ann@example.com", "bob@example.com", "zoe@example.com"):
        client.put(f"/v1/accounts/{name}", json={})

    names, cursor = [], ""
    while cursor is not None:
        page: Any = client.get("/v1/accounts", query_string={"limit": 1, "cursor": cursor} if cursor else {"limit": 1})
        names += [(each["name"], each["messages"], each["configured"]) for each in page.json["accounts"]]
        cursor = page.json["next"]
    assert names == [
        ("ann@example.com", 0, True),
        ("bob@example.com", 1, True),
        ("catchall", 1, False),
        ("zoe@example.com", 0, True),
    ]
    assert [each["name"] for each in client.get("/v1/accounts?contains=ZOE").json["accounts"]] == ["zoe@example.com"]


def test_an_account_that_is_not_configured_cannot_be_forgotten(client: FlaskClient) -> None:
    assert client.delete(ANN).status_code == 404


def test_a_forgotten_account_keeps_its_mail(client: FlaskClient, put: Put) -> None:
    put()
    client.put(ANN, json={"state": "full"})

    assert client.delete(ANN).json == {"forgotten": True, "removed": 0}
    found: Any = client.get(ANN).json
    assert (found["messages"], found["configured"], found["state"]) == (1, False, "active")


def test_emptying_takes_everything_out_of_this_accounts_mailboxes_alone(
    client: FlaskClient, store: Store, current: Current, put: Put
) -> None:
    captured = put()
    store.append(store.open_mailbox(current.project, "ann@example.com", "Sent").id, new_message(current.project))

    assert client.delete(ANN, query_string={"empty": "true"}).json == {"forgotten": False, "removed": 2}
    assert [each.messages for each in store.mailboxes(current.project, "ann@example.com")] == [0, 0]
    assert store.mailbox(current.project, "catchall").messages == 1
    assert [each.removed_by for each in store.filings(captured.number)] == ["", "rest"]


def test_what_the_settings_have_is_changed_there_and_can_be_emptied(
    client: FlaskClient, current: Current, accounts: Accounts, put: Put
) -> None:
    accounts.give(current.project, Configured("ann@example.com", "s3cret"))
    put()

    assert client.put(ANN, json={}).status_code == 409
    assert client.delete(ANN).status_code == 409
    assert client.delete(ANN, query_string={"empty": "true"}).json == {"forgotten": False, "removed": 1}
    assert client.get(ANN).json["has_password"] is True  # type: ignore[index]
