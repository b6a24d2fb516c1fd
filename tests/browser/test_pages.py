"""Every page in a real browser: no complaint, nothing asked of anybody else, nothing wider than the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailtrap.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium", "playwright", "axe_playwright_python")]

SitDown = Callable[..., Any]
REFUSED = ("bad query", "missing")
"""Pages that come with a status that the browser notes in its console."""

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "iframes": False,  # what is in it is the sender's
    "preload": False,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900, 390, 320])
def test_every_page_is_whole(sit_down: SitDown, shop: Sandbox, paths: dict[str, str], width: int, scheme: str) -> None:
    tester = sit_down(shop, width, scheme)
    before = tester.outside.hits
    wide = {}
    for name, path in paths.items():
        tester.open(path)
        if beyond := tester.page.evaluate("document.documentElement.scrollWidth - innerWidth"):
            wide[name] = beyond
    complaints = [each for each in tester.complaints if "the server responded with a status of 4" not in each]

    assert wide == {}
    assert complaints == []
    assert len(tester.complaints) == len(REFUSED)
    assert tester.outside.hits == before


def test_every_page_is_there_without_scripts(sit_down: SitDown, shop: Sandbox, paths: dict[str, str]) -> None:
    tester = sit_down(shop, java_script_enabled=False)
    for path in paths.values():
        tester.open(path)
        assert tester.page.locator("main").is_visible()
        assert tester.page.locator("h1, h2").first.inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (320, "light"), (320, "dark")])
def test_everybody_can_use_every_page(
    sit_down: SitDown, shop: Sandbox, paths: dict[str, str], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tester = sit_down(shop, width, scheme, bypass_csp=True)
    found = {}
    for name, path in paths.items():
        tester.open(path)
        results = Axe().run(tester.page, options=OPTIONS)
        if results.response["violations"]:
            found[name] = [(each["id"], each["nodes"][0]["html"][:200]) for each in results.response["violations"]]

    assert found == {}


def test_what_is_asked_of_others_would_be_noticed(sit_down: SitDown, shop: Sandbox) -> None:
    tester = sit_down(shop)
    before = tester.outside.hits

    with pytest.raises(Exception, match="net::ERR"):
        tester.page.goto("http://evil.test/")

    assert tester.outside.hits > before
