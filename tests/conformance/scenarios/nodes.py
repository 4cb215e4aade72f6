"""Nodes: roles, changes, what they store, and leaving them."""

from tests.conformance.world import World, scenario


@scenario
def node_roles(world: World) -> None:
    node = world.nodes[2]
    path = f"/2/nodes/{node}/role"
    for role in ("drained", "regular", "offline", "regular"):
        step = role if f"{role}: HTTP" not in world.seen else f"{role} again"
        world.job(step, "PUT", f"{path}?force=1", role)
        world.read(f"{step}, then", path, values=True)
    world.job("nonsense", "PUT", path, "nosuch")
    world.job("the master's", "PUT", f"/2/nodes/{world.nodes[0]}/role", "offline")
    world.job("of nothing", "PUT", "/2/nodes/nosuch.conf.test/role", "drained")


@scenario
def node_changes(world: World) -> None:
    path = f"/2/nodes/{world.nodes[2]}/modify"
    world.job("not for instances", "POST", path, {"vm_capable": False})
    world.job("for instances", "POST", path, {"vm_capable": True})
    world.job("nothing", "POST", path, {})
    world.job("unknown field", "POST", path, {"nosuch": 1})
    world.job("drained and offline", "POST", path, {"drained": True, "offline": True})


@scenario
def node_storage(world: World) -> None:
    path = f"/2/nodes/{world.nodes[0]}/storage"
    fields = "output_fields=name,size,used,free,allocatable"
    world.job("file", "GET", f"{path}?storage_type=file&{fields}")
    world.refused("no type", "GET", path)
    world.refused("no fields", "GET", f"{path}?storage_type=file")


@scenario
def node_evacuation(world: World) -> None:
    name = world.made("a", disk_template="sharedfile", disks=[{"size": 16}], pnode=world.nodes[2])
    path = f"/2/nodes/{world.nodes[2]}/evacuate"
    body = {"mode": "primary-only", "remote_node": world.nodes[1], "early_release": False}
    job = world.job("by remote node", "POST", path, body, hooks=False)
    _follow(world, job)
    body = {"mode": "primary-only", "iallocator": "hail"}
    job = world.job("by an allocator", "POST", path, body, hooks=False)
    _follow(world, job)
    world.note("then it is away", world.rapi.get(f"/2/instances/{name}")["pnode"] != world.nodes[2])


def _follow(world: World, job: object) -> None:
    """Jobs that a job made end too."""
    if isinstance(job, dict):
        for result in job["opresult"]:
            for made in result.get("jobs", []) if isinstance(result, dict) else []:
                world.rapi.ended(made[1])


@scenario
def node_migration(world: World) -> None:
    world.made("a", disk_template="sharedfile", disks=[{"size": 16}], pnode=world.nodes[2])
    body = {"iallocator": "hail"}
    path = f"/2/nodes/{world.nodes[2]}/migrate"
    job = world.job("migrate", "POST", path, body, hooks=False)
    _follow(world, job)


@scenario
def node_that_is_unknown(world: World) -> None:
    world.refused("read", "GET", "/2/nodes/nosuch.conf.test")
    world.refused("role", "GET", "/2/nodes/nosuch.conf.test/role")
    world.job("modify", "POST", "/2/nodes/nosuch.conf.test/modify", {"drained": True})
    evacuate = "/2/nodes/nosuch.conf.test/evacuate"
    world.job("evacuate", "POST", evacuate, {"mode": "all", "iallocator": "hail"})


@scenario
def node_powercycle(world: World) -> None:
    world.job("of the master", "POST", f"/2/nodes/{world.nodes[0]}/powercycle")


@scenario
def cluster_changes(world: World) -> None:
    world.job("size of the pool", "PUT", "/2/modify", {"candidate_pool_size": 1})
    world.job("nothing", "PUT", "/2/modify", {})
    world.job("unknown field", "PUT", "/2/modify", {"nosuch": 1})
    world.job("bad hypervisor", "PUT", "/2/modify", {"enabled_hypervisors": ["nosuch"]})
    world.job("defaults", "PUT", "/2/modify", {"beparams": {"vcpus": 1}})
    world.job("redistribute", "PUT", "/2/redistribute-config")


@scenario
def cluster_states(world: World) -> None:
    """What is kept of hypervisors, disks and user ids."""
    changes: dict[str, dict[str, object]] = {
        "hypervisors": {"hv_state": {"kvm": {"mem_node": 512}}},
        "nothing of hypervisors": {"hv_state": {}},
        "unknown hypervisor": {"hv_state": {"nosuch": {"mem_node": 512}}},
        "unknown parameter": {"hv_state": {"kvm": {"nosuch": 512}}},
        "text": {"hv_state": {"kvm": {"mem_node": "much"}}},
        "disks": {"disk_state": {"plain": {"xenvg": {"disk_reserved": 4}}}},
        "unknown storage": {"disk_state": {"file": {"xenvg": {"disk_reserved": 4}}}},
        "pool": {"uid_pool": [[5000, 5010], [6000, 6000]]},
        "wrong pool": {"uid_pool": [[2, 1]]},
        "more": {"add_uids": [[7000, 7001]]},
        "less": {"remove_uids": [[6000, 6000]]},
        "less than there is": {"remove_uids": [[1, 1]]},
    }
    for title, change in changes.items():
        world.job(title, "PUT", "/2/modify", change, hooks=False)
    world.note("pool then", world.rapi.get("/2/info")["uid_pool"])
    world.rapi.do("PUT", "/2/modify", {"uid_pool": []})
