"""What the remote API makes of requests: opcodes, reasons, rights and waiting."""

import hashlib
import http.client
import ssl
import threading
import time

import pytest
from fake_master import INSTANCE

from ganeti_backend import errors
from ganeti_backend.rapi import server

ONE = f"/2/instances/{INSTANCE}"
CREATE = {
    "__version__": 1, "mode": "create", "name": "web1", "disk_template": "file", "nics": [],
    "disks": [{"size": 64}], "os": "image", "beparams": {"minmem": 16, "maxmem": 16},
}  # fmt: skip
CASES = [
    ("POST", "/2/instances?dry-run=1", CREATE, "OP_INSTANCE_CREATE",
     {"instance_name": "web1", "os_type": "image", "dry_run": True}),
    ("DELETE", ONE, None, "OP_INSTANCE_REMOVE", {"instance_name": INSTANCE}),
    ("PUT", f"{ONE}/startup?force=1", None, "OP_INSTANCE_STARTUP", {"force": True}),
    ("PUT", f"{ONE}/shutdown?dry-run", {"timeout": 5}, "OP_INSTANCE_SHUTDOWN",
     {"timeout": 5, "dry_run": True}),
    ("POST", f"{ONE}/reboot?type=soft", None, "OP_INSTANCE_REBOOT", {"reboot_type": "soft"}),
    ("PUT", f"{ONE}/modify", {"beparams": {"vcpus": 2}}, "OP_INSTANCE_SET_PARAMS",
     {"beparams": {"vcpus": 2}}),
    ("GET", f"{ONE}/info?static=1", None, "OP_INSTANCE_QUERY_DATA",
     {"instances": [INSTANCE], "static": True}),
    ("POST", "/2/networks", {"network_name": "n", "network": "192.0.2.0/24", "tags": None},
     "OP_NETWORK_ADD", {"network_name": "n", "tags": []}),
    ("DELETE", "/2/networks/net1", None, "OP_NETWORK_REMOVE", {"network_name": "net1"}),
    ("PUT", "/2/networks/net1/connect", {"group_name": "default", "network_mode": "routed"},
     "OP_NETWORK_CONNECT", {"network_mode": "routed", "group_name": "default"}),
    ("PUT", "/2/networks/net1/disconnect", {"group_name": "default"}, "OP_NETWORK_DISCONNECT", {}),
    ("PUT", f"{ONE}/tags?tag=a&tag=b", None, "OP_TAGS_SET",
     {"kind": "instance", "name": INSTANCE, "tags": ["a", "b"]}),
    ("DELETE", "/2/groups/default/tags?tag=a", None, "OP_TAGS_DEL", {"kind": "nodegroup"}),
    ("PUT", "/2/tags?tag=a", None, "OP_TAGS_SET", {"kind": "cluster", "name": None}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]}")
def test_request_becomes_an_opcode(rapi, master, case):
    method, path, body, op_id, expected = case
    job_id = rapi.request(method, path, json=body).json()
    op = master.jobs[job_id].ops[0].input.to_dict()
    assert op["OP_ID"] == op_id
    assert {name: op[name] for name in expected} == expected


def test_reason_is_the_first_entry_of_the_trail(rapi, master):
    job_id = rapi.put(f"{ONE}/shutdown", params={"reason": "synnefo:intent=1"}).json()
    trail = master.jobs[job_id].ops[0].input.reason
    assert [entry[:2] for entry in trail] == [
        ["gnt:user", "synnefo:intent=1"],
        ["gnt:library:rlib2:instances_name_shutdown", ""],
        ["gnt:opcode:instance_shutdown", f"job={job_id};index=0"],
    ]
    # The intent is found again without knowing the job.
    found = rapi.get("/2/query/job?fields=id,ops").json()["data"][-1]
    assert found[0][1] == job_id
    assert found[1][1][0]["reason"][0][1] == "synnefo:intent=1"


def test_body_must_not_contradict_the_url(rapi):
    answer = rapi.put(f"{ONE}/shutdown", json={"instance_name": "another"})
    assert answer.status_code == 400
    assert "instance_name" in answer.json()["message"]


def test_tags_need_a_tag(rapi):
    assert rapi.delete(f"{ONE}/tags").status_code == 400


def test_tags_may_be_said_twice(rapi, master):
    """Debian's client sends those of nodes as a body too."""
    answer = rapi.put(f"{ONE}/tags?tag=red", json=["red"])
    assert answer.status_code == 200
    assert master.jobs[answer.json()].ops[0].input.tags == ["red"]


def test_what_the_queue_refuses_is_the_callers_fault(rapi, master, monkeypatch):
    def refuse(_ops):
        raise errors.OpPrereqError("Relative job dependency -1 points outside", "wrong_input")

    monkeypatch.setattr(master, "submit", refuse)
    answer = rapi.put(f"{ONE}/startup", json={})
    assert answer.status_code == 400
    assert "points outside" in answer.json()["message"]


def test_body_is_bounded(rapi):
    big = b'{"x": "' + b"x" * (1024 * 1024) + b'"}'
    answer = rapi.post("/2/instances", content=big, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, 413)


def test_body_must_be_an_object(rapi):
    assert rapi.post("/2/networks", json=[1]).status_code == 400


def test_wrong_number_of_a_known_path_is_not_found(rapi):
    assert rapi.get("/2/jobs/many").status_code == 404


def test_query_with_fields_and_filter(rapi):
    body = {"fields": ["name", "status"], "qfilter": ["=", "name", INSTANCE]}
    answer = rapi.put("/2/query/instance", json=body).json()
    assert answer["data"] == [[[0, INSTANCE], [0, "running"]]]
    body["qfilter"] = ["!", ["=~", "name", "^vm"]]
    assert rapi.put("/2/query/instance", json=body).json()["data"] == []


@pytest.mark.parametrize("qfilter", [["=", "nosuch", 1], ["&", 7], ["=~", "name", "("], []])
def test_wrong_filter_is_400(rapi, qfilter):
    body = {"fields": ["name"], "qfilter": qfilter}
    assert rapi.put("/2/query/instance", json=body).status_code == 400


def test_query_without_fields_is_400(rapi):
    assert rapi.get("/2/query/instance").status_code == 400


def test_console_output(rapi):
    last = "GUEST-READY host=vm1\n"
    assert rapi.get(f"{ONE}/console-output").json() == {"output": f"Booting\n{last}"}
    assert rapi.get(f"{ONE}/console-output?length=1").json() == {"output": last}
    assert rapi.get(f"{ONE}/console-output?length=-1").status_code == 400
    assert rapi.get("/2/instances/absent/console-output").status_code == 404


def test_rights(rapi, layout):
    digest = hashlib.md5(b"hashed:Ganeti Remote API:secret").hexdigest()
    text = layout.rapi.users_file.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("hashed")]
    layout.rapi.users_file.write_text("\n".join([*lines, f"hashed {{HA1}}{digest} write"]))
    allowed = {}
    for user in ("admin", "hashed", "reader", "plain"):
        rapi.auth = (user, "secret")
        write = rapi.put(f"{ONE}/shutdown").status_code
        query = rapi.get("/2/query/node?fields=name").status_code
        allowed[user] = (rapi.get("/2/info").status_code, query, write)
    assert allowed == {
        "admin": (200, 200, 200),
        "hashed": (200, 200, 200),
        "reader": (200, 200, 403),
        "plain": (200, 403, 403),
    }


def test_cancel(rapi, master):
    assert rapi.delete("/2/jobs/6").json() == [False, "Job 6 not found in queue"]
    master.finish_at_once = False
    job_id = rapi.put(f"{ONE}/shutdown").json()
    assert rapi.delete(f"/2/jobs/{job_id}").json() == [True, f"Dequeued job {job_id}"]


def test_waiting_clients_hold_up_nobody(rapi, master):
    master.finish_at_once = False
    job_id = rapi.put(f"{ONE}/shutdown").json()
    body = {"fields": ["status"], "previous_job_info": ["queued"], "previous_log_serial": None}
    answers = []

    def wait():
        answers.append(rapi.request("GET", f"/2/jobs/{job_id}/wait", json=body, timeout=20).json())

    waiters = [threading.Thread(target=wait) for _ in range(40)]
    for waiter in waiters:
        waiter.start()
    with master.changed:
        assert master.changed.wait_for(lambda: master.waiting == 40, 10)
    assert rapi.get("/2/info").status_code == 200
    master.finish(job_id)
    for waiter in waiters:
        waiter.join(10)
    assert len(answers) == 40
    assert all(answer["job_info"] == ["success"] for answer in answers)
    assert answers[0]["log_entries"][0][3] == "* doing it"


def test_wait_of_an_unknown_job_is_not_found(rapi):
    body = {"fields": ["status"]}
    assert rapi.request("GET", "/2/jobs/99/wait", json=body).status_code == 404
    assert rapi.get("/2/jobs/6/wait").status_code == 400


def test_connection_is_kept(rapi):
    first = rapi.get("/version").extensions["network_stream"]
    assert rapi.get("/version").extensions["network_stream"] is first


def test_a_silent_client_does_not_hold_up_the_end(master, layout):
    """It keeps its connection and never answers the farewell of TLS."""
    running = server.serve(master, layout)
    trust = ssl.create_default_context(cafile=str(layout.tls.ca))
    client = http.client.HTTPSConnection("127.0.0.1", running.port, context=trust)
    client.request("GET", "/version")
    client.getresponse().read()
    begun = time.monotonic()
    running.stop()
    assert time.monotonic() - begun < 2
    client.close()
