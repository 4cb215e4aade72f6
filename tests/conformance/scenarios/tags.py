"""Tags of every kind of object."""

from tests.conformance.world import World, scenario


def _walk(world: World, place: str) -> None:
    world.job("add", "PUT", f"{place}?tag=one&tag=two")
    world.read("then", place, values=True)
    world.job("add again", "PUT", f"{place}?tag=one")
    world.job("remove", "DELETE", f"{place}?tag=one")
    world.job("remove what is not there", "DELETE", f"{place}?tag=nosuch")
    world.job("remove the other", "DELETE", f"{place}?tag=two")


@scenario
def tags_of_the_cluster(world: World) -> None:
    _walk(world, "/2/tags")


@scenario
def tags_of_an_instance(world: World) -> None:
    name = world.made(start=False)
    _walk(world, f"/2/instances/{name}/tags")


@scenario
def tags_of_a_node(world: World) -> None:
    _walk(world, f"/2/nodes/{world.nodes[0]}/tags")


@scenario
def tags_of_a_group(world: World) -> None:
    _walk(world, "/2/groups/default/tags")


@scenario
def tags_that_are_bad(world: World) -> None:
    name = world.made(start=False)
    place = f"/2/instances/{name}/tags"
    world.refused("none", "PUT", place)
    world.job("of forbidden characters", "PUT", f"{place}?tag=a%20b%21")
    world.job("too long", "PUT", f"{place}?tag={'x' * 200}")
    world.job("of nothing", "PUT", "/2/instances/nosuch.conf.test/tags?tag=a")
    world.job("dry run", "PUT", f"{place}?tag=dry&dry-run=1")
    world.read("then", place, values=True)
