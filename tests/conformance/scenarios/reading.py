"""What a cluster tells about itself and what it has."""

from tests.conformance.shapes import shape
from tests.conformance.world import World, scenario


@scenario
def reading_the_cluster(world: World) -> None:
    world.read("version", "/version", values=True)
    world.read("root", "/", values=True)
    world.read("version 2", "/2", values=True)
    world.read("info", "/2/info")
    features = world.rapi.get("/2/features")
    world.note("features", sorted(features))
    world.read("filters", "/2/filters")
    world.read("cluster tags", "/2/tags")


@scenario
def reading_operating_systems(world: World) -> None:
    names = world.rapi.get("/2/os")
    world.note("noop is there", [name in names for name in ("noop", "noop-variants+default")])


@scenario
def reading_nodes(world: World) -> None:
    world.read("list", "/2/nodes", values=True)
    world.read("bulk", "/2/nodes?bulk=1")
    world.read("one", f"/2/nodes/{world.nodes[0]}")
    world.read("role", f"/2/nodes/{world.nodes[0]}/role", values=True)
    world.read("another's role", f"/2/nodes/{world.nodes[2]}/role")
    world.read("tags", f"/2/nodes/{world.nodes[0]}/tags")


@scenario
def reading_groups(world: World) -> None:
    world.read("list", "/2/groups", values=True)
    world.read("bulk", "/2/groups?bulk=1")
    world.read("one", "/2/groups/default")


@scenario
def reading_a_stopped_instance(world: World) -> None:
    name = world.made(nics=[{}], start=False)
    world.read("one", f"/2/instances/{name}")
    world.read("bulk", "/2/instances?bulk=1", mine=True)
    world.read("tags", f"/2/instances/{name}/tags")
    world.refused("console", "GET", f"/2/instances/{name}/console")
    one = world.rapi.get(f"/2/instances/{name}")
    states = {key: one[key] for key in ("status", "admin_state", "oper_state", "oper_ram")}
    world.note("states", states)
    listed = world.rapi.get("/2/instances")
    world.note("list entry", [entry for entry in listed if entry["id"] == name])


@scenario
def reading_a_running_instance(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], nics=[{}, {}])
    one = world.read("one", f"/2/instances/{name}")
    kept = ("status", "admin_state", "oper_state", "disk.sizes", "nic.modes", "nic.links")
    world.note("states", {key: one[key] for key in kept})
    world.note("backend parameters", one["beparams"])
    world.read("console", f"/2/instances/{name}/console")
    world.job("info", "GET", f"/2/instances/{name}/info")
    world.job("static info", "GET", f"/2/instances/{name}/info?static=1")


@scenario
def reading_lists(world: World) -> None:
    world.read("networks", "/2/networks")
    world.read("networks in bulk", "/2/networks?bulk=1")
    world.read("bulk=0", "/2/nodes?bulk=0", values=True)


def _fields(world: World, resource: str) -> None:
    fields = world.rapi.get(f"/2/query/{resource}/fields")["fields"]
    world.note("names", sorted(field["name"] for field in fields))
    world.note("kinds", {field["name"]: field["kind"] for field in fields})
    body = {"fields": [field["name"] for field in fields]}
    if resource == "instance":
        body["qfilter"] = ["=", "name", world.name()]
    world.note("all fields", shape(world.rapi.ask("PUT", f"/2/query/{resource}", body).body))


@scenario
def query_fields_of_instances(world: World) -> None:
    world.made(nics=[{}], start=False)
    _fields(world, "instance")


@scenario
def query_fields_of_nodes(world: World) -> None:
    _fields(world, "node")


@scenario
def query_fields_of_groups(world: World) -> None:
    _fields(world, "group")


@scenario
def query_fields_of_jobs(world: World) -> None:
    fields = world.rapi.get("/2/query/job/fields")["fields"]
    world.note("names", sorted(field["name"] for field in fields))
    world.note("kinds", {field["name"]: field["kind"] for field in fields})


@scenario
def query_fields_of_networks(world: World) -> None:
    body = {"network_name": "query-net", "network": "192.0.2.0/28"}
    world.rapi.do("POST", "/2/networks", body)
    _fields(world, "network")
    world.rapi.do("DELETE", "/2/networks/query-net")


@scenario
def query_fields_of_the_rest(world: World) -> None:
    for resource in ("lock", "export", "filter"):
        answer = world.rapi.ask("GET", f"/2/query/{resource}/fields")
        world.note(f"{resource}: HTTP", answer.status)
        fields = answer.body.get("fields", ())
        world.note(f"{resource}: kinds", {field["name"]: field["kind"] for field in fields})


@scenario
def query_with_filters(world: World) -> None:
    name = world.made("one", start=False)
    other = world.made("two", start=False, tags=["found-by-filter"])
    filters = {
        "equal": ["=", "name", name],
        "or": ["|", ["=", "name", name], ["=", "name", other]],
        "and not": ["&", ["=*", "name", name], ["!", ["=", "name", name]]],
        "pattern": ["=~", "name", "^query-with-filters-"],
        "contains": ["=[]", "tags", "found-by-filter"],
        "true": ["&", ["?", "admin_state_source"], ["=~", "name", "^query-with-filters-"]],
        "greater": ["&", [">", "be/maxmem", 1], ["=~", "name", "^query-with-filters-"]],
        "unequal": ["&", ["!=", "name", name], ["=~", "name", "^query-with-filters-"]],
    }
    for title, condition in filters.items():
        body = {"fields": ["name", "admin_state", "be/maxmem"], "qfilter": condition}
        answer = world.rapi.ask("PUT", "/2/query/instance", body)
        world.note(f"{title}: HTTP", answer.status)
        said = answer.body
        world.note(title, sorted(map(str, said["data"])) if "data" in said else shape_of(said))


def shape_of(said: object) -> object:
    return sorted(said) if isinstance(said, dict) else said


@scenario
def query_with_bad_filters(world: World) -> None:
    bad = {
        "no operator": ["name", "x"],
        "unknown field": ["=", "nosuchfield", "x"],
        "bad pattern": ["=~", "name", "("],
        "text": "name",
        "a number against a text": ["=", "mtotal", "1"],
        "a text against a number": ["=", "name", 5],
        "within no list": ["=[]", "name", "x"],
        "against nothing": ["=", "name", None],
    }
    for title, condition in bad.items():
        body = {"fields": ["name"], "qfilter": condition}
        world.refused(title, "PUT", "/2/query/node", body)


@scenario
def query_of_what_is_not_there(world: World) -> None:
    for resource in ("instance", "node", "group", "network"):
        body = {"fields": ["name"], "qfilter": ["=", "name", "nosuch"]}
        world.refused(resource, "PUT", f"/2/query/{resource}", body)
    body = {"fields": ["id", "status", "nosuch"], "qfilter": ["=", "id", 99999999]}
    world.note("job", world.rapi.ask("PUT", "/2/query/job", body).body["data"])
    world.refused("no texts", "PUT", "/2/query/node", {"fields": [1]})
    world.refused("no list", "PUT", "/2/query/node", {"fields": "name"})


@scenario
def query_of_fields_without_a_value(world: World) -> None:
    name = world.made(start=False)
    fields = ["network_port", "oper_ram", "oper_vcpus", "disk.size/0", "nic.mac/0", "snodes"]
    mine = ["=", "name", name]
    body = {"fields": fields, "qfilter": mine}
    world.note("values", world.rapi.ask("PUT", "/2/query/instance", body).body["data"])
    for field in ("network_port", "oper_ram", "disk.size/0"):
        body = {"fields": ["name"], "qfilter": ["&", mine, ["=", field, 100]]}
        answer = world.rapi.ask("PUT", "/2/query/instance", body)
        world.note(field, [answer.status, len(answer.body["data"])])
    fields = ["spfree", "sptotal", "powered", "hv_state", "disk_state"]
    body = {"fields": fields, "qfilter": ["=", "name", world.nodes[0]]}
    world.note("of a node", world.rapi.ask("PUT", "/2/query/node", body).body["data"])


@scenario
def query_unknown_fields(world: World) -> None:
    world.read("unknown field", "/2/query/node?fields=name,nosuch")
    world.refused("no fields", "GET", "/2/query/node")
    world.refused("unknown resource", "GET", "/2/query/nosuch?fields=name")
    world.refused("fields of an unknown resource", "GET", "/2/query/nosuch/fields")


@scenario
def query_locks(world: World) -> None:
    world.refused("locks", "GET", "/2/query/lock?fields=name,mode,owner,pending")
