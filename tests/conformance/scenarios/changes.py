"""Changes of what an instance is made of."""

from tests.conformance.world import World, scenario


@scenario
def modify_backend_parameters(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/modify"
    world.job("change", "PUT", path, {"beparams": {"maxmem": 32, "vcpus": 2}})
    one = world.rapi.get(f"/2/instances/{name}")
    world.note("then", one["beparams"])
    world.note("custom", one["custom_beparams"])
    world.job("to the default", "PUT", path, {"beparams": {"vcpus": "default"}})
    world.job("nothing", "PUT", path, {})
    world.job("unknown parameter", "PUT", path, {"beparams": {"nosuch": 1}})
    world.job("text for a number", "PUT", path, {"beparams": {"vcpus": "many"}})
    world.job("too small", "PUT", path, {"beparams": {"minmem": 64, "maxmem": 32}})


@scenario
def modify_network_cards(world: World) -> None:
    name = world.made(nics=[{}], start=False)
    path = f"/2/instances/{name}/modify"
    world.job("add", "PUT", path, {"nics": [["add", -1, {"mac": "generate"}]]})
    world.job("change", "PUT", path, {"nics": [["modify", 0, {"link": "br0"}]]})
    world.job("remove", "PUT", path, {"nics": [["remove", 1, {}]]})
    world.job("remove what is not there", "PUT", path, {"nics": [["remove", 7, {}]]})
    world.job("bad address", "PUT", path, {"nics": [["add", -1, {"mac": "nonsense"}]]})
    world.job("unknown verb", "PUT", path, {"nics": [["nosuch", 0, {}]]})


@scenario
def modify_disks(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    path = f"/2/instances/{name}/modify"
    world.job("add", "PUT", path, {"disks": [["add", -1, {"size": 8}]]})
    world.job("name", "PUT", path, {"disks": [["modify", 1, {"name": "data", "mode": "ro"}]]})
    world.job("remove", "PUT", path, {"disks": [["remove", 1, {}]]})
    world.job("no size", "PUT", path, {"disks": [["add", -1, {}]]})
    world.job("two at once", "PUT", path, {"disks": [["add", -1, {"size": 8}], ["remove", 0, {}]]})


@scenario
def modify_the_operating_system(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/modify"
    world.job("parameters", "PUT", path, {"osparams": {"note": "new"}})
    world.job("name", "PUT", path, {"os_name": "noop-variants+default"})
    world.job("unknown", "PUT", path, {"os_name": "nosuch"})


@scenario
def modify_offline(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/modify"
    world.job("offline", "PUT", path, {"offline": True})
    world.note("then", world.rapi.get(f"/2/instances/{name}")["status"])
    world.job("start", "PUT", f"/2/instances/{name}/startup", {})
    world.job("online", "PUT", path, {"offline": False})


@scenario
def modify_unknown_fields(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/modify"
    world.job("unknown", "PUT", path, {"nosuch": 1})
    world.job("wrong type", "PUT", path, {"nics": "all"})
    world.job("static", "PUT", path, {"instance_name": "other"})


@scenario
def grow_a_disk(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    path = f"/2/instances/{name}/disk/0/grow"
    world.job("grow", "POST", path, {"amount": 16})
    world.note("then", world.rapi.get(f"/2/instances/{name}")["disk.sizes"])
    world.job("to a size", "POST", path, {"amount": 64, "absolute": True})
    world.job("smaller", "POST", path, {"amount": 8, "absolute": True})
    world.job("no amount", "POST", path, {})
    world.job("negative", "POST", path, {"amount": -1})
    world.job("no such disk", "POST", f"/2/instances/{name}/disk/7/grow", {"amount": 16})


@scenario
def activate_and_deactivate_disks(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    world.job("activate", "PUT", f"/2/instances/{name}/activate-disks", None)
    world.job("deactivate", "PUT", f"/2/instances/{name}/deactivate-disks", None)


@scenario
def deactivate_disks_of_a_running_one(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}])
    world.job("deactivate", "PUT", f"/2/instances/{name}/deactivate-disks", None)


@scenario
def recreate_disks(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    world.job("recreate", "POST", f"/2/instances/{name}/recreate-disks", {})


@scenario
def replace_disks_that_have_no_mirror(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    body = {"mode": "replace_auto"}
    world.job("replace", "POST", f"/2/instances/{name}/replace-disks", body)


@scenario
def snapshot_of_a_disk(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    world.refused("prepare without a mode", "PUT", f"/2/instances/{name}/prepare-export")
    body = {"mode": "local", "destination": world.nodes[0]}
    world.job("export", "PUT", f"/2/instances/{name}/export", body)
