"""The server itself: bad HTTP, limits, the gate before every route, starting and stopping."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from mailtrap.sandbox import Sandbox


def head(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "request_",
    [
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"EHLO example.com\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET /v1/messages?q=\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/messages HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /v1/messages HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        b"GET /%2e%2e/v1/messages HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/messages%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_400_and_the_server_goes_on(live: Any, request_: bytes) -> None:
    assert head(live.raw(request_)) == b"HTTP/1.1 400 Bad Request"
    assert live.get("/livez").status_code == 200


def test_a_version_that_is_not_spoken_is_refused(live: Any) -> None:
    answer = live.raw(b"GET /livez HTTP/9.9\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert head(answer).split()[1] in (b"400", b"505")


def test_a_head_that_is_too_large_is_refused(live: Any) -> None:
    assert live.get("/", headers={"X": "x" * 70_000}).status_code in (431, 400)


def test_a_head_is_not_read_without_end(live: Any) -> None:
    with live.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        with suppress(ConnectionError):
            while True:
                connection.sendall(b"x" * 10_000)

    assert live.get("/livez").status_code == 200


def test_half_a_request_is_not_waited_for_without_end(impatient: Any) -> None:
    assert impatient.raw(b"GET /livez HTTP/1.1\r\nHost:") == b""


def test_a_body_that_stalls_is_not_waited_for_without_end(impatient: Any) -> None:
    answer = impatient.raw(
        b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: message/rfc822\r\nContent-Length: 9\r\n\r\nabc"
    )

    assert head(answer) == b"HTTP/1.1 408 Request Timeout"
    assert impatient.sandbox.messages() == []


def test_a_body_that_breaks_off_is_not_stored(live: Any) -> None:
    with live.connect() as connection:
        connection.sendall(
            b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: message/rfc822\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nFrom:\r\n"
        )

    assert live.get("/v1/wait?q=origin:deliver&timeout=0").status_code == 404


def test_a_chunked_body_is_read(live: Any) -> None:
    pieces = iter([b"Subject: in pie", b"ces\r\n\r\n", b"x" * 100_000])

    response = live.ask("POST", "/v1/messages", data=pieces, headers={"Content-Type": "message/rfc822"})

    assert response.status_code == 201
    assert response.json()["subject"] == "in pieces"


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(("method", "kind"), [("POST", "message/rfc822"), ("PATCH", "application/json")])
def test_a_body_beyond_the_limit_is_refused_and_not_kept(live: Any, method: str, kind: str, chunked: bool) -> None:
    pieces = [b" " * 65536] * 40
    body: Any = iter(pieces) if chunked else b"".join(pieces)

    response = live.ask(method, "/v1/messages", data=body, headers={"Content-Type": kind})

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_large_body_is_not_asked_for(live: Any) -> None:
    with live.connect() as connection:
        connection.sendall(
            b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: message/rfc822\r\n"
            b"Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n"
        )

        assert head(connection.recv(1 << 16)).startswith(b"HTTP/1.1 413 ")


def test_slow_clients_keep_nobody_else_waiting(live: Any) -> None:
    with ExitStack() as slow:
        for n in range(200):
            connection = slow.enter_context(live.connect())
            connection.sendall(b"GET /livez HTTP/1.1\r\nHo" if n % 2 else b"")

        assert live.get("/v1/messages").status_code == 200


def test_beyond_the_most_connections_it_says_so_and_goes_on_when_there_are_fewer() -> None:
    with Sandbox(http=0, http_connections=3) as sandbox:
        with ExitStack() as others:
            for _ in range(3):
                others.enter_context(requests.get(f"{sandbox.url}/v1/events", stream=True, timeout=30))
            statuses = [requests.get(f"{sandbox.url}/livez", timeout=30).status_code for _ in range(3)]
        while requests.get(f"{sandbox.url}/livez", timeout=30).status_code != 200:
            time.sleep(0)

    assert statuses == [503, 503, 503]


def test_requests_follow_one_another_on_a_connection(live: Any) -> None:
    address = "http://{}:{}".format(*live.address)
    with requests.Session() as session:
        for path in ("/livez", "/v1/messages", "/v1/nothing", "/v1/wait?timeout=0", "/readyz"):
            assert session.get(address + path, timeout=30).status_code in (200, 404)


GATED = ("/", "/v1/messages", "/v1/wait", "/v1/events", "/v1/%77ait", "/v1/%65vents", "/v1/nothing", "/v1/openapi.json")


@pytest.mark.parametrize("path", GATED)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"},
    ],
)
def test_the_gate_stands_before_every_route(live: Any, path: str, headers: dict[str, str]) -> None:
    response = live.get(path, headers=headers)

    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/%2577ait", "/v1/%252e%252e/x", "/%25"])
def test_a_path_is_decoded_once(live: Any, path: str) -> None:
    assert live.get(path).status_code == 404


def test_every_answer_keeps_its_content_in_its_place(live: Any) -> None:
    for path in ("/", "/nothing", "/livez", "/v1/messages", "/v1/nothing", "/v1/wait?timeout=0", "/v1/openapi.json"):
        headers = live.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


def test_our_pages_run_nothing_of_others(live: Any) -> None:
    policy = live.get("/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert live.get("/").headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_health_is_told_to_any_name(live: Any) -> None:
    for path in ("/livez", "/readyz"):
        assert live.get(path, headers={"Host": "evil.example"}).json() == {"status": "ok"}


def test_requests_that_come_before_flask_is_there_wait_for_it() -> None:
    with Sandbox(http=0) as sandbox:
        assert requests.get(f"{sandbox.url}/v1/messages", timeout=30).json()["total"] == 0


def test_stopping_ends_waits_and_streams() -> None:
    with ThreadPoolExecutor() as pool:
        with Sandbox(http=0) as sandbox:
            before = len(sandbox.bus._subscribers)
            stream = requests.get(f"{sandbox.url}/v1/events", stream=True, timeout=30)
            waiting = pool.submit(requests.get, f"{sandbox.url}/v1/wait?timeout=300", timeout=30)
            while len(sandbox.bus._subscribers) < before + 2:
                time.sleep(0)
        answer = waiting.result()
        lines = list(stream.iter_lines())

    assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
    assert b"event: ready" in lines


def test_a_sandbox_stops_before_its_http_has_started() -> None:
    for _ in range(3):
        Sandbox(http=0).start().stop()


def test_the_store_s_trouble_is_told_by_readyz() -> None:
    with Sandbox(http=0) as sandbox:
        assert requests.get(f"{sandbox.url}/readyz", timeout=30).status_code == 200
        sandbox.store.close()
        response = requests.get(f"{sandbox.url}/readyz", timeout=30)

    assert response.status_code == 503
    assert json.loads(response.text)["code"] == "store_unavailable"
