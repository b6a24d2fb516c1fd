"""The page of the faults: rules that are there, one more, one less, and the clock."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mailtrap.faults import Rule
from mailtrap_web.world import World


@pytest.fixture
def here(client: FlaskClient) -> World:
    found: World = client.application.config["WORLD"]
    return found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "at: a fault needs it"),
        ({"at": "smtp.rctp", "do": "reject"}, "did you mean"),
        ({"at": "smtp.rcpt", "do": "rejetc 550"}, "did you mean reject?"),
        ({"at": "smtp.rcpt", "do": "reject", "times": "<b>"}, "&lt;b&gt;"),
    ],
)
def test_what_is_no_fault_is_said_and_stays_in_the_form(
    client: FlaskClient, here: World, given: dict[str, str], said: str
) -> None:
    response = client.post("/faults", data=given)

    assert response.status_code == 400
    assert said in response.text
    assert f'value="{given.get("at", "")}"' in response.text
    assert here.faults.rules() == []


def test_nothing_goes_wrong_without_a_rule(client: FlaskClient) -> None:
    assert "no rule is there" in client.get("/faults").text
    assert "active" not in client.get("/").text


def test_a_rule_is_made_shown_everywhere_and_removed(client: FlaskClient, here: World) -> None:
    assert client.post("/faults", data={"at": "smtp.rcpt", "do": "reject 550", "rcpt": "bob@x.test"}).status_code == 303
    [made] = here.faults.rules()
    assert (made.at, made.rcpt, made.project) == ("smtp.rcpt", "bob@x.test", here.current.project)
    assert "reject 550" in client.get("/faults").text
    assert "1 fault is active" in client.get("/").text

    assert client.post(f"/faults/{made.id}/remove").status_code == 303
    assert here.faults.rules() == []
    assert client.post(f"/faults/{made.id}/remove").status_code == 404


def test_rules_of_another_project_are_not_shown(client: FlaskClient, here: World) -> None:
    here.faults.add(Rule("smtp.rcpt", "reject 550"))
    here.faults.add(Rule("smtp.rcpt", "hang", project=4711))

    assert "reject 550" in client.get("/faults").text
    assert "hang" not in client.get("/faults").text


@pytest.mark.parametrize("text", ["", "soon", "-1h", "99999d"])
def test_the_clock_goes_ahead_by_a_time_that_is_one(client: FlaskClient, here: World, text: str) -> None:
    before = here.clock.now()

    assert client.post("/clock", data={"advance": text}).status_code == 400
    assert here.clock.now() - before < 3600


def test_the_clock_is_advanced(client: FlaskClient, here: World) -> None:
    before = here.clock.now()

    assert client.post("/clock", data={"advance": "1h"}).status_code == 303
    assert here.clock.now() - before >= 3600
