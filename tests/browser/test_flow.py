"""What a tester does with the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailtrap.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "playwright")]

SitDown = Callable[..., Any]


@pytest.fixture
def empty() -> Iterator[Sandbox]:
    with Sandbox(http=0) as sandbox:
        yield sandbox


def heading(tester: Any) -> Any:
    """What is said of it holds as soon as the page is there: a click does not wait for all of the next one."""
    return _expect(tester.page.locator("h1"))


def _expect(locator: Any) -> Any:
    from playwright.sync_api import expect

    return expect(locator, "as soon as the page is there")


def test_from_an_empty_page_to_a_message_and_back(sit_down: SitDown, empty: Sandbox) -> None:
    tester = sit_down(empty)
    page = tester.page
    tester.open("/")
    page.get_by_role("link", name="Django").click()
    _expect(page.locator("pre")).to_contain_text(f"EMAIL_PORT = {empty.smtp_port}")

    page.get_by_role("button", name="Make a test message").click()
    heading(tester).to_have_text("It works")
    _expect(page.frame_locator("iframe").get_by_role("heading", name="It works")).to_be_visible()
    for tab in ("Text", "Source", "Headers", "MIME", "Raw", "Session", "Rendered"):
        page.get_by_label("Parts of this message").get_by_role("link", name=tab).click()
        _expect(page.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "page")

    page.locator(".acts-wide").get_by_role("button", name="Pin").click()
    _expect(page.locator(".acts-wide").get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "true")
    page.locator(".acts-wide").get_by_role("button", name="Mark unread").click()
    _expect(page.locator(".row.unread")).to_have_count(1)
    page.get_by_role("link", name="It works").click()
    page.locator(".acts-wide").get_by_role("button", name="Delete").click()
    heading(tester).to_have_text("No mail yet. Everything is listening.")
    assert tester.complaints == []


def test_searching_narrows_the_list_and_can_be_cleared(sit_down: SitDown, shop: Sandbox) -> None:
    tester = sit_down(shop)
    page = tester.page
    tester.open("/")
    everything = page.locator(".row").count()

    page.get_by_role("textbox", name="Search").fill("to:ann@example.com")
    page.get_by_role("textbox", name="Search").press("Enter")
    _expect(page.locator(".row")).to_have_count(1)
    page.locator(".row .subject").click()
    heading(tester).to_have_text("Finish signing up")
    _expect(page.get_by_role("textbox", name="Search")).to_have_value("to:ann@example.com")
    page.get_by_role("link", name="Clear the search").click()
    _expect(page.locator(".row")).to_have_count(everything)


def test_a_fault_is_made_seen_everywhere_and_removed(sit_down: SitDown, empty: Sandbox) -> None:
    tester = sit_down(empty)
    page = tester.page
    tester.open("/faults")
    page.get_by_label("Where").fill("smtp.rcpt")
    page.get_by_label("What").fill("reject 550 5.1.1")
    page.get_by_role("button", name="Add").click()
    _expect(page.get_by_role("link", name="1 fault is active")).to_be_visible()

    page.get_by_role("button", name="Remove smtp.rcpt reject 550 5.1.1").click()
    _expect(page.get_by_role("link", name="1 fault is active")).not_to_be_visible()
    assert tester.complaints == []


def test_on_a_phone_one_thing_is_there_at_a_time(sit_down: SitDown, shop: Sandbox) -> None:
    tester = sit_down(shop, 390)
    page = tester.page
    tester.open("/")
    page.locator(".row .subject", has_text="Finish signing up").click()
    _expect(page.locator(".lane")).not_to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    _expect(page.locator(".lane")).to_be_visible()

    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name=re.compile("Sessions")).click()
    heading(tester).to_have_text("Sessions")


def test_pictures_of_the_message_appear_and_others_do_not(sit_down: SitDown, shop: Sandbox, paths: Any) -> None:
    tester = sit_down(shop)
    before = tester.outside.hits
    tester.open(paths["rendered"])
    frame = tester.page.frame_locator("iframe")

    frame.locator("#own").wait_for()
    assert frame.locator("#own").evaluate("each => each.complete && each.naturalWidth") == 1
    assert "1 remote resource on img.test not loaded" in tester.page.locator(".shut").inner_text()
    assert tester.outside.hits == before


def test_a_link_of_the_message_opens_a_window_that_knows_nothing_of_ours(
    sit_down: SitDown, shop: Sandbox, paths: Any
) -> None:
    tester = sit_down(shop)
    tester.open(paths["rendered"])
    before = tester.outside.hits

    with tester.context.expect_page() as opened:
        tester.page.frame_locator("iframe").locator("#link").click()

    opened.value.wait_for_load_state()
    assert opened.value.evaluate("window.opener") is None
    assert tester.page.url.endswith("/rendered")
    assert tester.outside.hits > before
