"""HTML that wants out: shown as it is, and nothing of it runs, asks anybody, or leads anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailtrap.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "playwright")]

SitDown = Callable[..., Any]
PAYLOADS = Path(__file__).with_name("hostile.txt").read_text("utf-8").splitlines()
LOOK = """
async (addresses) => {
  const frames = addresses.map((address) => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    frame.referrerPolicy = "no-referrer";
    frame.src = address;
    return frame;
  });
  const loaded = frames.map((frame) => new Promise((done) => { frame.onload = done; }));
  document.body.append(...frames);
  await Promise.all(loaded);
  for (let n = 0; n < 30; n++) await new Promise(requestAnimationFrame);
  return frames.length;
}
"""
"""The frames of all of them on one page, and half a second for what comes late."""


SCRIPTS = "<script>alert(1)</script><iframe sandbox=allow-scripts srcdoc='<script>alert(1)</script>'></iframe>"


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[Sandbox, list[str]]]:
    """A sandbox with a message for each payload, and the addresses of the frames."""
    with Sandbox(http=0) as sandbox:
        octets = [b"Content-Type: text/html; charset=utf-8\r\n\r\n" + each.encode() for each in PAYLOADS]
        ids = [sandbox.deliver(each, mail_from="a@x.test", rcpt_to=["b@x.test"]).id for each in octets]
        yield sandbox, [f"/v1/messages/{each}/html" for each in ids]


def test_in_the_frames_of_a_page(sit_down: SitDown, hostile: tuple[Sandbox, list[str]]) -> None:
    sandbox, addresses = hostile
    tester = sit_down(sandbox)
    tester.open("/accounts")
    before, title = tester.outside.hits, tester.page.title()

    assert tester.page.evaluate(LOOK, addresses) == len(PAYLOADS)

    assert tester.ran == []
    assert tester.outside.hits == before
    assert (tester.page.url, tester.page.title()) == (tester.url + "/accounts", title)
    assert len(tester.context.pages) == 1


def test_opened_by_itself(sit_down: SitDown, hostile: tuple[Sandbox, list[str]]) -> None:
    sandbox, addresses = hostile
    tester = sit_down(sandbox)
    before = tester.outside.hits
    elsewhere = {}
    for payload, address in zip(PAYLOADS, addresses, strict=True):
        tester.open(address)
        if tester.page.url != tester.url + address or tester.page.title() == "hacked":
            elsewhere[payload] = tester.page.url

    assert elsewhere == {}
    assert tester.ran == []
    assert tester.outside.hits == before
    assert len(tester.context.pages) == 1


def test_without_its_isolation_it_would_have_got_out(sit_down: SitDown, hostile: tuple[Sandbox, list[str]]) -> None:
    sandbox, addresses = hostile
    tester = sit_down(sandbox, bypass_csp=True)
    before = tester.outside.hits

    tester.page.route("**/html", lambda route: route.fulfill(body=PAYLOADS[15], content_type="text/html"))
    tester.open(addresses[15])
    tester.page.wait_for_load_state()

    assert tester.outside.hits > before


def test_a_script_that_ran_would_be_noticed(sit_down: SitDown, hostile: tuple[Sandbox, list[str]]) -> None:
    sandbox, _ = hostile
    tester = sit_down(sandbox)
    tester.page.route("**/page", lambda route: route.fulfill(body=SCRIPTS, content_type="text/html"))

    with tester.page.expect_console_message(lambda message: "sandboxed" in message.text):
        tester.open("/page")

    assert tester.ran == [
        "1",
        "Ignored call to 'alert()'. The document is sandboxed, and the 'allow-modals' keyword is not set.",
    ]
