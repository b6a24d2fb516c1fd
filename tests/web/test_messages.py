"""Messages over REST: listed, read, changed, deleted, handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtrap.message.summary import Summary

Put = Callable[..., Summary]
PROBLEM = "application/problem+json"


def get(client: FlaskClient, path: str, status: int = 200, **query: Any) -> Any:
    response = client.get(path, query_string=query)
    assert response.status_code == status, response.text
    assert response.content_type == ("application/json" if status < 400 else PROBLEM)
    return response.json


def subjects(answer: Any) -> list[str]:
    return [each["subject"] for each in answer["messages"]]


def titled(subject: str, **more: str) -> bytes:
    fields = {"From": "Shop <shop@shop.test>", "To": "ann@example.com", "Subject": subject} | more
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\nbody\r\n"


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ({"lim": "3"}, "unknown_parameter", "did you mean limit?"),
        ({"zzzz": "3"}, "unknown_parameter", "known: q, account, limit, cursor, since"),
        ({"limit": "0"}, "bad_parameter", "limit must be a whole number from 1 to 200"),
        ({"limit": "201"}, "bad_parameter", "limit must be a whole number from 1 to 200"),
        ({"limit": "٣"}, "bad_parameter", "limit must be"),
        ({"limit": ["1", "2"]}, "bad_parameter", "limit is given twice"),
        ({"cursor": "c3"}, "bad_parameter", "cursor must be the `next` of an earlier page"),
        ({"since": "p3"}, "bad_parameter", "since must be a cursor, an RFC 3339 time"),
        ({"account": "a\0b"}, "bad_parameter", "account must be without NUL"),
    ],
)
def test_a_wrong_parameter_is_named(client: FlaskClient, query: dict[str, str], code: str, says: str) -> None:
    problem = get(client, "/v1/messages", 400, **query)

    assert problem["code"] == code
    assert says in problem["detail"]
    assert problem["parameter"] in query


def test_a_query_that_does_not_parse_is_refused_with_the_place(client: FlaskClient) -> None:
    problem = get(client, "/v1/messages", 400, q='subject:"never closed')

    assert problem["code"] == "bad_query"
    assert 0 <= problem["position"] <= len('subject:"never closed')
    assert problem["reason"]


def test_an_empty_list_has_a_cursor(client: FlaskClient) -> None:
    answer = get(client, "/v1/messages")

    assert answer == {"messages": [], "total": 0, "next": None, "cursor": answer["cursor"]}


def test_a_summary_shows_what_a_list_needs(client: FlaskClient, put: Put) -> None:
    put(
        b"From: =?utf-8?q?J=C3=BCrgen?= <j@shop.test>\r\nTo: Ann <ann@example.com>, bob@example.com\r\n"
        b"Cc: cy@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello!\r\n",
        rcpt_to=("ann@example.com", "audit@example.com"),
    )

    [row] = get(client, "/v1/messages")["messages"]

    assert len(row.pop("id")) == 16
    assert row.pop("received_at").endswith("Z")
    assert row.pop("size") > 100
    assert row == {
        "origin": "smtp",
        "mail_from": "bounce@shop.test",
        "rcpt_to": ["ann@example.com", "audit@example.com"],
        "from": {"name": "Jürgen", "address": "j@shop.test"},
        "to": [{"name": "Ann", "address": "ann@example.com"}, {"name": "", "address": "bob@example.com"}],
        "cc": [{"name": "", "address": "cy@example.com"}],
        "bcc": [],
        "subject": "Grüße",
        "preview": "Hello!",
        "attachments": 0,
        "defects": 0,
        "tags": [],
        "seen": False,
        "pinned": False,
        "accounts": ["catchall", "ann@example.com", "audit@example.com"],
    }


def test_lists_are_newest_first_and_go_on_by_cursor(client: FlaskClient, put: Put) -> None:
    for n in range(5):
        put(titled(f"number {n}"))

    first = get(client, "/v1/messages", limit=2)
    put(titled("one more"))
    second = get(client, "/v1/messages", limit=2, cursor=first["next"])
    third = get(client, "/v1/messages", limit=2, cursor=second["next"])

    assert [subjects(each) for each in (first, second, third)] == [
        ["number 4", "number 3"],
        ["number 2", "number 1"],
        ["number 0"],
    ]
    assert first["total"] == 5
    assert third["next"] is None


def test_a_list_is_what_the_query_finds(client: FlaskClient, put: Put) -> None:
    put(titled("Welcome"))
    put(titled("Reset"), rcpt_to=("bob@example.com",))

    assert subjects(get(client, "/v1/messages", q="subject:welcome")) == ["Welcome"]
    assert subjects(get(client, "/v1/messages", account="Bob@Example.COM")) == ["Reset"]
    assert subjects(get(client, "/v1/messages", q="rcpt:bob@example.com -subject:reset")) == []


def test_since_a_cursor_only_what_came_after_it_counts(client: FlaskClient, put: Put) -> None:
    put(titled("old"))
    cursor = get(client, "/v1/messages")["cursor"]
    put(titled("new"))

    assert subjects(get(client, "/v1/messages", since=cursor)) == ["new"]
    assert subjects(get(client, "/v1/messages", since="1h")) == ["new", "old"]
    assert subjects(get(client, "/v1/messages", since="2999-01-01T00:00:00Z")) == []


def test_a_message_is_given_whole(client: FlaskClient, put: Put) -> None:
    added = put(
        b"From: shop@shop.test\r\nX-Odd: =?utf-8?q?=C3=BC?=\r\nMessage-ID: <1@shop.test>\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
        b'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"
    )

    message = get(client, f"/v1/messages/{added.id}")

    assert message["headers"][:3] == [["From", "shop@shop.test"], ["X-Odd", "ü"], ["Message-ID", "<1@shop.test>"]]
    assert message["message_id"] == "<1@shop.test>"
    assert message["text"].strip() == "Hello"
    assert message["html"] == ""
    assert message["envelope"]["rcpt_to"] == ["ann@example.com"]
    assert message["envelope"]["rcpt_parameters"] == [[]]
    assert message["envelope"]["helo"] == "app.test"
    assert [each["type"] for each in message["parts"]["parts"]] == ["text/plain", "application/pdf"]
    [attachment] = message["attachments"]
    assert (attachment["part"], attachment["filename"], attachment["size"]) == ("2", "a.pdf", 4)
    assert [entry["account"] for entry in message["entries"]] == ["catchall", "ann@example.com"]


def test_reading_a_message_does_not_mark_it(client: FlaskClient, put: Put) -> None:
    added = put()

    for path in ("", "/raw", "/text", "/parts/1"):
        assert client.get(f"/v1/messages/{added.id}{path}").status_code == 200

    assert get(client, f"/v1/messages/{added.id}")["seen"] is False


def test_latest_is_the_newest_that_the_query_finds(client: FlaskClient, put: Put) -> None:
    put(titled("first"))
    put(titled("second"))

    assert get(client, "/v1/messages/latest")["subject"] == "second"
    assert get(client, "/v1/messages/latest", q="subject:first")["subject"] == "first"
    assert client.get("/v1/messages/latest/raw?q=subject:first").data == titled("first")
    assert get(client, "/v1/messages/latest", 404, q="subject:third")["code"] == "no_match"


def test_an_id_takes_no_query(client: FlaskClient, put: Put) -> None:
    assert get(client, f"/v1/messages/{put().id}", 400, q="subject:x")["parameter"] == "q"


@pytest.mark.parametrize("path", ["", "/raw", "/parts/1", "/html", "/text", "/transcript"])
@pytest.mark.parametrize("message_id", ["AAAAAAAAAAAAAAAA", "x", "%00", "'", "ü", "A" * 5000])
def test_an_unknown_id_is_not_found(client: FlaskClient, path: str, message_id: str) -> None:
    response = client.get(f"/v1/messages/{message_id}{path}")

    assert response.status_code in (400, 404)
    assert response.content_type == PROBLEM


def test_a_deleted_message_is_gone_and_says_since_when(client: FlaskClient, put: Put) -> None:
    added = put()

    deleted = client.delete(f"/v1/messages/{added.id}")
    gone = get(client, f"/v1/messages/{added.id}", 410)

    assert deleted.json is not None
    assert deleted.json["deleted"] == 1
    assert (gone["code"], gone["why"]) == ("gone", "deleted")
    assert gone["gone_at"].endswith("Z")
    assert client.delete(f"/v1/messages/{added.id}").status_code == 410
    assert client.get(f"/v1/messages/{added.id}/raw").status_code == 410


@pytest.mark.parametrize(
    ("query", "body", "kind", "status"),
    [
        ("", b"", None, 400),
        ("", b"", "application/json", 400),
        ("", b"{}", "application/json", 400),
        ("", b"[]", "application/json", 400),
        ("", b'{"ids": "all"}', "application/json", 400),
        ("", b'{"IDs": []}', "application/json", 400),
        ("", b"{", "application/json", 400),
        ("", b'{"ids": []}', None, 415),
        ("", b'{"ids": []}', "text/plain", 415),
        ("?q=", b"", None, 400),
        ("?q=%20", b"", None, 400),
        ("?q=(", b"", None, 400),
        ("?all=1", b"", None, 400),
        ("?all=false", b"", None, 400),
        ("?all=true&q=subject:Hello", b"", None, 400),
        ("?all=true", b'{"ids": []}', "application/json", 400),
        ("?all=true", b"{", "application/json", 400),
        ("?account=ann@example.com", b"", None, 400),
    ],
)
def test_a_delete_that_does_not_say_what_deletes_nothing(
    client: FlaskClient, put: Put, query: str, body: bytes, kind: str | None, status: int
) -> None:
    put()

    response = client.delete(f"/v1/messages{query}", data=body, content_type=kind)

    assert (response.status_code, response.content_type) == (status, PROBLEM)
    assert get(client, "/v1/messages")["total"] == 1


def test_messages_are_deleted_by_query(client: FlaskClient, put: Put) -> None:
    for n in range(3):
        put(titled(f"old {n}"))
    put(titled("new"))

    response = client.delete("/v1/messages?q=subject:old")

    assert response.json is not None
    assert response.json["deleted"] == 3
    assert subjects(get(client, "/v1/messages")) == ["new"]


def test_messages_are_deleted_by_id_and_unknown_ids_do_not_count(client: FlaskClient, put: Put) -> None:
    ids = [put().id, put().id]

    response = client.delete("/v1/messages", json={"ids": [ids[0], "AAAAAAAAAAAAAAAA"]})

    assert response.json is not None
    assert response.json["deleted"] == 1
    assert [each["id"] for each in get(client, "/v1/messages")["messages"]] == ids[1:]


def test_all_is_all_but_what_is_pinned(client: FlaskClient, put: Put) -> None:
    put(titled("one"))
    pinned = put(titled("two"))
    client.patch("/v1/messages", json={"ids": [pinned.id], "pinned": True})

    response = client.delete("/v1/messages?all=true")

    assert response.json is not None
    assert response.json["deleted"] == 1
    assert subjects(get(client, "/v1/messages")) == ["two"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}),
        ("", {"seen": True}),
        ("", {"ids": ["x"], "seen": "yes"}),
        ("", {"ids": ["x"], "sen": True}),
        ("", {"ids": "x", "seen": True}),
        ("?q=subject:x", {"ids": ["x"], "seen": True}),
    ],
)
def test_a_change_that_does_not_say_of_what_changes_nothing(client: FlaskClient, query: str, body: object) -> None:
    response = client.patch(f"/v1/messages{query}", json=body)

    assert (response.status_code, response.content_type) == (400, PROBLEM)


def test_messages_are_marked_pinned_and_tagged(client: FlaskClient, put: Put) -> None:
    added = put()

    response = client.patch(
        "/v1/messages", json={"ids": [added.id], "seen": True, "pinned": True, "add_tags": ["todo", "bug"]}
    )
    client.patch("/v1/messages?q=tag:todo", json={"remove_tags": ["todo"]})

    assert response.json is not None
    assert response.json["updated"] == 1
    [row] = get(client, "/v1/messages")["messages"]
    assert (row["seen"], row["pinned"], row["tags"]) == (True, True, ["bug"])


def test_seen_belongs_to_the_account_that_is_named(client: FlaskClient, put: Put) -> None:
    added = put()

    client.patch("/v1/messages?account=ann@example.com", json={"ids": [added.id], "seen": True})

    assert get(client, "/v1/messages")["messages"][0]["seen"] is False
    assert get(client, "/v1/messages", account="ann@example.com")["messages"][0]["seen"] is True


def test_octets_are_handed_in_with_the_envelope_of_their_header(client: FlaskClient) -> None:
    octets = titled("Hi", To="ann@example.com, bob@example.com", Cc="ann@example.com", Bcc="cy@example.com")

    response = client.post("/v1/messages", data=octets, content_type="message/rfc822")

    assert response.status_code == 201, response.text
    assert response.json is not None
    assert response.headers["Location"] == f"/v1/messages/{response.json['id']}"
    assert response.json["origin"] == "deliver"
    assert response.json["mail_from"] == "shop@shop.test"
    assert response.json["rcpt_to"] == ["ann@example.com", "bob@example.com", "cy@example.com"]
    assert client.get(response.headers["Location"] + "/raw").data == octets


def test_octets_are_handed_in_with_an_envelope_that_is_given(client: FlaskClient) -> None:
    response = client.post(
        "/v1/messages?mail_from=&rcpt_to=x@y.test&rcpt_to=z@y.test", data=titled("Hi"), content_type="message/rfc822"
    )

    assert response.json is not None
    assert (response.json["mail_from"], response.json["rcpt_to"]) == ("", ["x@y.test", "z@y.test"])


@pytest.mark.parametrize("parameter", ["", "=x", "NOTIFY=a b", "NOTIFY=a=b", "RET=FULL\r\n", "ä=1"])
@pytest.mark.parametrize("name", ["mail_parameters", "rcpt_parameters"])
def test_what_smtp_could_not_have_said_is_no_parameter(client: FlaskClient, name: str, parameter: str) -> None:
    response = client.post(
        "/v1/messages", query_string={name: parameter}, data=titled("Hi"), content_type="message/rfc822"
    )

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["detail"] == f"{name} must be a parameter of SMTP such as NOTIFY=NEVER"


def test_octets_are_handed_in_with_the_parameters_of_their_envelope(client: FlaskClient) -> None:
    asked = "mail_parameters=RET=HDRS&mail_parameters=ENVID=7&rcpt_parameters=NOTIFY=NEVER"

    response = client.post(
        f"/v1/messages?{asked}&rcpt_to=x@y.test&rcpt_to=z@y.test", data=titled("Hi"), content_type="message/rfc822"
    )

    assert response.json is not None
    assert response.json["envelope"]["mail_parameters"] == ["RET=HDRS", "ENVID=7"]
    assert response.json["envelope"]["rcpt_parameters"] == [["NOTIFY=NEVER"], ["NOTIFY=NEVER"]]


@pytest.mark.parametrize("octets", [b"", b"\0\xff\r\n.\r\n", b"no header at all", b"\n" * 1000])
def test_anything_is_a_message(client: FlaskClient, octets: bytes) -> None:
    response = client.post("/v1/messages", data=octets, content_type="message/rfc822")

    assert response.status_code == 201, response.text
    assert client.get(response.headers["Location"] + "/raw").data == octets
    get(client, response.headers["Location"])


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_does_not_say_that_it_is_a_message_is_not_taken(client: FlaskClient, kind: str | None) -> None:
    response = client.post("/v1/messages", data=titled("Hi"), content_type=kind)

    assert response.status_code == 415
    assert "message/rfc822" in response.text


def test_an_envelope_cannot_have_a_line_end_in_it(client: FlaskClient) -> None:
    response = client.post(
        "/v1/messages?mail_from=a%0d%0aBcc:x@y.test", data=titled("Hi"), content_type="message/rfc822"
    )

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "kind", "size"),
    [
        ("POST", "/v1/messages", "message/rfc822", 1_000_001),
        ("PATCH", "/v1/messages", "application/json", 100_001),
        ("DELETE", "/v1/messages", "application/json", 100_001),
    ],
)
def test_a_body_beyond_its_limit_is_refused(client: FlaskClient, method: str, path: str, kind: str, size: int) -> None:
    response = client.open(path, method=method, data=b" " * size, content_type=kind)

    assert (response.status_code, response.content_type) == (413, PROBLEM)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/messages/", 404),
        ("GET", "/v1//messages", 404),
        ("PUT", "/v1/messages", 405),
        ("POST", "/v1/messages/x/raw", 405),
        ("TRACE", "/v1/messages", 405),
        ("BREW", "/v1/accounts", 405),
    ],
)
def test_what_there_is_not_is_a_problem_too(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method)

    assert (response.status_code, response.content_type) == (status, PROBLEM)
    assert ("Allow" in response.headers) == (status == 405)


def test_a_bug_is_answered_without_its_traceback_and_logged_with_it(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise RuntimeError("a secret")

    client.application.add_url_rule("/v1/broken", view_func=broken)

    problem = get(client, "/v1/broken", 500)

    assert problem["code"] == "internal_error"
    assert "secret" not in str(problem)
    assert "a secret" in caplog.text


def test_head_is_get_without_a_body(client: FlaskClient, put: Put) -> None:
    path = f"/v1/messages/{put().id}/raw"

    head, full = client.head(path), client.get(path)

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == full.headers["Content-Length"] == str(len(full.data))


def test_half_a_character_in_a_header_is_made_safe(client: FlaskClient, put: Put) -> None:
    put(mail_from="j\udcfcrgen@shop.test")

    response = client.get("/v1/messages")

    response.data.decode("utf-8", "strict")
    assert "\\ud" not in response.text
    assert response.json is not None
    assert response.json["messages"][0]["mail_from"] == "j\ufffdrgen@shop.test"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.text())
def test_any_query_is_answered_or_refused(client: FlaskClient, query: str) -> None:
    response = client.get("/v1/messages", query_string={"q": query.encode("utf-8", "surrogatepass")})

    assert response.status_code in (200, 400)
    assert response.status_code == 200 or response.content_type == PROBLEM


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]),
    st.lists(st.sampled_from(["messages", "latest", "parts", "raw", "accounts", "sessions", "1"]) | st.text()),
    st.text(),
    st.binary(),
    st.sampled_from([None, "application/json", "message/rfc822", "text/plain", ";"]),
)
def test_any_request_is_answered_without_a_bug(
    client: FlaskClient, method: str, segments: list[str], query: str, body: bytes, kind: str | None
) -> None:
    path = "/v1/" + "/".join(quote(each.encode("utf-8", "replace")) for each in segments)
    query = quote(query.encode("utf-8", "replace"), safe="&=%")

    response = client.open(path, method=method, query_string=query, data=body, content_type=kind)

    assert response.status_code < 500
