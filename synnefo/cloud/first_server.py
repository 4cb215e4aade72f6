"""Boots the first server the way any client would: over the public API."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any

from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import Layout
from synnefo.cloud.waiting import pause, until

NAME = "hello"
ACTIVE_SECONDS = 90
CONSOLE_SECONDS = 90
DOMAIN = {"name": "Default"}


class Client:
    """Just enough of an OpenStack client."""

    def __init__(self, layout: Layout) -> None:
        self.url = layout.url
        self._token = ""
        self._password = layout.passwords()["demo_password"]

    def log_in(self) -> None:
        """Get a token of the demo user."""
        user = {"name": "demo", "domain": DOMAIN, "password": self._password}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "demo", "domain": DOMAIN}}
        _, headers = self._send(
            "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}}
        )
        self._token = headers.get("X-Subject-Token", "")

    def get(self, path: str) -> Any:
        return self._send(path)[0]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send(path, body)[0]

    def _send(
        self, path: str, body: dict[str, Any] | None = None
    ) -> tuple[Any, http.client.HTTPMessage]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Auth-Token": self._token}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return (json.loads(text) if text else None), answer.headers
        except urllib.error.HTTPError as error:
            detail = error.read(400).decode(errors="replace")
            raise CloudError(f"{path} answered {error.code}: {detail}") from None
        except OSError as error:
            raise CloudError(f"{self.url}{path} did not answer: {error}") from None


def health(url: str) -> dict[str, Any] | None:
    """What the public port says of itself and of its backends; None if it is not well."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            said: dict[str, Any] = json.load(answer)
            return said
    except (OSError, ValueError):
        return None


def healthy(url: str) -> bool:
    """Whether the public port answers that it is well."""
    return health(url) is not None


def boot(layout: Layout) -> str:
    """Create the server if there is none of its name, and wait until it is there; its id."""
    client = Client(layout)
    client.log_in()
    known = client.get(f"/compute/v2.1/servers?name={NAME}")["servers"]
    found = [server["id"] for server in known if server["name"] == NAME]
    server = found[0] if found else _create(client)
    until_active(client, server)
    if layout.choices.hypervisor == "libvirt":
        until(
            lambda: "GUEST-READY" in console(client, server),
            timeout=CONSOLE_SECONDS,
            what=f"the guest of {NAME} to boot",
            interval=0.3,
        )
    return server


def _create(client: Client) -> str:
    flavors = client.get("/compute/v2.1/flavors/detail")["flavors"]
    images = client.get("/image/v2/images")["images"]
    networks = client.get("/network/v2.0/networks")["networks"]
    if not (flavors and images and networks):
        raise CloudError("the new cloud shows no flavor, image or network")
    flavor = min(flavors, key=lambda flavor: (flavor["ram"], flavor["disk"]))
    wish = {
        "name": NAME,
        "flavorRef": flavor["id"],
        "imageRef": images[0]["id"],
        "networks": [{"uuid": networks[0]["id"]}],
    }
    created: str = client.post("/compute/v2.1/servers", {"server": wish})["server"]["id"]
    return created


def until_active(client: Client, server: str) -> None:
    """Look until the server runs; raise with its fault when it does not."""
    deadline = time.monotonic() + ACTIVE_SECONDS
    while True:
        shown = client.get(f"/compute/v2.1/servers/{server}")["server"]
        if shown["status"] == "ACTIVE":
            return
        if shown["status"] == "ERROR":
            fault = shown.get("fault", {}).get("message", "no reason given")
            raise CloudError(f"the first server failed: {fault}")
        if time.monotonic() > deadline:
            raise CloudError(
                f"the first server is still {shown['status']} after {ACTIVE_SECONDS} s"
            )
        pause(0.1)


def console(client: Client, server: str) -> str:
    """What the guest printed so far."""
    body = {"os-getConsoleOutput": {"length": None}}
    output: str = client.post(f"/compute/v2.1/servers/{server}/action", body)["output"]
    return output
