"""An instance from creation to removal."""

from tests.conformance.world import World, scenario


@scenario
def create_without_disks(world: World) -> None:
    world.job("create", "POST", "/2/instances", world.creation())


@scenario
def create_with_a_file_disk(world: World) -> None:
    disks = [{"size": 16}, {"size": 8, "name": "second", "mode": "ro"}]
    body = world.creation(disk_template="file", disks=disks, nics=[{}])
    world.job("create", "POST", "/2/instances", body)


@scenario
def create_with_everything(world: World) -> None:
    body = world.creation(
        disk_template="sharedfile",
        disks=[{"size": 16, "mode": "rw"}],
        nics=[{"mac": "generate", "ip": None, "name": "front"}, {"mac": "aa:00:00:12:34:56"}],
        osparams={"note": "x"},
        tags=["red", "blue"],
        hypervisor="fake",
        start=False,
        no_install=True,
        wait_for_sync=False,
    )
    world.job("create", "POST", "/2/instances", body)
    one = world.read("then", f"/2/instances/{world.name()}")
    world.note("kept", {key: one.get(key) for key in ("tags", "osparams", "custom_osparams")})


@scenario
def create_with_the_name_as_name(world: World) -> None:
    body = world.creation(start=False)
    body["name"] = body.pop("instance_name")
    body["os"] = body.pop("os_type")
    world.job("create", "POST", "/2/instances", body)


@scenario
def create_by_an_allocator(world: World) -> None:
    body = world.creation(iallocator="hail", start=False)
    body.pop("pnode")
    world.job("create", "POST", "/2/instances", body)


@scenario
def create_with_external_storage(world: World) -> None:
    disks = [{"size": 16, "provider": "noop"}]
    body = world.creation(disk_template="ext", disks=disks, start=False)
    world.job("create", "POST", "/2/instances", body)


@scenario
def create_as_a_dry_run(world: World) -> None:
    world.job("create", "POST", "/2/instances?dry-run=1", world.creation())
    world.refused("then", "GET", f"/2/instances/{world.name()}")


@scenario
def create_with_a_variant(world: World) -> None:
    body = world.creation(os_type="noop-variants+other", start=False)
    world.job("create", "POST", "/2/instances", body)


@scenario
def start_and_stop(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], nics=[{}], start=False)
    world.job("start", "PUT", f"/2/instances/{name}/startup", {})
    world.job("start again", "PUT", f"/2/instances/{name}/startup", {})
    world.job("stop", "PUT", f"/2/instances/{name}/shutdown", {"timeout": 1})
    world.job("stop again", "PUT", f"/2/instances/{name}/shutdown", {})


@scenario
def start_paused(world: World) -> None:
    name = world.made(start=False)
    body = {"startup_paused": True, "hvparams": {}, "beparams": {"vcpus": 2}}
    world.job("start", "PUT", f"/2/instances/{name}/startup?no_remember=1", body)
    one = world.rapi.get(f"/2/instances/{name}")
    world.note("then", [one["status"], one["admin_state"]])


@scenario
def stop_without_remembering(world: World) -> None:
    name = world.made()
    world.job("stop", "PUT", f"/2/instances/{name}/shutdown?no_remember=1", {})
    one = world.rapi.get(f"/2/instances/{name}")
    world.note("then", [one["status"], one["admin_state"], one["oper_state"]])


@scenario
def stop_as_a_dry_run(world: World) -> None:
    name = world.made()
    world.job("stop", "PUT", f"/2/instances/{name}/shutdown?dry-run=1", {})
    world.note("then", world.rapi.get(f"/2/instances/{name}")["status"])


@scenario
def reboot_in_each_way(world: World) -> None:
    name = world.made()
    world.job("default", "POST", f"/2/instances/{name}/reboot", {})
    world.job("soft", "POST", f"/2/instances/{name}/reboot?type=soft", {})
    world.job("full", "POST", f"/2/instances/{name}/reboot?type=full&ignore_secondaries=1", {})
    world.job("unknown", "POST", f"/2/instances/{name}/reboot?type=nosuch", {})


@scenario
def reboot_of_a_stopped_one(world: World) -> None:
    name = world.made(start=False)
    world.job("reboot", "POST", f"/2/instances/{name}/reboot", {})


@scenario
def remove_a_running_one(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}])
    world.job("remove", "DELETE", f"/2/instances/{name}")
    world.refused("then", "GET", f"/2/instances/{name}")
    world.job("again", "DELETE", f"/2/instances/{name}")


@scenario
def reinstall(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}])
    world.job("reinstall", "POST", f"/2/instances/{name}/reinstall?os=noop", None)
    body = {"os": "noop", "start": False, "osparams": {"note": "again"}}
    world.job("without start", "POST", f"/2/instances/{name}/reinstall", body)


@scenario
def reinstall_of_nothing(world: World) -> None:
    name = world.made(start=False)
    body = {"os": "nosuch", "start": False}
    world.job("unknown system", "POST", f"/2/instances/{name}/reinstall", body)


@scenario
def rename(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    body = {"new_name": world.name("b"), "ip_check": False, "name_check": False}
    world.job("rename", "PUT", f"/2/instances/{name}/rename", body)
    world.refused("the old name", "GET", f"/2/instances/{name}")
    world.read("the new name", f"/2/instances/{world.name('b')}")


@scenario
def rename_of_a_running_one(world: World) -> None:
    name = world.made()
    body = {"new_name": world.name("b"), "ip_check": False, "name_check": False}
    world.job("rename", "PUT", f"/2/instances/{name}/rename", body)


@scenario
def rename_to_a_taken_name(world: World) -> None:
    name = world.made(start=False)
    other = world.made("b", start=False)
    body = {"new_name": other, "ip_check": False, "name_check": False}
    world.job("rename", "PUT", f"/2/instances/{name}/rename", body)


@scenario
def create_many_at_once(world: World) -> None:
    names = [world.name(suffix) for suffix in ("a", "b")]
    keep = ("instance_name", "disk_template", "disks", "nics", "os_type", "pnode", "mode")
    keep += ("name_check", "ip_check", "conflicts_check", "beparams")
    bodies = []
    for name in names:
        body = world.creation(name, start=False)
        bodies.append({key: body[key] for key in keep} | {"start": False})
    asked = {"instances": bodies, "opportunistic_locking": False}
    job = world.job("create", "POST", "/2/instances-multi-alloc", asked, hooks=False)
    for made in (job or {}).get("opresult") or []:
        for one in (made or {}).get("jobs", []):
            world.rapi.ended(one[1])
    names_now = [entry["id"] for entry in world.rapi.get("/2/instances")]
    world.note("then", [name in names_now for name in names])
