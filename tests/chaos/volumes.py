"""What a user does with volumes: makes and deletes some, attaches and detaches them.

Which of them there are is asked each time: servers go, and administrators take disks away.
"""

from collections.abc import Callable
from typing import Any

import httpx

from tests.chaos.journal import Accepted, Journal

VOLUMES = "/volume/v3/volumes"
MOST = 4  # of one user; who has as many deletes one instead.
WORDS = ("volume", "volume attach", "volume detach")
Ask = Callable[..., httpx.Response | None]


class Shelf:
    """One user's volumes."""

    def __init__(self, user: str, ask: Ask, journal: Journal) -> None:
        self._user = user
        self._ask = ask
        self._journal = journal

    def take(self, word: str, server: str) -> None:
        """One step; what needs a volume and finds none makes one."""
        found = self._ask("volumes", "GET", f"{VOLUMES}/detail")
        if found is None or not found.is_success:
            return
        volumes = found.json()["volumes"]
        used = [one for one in volumes if one["status"] == "in-use"]
        free = [one for one in volumes if one["status"] == "available"]
        if word == "volume detach" and used:
            self._detach(used[0])
        elif word == "volume attach" and free:
            self._attach(free[0], server)
        elif len(volumes) < MOST:
            self._make()
        elif idle := free + [one for one in volumes if one["status"] == "error"]:
            self._delete(idle[-1]["id"])

    def _make(self) -> None:
        body = {"volume": {"size": 1, "name": f"{self._user}-disk"}}
        answer = self._ask("volume", "POST", VOLUMES, json=body)
        if answer is not None and answer.is_success:
            self._journal.made.add(answer.json()["volume"]["id"])

    def _delete(self, volume: str) -> None:
        self._journal.discarded.add(volume)  # Also if the answer gets lost.
        self._ask("volume delete", "DELETE", f"{VOLUMES}/{volume}")

    def _attach(self, volume: dict[str, Any], server: str) -> None:
        path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
        body = {"volumeAttachment": {"volumeId": volume["id"]}}
        self._wish("volume attach", server, "POST", path, json=body)

    def _detach(self, volume: dict[str, Any]) -> None:
        for one in volume["attachments"]:
            server = one["server_id"]
            path = f"/compute/v2.1/servers/{server}/os-volume_attachments/{volume['id']}"
            self._wish("volume detach", server, "DELETE", path)

    def _wish(self, word: str, server: str, method: str, path: str, **more: Any) -> None:
        """What becomes an intent of the server."""
        answer = self._ask(word, method, path, **more)
        if answer is not None and answer.is_success:
            request_id = answer.headers.get("x-openstack-request-id", "")
            self._journal.accept(Accepted(self._user, word, server, request_id))
