"""What a person does with servers in the web console, by the real page in a real browser."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Cloud, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _patience(cloud: Cloud) -> None:
    expect.set_options(timeout=cloud.patience)


@pytest.fixture
def name(cloud: Cloud) -> Iterator[str]:
    """A name of one test's own; what bears it is deleted afterwards."""
    chosen = f"web-{secrets.token_hex(3)}"
    yield chosen
    with cloud.api() as api:
        for server in api.get("/servers/detail").json()["servers"]:
            if server["name"].startswith(chosen):
                api.delete(f"/servers/{server['id']}")


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def state(page: Page, name: str) -> Locator:
    return card(page, name).locator(".state")


def create(page: Page, name: str) -> None:
    page.locator("#new-server").click()
    dialog = page.get_by_role("dialog", name="New server")
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_role("button", name="Create server").click()


@pytest.fixture
def running(console: Page, name: str) -> str:
    create(console, name)
    expect(state(console, name)).to_have_text("Running")
    return name


def by_api(cloud: Cloud, name: str, body: dict[str, Any]) -> None:
    """Do something to a server as another client would."""
    with cloud.api() as api:
        servers = api.get("/servers/detail").json()["servers"]
        (identity,) = [server["id"] for server in servers if server["name"] == name]
        assert api.post(f"/servers/{identity}/action", json=body).status_code == 202


# --- signing in ----------------------------------------------------------------------------------


def test_a_wrong_password_is_told_in_words(page: Page, cloud: Cloud) -> None:
    page.get_by_label("User name").fill(cloud.user)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("Password")).to_be_focused()


def test_signed_in_the_page_is_live_and_says_where(console: Page) -> None:
    expect(console.locator("#connection")).to_have_text("Live")
    expect(console.locator("#project")).to_have_text("demo")
    expect(console.get_by_role("heading", name="Servers", exact=True)).to_be_visible()


def test_a_session_survives_a_reload_and_ends_by_signing_out(console: Page) -> None:
    expect(console.locator("#connection")).to_have_text("Live")
    console.reload()
    expect(console.locator("#connection")).to_have_text("Live")
    console.get_by_role("button", name="Sign out").click()
    expect(console.get_by_role("dialog", name="Synnefo")).to_be_visible()
    assert console.evaluate("sessionStorage.length") == 0
    console.reload()
    expect(console.get_by_role("dialog", name="Synnefo")).to_be_visible()


def test_an_ended_session_asks_again_and_keeps_what_was_typed(
    console: Page, cloud: Cloud, name: str
) -> None:
    expect(console.locator("#connection")).to_have_text("Live")
    console.keyboard.press("c")
    dialog = console.get_by_role("dialog", name="New server")
    dialog.get_by_label("Name", exact=True).fill(name)
    console.route("**/compute/v2.1/servers", lambda route: route.fulfill(status=401, body="{}"))
    dialog.get_by_role("button", name="Create server").click()
    expect(console.get_by_role("dialog", name="Synnefo")).to_contain_text("session has ended")
    console.unroute("**/compute/v2.1/servers")
    sign_in(console, cloud)
    expect(dialog.get_by_label("Name", exact=True)).to_have_value(name)
    dialog.get_by_role("button", name="Create server").click()
    expect(state(console, name)).to_have_text("Running")


# --- a server's life -----------------------------------------------------------------------------


def test_a_server_is_created_and_seen_to_build(console: Page, name: str) -> None:
    create(console, name)
    expect(state(console, name)).to_have_text(re.compile("Building|Running"))
    expect(state(console, name)).to_have_text("Running")
    expect(card(console, name).locator(".address")).to_have_text(re.compile(r"\d+\.\d+\.\d+\.\d+"))
    expect(console.locator("#activity-list")).to_contain_text(f"{name} is running")


def test_the_progress_of_a_build_is_shown(console: Page, name: str, cloud: Cloud) -> None:
    if cloud.kind != "stand-in":
        pytest.skip("a small image is copied too fast to be seen")
    create(console, name)
    expect(card(console, name)).to_contain_text(re.compile(r"Copying the image, \d+ %"))
    expect(card(console, name).get_by_role("progressbar")).to_have_attribute("value", "70")
    expect(state(console, name)).to_have_text("Running")
    expect(card(console, name).get_by_role("progressbar")).to_have_count(0)


def test_stop_is_asked_in_the_card_then_shown_at_once(console: Page, running: str) -> None:
    card(console, running).get_by_role("button", name="Shut down").click()
    expect(card(console, running)).to_contain_text("Shut down?")
    console.keyboard.press("Escape")
    expect(card(console, running).get_by_role("button", name="Shut down")).to_be_focused()
    console.keyboard.press("Enter")
    expect(card(console, running).get_by_role("button", name="Shut down")).to_be_focused()
    console.keyboard.press("Enter")
    expect(state(console, running)).to_have_text("Shutting down…", timeout=500)
    expect(state(console, running)).to_have_text("Stopped")
    expect(card(console, running).get_by_role("button", name="Console")).to_have_count(0)
    card(console, running).get_by_role("button", name="Start").click()
    expect(state(console, running)).to_have_text("Starting…", timeout=500)
    expect(state(console, running)).to_have_text("Running")


@pytest.mark.parametrize(
    ("button", "shown"), [("Reboot", "Rebooting…"), ("Hard reboot", "ooting…")]
)
def test_reboots_are_shown_until_they_are_over(
    console: Page, running: str, button: str, shown: str
) -> None:
    card(console, running).get_by_role("button", name=button, exact=True).click()
    question = card(console, running).locator(".question")
    question.get_by_role("button", name=button, exact=True).click()
    expect(state(console, running)).to_contain_text(shown, timeout=500)
    expect(state(console, running)).to_have_text("Running")


def test_delete_names_the_server_and_keep_has_the_focus(console: Page, running: str) -> None:
    card(console, running).get_by_role("button", name="Delete").click()
    dialog = console.get_by_role("dialog", name=f"Delete {running}?")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    dialog.get_by_role("button", name="Delete server").click()
    expect(state(console, running)).to_have_text("Deleting…", timeout=500)
    expect(card(console, running)).to_have_count(0)
    expect(console.locator("#activity-list")).to_contain_text(f"{running} was deleted")


def test_what_another_client_does_appears_within_a_second(
    console: Page, running: str, cloud: Cloud
) -> None:
    by_api(cloud, running, {"os-stop": None})
    expect(state(console, running)).to_have_text("Shutting down…", timeout=1_000)
    expect(state(console, running)).to_have_text("Stopped")
    expect(console.locator("#activity-list")).to_contain_text("from elsewhere")


def test_an_old_answer_does_not_flip_the_card_back(console: Page, running: str) -> None:
    """Reads keep answering with the server as it was before the button was pressed."""
    one = re.compile(r"/servers/[\w-]{36}$")
    before = _record_of(console, running)
    console.route(one, lambda route: route.fulfill(json={"server": before}))
    card(console, running).get_by_role("button", name="Shut down").click()
    with console.expect_response(one):
        card(console, running).locator(".confirm").click()
    expect(state(console, running)).to_have_text("Shutting down…")
    console.unroute(one)
    expect(state(console, running)).to_have_text("Stopped")


def _record_of(page: Page, name: str) -> Any:
    """The server's record as the page itself would read it now."""
    answer = page.evaluate(
        "async id => { const session = JSON.parse(sessionStorage.getItem('synnefo.session'));"
        " const answer = await fetch(`${session.services.compute}/servers/${id}`,"
        " {headers: {'X-Auth-Token': session.token}}); return answer.json(); }",
        card(page, name).get_attribute("data-id"),
    )
    return answer["server"]


# --- troubles ------------------------------------------------------------------------------------


def test_a_refused_name_is_told_at_the_name(console: Page) -> None:
    expect(console.locator("#connection")).to_have_text("Live")
    refusal = '{"badRequest": {"code": 400, "message": "Invalid input for field/attribute name."}}'
    console.route("**/compute/v2.1/servers", lambda route: route.fulfill(status=400, body=refusal))
    create(console, "x")
    field = console.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(console.locator("#create-name-error")).to_contain_text("field/attribute name")


def test_a_lost_answer_repeated_makes_one_server(console: Page, cloud: Cloud, name: str) -> None:
    lost: list[str] = []

    def lose_first(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().text())
            route.abort()

    expect(console.locator("#connection")).to_have_text("Live")
    console.route("**/compute/v2.1/servers", lose_first)
    create(console, name)
    expect(console.locator("#create-form-error")).to_contain_text("cannot be reached")
    console.get_by_role("button", name="Create server").click()
    expect(state(console, name)).to_have_text("Running")
    with cloud.api() as api:
        servers = api.get("/servers/detail").json()["servers"]
    assert [server["name"] for server in servers].count(name) == 1


def test_a_failed_action_stays_on_its_card_with_the_request(console: Page, running: str) -> None:
    fault = '{"conflictingRequest": {"code": 409, "message": "A job holds the server."}}'
    console.route(
        "**/action",
        lambda route: route.fulfill(
            status=409, body=fault, headers={"X-Openstack-Request-Id": "req-77"}
        ),
    )
    card(console, running).get_by_role("button", name="Reboot", exact=True).click()
    card(console, running).locator(".confirm").click()
    trouble = card(console, running).locator(".trouble")
    expect(trouble).to_contain_text("Reboot did not work")
    expect(trouble).to_contain_text("A job holds the server.")
    expect(trouble).to_contain_text("req-77")
    expect(state(console, running)).to_have_text("Running")
    trouble.get_by_role("button", name="Dismiss").click()
    expect(trouble).to_be_hidden()


def test_a_server_that_could_not_be_built_says_why(console: Page, cloud: Cloud, name: str) -> None:
    if cloud.kind != "stand-in":
        pytest.skip("a real cloud is not filled for this")
    create(console, f"{name}-full")
    expect(state(console, f"{name}-full")).to_have_text("Error")
    expect(card(console, f"{name}-full")).to_contain_text("No node has enough memory free.")


def test_without_the_stream_the_page_says_so_and_still_follows(
    page: Page, cloud: Cloud, name: str
) -> None:
    page.route("**/events", lambda route: route.abort())
    sign_in(page, cloud)
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    create(page, name)
    expect(state(page, name)).to_have_text("Running")
    by_api(cloud, name, {"os-stop": None})
    expect(state(page, name)).to_have_text(re.compile("Shutting down…|Stopped"), timeout=5_000)
    page.unroute("**/events")
    expect(page.locator("#connection")).to_have_text("Live", timeout=30_000)
    expect(state(page, name)).to_have_text("Stopped")


# --- the rest of the page ------------------------------------------------------------------------


def test_the_console_opens_in_a_tab_of_its_own(console: Page, running: str) -> None:
    with console.expect_popup() as opened:
        card(console, running).get_by_role("button", name="Console").click()
    tab = opened.value
    expect(tab.locator("#title")).to_have_text(running)
    expect(tab.locator("#status")).to_have_text("Connected")
    expect(tab.locator("#screen canvas")).to_be_visible()
    assert tab.url.startswith(console.url)


def test_a_console_without_a_good_ticket_says_what_to_do(console: Page) -> None:
    console.goto("/console/vnc.html?path=console/websockify%3Ftoken%3Dforged")
    expect(console.locator("#status")).to_have_text("Not connected")
    expect(console.locator("#notice")).to_contain_text("open the console again")


def test_the_boot_log_can_be_read(console: Page, running: str) -> None:
    card(console, running).get_by_role("button", name="Boot log").click()
    dialog = console.get_by_role("dialog", name=f"Boot log of {running}")
    expect(dialog.locator("pre")).to_contain_text(re.compile(r"\w"))
    console.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_filter_finds_by_name_and_slash_goes_there(console: Page, running: str) -> None:
    console.keyboard.press("/")
    expect(console.get_by_label("Filter servers")).to_be_focused()
    console.keyboard.type("no such server")
    expect(console.get_by_text("No server fits the filter")).to_be_visible()
    console.get_by_role("button", name="Show all servers").click()
    console.get_by_label("Filter servers").fill(running)
    expect(console.get_by_role("article")).to_have_count(1)


def test_a_key_is_imported_in_the_dialog_and_chosen(console: Page, cloud: Cloud, name: str) -> None:
    expect(console.locator("#connection")).to_have_text("Live")
    console.keyboard.press("c")
    console.get_by_text("Add an SSH key").click()
    console.get_by_label("Name of the key").fill(name)
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE me"
    console.get_by_label("Public key").fill(line)
    console.get_by_role("button", name="Add key").click()
    expect(console.get_by_label("SSH key", exact=True)).to_have_value(name)
    console.get_by_text("The same from a terminal").click()
    expect(console.locator("#command")).to_contain_text(f"--key-name {name}")
    with cloud.api() as api:
        api.delete(f"/os-keypairs/{name}")


def test_everything_comes_from_the_cloud_itself(page: Page, cloud: Cloud) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    sign_in(page, cloud)
    expect(page.locator("#connection")).to_have_text("Live")
    assert asked
    assert [url for url in asked if not url.startswith(cloud.url)] == []


@pytest.mark.parametrize(
    "settings", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}]
)
def test_a_phone_shows_all_without_scrolling_sideways(console: Page, running: str) -> None:
    expect(card(console, running).get_by_role("button", name="Console")).to_be_visible()
    width = console.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    heights = (
        card(console, running)
        .get_by_role("button")
        .evaluate_all(
            "buttons => buttons.filter(b => b.checkVisibility()).map(b => b.offsetHeight)"
        )
    )
    assert min(heights) >= 40
