"""The pages: server-rendered, without scripts or styles inline, and nothing foreign in them but as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import escape

import mailtrap_web.inspector
from mailtrap.current import Current
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.transcript import Transcript
from mailtrap_web.app import create_app
from mailtrap_web.inspector.foreign import octet_lines, shown
from mailtrap_web.inspector.message import TABS
from mailtrap_web.inspector.source import lines as source_lines
from mailtrap_web.world import World

Put = Callable[..., Summary]

HTML = (
    b"From: Shop <shop@shop.test>\r\nTo: ann@example.com\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Hello <b>Ann</b><img src='https://img.test/x.png'></p>\r\n"
)
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
TAGS = re.compile(r"<(/?)([a-z][a-z0-9]*)\b([^>]*)>")


def assert_clean(html: str) -> None:
    """No script, no inline style or handler, no address elsewhere."""
    for _, name, attributes in TAGS.findall(html):
        assert name not in ("script", "style", "object", "embed", "base")
        assert not re.search(r"\s(style|on\w+)\s*=", attributes)
        assert not re.search(r"(src|href|action|data)=[\"']?(https?:|//|javascript:)", attributes)


# -- wrong input first


@pytest.mark.parametrize(
    "path",
    ["/m/nothing", "/m/nothing/raw", "/sessions/nothing", "/nothing", "/m/", "/assets/../app.py", "/assets/nothing"],
)
def test_what_is_not_there_is_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)

    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert_clean(response.text)


def test_a_program_that_asks_for_no_page_gets_a_problem(client: FlaskClient) -> None:
    assert client.get("/nothing").content_type == "application/problem+json"
    assert client.get("/v1/nothing", headers=BROWSER).content_type == "application/problem+json"


@pytest.mark.parametrize("tail", ["/checks", "/text/1", "/mime/9", "/mime/x", "/headers/1", "/rendered"])
def test_a_tab_or_part_that_is_not_there_is_not_found(client: FlaskClient, put: Put, tail: str) -> None:
    assert client.get(f"/m/{put().id}{tail}").status_code == 404


@pytest.mark.parametrize("path", ["/?page=x", "/?page=c1", "/accounts?after=x"])
def test_a_place_that_is_none_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers=BROWSER).status_code == 400


def test_a_search_that_is_not_understood_names_the_character(client: FlaskClient, put: Put) -> None:
    put()
    response = client.get("/?q=ann+is:wrong", headers=BROWSER)

    assert response.status_code == 400
    assert "ann is:<mark>w</mark>rong" in response.text
    assert 'value="ann is:wrong"' in response.text


@pytest.mark.parametrize("action", ["read", "", "x/y"])
def test_an_action_that_there_is_none_of_does_nothing(client: FlaskClient, put: Put, action: str) -> None:
    assert client.post(f"/m/{put().id}/{action}").status_code in (404, 405)


@pytest.mark.parametrize("action", ["delete", "pin", "unread"])
def test_no_link_changes_anything(client: FlaskClient, put: Put, action: str) -> None:
    added = put()

    assert client.get(f"/m/{added.id}/{action}").status_code == 404
    assert client.get(f"/v1/messages/{added.id}").status_code == 200


def test_a_deleted_message_is_gone(client: FlaskClient, put: Put) -> None:
    added = put()
    client.delete(f"/v1/messages/{added.id}")

    response = client.get(f"/m/{added.id}", headers=BROWSER)

    assert response.status_code == 410
    assert "This message is gone" in response.text


# -- what there is to see


def test_an_empty_sandbox_says_how_to_send_something(client: FlaskClient) -> None:
    response = client.get("/")

    assert "No mail yet. Everything is listening." in response.text
    assert "<mark>&#34;localhost&#34;, 1025</mark>" in response.text
    assert "nodemailer" in client.get("/?with=Node").text
    assert_clean(response.text)


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ({}, "No mail yet. SMTP is off."),
        ({"smtp": ("/run/<b>/smtp.sock", 0)}, 'the Unix socket <code class="wire">/run/&lt;b&gt;/smtp.sock</code>'),
    ],
)
def test_no_port_is_named_where_none_is(
    store: Store, current: Current, addresses: dict[str, tuple[str, int]], said: str
) -> None:
    response = create_app(World(store=store, current=current, addresses=addresses)).test_client().get("/")

    assert said in response.text
    assert "<mark>" not in response.text
    assert_clean(response.text)


def test_the_list_shows_what_came_newest_first_and_reads_no_octets(
    client: FlaskClient, put: Put, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        put(b"Subject: number %d\r\n\r\nx\r\n" % number)
    monkeypatch.setattr(store, "octets", None)

    first = client.get("/")
    older = re.search(r'href="([^"]+)"><span>Older', first.text)
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&"))

    subjects = re.findall(r"number \d+", first.text) + re.findall(r"number \d+", second.text)
    assert subjects == [f"number {number}" for number in reversed(range(60))]
    assert "Newest" in second.text
    assert_clean(first.text)


def test_a_search_and_an_account_narrow_the_list(client: FlaskClient, put: Put) -> None:
    put(b"Subject: the first\r\n\r\nx\r\n", rcpt_to=("ann@example.com",))
    put(b"Subject: the second\r\n\r\nx\r\n", rcpt_to=("bo@example.com",))

    assert "the first" not in client.get("/?q=subject:second").text
    assert "the second" not in client.get("/?account=Ann@EXAMPLE.com").text
    assert "Nothing matches" in client.get("/?q=subject:third").text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_a_page(client: FlaskClient, put: Put, tab: str) -> None:
    response = client.get(f"/m/{put(HTML).id}/{tab}")

    assert response.status_code == 200
    assert "Hello · All mail" in response.text
    assert_clean(response.text)


def test_the_first_tab_is_what_the_message_has(client: FlaskClient, put: Put) -> None:
    rendered, plain = put(HTML), put()

    assert f'src="/v1/messages/{rendered.id}/html"' in client.get(f"/m/{rendered.id}").text
    assert "1 remote resource" in client.get(f"/m/{rendered.id}").text
    assert "Rendered" not in client.get(f"/m/{plain.id}").text


def test_the_status_in_a_bounce_is_shown_as_text(client: FlaskClient, put: Put) -> None:
    bounce = put((Path(__file__).parents[1] / "corpus" / "delivery-status.eml").read_bytes())

    assert "Diagnostic-Code: smtp; 550 5.1.1 no such user" in client.get(f"/m/{bounce.id}/mime/2").text


def test_the_frame_may_run_nothing(client: FlaskClient, put: Put) -> None:
    frame = re.search(r"<iframe [^>]+>", client.get(f"/m/{put(HTML).id}").text)
    assert frame is not None

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    assert 'referrerpolicy="no-referrer"' in frame[0]


def test_the_list_beside_a_message_is_where_it_is(client: FlaskClient, put: Put) -> None:
    oldest = put(b"Subject: the oldest\r\n\r\nx\r\n")
    for _ in range(60):
        put()

    page = client.get(f"/m/{oldest.id}").text

    assert f'href="/m/{oldest.id}?' not in page  # nothing to keep in the query
    assert f'<a class="subject" href="/m/{oldest.id}" aria-current="page">' in page


def test_the_session_tab_shows_what_was_said(client: FlaskClient, put: Put, store: Store) -> None:
    transcript = Transcript("smtp", peer="127.0.0.1:4711")
    transcript.add("C", b"MAIL FROM:<a@x.test> SIZE=99")
    transcript.add("S", b"550 5.1.1 no <b>\x1b[2J")
    store.open_session(transcript)
    store.close_session(transcript)
    added = put(session=transcript.id)

    for page in (client.get(f"/m/{added.id}/session").text, client.get(f"/sessions/{transcript.id}").text):
        assert "<b>MAIL FROM</b>:&lt;a@x.test&gt; SIZE=99" in page
        assert "<b>550</b> 5.1.1 no &lt;b&gt;\\x1b[2J" in page
    assert "127.0.0.1:4711" in client.get("/sessions").text


def test_accounts_are_counted_and_searched(client: FlaskClient, put: Put) -> None:
    put(rcpt_to=("ann@example.com", "bo@example.com"))

    assert "ann@example.com" in client.get("/accounts").text
    found = client.get("/accounts?contains=bo@").text.partition("<tbody>")[2]
    assert "bo@example.com" in found
    assert "ann@example.com" not in found


# -- what can be done


def test_opening_a_message_marks_it_as_read_but_looking_ahead_does_not(client: FlaskClient, put: Put) -> None:
    added = put()

    client.get(f"/m/{added.id}", headers={"Sec-Purpose": "prefetch"})
    assert not (client.get(f"/v1/messages/{added.id}").json or {})["seen"]
    client.get(f"/m/{added.id}")
    assert (client.get(f"/v1/messages/{added.id}").json or {})["seen"]


def test_forms_mark_pin_and_delete(client: FlaskClient, put: Put) -> None:
    added = put()
    client.get(f"/m/{added.id}")

    response = client.post(f"/m/{added.id}/unread?q=hello")
    assert (response.status_code, response.headers["Location"]) == (303, "/?q=hello")
    client.post(f"/m/{added.id}/pin")
    now = client.get(f"/v1/messages/{added.id}").json or {}
    assert (now["seen"], now["pinned"]) == (False, True)
    client.post(f"/m/{added.id}/unpin")
    assert not (client.get(f"/v1/messages/{added.id}").json or {})["pinned"]
    client.post(f"/m/{added.id}/delete")
    assert client.get(f"/v1/messages/{added.id}").status_code == 410


def test_a_test_message_can_be_made(client: FlaskClient) -> None:
    response = client.post("/test-message")

    assert response.status_code == 303
    assert "It works" in client.get(response.headers["Location"]).text


# -- what is foreign


def test_what_came_in_a_message_is_text_wherever_it_is_shown(client: FlaskClient, put: Put) -> None:
    evil = "<img src=x onerror=alert(1)>\u202e\x1b[2J"
    header = "".join(f"{name}: {evil}\r\n" for name in ("Subject", "From", "To", "X-<b>", "Date"))
    octets = f'{header}Content-Type: text/plain; name="{evil}"\r\n\r\n{evil}\r\n'.encode()
    added = put(octets, rcpt_to=("<script>@x.test",), mail_from='"><script>alert(1)</script>')

    for path in ("/", "/accounts", *(f"/m/{added.id}/{tab}" for tab in ("text", "headers", "mime", "mime/1", "raw"))):
        page = client.get(path).text
        assert "<img src=x" not in page
        assert "\u202e" not in page
        assert "\x1b" not in page
        assert_clean(page)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.binary(max_size=400), st.sampled_from(list(TABS)))
def test_any_octets_have_a_page(client: FlaskClient, put: Put, octets: bytes, tab: str) -> None:
    response = client.get(f"/m/{put(octets).id}/{tab}")

    assert response.status_code in ((200, 404) if tab in ("rendered", "source") else (200,))
    assert_clean(response.text)


def test_every_message_of_the_corpus_has_its_pages(client: FlaskClient, put: Put, corpus: Path) -> None:
    added = put(corpus.read_bytes())
    for tab in TABS:
        assert client.get(f"/m/{added.id}/{tab}").status_code in (
            (200, 404) if tab in ("rendered", "source") else (200,)
        )


@given(st.text())
def test_shown_text_has_nothing_unseen(text: str) -> None:
    found = str(shown(text))

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", found)
    if text.isprintable():
        assert found == str(escape(text))


@given(st.binary())
def test_shown_octets_have_nothing_unseen(octets: bytes) -> None:
    for line in octet_lines(octets):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", line)


@given(st.text())
def test_source_is_all_there_line_by_line(html: str) -> None:
    found = [re.sub(r"<[^>]*>", "", line) for line in source_lines(html)]

    assert found == [re.sub(r"<[^>]*>", "", str(shown(line))) for line in html.replace("\r\n", "\n").split("\n")]


# -- what it is made of


def test_the_style_sheet_keeps_its_budget() -> None:
    style = Path(mailtrap_web.inspector.__file__).with_name("static") / "look.css"

    assert style.stat().st_size <= 32 << 10


def test_pages_are_kept_in_their_place(client: FlaskClient, current: Current) -> None:
    headers = client.get("/").headers

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    # with no-referrer a form's Origin would be null, and the gate would refuse it
    assert headers["Referrer-Policy"] == "same-origin"
