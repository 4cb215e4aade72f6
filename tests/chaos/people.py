"""Users of the public API who wish for things, read, repeat themselves and pry on each other.

Other sizes are confirmed or reverted when they are there; what is not allowed at the moment is
refused, which is counted and no mistake.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from tests.chaos.journal import Accepted, Journal
from tests.chaos.schedule import Step
from tests.chaos.volumes import WORDS, Shelf
from tests.system.cloud import issue_token

SERVERS = "/compute/v2.1/servers"
MOST = 8  # Servers of one user; who has as many deletes one instead.
ATTEMPTS = 400
REPEATS = 100  # Of one user at the end of a long run; of a short one all.
MIX = {
    "create": 7,
    "delete": 4,
    "start": 4,
    "stop": 4,
    "reboot": 3,
    "reboot_hard": 2,
    "resize": 3,
    "confirm": 2,
    "revert": 2,
    "pause": 1,
    "unpause": 1,
    "suspend": 1,
    "resume": 1,
    "attach": 3,
    "detach": 2,
    "volume": 1,
    "volume attach": 3,
    "volume detach": 2,
    "tag": 2,
    "rename": 2,
    "metadata": 4,
    "console": 1,
    "repeat": 2,
    "pry": 2,
}
ACTIONS: dict[str, dict[str, Any]] = {
    "start": {"os-start": None},
    "stop": {"os-stop": None},
    "reboot": {"reboot": {"type": "SOFT"}},
    "reboot_hard": {"reboot": {"type": "HARD"}},
    "console": {"os-getConsoleOutput": {"length": 5}},
    "confirm": {"confirmResize": None},
    "revert": {"revertResize": None},
    "pause": {"pause": None},
    "unpause": {"unpause": None},
    "suspend": {"suspend": None},
    "resume": {"resume": None},
}
# What is done at once, or by reading: no intent of it is looked for.
WITHOUT_INTENT = ("rename", "console", "tag", "confirm")
# What the API says while a part of the cloud is away; anything may have come of the request.
UNSURE = (500, 502, 503, 504)


class User:
    """One person with one client, in one thread."""

    def __init__(self, url: str, name: str, password: str, journal: Journal) -> None:
        self.name = name
        self._journal = journal
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._credentials = {
            "OS_USERNAME": name, "OS_PROJECT_NAME": name, "OS_PASSWORD": password
        }  # fmt: skip
        self.servers: list[str] = []
        self.bodies: dict[str, dict[str, Any]] = {}  # by idempotency key
        self._references: dict[str, Any] = {}
        self._sizes: list[str] = []
        self._round = 0
        self._shelf = Shelf(name, self._ask, journal)
        self.strangers: list[User] = []

    def sign_in(self) -> str:
        """A token; the references of a creation are read once."""
        token = issue_token(self._http, self._credentials)
        self._http.headers["X-Auth-Token"] = token
        first = {
            noun: self._http.get(path).json()[noun][0]["id"]
            for noun, path in (
                ("flavors", "/compute/v2.1/flavors"),
                ("images", "/image/v2/images"),
                ("networks", "/network/v2.0/networks"),
            )
        }
        sizes = self._http.get("/compute/v2.1/flavors/detail").json()["flavors"]
        self._sizes = [one["id"] for one in sorted(sizes, key=lambda one: one["ram"])][:3]
        self._references = {
            "flavorRef": first["flavors"],
            "imageRef": first["images"],
            "networks": [{"uuid": first["networks"]}],
        }
        return token

    def live(self, steps: Iterator[Step], pace: float, stop: threading.Event) -> None:
        """Step after step until told to stop."""
        for step in steps:
            if stop.wait(pace * step.pause):
                return
            self.take(step, stop)

    def read(self, stop: threading.Event) -> None:
        """Only look, again and again."""
        while not stop.wait(0.1):
            self._ask("list", "GET", f"{SERVERS}/detail")

    def take(self, step: Step, stop: threading.Event) -> None:
        """One step; what needs a server and has none becomes a creation."""
        word = step.word
        if word == "create" and len(self.servers) >= MOST:
            word = "delete"
        if word == "create" or (not self.servers and word not in ("repeat", "pry")):
            self._create(str(uuid.uuid4()), None, stop)
        elif word == "repeat":
            if self.bodies:
                key = list(self.bodies)[step.pick % len(self.bodies)]
                self._create(key, self.bodies[key], stop)
        elif word == "pry":
            self._pry(step)
        elif word in WORDS:
            self._shelf.take(word, self.servers[step.pick % len(self.servers)])
        else:
            self._on_server(word, self.servers[step.pick % len(self.servers)])

    def repeat_all(self, stop: threading.Event) -> None:
        """Old and new creations once more: a key has to be answered with the server it made."""
        every = len(self.bodies) // REPEATS + 1
        for key, body in list(self.bodies.items())[::every]:
            self._create(key, body, stop)

    # --- the words

    def _create(self, key: str, body: dict[str, Any] | None, stop: threading.Event) -> None:
        """POST with an idempotency key, until there is an answer, as a careful client does."""
        word = "create" if body is None else "repeat"
        if body is None:
            body = {"server": {"name": f"{self.name}-{key[:8]}", **self._references}}
        for _ in range(ATTEMPTS):
            answer = self._ask(word, "POST", SERVERS, json=body, headers={"Idempotency-Key": key})
            if answer is not None and answer.status_code not in UNSURE:
                break
            if stop.wait(0.25):
                return
        else:
            self._journal.complain(1, f"{self.name}: {word} {key} was never answered")
            return
        if answer.status_code == 202:
            server = answer.json()["server"]["id"]
            self.bodies[key] = body
            if word == "create":
                self.servers.append(server)
            self._journal.accept(Accepted(self.name, "create", server, key=key))
        elif word == "repeat":
            self._journal.complain(2, f"{self.name}: repeating {key} was answered {answer.text}")

    def _on_server(self, word: str, server: str) -> None:
        path, count = f"{SERVERS}/{server}", 0
        if word == "metadata":
            self._round = count = self._round + 1
            body = {"metadata": {"round": str(count)}}
            answer = self._ask(word, "POST", f"{path}/metadata", json=body)
        elif word in ACTIONS:
            answer = self._ask(word, "POST", f"{path}/action", json=ACTIONS[word])
        elif word == "detach":
            answer = self._detach(path)
        else:
            answer = self._wish(word, path)
        if answer is None:
            return
        # A card may be gone before it is detached; its server is still there.
        gone = answer.status_code == 404 and word != "detach"
        if gone or (word == "delete" and answer.is_success):
            self.servers.remove(server)
        if answer.is_success and word not in WITHOUT_INTENT:
            request_id = answer.headers.get("x-openstack-request-id", "")
            self._journal.accept(Accepted(self.name, word, server, request_id, count=count))

    def _wish(self, word: str, path: str) -> httpx.Response | None:
        """Everything that is neither an action without arguments nor looks first."""
        more: dict[str, Any] = {}
        match word:
            case "delete":
                method = "DELETE"
            case "tag":
                method, path = "PUT", f"{path}/tags/{self.name}"
                more["headers"] = {"OpenStack-API-Version": "compute 2.26"}
            case "rename":
                method, more["json"] = "PUT", {"server": {"name": f"{self.name}-new"}}
            case "resize":
                self._round += 1
                size = self._sizes[self._round % len(self._sizes)]
                method, path = "POST", f"{path}/action"
                more["json"] = {"resize": {"flavorRef": size}}
            case "attach":
                net = self._references["networks"][0]["uuid"]
                method, path = "POST", f"{path}/os-interface"
                more["json"] = {"interfaceAttachment": {"net_id": net}}
            case _:
                raise ValueError(f"nobody knows how to {word}")
        return self._ask(word, method, path, **more)

    def _detach(self, path: str) -> httpx.Response | None:
        """The last card, if it is not the only one."""
        found = self._ask("cards", "GET", f"{path}/os-interface")
        cards = found.json()["interfaceAttachments"] if found and found.is_success else []
        if len(cards) < 2:
            return None
        return self._ask("detach", "DELETE", f"{path}/os-interface/{cards[-1]['port_id']}")

    def _pry(self, step: Step) -> None:
        """Somebody else's server is as unknown as one that never was."""
        theirs = [server for user in self.strangers for server in user.servers]
        if not theirs:
            return
        server = theirs[step.pick % len(theirs)]
        method, path, body = (
            ("GET", f"{SERVERS}/{server}", None),
            ("DELETE", f"{SERVERS}/{server}", None),
            ("POST", f"{SERVERS}/{server}/action", {"os-stop": None}),
        )[step.pick % 3]
        answer = self._ask("pry", method, path, json=body)
        if answer is not None and answer.status_code not in (404, *UNSURE):
            self._journal.complain(
                8, f"{self.name}: {method} of a stranger's server: {answer.status_code}"
            )

    def _ask(self, word: str, method: str, path: str, **more: Any) -> httpx.Response | None:
        """One request, counted; None when the connection broke."""
        began, wrote = time.monotonic(), method != "GET" and word not in ("pry", "console")
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TransportError:
            self._journal.count(word, "broken off")
            self._journal.answered(began, good=False, wrote=wrote)
            return None
        code = answer.status_code
        self._journal.answered(began, good=code not in UNSURE, wrote=wrote)
        outcome = "accepted" if answer.is_success else "refused"
        self._journal.count(word, f"answered {code}" if code in UNSURE else outcome)
        if word == "list" and answer.is_success:
            self._check_own(answer.json()["servers"])
        return answer

    def _check_own(self, listed: list[dict[str, Any]]) -> None:
        for server in listed:
            if not server["name"].startswith(f"{self.name}-"):
                self._journal.complain(8, f"{self.name}'s list shows {server['name']}")
