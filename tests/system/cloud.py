"""A cloud of its own for tests: started by the README's command, driven by real clients."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance.real_ganeti import RealGaneti

ROOT = Path(__file__).resolve().parents[2]
ON_GANETI = "ganeti"
# For tests that are to hold on a real Ganeti too.
EVERYWHERE = ["embedded", "full", pytest.param(ON_GANETI, marks=pytest.mark.conformance)]
OPENSTACK = Path(sys.executable).with_name("openstack")


def free_port_range(count: int = 40) -> int:
    """A port from which `count` following ones are free at this moment.

    Each process begins to look elsewhere, for a port stays free until somebody listens; and below
    those that the kernel gives to connections.
    """
    ranges = range(21000, 32700 - count, count)
    begin = os.getpid() % len(ranges)
    for first in (*ranges[begin:], *ranges[:begin]):
        if all(_is_free(first + offset) for offset in range(count)):
            return first
    raise RuntimeError("no free range of ports on this machine")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true answer of `condition`; an error that says what did not come true."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last answer: {answer!r}")
        pause.wait(0.05)


@dataclass
class Cloud:
    """One running cloud and the ways into it."""

    state: Path
    port: int
    profile: str = "embedded"
    environment: dict[str, str] = field(default_factory=dict)
    guests_print: bool = True  # Whether there are guests that boot and write to their consoles.
    real: RealGaneti | None = None  # Somebody else's cluster, in place of one of its own.
    _token: str = ""

    @property
    def url(self) -> str:
        """Where users reach it."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run `./cloud …` for this cloud."""
        line = [str(ROOT / "cloud"), *arguments, "--state", str(self.state)]
        return subprocess.run(
            line, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )

    def up(self, *options: str) -> str:
        """Start it and read the environment it offers."""
        ran = self.command(
            "up", "--detach", "--port", str(self.port), "--profile", self.profile, *options
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for line in self.command("env").stdout.splitlines():
            words = shlex.split(line)
            if words[:1] == ["export"]:
                for assignment in words[1:]:
                    name, _, value = assignment.partition("=")
                    self.environment[name] = value.replace("$PATH", os.environ["PATH"])
        return ran.stdout

    def down(self) -> None:
        """End it and remove what it kept."""
        self.command("down", "--purge")

    def run(self, *line: str, check: bool = True, timeout: float = 120) -> str:
        """Run a client as a user would after `eval "$(./cloud env)"`."""
        if self.real is not None and line[0].startswith("gnt-"):
            ran = self.real.command(*line)
        else:
            ran = subprocess.run(
                line, env=os.environ | self.environment, capture_output=True, text=True,
                timeout=timeout, check=False,
            )  # fmt: skip
        if check:
            assert ran.returncode == 0, f"{shlex.join(line)}\n{ran.stdout}{ran.stderr}"
        return ran.stdout + ("" if check else ran.stderr)

    def manage(self, *words: str) -> str:
        """Run an operators' command of this cloud."""
        ran = self.command("manage", *words)
        assert ran.returncode == 0, f"{shlex.join(words)}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def openstack(self, *line: str) -> Any:
        """Run the real command-line client and read its JSON."""
        text = self.run(str(OPENSTACK), *line, "-f", "json")
        return json.loads(text) if text.strip() else None

    def processes(self) -> dict[str, dict[str, Any]]:
        """The supervised processes by name."""
        listed = json.loads(self.command("status", "--json").stdout)
        entries = listed["processes"] if isinstance(listed, dict) else listed
        return {entry["name"]: entry for entry in entries}

    def kill(self, name: str) -> None:
        """SIGKILL one process of this cloud, by its id."""
        os.kill(self.processes()[name]["pid"], signal.SIGKILL)

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """A client that carries a token of the demo user."""
        with httpx.Client(
            base_url=self.url, timeout=30, transport=httpx.HTTPTransport(retries=20)
        ) as client:
            client.headers["X-Auth-Token"] = self.token(client)
            yield client

    def token(self, client: httpx.Client) -> str:
        """A token, issued once per cloud."""
        if not self._token:
            self._token = issue_token(client, self.credentials())
        return self._token

    def credentials(self) -> dict[str, str]:
        """User, project and password as the openrc file exports them."""
        shown = self.command("openrc").stdout
        found = dict(
            part.removeprefix("export ").split("=", 1)
            for part in shown.splitlines()
            if "OS_" in part
        )
        return {name: shlex.split(value)[0] for name, value in found.items() if value}


def issue_token(client: httpx.Client, credentials: dict[str, str]) -> str:
    """POST /v3/auth/tokens with a password, scoped to the project."""
    domain = {"name": "Default"}
    body = {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {
                        "name": credentials["OS_USERNAME"],
                        "domain": domain,
                        "password": credentials["OS_PASSWORD"],
                    }
                },
            },
            "scope": {"project": {"name": credentials["OS_PROJECT_NAME"], "domain": domain}},
        }
    }
    answer = client.post("/identity/v3/auth/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["X-Subject-Token"]


def as_person(state: Path, client: httpx.Client, person: str) -> str:
    """A token of one of the people that a cloud is set up with, in their own project."""
    password = json.loads((state / "passwords.json").read_text())[f"{person}_password"]
    names = {"OS_USERNAME": person, "OS_PROJECT_NAME": person, "OS_PASSWORD": password}
    return issue_token(client, names)


def wait_for_server(
    client: httpx.Client, server_id: str, status: str, seconds: float = 60
) -> dict[str, Any]:
    """The server once it has this status and nothing is under way; ERROR fails at once."""

    def arrived() -> dict[str, Any] | None:
        try:
            server = client.get(f"/compute/v2.1/servers/{server_id}").json()["server"]
        except httpx.TransportError:
            return None  # The API process is being restarted; its supervisor brings it back.
        if status != "ERROR":
            assert server["status"] != "ERROR", server.get("fault")
        settled = server["status"] == status and not server["OS-EXT-STS:task_state"]
        return server if settled else None

    return wait_until(arrived, f"server {server_id} is {status}", seconds)
