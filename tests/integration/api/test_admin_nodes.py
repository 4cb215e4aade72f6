"""Nodes as hypervisors, services and hosts; aggregates, zones and groups, and what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.core.server_states import ServerState
from synnefo.db.models import Intent, Node, Server
from synnefo.intents import submission
from synnefo.observations import backends
from synnefo.ports import NodeReport
from synnefo.rapi.fake import FakeCluster
from synnefo.reconciler import node_roles
from tests.integration.api.client import Api
from tests.integration.api.world import START, World

V = "/compute/v2.1"


def report(name: str, **more: Any) -> NodeReport:
    fields: dict[str, Any] = {
        "offline": False,
        "drained": False,
        "vm_capable": True,
        "memory_total": 4096,
        "memory_free": 3000,
        "disk_total": 10240,
        "disk_free": 9216,
        "cpus": 8,
        "address": "192.0.2.1",
    }
    return NodeReport(name, **(fields | more))


@pytest.fixture
def nodes(world: World) -> dict[str, Node]:
    """Three nodes, the first of which is the master."""
    reports = [report(f"node{n}.fake", master=n == 1) for n in (1, 2, 3)]
    backends.capacity(world.backend.pk, reports, START)
    return {node.name: node for node in Node.objects.all()}


def place(api: Api, **fields: Any) -> Server:
    """A new server that went through the allocator."""
    hints = fields.pop("hints", {})
    wish = {"name": "s", "flavorRef": "1", "imageRef": str(api.world.image.uuid)} | fields
    body = {"server": wish, "os:scheduler_hints": hints}
    answer = api("POST", f"{V}/servers", body, as_=fields.pop("as_", "user"))
    assert answer.status == 202, answer
    server = Server.objects.get(uuid=answer.body["server"]["id"])
    claims = submission.claim("tests", START, 100)
    no_room = next(c.no_room for c in claims if c.intent.server_id == server.pk)
    server.refresh_from_db()
    if no_room:
        Intent.objects.filter(server=server).update(state=Intent.State.FAILED)
        Server.objects.filter(pk=server.pk).update(state=ServerState.ERROR)
        server.wanted_node = no_room
    return server


# --- what is shown -------------------------------------------------------------------------------


def test_hypervisors(api: Api, world: World, nodes: dict[str, Node]) -> None:
    world.server()
    path = f"{V}/os-hypervisors"
    assert api("GET", path).status == 403
    shown = api.get(f"{path}/detail", as_="admin")["hypervisors"][0]
    assert (shown["memory_mb"], shown["free_ram_mb"], shown["vcpus"]) == (4096, 3000, 8)
    assert (shown["vcpus_used"], shown["running_vms"], shown["state"]) == (1, 1, "up")
    total = api.get(f"{path}/statistics", as_="admin")["hypervisor_statistics"]
    assert (total["count"], total["memory_mb"]) == (3, 3 * 4096)
    found = api.get(f"{path}/node1/servers", as_="admin")["hypervisors"]
    assert [len(one["servers"]) for one in found] == [1]
    assert api("GET", f"{path}/nowhere/search", as_="admin").status == 404
    number = shown["id"]
    assert " up " in api.get(f"{path}/{number}/uptime", as_="admin")["hypervisor"]["uptime"]
    assert api("GET", f"{path}/99999", as_="admin").status == 404
    new = api.get(f"{path}?with_servers=true&limit=2", as_="admin", version="2.53")
    assert new["hypervisors"][0]["id"] == str(nodes["node1.fake"].uuid)
    assert (len(new["hypervisors"]), "hypervisors_links" in new) == (2, True)
    rest = api.get(f"{path}?marker={new['hypervisors'][1]['id']}", as_="admin", version="2.53")
    assert [one["hypervisor_hostname"] for one in rest["hypervisors"]] == ["node3.fake"]
    assert api("GET", f"{path}/{number}", as_="admin", version="2.53").status == 400
    assert api("GET", f"{path}/node1/search", as_="admin", version="2.53").status == 404
    newest = api.get(f"{path}/detail", as_="admin", version="2.88")["hypervisors"][0]
    assert ("uptime" in newest, "memory_mb" in newest) == (True, False)


@pytest.mark.parametrize(
    ("path", "version", "queries"),
    [
        ("os-hypervisors", "2.1", 2),
        ("os-hypervisors/detail?with_servers=1", "2.75", 4),
        ("os-services", "2.53", 3),
        ("os-hosts", "2.1", 3),
        ("os-aggregates", "2.41", 3),
        ("os-availability-zone/detail", "2.1", 3),
        ("os-server-groups", "2.64", 3),
        ("os-simple-tenant-usage?start=2026-10-01T00:00:00&detailed=1", "2.40", 2),
        ("os-migrations", "2.80", 2),
        ("flavors/detail", "2.61", 2),
        ("os-quota-sets/admin/detail", "2.57", 0),
    ],
)
def test_query_counts(
    api: Api, world: World, nodes: dict[str, Node], path: str, version: str, queries: int
) -> None:
    path = path.replace("/admin/", f"/{world.ops.id}/")
    counts = []
    for size in (1, 4):
        for number in range(size):
            world.server(f"s{size}{number}", group=group(world))
            body = {"aggregate": {"name": f"a{size}{number}"}}
            made = api("POST", f"{V}/os-aggregates", body, as_="admin").body["aggregate"]
            host = {"add_host": {"host": "node1.fake"}}
            api("POST", f"{V}/os-aggregates/{made['id']}/action", host, as_="admin")
        with CaptureQueriesContext(connection) as seen:
            api.get(f"{V}/{path}", as_="admin", version=version)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert not queries or counts[0] == queries, [query["sql"] for query in seen]


def group(world: World) -> Any:
    from synnefo.db.models import ServerGroup

    return ServerGroup.objects.create(
        project=world.ops, user=world.admin, name="g", policy="affinity", created_at=START
    )


def test_services_and_hosts(api: Api, nodes: dict[str, Node]) -> None:
    shown = api.get(f"{V}/os-services?host=node2.fake", as_="admin")["services"]
    assert [(one["binary"], one["zone"]) for one in shown] == [("nova-compute", "nova")]
    assert api.get(f"{V}/os-services?binary=nova-cells", as_="admin")["services"] == []
    assert api.get(f"{V}/os-hosts?zone=xxx", as_="admin")["hosts"] == []
    assert len(api.get(f"{V}/os-hosts", as_="admin")["hosts"]) == 3
    rows = api.get(f"{V}/os-hosts/node1.fake", as_="admin")["host"]
    assert rows[0]["resource"]["memory_mb"] == 4096
    assert api("GET", f"{V}/os-hosts/nowhere", as_="admin").status == 404
    assert api("GET", f"{V}/os-hosts/nowhere/reboot", as_="admin").status == 404
    assert api("GET", f"{V}/os-hosts/node1.fake/reboot", as_="admin").status == 400
    assert api("GET", f"{V}/os-hosts", as_="admin", version="2.43").status == 404


def test_a_node_is_closed_and_opened(api: Api, world: World, nodes: dict[str, Node]) -> None:
    named = {"host": "node2.fake", "binary": "nova-compute"}
    answer = api("PUT", f"{V}/os-services/disable-log-reason", named, as_="admin")
    assert answer.status == 400
    reason = named | {"disabled_reason": "new fan"}
    api("PUT", f"{V}/os-services/disable-log-reason", reason, as_="admin")
    uuid = nodes["node2.fake"].uuid
    shown = api.get(f"{V}/os-services?host=node2.fake", as_="admin", version="2.53")["services"][0]
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "new fan")
    assert all(place(api).wanted_node != "node2.fake" for _ in range(3))
    cluster = FakeCluster("cluster.fake")
    assert node_roles.ask(world.backend, cluster, START) == 1
    assert node_roles.ask(world.backend, cluster, START) == 0
    where = f"{V}/os-services/{uuid}"
    enabled = api("PUT", where, {"status": "enabled"}, as_="admin", version="2.53")
    assert enabled.body["service"]["status"] == "enabled"
    assert api("PUT", where, {}, as_="admin", version="2.53").status == 400
    down = api("PUT", where, {"forced_down": True}, as_="admin", version="2.53")
    assert (down.body["service"]["forced_down"], down.body["service"]["state"]) == (True, "down")
    master = f"{V}/os-services/{nodes['node1.fake'].uuid}"
    assert api("PUT", master, {"forced_down": True}, as_="admin", version="2.53").status == 409
    assert api("DELETE", where, as_="admin", version="2.53").status == 400
    assert api("PUT", f"{V}/os-services/explode", named, as_="admin").status == 404
    assert api("PUT", where, {"status": "disabled"}, version="2.53").status == 403


def test_a_wish_that_came_true_is_forgotten(world: World, nodes: dict[str, Node]) -> None:
    asked = START - timedelta(minutes=1)
    wish = {"wanted_role": "drained", "disabled_reason": "x", "asked_at": asked}
    Node.objects.filter(name="node2.fake").update(**wish)
    reports = [report("node1.fake"), report("node2.fake", drained=True)]
    backends.capacity(world.backend.pk, reports, START)
    node = Node.objects.get(name="node2.fake")
    assert (node.wanted_role, node.role, node.disabled_reason) == (None, "drained", "x")
    assert not Node.objects.filter(name="node3.fake").exists()


# --- aggregates and zones ------------------------------------------------------------------------


def aggregate(api: Api, **fields: Any) -> int:
    answer = api("POST", f"{V}/os-aggregates", {"aggregate": fields}, as_="admin")
    assert answer.status == 200, answer
    return int(answer.body["aggregate"]["id"])


def act(api: Api, number: int, **action: Any) -> Any:
    return api("POST", f"{V}/os-aggregates/{number}/action", action, as_="admin")


def test_aggregates(api: Api, nodes: dict[str, Node]) -> None:
    number = aggregate(api, name="fast")
    assert api("POST", f"{V}/os-aggregates", {"aggregate": {"name": "x"}}).status == 403
    again = {"aggregate": {"name": "fast"}}
    assert api("POST", f"{V}/os-aggregates", again, as_="admin").status == 409
    assert act(api, number, add_host={"host": "node1.fake"}).body["aggregate"]["hosts"] == [
        "node1.fake"
    ]
    assert act(api, number, add_host={"host": "node1.fake"}).status == 409
    assert act(api, number, add_host={"host": "nowhere"}).status == 404
    assert act(api, number, remove_host={"host": "node2.fake"}).status == 404
    changed = act(api, number, set_metadata={"metadata": {"ssd": "yes", "old": None}})
    assert changed.body["aggregate"]["metadata"] == {"ssd": "yes"}
    assert api("DELETE", f"{V}/os-aggregates/{number}", as_="admin").status == 400
    act(api, number, remove_host={"host": "node1.fake"})
    zone = {"aggregate": {"availability_zone": "z2", "name": "slow"}}
    renamed = api("PUT", f"{V}/os-aggregates/{number}", zone, as_="admin").body["aggregate"]
    assert (renamed["name"], renamed["metadata"]["availability_zone"]) == ("slow", "z2")
    assert api("DELETE", f"{V}/os-aggregates/{number}", as_="admin").status == 200
    for unknown in (number, -1, "x"):
        assert api("GET", f"{V}/os-aggregates/{unknown}", as_="admin").status == 404


def test_zones_hold_servers(api: Api, nodes: dict[str, Node]) -> None:
    number = aggregate(api, name="west", availability_zone="west")
    assert act(api, number, add_host={"host": "node3.fake"}).status == 200
    other = aggregate(api, name="east", availability_zone="east")
    assert act(api, other, add_host={"host": "node3.fake"}).status == 409
    seen = api.get(f"{V}/os-availability-zone")["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in seen] == ["nova", "west"]
    server = place(api, availability_zone="west")
    assert server.wanted_node == "node3.fake"
    assert place(api, availability_zone="nova").wanted_node in {"node1.fake", "node2.fake"}
    body = {"name": "s", "flavorRef": "1", "availability_zone": "east"}
    body["imageRef"] = str(api.world.image.uuid)
    assert api("POST", f"{V}/servers", {"server": body}).status == 400
    Server.objects.filter(pk=server.pk).update(node="node3.fake")
    assert act(api, number, remove_host={"host": "node3.fake"}).status == 409


# --- groups --------------------------------------------------------------------------------------


def new_group(api: Api, policy: str, **rules: int) -> str:
    wish = {"name": "g", "policy": policy} | ({"rules": rules} if rules else {})
    answer = api("POST", f"{V}/os-server-groups", {"server_group": wish}, version="2.64")
    assert answer.status == 200, answer
    return str(answer.body["server_group"]["id"])


@pytest.mark.parametrize(
    ("policy", "rules", "different"),
    [
        ("affinity", {}, 1),
        ("anti-affinity", {}, 3),
        ("anti-affinity", {"max_server_per_host": 2}, 2),
        ("soft-affinity", {}, 1),
        ("soft-anti-affinity", {}, 3),
    ],
)
def test_policies(
    api: Api, nodes: dict[str, Node], policy: str, rules: Any, different: int
) -> None:
    name = new_group(api, policy, **rules)
    places = {place(api, hints={"group": name}).wanted_node for _ in range(3)}
    assert places <= set(nodes)
    assert len(places) == different or rules
    members = api.get(f"{V}/os-server-groups/{name}")["server_group"]["members"]
    assert len(members) == 3


def test_what_cannot_be_granted_is_refused(api: Api, nodes: dict[str, Node]) -> None:
    Node.objects.exclude(name="node1.fake").update(role="drained")
    apart, soft = new_group(api, "anti-affinity"), new_group(api, "soft-anti-affinity")
    assert place(api, hints={"group": apart}).wanted_node == "node1.fake"
    assert "No valid host" in place(api, hints={"group": apart}).wanted_node
    assert place(api, hints={"group": soft}).wanted_node == "node1.fake"
    assert place(api, hints={"group": soft}).wanted_node == "node1.fake"
    together = new_group(api, "affinity")
    place(api, hints={"group": together})
    Node.objects.filter(name="node1.fake").update(role="drained")
    Node.objects.filter(name="node2.fake").update(role="regular")
    assert "No valid host" in place(api, hints={"group": together}).wanted_node


def test_hints_near_to_and_far_from_others(api: Api, nodes: dict[str, Node]) -> None:
    def seen_on(node: str) -> str:
        server = place(api)
        Server.objects.filter(pk=server.pk).update(node=node, state=ServerState.ACTIVE)
        return str(server.uuid)

    one, two = seen_on("node1.fake"), seen_on("node2.fake")
    for near in (two, [two], [two, two]):
        assert place(api, hints={"same_host": near}).wanted_node == "node2.fake"
    assert place(api, hints={"different_host": [one, two]}).wanted_node == "node3.fake"
    both = place(api, hints={"same_host": two, "different_host": one})
    assert both.wanted_node == "node2.fake"
    # It is known where this one will be, though it is not there yet.
    beside = place(api, hints={"same_host": str(both.uuid)})
    assert beside.wanted_node == "node2.fake"
    everywhere = [one, two, seen_on("node3.fake")]
    assert "No valid host" in place(api, hints={"different_host": everywhere}).wanted_node


def test_hints_that_cannot_be_followed_say_why(api: Api, nodes: dict[str, Node]) -> None:
    one, two, building = place(api), place(api), place(api)
    for server, node in ((one, "node1.fake"), (two, "node2.fake")):
        Server.objects.filter(pk=server.pk).update(node=node)
    before = Server.objects.count()
    wish = {"name": "s", "flavorRef": "1", "imageRef": str(api.world.image.uuid)}
    for hints, words in (
        ({"same_host": [str(one.uuid), str(two.uuid)]}, "are not on one node"),
        ({"same_host": str(building.uuid)}, "has no node yet"),
        ({"same_host": str(api.world.image.uuid)}, "not all servers of same_host exist"),
        ({"same_host": "web"}, "same_host"),
        ({"different_host": ["web"]}, "different_host"),
        ({"query": '[">=", "$free_ram_mb", 1024]'}, "query cannot be followed"),
        ({"build_near_host_ip": "10.0.0.1", "cidr": "/24"}, "cannot be followed"),
        ({"target_cell": "c"}, "target_cell cannot be followed"),
    ):
        body = {"server": wish, "os:scheduler_hints": hints}
        answer = api("POST", f"{V}/servers", body)
        assert (answer.status, words in answer.message) == (400, True), answer
    # Where strangers' servers are is not to be found out, either.
    own = api.world.net("theirs", api.world.other)
    theirs = wish | {"networks": [{"uuid": str(own.uuid)}]}
    asked = {"server": theirs, "os:scheduler_hints": {"same_host": str(one.uuid)}}
    answer = api("POST", f"{V}/servers", asked, as_="stranger")
    assert (answer.status, "not all servers" in answer.message) == (400, True), answer
    assert Server.objects.count() == before


def test_groups_of_others(api: Api, world: World) -> None:
    name = new_group(api, "affinity")
    assert api("GET", f"{V}/os-server-groups/{name}", as_="stranger").status == 404
    assert api("DELETE", f"{V}/os-server-groups/{name}", as_="stranger").status == 404
    assert api.get(f"{V}/os-server-groups", as_="stranger")["server_groups"] == []
    everybody = api.get(f"{V}/os-server-groups?all_projects=1", as_="admin")["server_groups"]
    assert len(everybody) == 1
    assert api("DELETE", f"{V}/os-server-groups/{name}").status == 204
    assert api("DELETE", f"{V}/os-server-groups/{name}").status == 404
    assert api("GET", f"{V}/os-server-groups/none").status == 404


@pytest.mark.parametrize(
    ("wish", "version"),
    [
        ({"name": "g", "policies": ["soft-affinity"]}, "2.1"),
        ({"name": "g", "policies": []}, "2.1"),
        ({"name": "g", "policies": ["affinity", "anti-affinity"]}, "2.15"),
        ({"name": "", "policies": ["affinity"]}, "2.1"),
        ({"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 1}}, "2.64"),
        ({"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}, "2.64"),
        ({"name": "g", "policies": ["affinity"]}, "2.64"),
        ({"name": "g"}, "2.64"),
    ],
)
def test_bad_groups(api: Api, wish: Any, version: str) -> None:
    body = {"server_group": wish}
    assert api("POST", f"{V}/os-server-groups", body, version=version).status == 400


def test_too_many_groups_and_members(api: Api, world: World, nodes: dict[str, Node]) -> None:
    world.quota(world.demo, server_groups=1, server_group_members=1)
    name = new_group(api, "affinity")
    body = {"server_group": {"name": "g", "policies": ["affinity"]}}
    assert api("POST", f"{V}/os-server-groups", body).status == 403
    place(api, hints={"group": name})
    wish = {"name": "s", "flavorRef": "1", "imageRef": str(world.image.uuid)}
    second = {"server": wish, "os:scheduler_hints": {"group": name}}
    assert api("POST", f"{V}/servers", second).status == 403
    absent = {"server": wish, "os:scheduler_hints": {"group": str(world.image.uuid)}}
    assert api("POST", f"{V}/servers", absent).status == 400
