"""/v1/faults and /v1/clock: what goes wrong on purpose, and when, over REST."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smtp_client import SmtpClient

from mailtrap.faults import Rule
from mailtrap.faults.rules import WORDS
from mailtrap_web.api.faults import FaultShape, NewFault

REFUSE = {"at": "smtp.rcpt", "do": "reject 451 4.7.1 try later", "rcpt": "*@slow.test", "times": 2}


@pytest.fixture(autouse=True)
def _no_fault_stays(live: Any) -> None:
    live.sandbox.faults.clear()


@pytest.mark.parametrize(
    ("body", "code", "says", "member"),
    [
        ({}, "bad_body", "the body lacks 'at'", None),
        ({"at": "smtp.rcpt"}, "bad_body", "the body lacks 'do'", None),
        (REFUSE | {"tims": 2}, "bad_body", "the body has no member 'tims'; did you mean times?", None),
        (REFUSE | {"times": "2"}, "bad_body", "times must be a whole number", None),
        (REFUSE | {"chance": True}, "bad_body", "chance must be a string or a number", None),
        (REFUSE | {"at": "smtp.rctp"}, "bad_fault", "at: 'smtp.rctp' is no stage; did you mean smtp.rcpt?", "at"),
        (REFUSE | {"do": "rejetc"}, "bad_fault", "do: there is no fault 'rejetc'; did you mean reject?", "do"),
        (REFUSE | {"times": 0}, "bad_fault", "times: 0 is not a whole number above 0", "times"),
        (REFUSE | {"chance": 1.5}, "bad_fault", "chance: 1.5 is not a probability such as 0.2 or 20%", "chance"),
        (REFUSE | {"expires": "soon"}, "bad_fault", "expires: 'soon' is not a time above 0", "expires"),
        (REFUSE | {"project": "nowhere"}, "bad_fault", "project: there is no project 'nowhere'", "project"),
    ],
)
def test_what_is_no_rule_is_a_problem_that_names_the_member(
    live: Any, body: dict[str, object], code: str, says: str, member: str | None
) -> None:
    response = live.ask("POST", "/v1/faults", json=body)
    problem = response.json()

    assert response.status_code == 400
    assert problem["code"] == code
    assert problem["detail"].startswith(says)
    assert problem.get("member") == member
    assert live.get("/v1/faults").json() == {"faults": []}


def test_a_rule_that_is_not_there_is_not_found(live: Any) -> None:
    assert live.get("/v1/faults/4711").status_code == 404
    assert live.ask("DELETE", "/v1/faults/4711").status_code == 404


def test_a_rule_is_made_acts_counts_and_is_removed(live: Any) -> None:
    made = live.ask("POST", "/v1/faults", json=REFUSE)
    path = made.headers["Location"]
    assert made.status_code == 201
    assert made.json().items() >= (REFUSE | {"hits": 0, "spent": False}).items()

    with SmtpClient(live.sandbox.address("smtp")) as client:
        client.command(b"MAIL FROM:<app@shop.test>", "250")
        for to, code in ((b"ann@fast.test", "250"), *[(b"ann@Slow.test", "451 4.7.1 try later")] * 2):
            client.command(b"RCPT TO:<%s>" % to, code)
        client.command(b"RCPT TO:<ann@slow.test>", "250")
    assert live.get(path).json() == made.json() | {"hits": 2, "spent": True}
    assert live.get("/v1/faults").json() == {"faults": [live.get(path).json()]}

    assert live.ask("DELETE", path).json() == made.json() | {"hits": 2, "spent": True}
    assert live.get(path).status_code == 404


def test_all_are_removed_only_if_that_is_said(live: Any) -> None:
    live.sandbox.faults.add(Rule("imap.FETCH", "no"))
    live.ask("POST", "/v1/faults", json=REFUSE)

    assert live.ask("DELETE", "/v1/faults").json()["code"] == "nothing_named"
    assert live.ask("DELETE", "/v1/faults?all=true").json() == {"removed": 2}
    assert live.get("/v1/faults").json() == {"faults": []}


def test_a_rule_belongs_to_the_project_of_the_call(live: Any) -> None:
    sandbox = live.sandbox
    path = live.ask("POST", "/v1/faults", json=REFUSE).headers["Location"]
    other = sandbox.store.new_project()
    [rule] = sandbox.faults.rules()
    assert rule.project == sandbox.current.project

    with sandbox.current.set_to(other.id):
        assert live.get(path).status_code == 404
        assert live.ask("DELETE", path).status_code == 404
        assert live.ask("DELETE", "/v1/faults?all=true").json() == {"removed": 0}
        assert live.get("/v1/faults").json() == {"faults": []}
    made = live.ask("POST", "/v1/faults", json=REFUSE | {"project": other.name}).json()
    assert made["project"] == other.name
    assert sandbox.faults.rule(made["id"]).project == other.id


def test_the_members_are_the_words_of_a_rule() -> None:
    words = {each.name for each in fields(NewFault)}

    assert words == set(WORDS)
    assert get_type_hints(FaultShape).keys() == words | {"id", "hits", "spent"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*WORDS, "id", "x"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.just("smtp.rcpt")),
    )
)
def test_any_json_is_a_rule_or_refused(client: Any, body: dict[str, object]) -> None:
    assert client.post("/v1/faults", json={"at": "smtp.rcpt", "do": "drop"} | body).status_code in (201, 400)


@pytest.mark.parametrize(
    "body", [{}, {"advance": "soon"}, {"advance": -1}, {"advance": None}, {"advance": "9999999d"}, {"advance": True}]
)
def test_the_clock_goes_ahead_by_a_time_that_is_one(live: Any, body: dict[str, object]) -> None:
    ahead = live.get("/v1/clock").json()["ahead"]

    assert live.ask("POST", "/v1/clock", json=body).status_code == 400
    assert live.get("/v1/clock").json()["ahead"] == ahead


def test_the_clock_is_advanced_once_what_became_due_is_done(live: Any) -> None:
    done: list[str] = []
    live.sandbox.clock.after(3600, lambda: done.append("bounce"))
    before = live.get("/v1/clock").json()
    after = live.ask("POST", "/v1/clock", json={"advance": "1h"}).json()
    again = live.ask("POST", "/v1/clock", json={"advance": 1.5}).json()

    assert done == ["bounce"]
    assert after["ahead"] - before["ahead"] == 3600
    assert again["ahead"] - after["ahead"] == 1.5
    assert again["time"] > after["time"] > before["time"]
