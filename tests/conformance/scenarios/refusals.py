"""Bad input of all kinds, to operations on instances."""

from typing import Any

from tests.conformance.world import World, scenario

ABSENT = "/2/instances/absent.conf.test"


@scenario
def unknown_instance(world: World) -> None:
    world.refused("read", "GET", ABSENT)
    world.refused("console", "GET", f"{ABSENT}/console")
    world.refused("tags", "GET", f"{ABSENT}/tags")
    world.job("start", "PUT", f"{ABSENT}/startup", {})
    world.job("stop", "PUT", f"{ABSENT}/shutdown", {})
    world.job("reboot", "POST", f"{ABSENT}/reboot", {})
    world.job("remove", "DELETE", ABSENT)
    world.job("info", "GET", f"{ABSENT}/info")


@scenario
def unknown_instance_of_longer_operations(world: World) -> None:
    world.job("modify", "PUT", f"{ABSENT}/modify", {"beparams": {"vcpus": 2}})
    world.job("rename", "PUT", f"{ABSENT}/rename", {"new_name": "x.conf.test"})
    world.job("grow", "POST", f"{ABSENT}/disk/0/grow", {"amount": 1})
    world.job("migrate", "PUT", f"{ABSENT}/migrate", {})
    world.job("failover", "PUT", f"{ABSENT}/failover", {})


def _refuse_each(world: World, bad: dict[str, dict[str, Any]]) -> None:
    """Each under a name of its own: what one cluster lets through shall not refuse the next."""
    for number, (title, more) in enumerate(bad.items()):
        body = world.creation(world.name(f"n{number}"), **more)
        world.job(title, "POST", "/2/instances", body)


@scenario
def create_in_bad_places(world: World) -> None:
    bad = {
        "unknown node": {"pnode": "nosuch.conf.test"},
        "no place": {"pnode": None},
        "both ways": {"iallocator": "hail"},
        "unknown allocator": {"pnode": None, "iallocator": "nosuch"},
        "unknown group": {"pnode": None, "iallocator": "hail", "group_name": "nosuch"},
        "a second node without mirror": {"snode": world.nodes[1]},
    }
    _refuse_each(world, bad)


@scenario
def create_with_bad_types(world: World) -> None:
    bad = {
        "disks": {"disks": "many"},
        "network cards": {"nics": 7},
        "parameters": {"beparams": []},
        "name": {"instance_name": 7},
        "start": {"start": "perhaps"},
        "unknown field": {"nosuch": True},
        "mode": {"mode": "nosuch"},
        "no mode": {"mode": None},
        "template": {"disk_template": "nosuch"},
    }
    _refuse_each(world, bad)


@scenario
def create_with_bad_values(world: World) -> None:
    bad = {
        "unknown system": {"os_type": "nosuch"},
        "no system": {"os_type": None},
        "variant missing": {"os_type": "noop-variants"},
        "unknown variant": {"os_type": "noop-variants+nosuch"},
        "unknown hypervisor": {"hypervisor": "xen-pvm"},
        "unknown system parameter": {"osparams": {"nosuch": "x"}},
        "unknown parameter": {"beparams": {"nosuch": 1}},
        "minimum above maximum": {"beparams": {"minmem": 64, "maxmem": 32}},
        "bad name": {"instance_name": "no good!"},
    }
    _refuse_each(world, bad)


@scenario
def create_with_bad_disks_and_cards(world: World) -> None:
    file = {"disk_template": "file"}
    bad = {
        "disk without size": file | {"disks": [{}]},
        "negative size": file | {"disks": [{"size": -1}]},
        "text size": file | {"disks": [{"size": "big"}]},
        "disk parameter": file | {"disks": [{"size": 16, "nosuch": 1}]},
        "disk mode": file | {"disks": [{"size": 16, "mode": "nosuch"}]},
        "disks of a diskless one": {"disks": [{"size": 16}]},
        "template not enabled": {"disk_template": "drbd", "disks": [{"size": 16}]},
        "external disk without provider": {"disk_template": "ext", "disks": [{"size": 16}]},
        "card address": {"nics": [{"mac": "nonsense"}]},
        "card mode": {"nics": [{"mode": "nosuch"}]},
        "card parameter": {"nics": [{"nosuch": 1}]},
        "too many cards": {"nics": [{}] * 9},
    }
    _refuse_each(world, bad)


@scenario
def create_more_than_there_is(world: World) -> None:
    huge = {"minmem": 1000000, "maxmem": 1000000}
    bad = {
        "memory": {"beparams": huge},
        "disk": {"disk_template": "file", "disks": [{"size": 1000000}]},
        "memory, by an allocator": {"beparams": huge, "pnode": None, "iallocator": "hail"},
        "processors beyond the policy": {"beparams": {"vcpus": 65}},
    }
    _refuse_each(world, bad)


@scenario
def create_twice(world: World) -> None:
    world.made(nics=[{"mac": "aa:00:00:77:77:77"}], start=False)
    world.job("same name", "POST", "/2/instances", world.creation())
    nics = [{"mac": "aa:00:00:77:77:77"}]
    world.job("same card", "POST", "/2/instances", world.creation(world.name("b"), nics=nics))


@scenario
def a_failing_hook(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    # Of an operation that no other scenario runs at that time.
    world.break_hook("disk-grow")
    try:
        world.job("grow", "POST", f"/2/instances/{name}/disk/0/grow", {"amount": 16})
    finally:
        world.mend_hook("disk-grow")
    world.note("then", world.rapi.get(f"/2/instances/{name}")["disk.sizes"])
