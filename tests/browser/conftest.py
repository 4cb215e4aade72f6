"""A browser, a cloud to look at, and a page that is signed in.

The cloud is the one named by SYNNEFO_URL and SYNNEFO_PASSWORD, else the stand-in beside this file.
"""

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.stand_in import PASSWORD, application

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: What the browser and noVNC themselves note about refusals, which are part of many tests.
EXPECTED = ("Failed to load resource", "WebSocket connection to", "Failed when connecting")
#: A real guest is shut down by its own init; the stand-in needs a moment only.
PATIENCE = {"stand-in": 10_000, "cloud": 90_000}


@dataclass(frozen=True)
class Cloud:
    """Where the console is served, who signs in, and what is behind it."""

    url: str
    user: str
    password: str
    kind: str

    @property
    def patience(self) -> int:
        return PATIENCE[self.kind]

    def api(self) -> httpx.Client:
        """Another client of the same project, as the command line would be one."""
        domain = {"name": "Default"}
        user = {"name": self.user, "domain": domain, "password": self.password}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": self.user, "domain": domain}}
        body = {"auth": {"identity": identity, "scope": scope}}
        answer = httpx.post(f"{self.url}/identity/v3/auth/tokens", json=body)
        headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
        return httpx.Client(base_url=f"{self.url}/compute/v2.1", headers=headers)


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    url = os.environ.get("SYNNEFO_URL")
    if url:
        user = os.environ.get("SYNNEFO_USER", "demo")
        yield Cloud(url.rstrip("/"), user, os.environ["SYNNEFO_PASSWORD"], "cloud")
        return
    listener = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(application(), log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield Cloud(f"http://127.0.0.1:{listener.getsockname()[1]}", "demo", PASSWORD, "stand-in")
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What the browser pretends to be; a test overrides it by its own fixture or parameter."""
    return {"viewport": {"width": 1360, "height": 900}}


@pytest.fixture
def page(browser: Browser, cloud: Cloud, settings: dict[str, Any]) -> Iterator[Page]:
    """The console before signing in. Errors in its log fail the test."""
    context = browser.new_context(base_url=cloud.url, **settings)
    context.set_default_timeout(cloud.patience)
    fresh = context.new_page()
    errors: list[str] = []
    fresh.on("pageerror", lambda error: errors.append(str(error)))
    fresh.on("console", lambda message: _keep(errors, message))
    fresh.goto("/")
    yield fresh
    context.close()
    assert errors == []


def _keep(errors: list[str], message: Any) -> None:
    if message.type == "error" and not any(noise in message.text for noise in EXPECTED):
        errors.append(message.text)


@pytest.fixture
def console(page: Page, cloud: Cloud) -> Page:
    """The console, signed in."""
    sign_in(page, cloud)
    return page


def sign_in(page: Page, cloud: Cloud) -> None:
    page.get_by_label("User name").fill(cloud.user)
    page.get_by_label("Password").fill(cloud.password)
    page.get_by_role("button", name="Sign in").click()
