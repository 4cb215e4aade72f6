"""Networks with address pools, and their groups."""

from tests.conformance.world import World, scenario

CONNECTION = {"group_name": "default", "network_mode": "bridged", "network_link": "br0"}


def _network(world: World, name: str, **more: object) -> str:
    body = {"network_name": name, "network": "198.51.100.0/28", **more}
    world.rapi.do("POST", "/2/networks", body)
    return name


@scenario
def network_from_add_to_remove(world: World) -> None:
    body = {
        "network_name": "net-life",
        "network": "192.0.2.0/28",
        "gateway": "192.0.2.1",
        "network6": "2001:db8::/64",
        "gateway6": "2001:db8::1",
        "mac_prefix": "aa:00:01",
        "add_reserved_ips": ["192.0.2.14"],
        "tags": ["green"],
    }
    world.job("add", "POST", "/2/networks", body)
    one = world.read("then", "/2/networks/net-life")
    kept = ("free_count", "reserved_count", "map", "gateway", "network6", "mac_prefix", "tags")
    world.note("kept", {key: one.get(key) for key in kept})
    world.read("bulk", "/2/networks?bulk=1")
    world.job("connect", "PUT", "/2/networks/net-life/connect", CONNECTION)
    world.job("connect again", "PUT", "/2/networks/net-life/connect", CONNECTION)
    world.job("remove when connected", "DELETE", "/2/networks/net-life")
    world.job("disconnect", "PUT", "/2/networks/net-life/disconnect", {"group_name": "default"})
    world.job("remove", "DELETE", "/2/networks/net-life")
    world.refused("then it is gone", "GET", "/2/networks/net-life")


@scenario
def network_changes(world: World) -> None:
    name = _network(world, "net-changes")
    path = f"/2/networks/{name}/modify"
    world.job("gateway", "PUT", path, {"gateway": "198.51.100.1"})
    world.job("reserve", "PUT", path, {"add_reserved_ips": ["198.51.100.5"]})
    world.job("reserve again", "PUT", path, {"add_reserved_ips": ["198.51.100.5"]})
    world.job("release", "PUT", path, {"remove_reserved_ips": ["198.51.100.5"]})
    world.job("outside", "PUT", path, {"add_reserved_ips": ["203.0.113.5"]})
    world.job("rename by tag", "PUT", f"/2/networks/{name}/tags?tag=violet")
    world.job("dry run of a removal", "DELETE", f"/2/networks/{name}?dry-run=1")
    world.job("removal", "DELETE", f"/2/networks/{name}")


@scenario
def network_that_is_bad(world: World) -> None:
    bad = {
        "no network": {"network_name": "bad-net"},
        "no name": {"network": "192.0.2.0/28"},
        "no address": {"network_name": "bad-net", "network": "nonsense"},
        "too small": {"network_name": "bad-net", "network": "192.0.2.0/31"},
        "gateway outside": {
            "network_name": "bad-net",
            "network": "192.0.2.0/28",
            "gateway": "203.0.113.1",
        },
        "bad prefix": {
            "network_name": "bad-net",
            "network": "192.0.2.0/28",
            "mac_prefix": "zz:00:00",
        },
        "unknown field": {"network_name": "bad-net", "network": "192.0.2.0/28", "nosuch": 1},
    }
    for title, body in bad.items():
        world.job(title, "POST", "/2/networks", body)


@scenario
def network_that_is_there_already(world: World) -> None:
    name = _network(world, "net-twice")
    body = {"network_name": name, "network": "203.0.113.0/28"}
    world.job("add", "POST", "/2/networks", body)
    connect = f"/2/networks/{name}/connect"
    world.job("unknown group", "PUT", connect, CONNECTION | {"group_name": "nosuch"})
    world.job("unknown mode", "PUT", connect, CONNECTION | {"network_mode": "nosuch"})
    not_there = f"/2/networks/{name}/disconnect"
    world.job("not connected", "PUT", not_there, {"group_name": "default"})
    world.rapi.do("DELETE", f"/2/networks/{name}")


@scenario
def network_of_an_instance(world: World) -> None:
    name = _network(world, "net-used", gateway="198.51.100.1")
    world.rapi.do("PUT", f"/2/networks/{name}/connect", CONNECTION)
    nics = [{"network": name, "ip": "pool"}]
    world.job("create", "POST", "/2/instances", world.creation(nics=nics, start=False))
    one = world.read("instance", f"/2/instances/{world.name()}")
    world.note("address", one["nic.ips"])
    world.note("network", one["nic.networks.names"])
    world.read("network in use", f"/2/networks/{name}")
    taken = [{"network": name, "ip": one["nic.ips"][0]}]
    body = world.creation(world.name("b"), nics=taken, start=False)
    world.job("same address", "POST", "/2/instances", body)
    outside = [{"network": name, "ip": "203.0.113.9"}]
    body = world.creation(world.name("c"), nics=outside, start=False)
    world.job("address outside", "POST", "/2/instances", body)
    disconnect = {"group_name": "default"}
    world.job("disconnect", "PUT", f"/2/networks/{name}/disconnect", disconnect)
    world.job("remove", "DELETE", f"/2/instances/{world.name()}")
    world.job("disconnect then", "PUT", f"/2/networks/{name}/disconnect", disconnect)


@scenario
def network_that_is_unknown(world: World) -> None:
    world.refused("read", "GET", "/2/networks/nosuch")
    world.job("remove", "DELETE", "/2/networks/nosuch")
    world.job("connect", "PUT", "/2/networks/nosuch/connect", CONNECTION)
    nics = [{"network": "nosuch", "ip": "pool"}]
    world.job("use", "POST", "/2/instances", world.creation(nics=nics))
