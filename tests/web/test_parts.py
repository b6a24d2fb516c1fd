"""What is inside a message, given out so that it can do nothing where it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.transcript import Transcript

Put = Callable[..., Summary]

CSP = (
    "default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'; font-src data:; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
PAGE = b"<html><body><script>alert(1)</script><p>Hi <img src='cid:logo@x'></p></body></html>"


def part(kind: str, content: bytes, *more: str) -> bytes:
    return "\r\n".join(["--b", f"Content-Type: {kind}", *more, "", ""]).encode() + content + b"\r\n"


def mixed(*parts: bytes) -> bytes:
    head = b'From: a@x.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + b"".join(parts) + b"--b--\r\n"


def assert_isolated(response: TestResponse) -> None:
    assert response.headers["Content-Security-Policy"] == CSP
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-DNS-Prefetch-Control"] == "off"
    # To the frame's opaque origin everything is another site: with this its pictures would not show.
    assert "Cross-Origin-Resource-Policy" not in response.headers


def test_octets_come_out_as_they_went_in(client: FlaskClient, put: Put, corpus: Path) -> None:
    octets = corpus.read_bytes()

    response = client.get(f"/v1/messages/{put(octets).id}/raw")

    assert response.data == octets
    assert response.headers["Content-Length"] == str(len(octets))
    assert response.content_type == "message/rfc822"
    assert_isolated(response)


def test_every_part_of_the_corpus_is_given_isolated(client: FlaskClient, put: Put, corpus: Path) -> None:
    added = put(corpus.read_bytes())
    tree = client.get(f"/v1/messages/{added.id}").json
    assert tree is not None
    waiting = [tree["parts"]]
    while waiting:
        node = waiting.pop()
        waiting += node["parts"]
        if node["part"]:
            assert_isolated(client.get(f"/v1/messages/{added.id}/parts/{node['part']}"))


@pytest.mark.parametrize("number", ["0", "3", "1.1", "1.", "x", "1/2", "-1", "1" * 500, "%2e%2e", "TEXT"])
def test_a_part_that_is_not_there_is_not_found(client: FlaskClient, put: Put, number: str) -> None:
    added = put(mixed(part("text/plain", b"one"), part("text/plain", b"two")))

    assert client.get(f"/v1/messages/{added.id}/parts/{number}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "shown_as"),
    [
        ("text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1"),
        ('text/plain; charset="x y; <script>"', "text/plain"),
        ("image/png", "image/png"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/pdf", "application/pdf"),
    ],
)
def test_a_few_types_are_shown_in_place(client: FlaskClient, put: Put, kind: str, shown_as: str) -> None:
    added = put(mixed(part(kind, b"caf\xe9")))

    response = client.get(f"/v1/messages/{added.id}/parts/1")

    assert response.data == b"caf\xe9"
    assert response.content_type == shown_as
    assert "Content-Disposition" not in response.headers
    assert_isolated(response)


@pytest.mark.parametrize(
    "kind", ["text/html", "application/xhtml+xml", "text/xml", "application/javascript", "x/y", "???"]
)
def test_every_other_type_is_octets_to_be_saved(client: FlaskClient, put: Put, kind: str) -> None:
    added = put(mixed(part(kind, b"x", "Content-Disposition: inline")))

    response = client.get(f"/v1/messages/{added.id}/parts/1")

    if kind != "???":  # which is no type at all, and so is text (RFC 2045 5.2)
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
    assert_isolated(response)


@pytest.mark.parametrize(
    ("name", "saved_as"),
    [
        ("report.zip", "report.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Windows\\\\win.ini", "win.ini"),
        ("..", "part-1"),
        ("a;b'c.zip", "a%3Bb%27c.zip"),
    ],
)
def test_a_name_is_a_name_and_no_path(client: FlaskClient, put: Put, name: str, saved_as: str) -> None:
    added = put(mixed(part("application/zip", b"x", f'Content-Disposition: attachment; filename="{name}"')))

    response = client.get(f"/v1/messages/{added.id}/parts/1")

    assert response.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{saved_as}"


def test_the_transfer_encoding_is_undone(client: FlaskClient, put: Put) -> None:
    added = put(mixed(part("image/png", b"iVBORw0KGgo=", "Content-Transfer-Encoding: base64")))

    assert client.get(f"/v1/messages/{added.id}/parts/1").data == b"\x89PNG\r\n\x1a\n"


def test_a_frame_is_given_pictures_and_nothing_else(client: FlaskClient, put: Put) -> None:
    added = put(mixed(part("image/png", b"x"), part("text/plain", b"secret")))
    asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}

    assert client.get(f"/v1/messages/{added.id}/parts/1", headers=asked).status_code == 200
    assert client.get(f"/v1/messages/{added.id}/parts/2", headers=asked).status_code == 403


@pytest.mark.parametrize("path", ["raw", "parts/1"])
def test_what_is_known_already_is_not_sent_again(client: FlaskClient, put: Put, path: str) -> None:
    added = put(mixed(part("text/plain", b"one")))
    where = f"/v1/messages/{added.id}/{path}"
    tag = client.get(where).headers["ETag"]

    again = client.get(where, headers={"If-None-Match": f'"other", {tag}'})
    client.delete(f"/v1/messages/{added.id}")

    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(where, headers={"If-None-Match": tag}).status_code == 410


def test_html_is_given_for_a_frame(client: FlaskClient, put: Put) -> None:
    added = put(mixed(part("text/html", PAGE), part("image/png", b"x", "Content-ID: <logo@x>")))

    response = client.get(f"/v1/messages/{added.id}/html")

    assert response.content_type == "text/html; charset=utf-8"
    assert f"/v1/messages/{added.id}/parts/2" in response.text
    assert_isolated(response)


def test_a_message_without_html_has_none(client: FlaskClient, put: Put) -> None:
    assert client.get(f"/v1/messages/{put().id}/html").status_code == 404


def test_text_is_plain_and_in_utf_8(client: FlaskClient, put: Put) -> None:
    added = put(mixed(part("text/plain; charset=iso-8859-1", b"<b>caf\xe9</b>")))

    response = client.get(f"/v1/messages/{added.id}/text")

    assert response.text.strip() == "<b>café</b>"
    assert response.content_type == "text/plain; charset=utf-8"
    assert_isolated(response)


def test_the_transcript_is_that_of_the_session_that_brought_it(client: FlaskClient, put: Put, store: Store) -> None:
    transcript = Transcript("smtp", peer="127.0.0.1:4711")
    transcript.add("C", b"MAIL FROM:<a@x.test>\x1b[2J")
    store.open_session(transcript)
    store.close_session(transcript)
    added = put(session=transcript.id)

    response = client.get(f"/v1/messages/{added.id}/transcript")

    assert "C MAIL FROM:<a@x.test>\\x1b[2J" in response.text
    assert client.get(f"/v1/messages/{put().id}/transcript").status_code == 404
