"""Projects over REST: made, limited, deleted; and whose name and password a request brings, whose world it is in."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from messages import new_message

from mailtrap.configured import Accounts, Configured
from mailtrap.current import Current
from mailtrap.sandbox import Sandbox
from mailtrap.store import Store
from mailtrap.store.retention import Limits

if TYPE_CHECKING:
    from tests.web.conftest import Put

TEAM = "/v1/projects/team-a"


def basic(name: str, password: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize("name", ["team@a", "team:a", "two words", "catchall", "x" * 101])
def test_a_name_that_could_be_an_accounts_is_no_projects(client: FlaskClient, name: str) -> None:
    answer: Any = client.put(f"/v1/projects/{name}", json={})

    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"keep_messages": 0}, "keep_messages must be a whole number above 0"),
        ({"keep_bytes": "much"}, "keep_bytes must be a size"),
        ({"keep_age": "soon"}, "keep_age must be a time above 0"),
        ({"keep_age": True}, "keep_age must be"),
        ({"password": "\t"}, "password must be text"),
        ({"name": "b"}, "has no member"),
    ],
)
def test_what_a_project_cannot_be_is_refused_and_none_is_made(
    client: FlaskClient, store: Store, body: dict[str, object], said: str
) -> None:
    answer: Any = client.put(TEAM, json=body)

    assert answer.status_code == 400
    assert said in answer.json["detail"]
    assert store.find_project("team-a") is None


def test_a_project_is_made_changed_and_deleted(client: FlaskClient, store: Store, accounts: Accounts) -> None:
    made = client.put(TEAM, json={"password": "s3cret", "keep_messages": 10, "keep_bytes": "1KiB", "keep_age": "1h"})
    team = store.project("team-a").id
    keep = {"messages": 10, "octets": 1024, "age": 3600.0}
    shape = {"name": "team-a", "messages": 0, "keep": keep, "has_password": True, "current": False}
    assert made.json == client.get(TEAM).json == shape
    assert accounts.password_of(team) == "s3cret"

    client.put(TEAM, json={"keep_age": 60})
    assert (store.limits(team), accounts.password_of(team)) == (Limits(age=60.0), "s3cret")
    client.put(TEAM, json={"password": None})
    assert (store.limits(team), accounts.password_of(team)) == (Limits(), None)

    store.add(new_message(team)).result()
    assert client.delete(TEAM).json == {"deleted": 1}
    assert client.get(TEAM).status_code == 404
    assert client.delete(TEAM).status_code == 404


def test_neither_the_default_nor_the_current_project_is_deleted(
    client: FlaskClient, store: Store, current: Current
) -> None:
    other = store.project("other")
    with current.set_to(other.id):
        assert client.delete("/v1/projects/other").status_code == 409
        assert client.delete("/v1/projects/default").status_code == 409
    assert client.delete("/v1/projects/other").status_code == 200


def test_projects_come_in_pages(client: FlaskClient, store: Store) -> None:
    for name in ("b", "a", "c"):
        store.project(name)

    first: Any = client.get("/v1/projects?limit=2").json
    second: Any = client.get("/v1/projects", query_string={"limit": 2, "cursor": first["next"]}).json
    assert [each["name"] for each in first["projects"] + second["projects"]] == ["a", "b", "c", "default"]
    assert second["next"] is None
    assert [each["name"] for each in client.get("/v1/projects?contains=fau").json["projects"]] == ["default"]  # type: ignore[index]


def test_the_password_of_the_settings_is_changed_there(client: FlaskClient, store: Store, accounts: Accounts) -> None:
    accounts.give_password(store.project("team-a").id, "given")

    assert client.put(TEAM, json={"password": "new"}).status_code == 409
    assert client.put(TEAM, json={"keep_messages": 1}).status_code == 200


@pytest.mark.parametrize("given", ["password", "account"])
def test_a_project_of_which_the_settings_say_something_is_not_deleted(
    client: FlaskClient, store: Store, accounts: Accounts, given: str
) -> None:
    project = store.project("team-a").id
    if given == "password":
        accounts.give_password(project, "given")
    else:
        accounts.give(project, Configured("ann@example.com"))
    answer: Any = client.delete(TEAM)

    assert (answer.status_code, answer.json["code"]) == (409, "given_by_settings")
    assert store.find_project("team-a")


# -- credentials


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer s3cret",
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"team-a").decode(),
        "Basic " + b64encode(b"\xff:x").decode(),
        basic("team-a", "wrong")["Authorization"],
        basic("team-a")["Authorization"],
        basic("nobody", "s3cret")["Authorization"],
        basic("")["Authorization"],
    ],
)
def test_credentials_that_are_not_right_are_refused(
    client: FlaskClient, store: Store, accounts: Accounts, authorization: str
) -> None:
    accounts.set_password(store.project("team-a").id, "s3cret")

    answer: Any = client.get("/v1/messages", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert "s3cret" not in answer.text


def test_a_request_is_in_the_world_of_the_project_that_it_names(
    client: FlaskClient, store: Store, accounts: Accounts, put: Put
) -> None:
    team = store.project("team-a").id
    accounts.set_password(team, "pä:ss")
    theirs = store.add(new_message(team)).result()
    ours = put()

    def ids(headers: dict[str, str]) -> list[str]:
        answer: Any = client.get("/v1/messages", headers=headers)
        return [each["id"] for each in answer.json["messages"]]

    assert ids({}) == [ours.id]
    assert ids(basic("team-a", "pä:ss")) == [theirs.id]
    client.delete("/v1/messages?all=true", headers=basic("team-a", "pä:ss"))
    assert (ids({}), ids(basic("team-a", "pä:ss"))) == ([ours.id], [])


def test_a_project_without_a_password_is_named_with_any(client: FlaskClient, store: Store) -> None:
    store.project("team-a")

    assert client.get("/v1/messages", headers=basic("team-a", "any")).status_code == 200


def test_who_names_a_project_sees_and_changes_that_alone(client: FlaskClient, store: Store) -> None:
    store.project("team-a")
    store.project("team-b")
    as_a = basic("team-a")

    assert [each["name"] for each in client.get("/v1/projects", headers=as_a).json["projects"]] == ["team-a"]  # type: ignore[index]
    assert client.put(TEAM, json={"keep_messages": 5}, headers=as_a).status_code == 200
    for name in ("team-b", "default", "new"):
        assert client.get(f"/v1/projects/{name}", headers=as_a).status_code == 403
        assert client.put(f"/v1/projects/{name}", json={}, headers=as_a).status_code == 403
        assert client.delete(f"/v1/projects/{name}", headers=as_a).status_code == 403


def test_who_names_a_project_lets_nothing_go_wrong_in_others(client: FlaskClient, store: Store) -> None:
    store.project("team-a")
    as_a, fault = basic("team-a"), {"at": "smtp.rcpt", "do": "reject 451"}
    for_all: Any = client.post("/v1/faults", json=fault).json

    assert client.post("/v1/faults", json={**fault, "project": "default"}, headers=as_a).status_code == 403
    assert client.post("/v1/faults", json={**fault, "project": "team-a"}, headers=as_a).status_code == 201
    assert client.delete("/v1/faults?all=true", headers=as_a).json == {"removed": 1}
    assert client.delete(f"/v1/faults/{for_all['id']}", headers=as_a).status_code in (403, 404)
    assert client.get(f"/v1/faults/{for_all['id']}").status_code == 200


def test_waits_and_events_are_in_that_world_too_and_wrong_passwords_are_kept_waiting() -> None:
    from mailtrap_web.access import Credentials

    with Sandbox(http=0, project=["team-a:s3cret"]) as sandbox:
        import requests

        team = sandbox.store.project("team-a").id
        sandbox.store.add(new_message(team)).result()
        ask = f"{sandbox.url}/v1/wait?timeout=0"

        assert requests.get(ask, timeout=30).status_code == 404
        assert requests.get(ask, auth=("team-a", "wrong"), timeout=30).status_code == 401
        assert requests.get(ask, auth=("team-a", "s3cret"), timeout=30).status_code == 200
        assert sandbox.accounts.attempts.failed((0, "team-a", "127.0.0.1")) > 0
    assert "s3cret" not in repr(Credentials("team-a", "s3cret"))
