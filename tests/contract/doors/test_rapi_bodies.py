"""What the remote API answers has the keys and types of what a real Ganeti answered."""

import json
import re

import pytest
from fake_master import DATA, INSTANCE

BODIES = json.loads((DATA / "rapi" / "bodies.json").read_text())
REFUSALS = json.loads((DATA / "rapi" / "refusals.json").read_text())
# Dictionaries whose keys are parameters, which depend on what a cluster has enabled.
OPEN = {"hvparams", "custom_hvparams", "custom_beparams", "diskparams", "osparams", "ops", "fields"}
OPEN |= {"beparams", "ipolicy", "nicparams", "ndparams", "enabled_data_collectors"}
OPEN |= {"data_collector_interval", "default_iallocator_params", "os_hvp"}
# What may be null in one cluster and a value in another.
OPTIONAL = {"volume_group_name", "vg_name"}


def same_shape(ours, theirs, path):
    if path.rpartition(".")[2] in OPTIONAL:
        return
    kind = type(theirs)
    fits = isinstance(ours, (int, float)) if kind in (int, float) else type(ours) is kind
    assert fits, f"{path}: {ours!r} is no {kind.__name__}"
    if isinstance(theirs, dict) and path.rpartition(".")[2] not in OPEN:
        assert list(ours) == list(theirs) or set(ours) == set(theirs), path
        for key, value in theirs.items():
            same_shape(ours[key], value, f"{path}.{key}")
    elif isinstance(theirs, list) and ours and theirs:
        same_shape(ours[0], theirs[0], f"{path}[]")


@pytest.mark.parametrize("path", BODIES)
def test_body_has_the_shape_of_the_sample(rapi, path):
    answer = rapi.get(path)
    assert answer.content.endswith(b"\n")
    assert answer.headers["content-type"] == "application/json"
    same_shape(answer.json(), BODIES[path], path)


EXACT = [
    "/2/networks/net1", "/2/instances", "/2/networks", "/2/groups", "/2/jobs", "/2/jobs/999999",
    f"/2/instances/{INSTANCE}/tags", f"/2/instances/{INSTANCE}/console", "/2/jobs?bulk=1",
    "/2/nodes/node1.gntlab.test/role", "/2/query/instance?fields=nosuch", "/2/nosuch",
    "/2/instances?bulk=maybe", "/2/query/job?fields=id,status,summary", "/version", "/2",
]  # fmt: skip


@pytest.mark.parametrize("path", EXACT)
def test_body_equals_the_sample(rapi, path):
    ours, theirs = rapi.get(path).json(), BODIES[path]
    if path == "/2/networks/net1":
        for key in ("ctime", "mtime", "uuid"):
            theirs = {**theirs, key: ours[key]}
    assert ours == theirs


def test_instance_of_the_sample(rapi):
    ours, theirs = rapi.get(f"/2/instances/{INSTANCE}").json(), BODIES[f"/2/instances/{INSTANCE}"]
    assert list(ours) == list(theirs)
    ids = {"uuid", "nic.uuids", "nic.networks", "disk.uuids", "ctime", "mtime", "serial_no"}
    differs = {key for key in theirs if ours[key] != theirs[key]} - ids
    assert differs == set()


def test_stopped_instance_has_no_memory(rapi, master):
    master.running = {}
    shown = rapi.get(f"/2/instances/{INSTANCE}").json()
    assert (shown["oper_state"], shown["oper_ram"], shown["status"]) == (False, None, "ERROR_down")


def test_fields_of_instances(rapi):
    theirs = json.loads((DATA / "rapi" / "instance_fields.json").read_text())
    ours = rapi.get("/2/query/instance/fields").json()["fields"]
    assert [[f["name"], f["kind"], f["title"]] for f in ours] == theirs


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["name"])
def test_refusal(rapi, master, case):
    content_type = {} if case["name"].startswith("415") else {"content-type": "application/json"}
    path, method = case["path"], case["method"]
    if case["status"] == 401:
        rapi.auth = None if "no_cred" in case["name"] else ("admin", "wrong")
    if case["status"] == 500:
        # The sample drained the queue and sent an operation that is not part of ours.
        master.drained, path = True, f"/2/instances/{INSTANCE}/shutdown"
    body = case["body"] and case["body"].encode()
    answer = rapi.request(method, path, content=body, headers=content_type if body else {})
    assert (answer.status_code, answer.json()) == (case["status"], case["answer"])
    if case["status"] == 401:
        assert answer.headers["www-authenticate"] == 'Basic realm="Ganeti Remote API"'


def test_submitted_job_is_a_bare_number(rapi):
    answer = rapi.put(f"/2/instances/{INSTANCE}/shutdown")
    assert re.fullmatch(r"\d+\n", answer.text)


def test_unknown_resource_of_a_query_is_502(rapi):
    answer = rapi.get("/2/query/nosuch?fields=name")
    assert answer.status_code == 502
    assert answer.json()["explain"] == "Invalid responses from another server/proxy"
