"""Requests to the compute service at one microversion, and what has to be there for them."""

from __future__ import annotations

from typing import Any

from synnefo.db.models import Node, Server
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_writes import SERVERS, wish
from tests.integration.api.world import START, World


def post(api: Api, world: World, minor: int, **more: Any) -> Answer:
    return api("POST", SERVERS, wish(world, **more), version=f"2.{minor}")


def act(api: Api, server: Server, minor: int, body: dict[str, Any], **more: Any) -> Answer:
    path = f"{SERVERS}/{server.uuid}/action"
    return api("POST", path, body, version=f"2.{minor}", **more)


def built(api: Api, world: World) -> Server:
    """A server with all that a creation gives it, and done with it."""
    made = Server.objects.filter(uuid=post(api, world, 1).body["server"]["id"])
    made.update(state="ACTIVE", task=None, placed=True, backend=world.backend)
    return made.get()


def understood(answer: Answer) -> bool:
    """Whether the form of the body was right, whatever came of it."""
    return "Invalid input for field/attribute" not in answer.raw.decode()


def shown(api: Api, server: Server, minor: int, **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = api.get(f"{SERVERS}/{server.uuid}", version=f"2.{minor}", **more)[
        "server"
    ]
    return record


def node(world: World, name: str = "node1.fake") -> Node:
    return Node.objects.create(
        backend=world.backend, name=name, cpus=8, memory_total=1024, memory_free=512,
        created_at=START, seen_at=START,
    )  # fmt: skip
