"""Instances on their way to another node."""

from tests.conformance.world import World, scenario


def _shared(world: World, **more: object) -> str:
    return world.made(disk_template="sharedfile", disks=[{"size": 16}], nics=[{}], **more)


@scenario
def migrate(world: World) -> None:
    name = _shared(world)
    path = f"/2/instances/{name}/migrate"
    world.job("migrate", "PUT", path, {"target_node": world.nodes[1]})
    world.note("then", world.rapi.get(f"/2/instances/{name}")["pnode"])
    world.job("clean up", "PUT", path, {"cleanup": True})


@scenario
def migrate_to_bad_places(world: World) -> None:
    name = _shared(world)
    path = f"/2/instances/{name}/migrate"
    world.job("unknown node", "PUT", path, {"target_node": "nosuch.conf.test"})
    world.job("where it is", "PUT", path, {"target_node": world.nodes[0]})
    world.job("nowhere", "PUT", path, {})
    world.job("unknown mode", "PUT", path, {"mode": "nosuch"})


@scenario
def migrate_a_stopped_one(world: World) -> None:
    name = _shared(world, start=False)
    path = f"/2/instances/{name}/migrate"
    world.job("migrate", "PUT", path, {"target_node": world.nodes[1]})
    body = {"target_node": world.nodes[1], "allow_failover": True}
    world.job("or fail over", "PUT", path, body)


@scenario
def migrate_local_disks(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}])
    body = {"target_node": world.nodes[1]}
    world.job("migrate", "PUT", f"/2/instances/{name}/migrate", body)


@scenario
def failover(world: World) -> None:
    name = _shared(world)
    path = f"/2/instances/{name}/failover"
    world.job("failover", "PUT", path, {"target_node": world.nodes[2]})
    one = world.rapi.get(f"/2/instances/{name}")
    world.note("then", [one["pnode"], one["status"]])


@scenario
def failover_a_stopped_one(world: World) -> None:
    name = _shared(world, start=False)
    path = f"/2/instances/{name}/failover"
    world.job("failover", "PUT", path, {"target_node": world.nodes[1]})
    world.note("then", world.rapi.get(f"/2/instances/{name}")["pnode"])


@scenario
def failover_by_an_allocator(world: World) -> None:
    name = _shared(world, start=False)
    world.job("failover", "PUT", f"/2/instances/{name}/failover", {"iallocator": "hail"})


@scenario
def failover_local_disks(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    body = {"target_node": world.nodes[1]}
    world.job("failover", "PUT", f"/2/instances/{name}/failover", body)
