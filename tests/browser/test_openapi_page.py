"""The page of the API document in a real browser: found, opened, linked and readable.

Scripts and document are those that are served, from the files and the route tables themselves.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from synnefo.api.openapi.document import document
from synnefo.api.web import POLICY
from synnefo.urls import SERVICES
from tests.browser.test_ui_files import UI

pytestmark = pytest.mark.browser
ADDRESS = "http://pages.test"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CREATION = "compute_post_servers"


@pytest.fixture(scope="module")
def whole() -> bytes:
    return orjson.dumps(document(SERVICES))


@pytest.fixture
def look() -> dict[str, Any]:
    """What the browser pretends to be; tests override it by a parameter."""
    return {"viewport": {"width": 1360, "height": 900}}


@pytest.fixture
def page(browser: Browser, whole: bytes, look: dict[str, Any]) -> Iterator[Page]:
    """The page; anything that its policy forbids, or an error in its log, fails the test."""
    context = browser.new_context(base_url=ADDRESS, **look)
    errors: list[str] = []

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path == "/openapi.json":
            route.fulfill(body=whole, content_type="application/json")
            return
        file = UI / ("static/ui/openapi.html" if path == "/openapi" else path.lstrip("/"))
        kind = TYPES.get(file.suffix, "text/html; charset=utf-8")
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind}
        route.fulfill(body=file.read_bytes(), headers=headers)

    context.route("**/*", serve)
    fresh = context.new_page()
    fresh.on("pageerror", lambda error: errors.append(str(error)))
    fresh.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    fresh.goto("/openapi")
    expect(fresh.locator("#count")).to_have_text(re.compile(r"^\d+ operations$"))
    yield fresh
    context.close()
    assert errors == []


def operation(page: Page, identifier: str) -> Any:
    return page.locator(f"#{identifier}")


def test_every_operation_has_a_line_under_its_service(page: Page, whole: bytes) -> None:
    paths = orjson.loads(whole)["paths"]
    assert page.locator("main .noun > div > details").count() == sum(map(len, paths.values()))
    for service in SERVICES:
        section = page.locator(f"section#{service.name}")
        expect(section.get_by_role("heading", level=2)).to_have_text(service.name)
    expect(page.get_by_role("navigation").get_by_role("link", name="servers")).to_be_visible()


def test_words_find_operations_and_what_has_none_is_hidden(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Filter operations")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("post os-keypairs")
    expect(page.locator("#count")).to_have_text("1 operation")
    expect(page.locator("section#network")).to_be_hidden()
    search.fill("no such thing")
    expect(page.get_by_text("No operation has all these words.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("section#network")).to_be_visible()


def test_by_keys_alone_to_an_operation_and_what_it_takes(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("post /compute/v2.1/servers")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    opened = operation(page, CREATION)
    expect(opened).to_have_attribute("open", "")
    expect(opened).to_contain_text("flavorRef needed")
    expect(opened).to_contain_text("Answer 202")
    expect(opened).to_contain_text("The caller may not do this, or a quota is used up")
    expect(page).to_have_url(re.compile(f"#{CREATION}$"))


def test_an_address_leads_to_its_operation(page: Page) -> None:
    page.goto(f"/openapi#{CREATION}")
    opened = operation(page, CREATION)
    expect(opened).to_have_attribute("open", "")
    expect(opened.locator("> summary")).to_be_in_viewport()
    page.evaluate("location.hash = 'network_get_ports'")
    expect(operation(page, "network_get_ports")).to_have_attribute("open", "")


PHONES = [
    {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
    for scheme in ("light", "dark")
]


@pytest.mark.parametrize("look", PHONES, ids=["light", "dark"])
def test_a_phone_shows_all_of_it_in_its_width(page: Page) -> None:
    page.goto(f"/openapi#{CREATION}")
    expect(operation(page, CREATION)).to_contain_text("flavorRef")
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    expect(page.get_by_role("navigation").get_by_role("link", name="Network")).to_be_visible()
