"""Who may ask: Host, Origin and what browsers say of a request."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.current import Current
from mailtrap_web.api.problems import Problem
from mailtrap_web.gate import Asked, admit, host_allowed, own_names
from mailtrap_web.world import World

PART = "/v1/messages/AAAAAAAAAAAAAAAA/parts/2"


def ask(path: str = "/v1/messages", method: str = "GET", /, query: bytes = b"", **headers: str) -> None:
    given = {"host": "localhost:8025"} | {name.replace("_", "-"): value for name, value in headers.items()}
    admit(Asked(method, path, query, "1.1", {name: (value,) for name, value in given.items()}), ("ci.example",))


def refused(*args: str, **headers: str) -> Problem:
    with pytest.raises(Problem) as caught:
        ask(*args, **headers)  # type: ignore[arg-type]  # query is not among them
    return caught.value


@pytest.mark.parametrize(
    "host",
    "evil.example localhost.evil.example 127.0.0.1.evil.example evil.example. evil.example:8025 notlocalhost.com"
    " internal.example a.svc.example 1.2.3.4.5 127.0.0.1.nip.io".split(),
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_name_that_outsiders_can_point_at_us_is_refused(host: str, method: str) -> None:
    problem = refused("/v1/messages", method, host=host)

    assert (problem.status, problem.code) == (403, "host_not_allowed")
    assert f"--allowed-host {host.partition(':')[0].removesuffix('.')}" in problem.detail


@pytest.mark.parametrize(
    "host",
    "localhost localhost:8025 LOCALHOST app.localhost 127.0.0.1:8025 10.1.2.3 [::1]:8025 [fe80::1] mail mail:8025"
    " box.local db.internal a.test mail.team.svc mail.svc.cluster.local localhost. ci.example CI.example:443".split(),
)
def test_a_name_that_nobody_outside_can_point_at_us_is_allowed(host: str) -> None:
    ask(host=host)


@pytest.mark.parametrize("host", ["", " ", "a b", "localhost:80:80", "[::1", "user@localhost", "localhost/x", "a,b c"])
def test_a_host_that_is_no_authority_is_refused(host: str) -> None:
    assert refused(host=host).code == "bad_host"


def test_two_hosts_are_refused() -> None:
    with pytest.raises(Problem, match="one valid Host"):
        admit(Asked("GET", "/", b"", "1.1", {"host": ("localhost", "evil.example")}), ())


def test_no_host_is_refused_in_http_1_1_and_usual_in_1_0() -> None:
    with pytest.raises(Problem, match="one valid Host"):
        admit(Asked("GET", "/", b"", "1.1", {}), ())

    admit(Asked("GET", "/", b"", "1.0", {}), ())


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_told_to_everybody(path: str) -> None:
    ask(path, host="evil.example", origin="https://evil.example", sec_fetch_site="cross-site")


@pytest.mark.parametrize("path", ["/livez/", "/v1/livez", "//livez", "/livez/../v1/messages"])
def test_what_looks_like_health_is_not(path: str) -> None:
    assert refused(path, host="evil.example").status in (400, 403)


@pytest.mark.parametrize(
    "path", ["/", "/v1/messages", "/v1/events", "/v1/wait", "/v1/openapi.json", "/static/a.css", PART]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize(
    "says",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "something-new"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example:8025"},
        {"origin": "http://[broken"},
        {"sec_fetch_site": "same-origin", "origin": "https://evil.example"},
        {"sec_fetch_site": "none", "origin": "chrome-extension://abcdef"},
    ],
)
def test_a_page_of_another_site_is_refused_on_every_route(path: str, method: str, says: dict[str, str]) -> None:
    assert refused(path, method, **says).code == "cross_site"


@pytest.mark.parametrize("path", ["/", "/m/AAAA/raw", "/accounts"])
def test_a_link_to_a_page_may_be_followed_from_anywhere(path: str) -> None:
    ask(path, sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document")


@pytest.mark.parametrize(
    ("method", "path", "says"),
    [
        ("POST", "/", {}),  # a form that another site sends
        ("GET", "/v1/messages", {}),
        ("GET", "/v1/wait", {}),
        ("GET", "/", {"sec_fetch_dest": "iframe"}),
        ("GET", "/", {"sec_fetch_mode": "no-cors"}),
        ("GET", "/", {"origin": "https://evil.example"}),
    ],
)
def test_nothing_else_is_a_followed_link(method: str, path: str, says: dict[str, str]) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}

    assert refused(path, method, **(link | says)).code == "cross_site"


@pytest.mark.parametrize("says", [{}, {"origin": "null"}])
def test_a_message_s_own_pictures_are_let_in_from_its_frame(says: dict[str, str]) -> None:
    ask(PART, sec_fetch_site="cross-site", sec_fetch_mode="no-cors", sec_fetch_dest="image", **says)


@pytest.mark.parametrize(
    "path", ["/v1/messages", PART + "/x", "/v1/messages/AAAA/raw", "/v1/messages/AAAA/html", "/v1/messages//parts/"]
)
def test_nothing_else_is_given_as_a_picture(path: str) -> None:
    says = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}

    assert refused(path, **says).code == "cross_site"
    assert refused(PART, "POST", **says).code == "cross_site"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "says",
    [
        {},
        {"sec_fetch_site": "same-origin", "origin": "http://localhost:8025"},
        {"sec_fetch_site": "same-site", "origin": "http://localhost:3000"},
        {"origin": "http://localhost:3000"},
        {"origin": "https://ci.example"},
    ],
)
def test_programs_and_our_own_pages_may_do_everything(method: str, says: dict[str, str]) -> None:
    ask("/v1/messages", method, **says)


def test_what_was_typed_in_may_be_read_and_no_more() -> None:
    ask("/v1/messages", sec_fetch_site="none", sec_fetch_mode="navigate", sec_fetch_dest="document")

    assert refused("/v1/messages", "POST", sec_fetch_site="none").code == "cross_site"


@pytest.mark.parametrize("path", ["/v1/../x", "/.", "/v1/./messages", "/v1/..", "/v1\\messages", "/a\0b", "/a\r\nb"])
def test_a_path_that_others_may_read_differently_is_refused(path: str) -> None:
    assert refused(path).code == "bad_target"


def test_a_head_without_end_is_refused() -> None:
    assert refused(cookie="x" * (64 << 10)).status == 431


def test_a_query_must_be_ascii() -> None:
    with pytest.raises(Problem, match="percent-encoded"):
        ask("/v1/messages", query="q=ü".encode())


def test_the_names_that_are_ours() -> None:
    world = World(
        store=None,  # type: ignore[arg-type]  # names alone are asked for
        current=Current(1),
        url="https://Mail.ci.example:8443/sandbox",
        hostname="sandbox.example",
        allowed_hosts=("Box.example.",),
    )

    names = own_names(world)

    assert {"mail.ci.example", "sandbox.example", "box.example"} <= names
    assert not host_allowed("ci.example", names)


@given(
    st.text(), st.text(), st.text(), st.dictionaries(st.sampled_from(["host", "origin", "sec-fetch-site"]), st.text())
)
def test_any_request_is_admitted_or_refused(method: str, path: str, query: str, headers: dict[str, str]) -> None:
    given = {name: (value,) for name, value in headers.items()}
    with suppress(Problem):  # and nothing else
        admit(Asked(method, path, query.encode("utf-8", "replace"), "1.1", given), ())
