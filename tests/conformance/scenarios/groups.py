"""Node groups."""

from tests.conformance.world import World, scenario


@scenario
def group_from_add_to_remove(world: World) -> None:
    world.job("add", "POST", "/2/groups", {"name": "group-life", "alloc_policy": "last_resort"})
    world.read("then", "/2/groups/group-life")
    world.job("add again", "POST", "/2/groups", {"name": "group-life"})
    modify = "/2/groups/group-life/modify"
    world.job("change", "PUT", modify, {"alloc_policy": "unallocable"})
    world.job("change nothing", "PUT", modify, {})
    world.job("change to nonsense", "PUT", modify, {"alloc_policy": "nosuch"})
    rename = "/2/groups/group-life/rename"
    world.job("rename", "PUT", rename, {"new_name": "group-renamed"})
    world.job("remove", "DELETE", "/2/groups/group-renamed")
    world.job("remove again", "DELETE", "/2/groups/group-renamed")


@scenario
def group_with_nodes(world: World) -> None:
    world.rapi.do("POST", "/2/groups", {"name": "group-nodes"})
    assign = "/2/groups/group-nodes/assign-nodes"
    world.job("assign", "PUT", assign, {"nodes": [world.nodes[2]]})
    world.read("then", "/2/groups/group-nodes")
    world.job("unknown node", "PUT", assign, {"nodes": ["nosuch.conf.test"]})
    world.job("remove when used", "DELETE", "/2/groups/group-nodes")
    back = "/2/groups/default/assign-nodes"
    world.job("assign back", "PUT", back, {"nodes": [world.nodes[2]]})
    world.job("remove", "DELETE", "/2/groups/group-nodes")


@scenario
def group_that_is_bad(world: World) -> None:
    world.refused("read", "GET", "/2/groups/nosuch")
    world.job("remove the last", "DELETE", "/2/groups/default")
    world.job("no name", "POST", "/2/groups", {})
    world.job("bad policy", "POST", "/2/groups", {"name": "bad", "alloc_policy": "nosuch"})
    world.job("rename the unknown", "PUT", "/2/groups/nosuch/rename", {"new_name": "x"})
    world.job("dry run", "POST", "/2/groups?dry-run=1", {"name": "dry"})
