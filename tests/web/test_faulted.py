"""Faults in HTTP, over sockets: what becomes of a request, and that they can always be taken away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from mailtrap.faults import Rule

PATIENCE = 20.0

HELLO = b"Subject: Hello\r\n\r\nHello, Ann.\r\n"


Want = Callable[..., Rule]
Ask = Callable[..., Future[requests.Response]]


@pytest.fixture
def want(alone: Any) -> Want:
    return lambda at, do, **words: alone.sandbox.faults.add(Rule(at, do, **words))


@pytest.fixture
def ask(alone: Any) -> Iterator[Ask]:
    """Asks in a thread."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda *words, **more: pool.submit(alone.ask, *words, **more)


@pytest.mark.parametrize("path", ["/v1/faults", "/v1/faults/1", "/v1/clock", "/faults", "/livez", "/readyz"])
def test_nothing_happens_where_faults_are_taken_away_or_somebody_asks_whether_we_live(
    alone: Any, want: Want, path: str
) -> None:
    rule = want("http.*", "reject 503")

    assert alone.get(path).status_code != 503
    assert alone.sandbox.faults.rule(rule.id).hits == 0


@pytest.mark.parametrize("path", ["/v1/faultsx", "/v1/faults-of-yesterday", "/v1/clocks", "/livezz"])
def test_what_is_only_called_alike_is_not_spared(alone: Any, want: Want, path: str) -> None:
    want("http.*", "reject 503")

    assert alone.get(path).status_code == 503


def test_who_may_not_ask_is_told_so_and_no_fault_is_spent(alone: Any, want: Want) -> None:
    rule = want("http.GET", "reject 503")

    assert alone.get("/v1/messages", headers={"Host": "evil.example"}).status_code == 403
    assert alone.sandbox.faults.rule(rule.id).hits == 0


def test_a_refusal_is_a_problem_that_names_its_rule(alone: Any, want: Want) -> None:
    rule = want("http.GET", "reject 429 slow down, please", times=1)
    answer = alone.get("/v1/messages")

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "code": "fault",
        "detail": "slow down, please",
        "rule": rule.id,
    }
    assert alone.get("/v1/messages").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/v1/messages", "/v1/wait?timeout=0s", "/api/v1/messages", "/static/nothing.css"]
)
def test_it_happens_to_pages_and_to_every_api(alone: Any, want: Want, path: str) -> None:
    want("http.GET", "reject 500")

    assert alone.get(path).status_code == 500


def test_a_status_that_has_no_name_will_do(alone: Any, want: Want) -> None:
    want("http.GET", "reject 599 nobody knows")

    assert alone.get("/").json()["title"] == "599"


def test_another_method_and_another_project_are_none_of_its_business(alone: Any, want: Want) -> None:
    want("http.DELETE", "reject 500")
    want("http.GET", "reject 500", project=alone.sandbox.store.new_project().id)

    assert alone.get("/v1/messages").status_code == 200


def test_a_rate_is_kept_to(alone: Any, want: Want) -> None:
    want("http.GET", "rate 2/1m")
    found = [alone.get("/v1/messages").status_code for _ in range(3)]
    alone.sandbox.clock.advance(60)

    assert [*found, alone.get("/v1/messages").status_code] == [200, 200, 429, 200]


def test_a_delayed_request_is_answered_when_its_time_has_come(alone: Any, want: Want, ask: Ask) -> None:
    want("http.POST", "delay 1h")
    answer = ask("POST", "/v1/messages", data=HELLO, headers={"Content-Type": "message/rfc822"})
    assert alone.get("/v1/messages").json()["total"] == 0  # others are answered meanwhile, and nothing was carried out
    while not answer.done():
        alone.sandbox.clock.advance(3600)

    assert answer.result().status_code == 201
    assert alone.get("/v1/messages").json()["total"] == 1


def test_the_end_does_not_wait_for_a_delay(alone: Any, want: Want, ask: Ask) -> None:
    rule = want("http.GET", "delay 1h")
    answer = ask("GET", "/v1/messages")
    while not alone.sandbox.faults.rule(rule.id).hits:
        pass
    alone.sandbox.stop()

    assert answer.result(PATIENCE).status_code == 200


def test_a_client_that_goes_is_not_waited_for(alone: Any, want: Want) -> None:
    rule = want("http.GET", "delay 1h")
    want("http.GET", "hang")
    with alone.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not alone.sandbox.faults.rule(rule.id).hits:
            pass
    alone.sandbox.stop()  # which would wait for two seconds, and say so

    assert not alone.sandbox.addresses


@pytest.mark.parametrize("do", ["drop", "drop rst"])
def test_a_dropped_connection_ends_without_an_answer(alone: Any, want: Want, do: str) -> None:
    want("http.*", do)

    with pytest.raises(requests.ConnectionError):
        alone.get("/")
    with pytest.raises(requests.ConnectionError):
        alone.ask("POST", "/v1/messages", data=HELLO * 1000, headers={"Content-Type": "message/rfc822"})


def test_one_that_hangs_says_nothing_and_goes_with_the_sandbox(alone: Any, want: Want) -> None:
    rule = want("http.GET", "hang")
    with alone.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not alone.sandbox.faults.rule(rule.id).hits:
            pass
        alone.sandbox.stop()

        assert connection.recv(100) == b""


def test_a_slow_response_comes_whole(alone: Any, want: Want, ask: Ask) -> None:
    message = alone.put(HELLO)
    want("http.GET", "slow 100/s")
    answer = ask("GET", f"/v1/messages/{message.id}/raw")
    while not answer.done():
        alone.sandbox.clock.advance(0.1)

    assert answer.result().content == HELLO
