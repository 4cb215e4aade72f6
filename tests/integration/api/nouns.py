"""One resource of each kind that belongs to the user's project, for walks by strangers."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.api.world import World

Maker = Callable[[World], str]


def _server(world: World) -> str:
    return str(world.server("secret-name").uuid)


def _image(world: World) -> str:
    return str(world.picture("secret-name", world.demo).uuid)


def _network(world: World) -> str:
    return str(world.net("secret-name", world.demo).uuid)


def _subnet(world: World) -> str:
    return str(world.pool(world.net("secret-name", world.demo)).uuid)


def _port(world: World) -> str:
    return str(world.with_address(world.server(), "198.18.0.77").uuid)


def _project(world: World) -> str:
    return str(world.demo.id)


def _user(world: World) -> str:
    return str(world.user.id)


NOUNS: dict[tuple[str, str], Maker] = {
    ("compute", "servers"): _server,
    ("compute", "os-quota-sets"): _project,
    ("identity", "projects"): _project,
    ("identity", "users"): _user,
    ("image", "images"): _image,
    ("network", "networks"): _network,
    ("network", "subnets"): _subnet,
    ("network", "ports"): _port,
    ("network", "quotas"): _project,
}
