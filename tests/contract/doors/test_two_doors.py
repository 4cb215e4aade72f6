"""The remote API and the command socket: the same job, and the same line in the master's log."""

import getpass
import html
import json
import shlex

import pytest
from fake_master import INSTANCE, NODE

from ganeti_backend.cli import programs
from ganeti_backend.doors import client_log
from ganeti_backend.queue.jobs import JobStatus

I = f"/2/instances/{INSTANCE}"  # noqa: E741 - stands in many rows.
N = f"/2/nodes/{NODE}"
CREATION = {
    "__version__": 1, "instance_name": "web1", "mode": "create", "disk_template": "file",
    "disks": [{"size": 1024}], "nics": [{"network": "net1", "ip": "pool"}], "os_type": "image",
    "osparams": {"img_id": "x"}, "beparams": {"minmem": 512, "maxmem": 512, "vcpus": 2},
    "hvparams": {}, "pnode": "node1", "start": False, "name_check": False, "ip_check": False,
    "tags": ["a"],
}  # fmt: skip
# Method, path and body of the remote API; the command that does the same.
SAME = (
    ("POST", "/2/instances", CREATION,
     "gnt-instance add -t file -o image -O img_id=x --disk 0:size=1G --net 0:network=net1,ip=pool "
     "-B memory=512M,vcpus=2 -n node1 --no-start --no-name-check --tags a web1"),
    ("PUT", f"{I}/startup?force=1", None, f"gnt-instance start -f {INSTANCE}"),
    ("PUT", f"{I}/startup?no_remember=1&dry-run=1", None,
     f"gnt-instance start --no-remember --dry-run {INSTANCE}"),
    ("PUT", f"{I}/shutdown", {"timeout": 30}, f"gnt-instance stop --timeout 30 {INSTANCE}"),
    ("POST", f"{I}/reboot?type=soft&ignore_secondaries=1", None,
     f"gnt-instance reboot -t soft --ignore-secondaries {INSTANCE}"),
    ("PUT", f"{I}/modify", {"beparams": {"vcpus": 4}, "disks": [["add", -1, {"size": 64}]]},
     f"gnt-instance modify -B vcpus=4 --disk add:size=64M {INSTANCE}"),
    ("PUT", f"{I}/modify", {"nics": [["modify", 0, {"ip": "192.0.2.9"}]], "hotplug": True},
     f"gnt-instance modify --net 0:ip=192.0.2.9 --hotplug {INSTANCE}"),
    ("PUT", f"{I}/migrate", {"cleanup": True}, f"gnt-instance migrate --cleanup -f {INSTANCE}"),
    ("PUT", f"{I}/failover", {"ignore_consistency": True, "target_node": "node2"},
     f"gnt-instance failover -f --ignore-consistency -n node2 {INSTANCE}"),
    ("PUT", f"{I}/rename", {"new_name": "web9", "name_check": False, "ip_check": False},
     f"gnt-instance rename --no-name-check --no-ip-check -f {INSTANCE} web9"),
    ("POST", f"{I}/disk/0/grow", {"amount": 1024},
     f"gnt-instance grow-disk {INSTANCE} 0 1G"),
    ("PUT", f"{I}/activate-disks", None, f"gnt-instance activate-disks {INSTANCE}"),
    ("PUT", f"{I}/deactivate-disks", None, f"gnt-instance deactivate-disks {INSTANCE}"),
    ("DELETE", I, {"shutdown_timeout": 5},
     f"gnt-instance remove -f --shutdown-timeout 5 {INSTANCE}"),
    ("PUT", f"{I}/tags?tag=a&tag=b", None, f"gnt-instance add-tags {INSTANCE} a b"),
    ("DELETE", f"{I}/tags?tag=a", None, f"gnt-instance remove-tags {INSTANCE} a"),
    ("PUT", "/2/tags?tag=a", None, "gnt-cluster add-tags a"),
    ("PUT", "/2/groups/default/tags?tag=a", None, "gnt-group add-tags default a"),
    ("POST", f"{N}/modify", {"drained": True}, f"gnt-node modify --drained yes {NODE}"),
    ("POST", f"{N}/powercycle", None, f"gnt-node powercycle --yes {NODE}"),
    ("POST", f"{N}/migrate", {"mode": "non-live", "target_node": "node2"},
     f"gnt-node migrate -f --non-live -n node2 {NODE}"),
    ("PUT", f"{N}/storage/modify?storage_type=lvm-pv&name=sda&allocatable=0", None,
     f"gnt-node modify-storage --allocatable no {NODE} lvm-pv sda"),
    ("POST", "/2/groups", {"group_name": "rack2", "alloc_policy": "last_resort"},
     "gnt-group add --alloc-policy last_resort rack2"),
    ("PUT", "/2/groups/default/rename", {"new_name": "rack1"}, "gnt-group rename default rack1"),
    ("PUT", "/2/groups/default/assign-nodes", {"nodes": [NODE]},
     f"gnt-group assign-nodes default {NODE}"),
    ("DELETE", "/2/groups/default", None, "gnt-group remove default"),
    ("POST", "/2/networks",
     {"network_name": "n2", "network": "198.18.0.0/24", "gateway": "198.18.0.1"},
     "gnt-network add --network 198.18.0.0/24 --gateway 198.18.0.1 n2"),
    ("PUT", "/2/networks/net1/connect",
     {"group_name": "default", "network_mode": "bridged", "network_link": "br7"},
     "gnt-network connect -N mode=bridged,link=br7 net1 default"),
    ("PUT", "/2/networks/net1/disconnect", {"group_name": "default"},
     "gnt-network disconnect net1 default"),
    ("DELETE", "/2/networks/net1", {"force": True}, "gnt-network remove -f net1"),
)  # fmt: skip

RESULTS = {"OP_NODE_MIGRATE": {"jobs": []}, "OP_NODE_POWERCYCLE": "done"}


@pytest.fixture
def lines(monkeypatch):
    """What the master says of its clients."""
    told = []
    monkeypatch.setattr(client_log.log, "info", lambda text, *rest, **_: told.append(text % rest))
    return told


@pytest.fixture
def both(command, rapi, master, lines):
    """Does a thing through one door and then the other: the two jobs and the two log lines."""

    finished = master.finished

    def finish(job):
        return finished(job, result=RESULTS.get(job.ops[0].input.OP_ID, []))

    def do(method, path, body, words):
        master.finished = finish
        said = {} if body is None else {"json": body}
        answer = rapi.request(method, path, **said)
        assert answer.status_code == 200, answer.text
        first = int(answer.text)
        program, *arguments = shlex.split(words)
        command(programs.load(program), *arguments)
        second = max(master.jobs)
        assert second == first + 1
        jobs = [[op.input.to_dict() for op in master.jobs[n].ops] for n in (first, second)]
        callers = ("admin", getpass.getuser())
        told = [
            line.replace(f"job {n}:", "job N:").replace(f" by {who}", " by WHO")
            for line, n, who in zip(lines, (first, second), callers, strict=True)
        ]
        return jobs, told

    return do


@pytest.mark.parametrize(("method", "path", "body", "words"), SAME, ids=[row[3] for row in SAME])
def test_the_same_job_and_the_same_line(both, method, path, body, words):
    jobs, told = both(method, path, body, words)
    reasons = [[op.pop("reason") for op in job] for job in jobs]
    assert jobs[0] == jobs[1]
    assert told[0] == told[1]
    assert told[0].startswith(f"job N: {jobs[0][0]['OP_ID'].removeprefix('OP_')}")
    assert reasons[0][0][0][0].startswith("gnt:library:rlib2:")
    assert reasons[1][0][0][0] == f"gnt:client:{words.split()[0]}"
    # What the master adds by itself is the same again.
    assert [r[0][1][0] for r in reasons] == [f"gnt:opcode:{jobs[0][0]['OP_ID'][3:].lower()}"] * 2


def test_names_are_completed(both):
    short = INSTANCE.partition(".")[0]
    jobs, told = both(
        "PUT", f"/2/instances/{short}/migrate", {"target_node": "node1"},
        f"gnt-instance migrate -f -n node1 {short}",
    )  # fmt: skip
    assert [job[0]["instance_name"] for job in jobs] == [INSTANCE] * 2
    assert [job[0]["target_node"] for job in jobs] == [NODE] * 2
    assert told[0] == f"job N: INSTANCE_MIGRATE({INSTANCE}) by WHO"


def test_a_reason_is_the_same(both):
    jobs, _told = both(
        "PUT", f"{I}/startup?reason=why", None, f"gnt-instance start --reason why {INSTANCE}"
    )
    assert [job[0]["reason"][0][:2] for job in jobs] == [["gnt:user", "why"]] * 2


def test_canceling_is_the_same(command, rapi, master, lines):
    master.finish_at_once = False
    job = int(rapi.put(f"{I}/startup").text)
    rapi.delete(f"/2/jobs/{job}")
    command(programs.load("gnt-job"), "cancel", str(job))
    first, second = lines[1:]
    assert first == f"job {job}: cancel by admin: Dequeued job {job}"
    assert second == first.replace("by admin", f"by {getpass.getuser()}")


def test_both_refuse_the_same(command, rapi):
    answer = rapi.put(f"{I}/shutdown", json={"timeout": -5})
    code, _out, err = command(programs.load("gnt-instance"), "stop", "--timeout", "-5", INSTANCE)
    assert (answer.status_code, code) == (400, 1)
    said = "Parameter 'OP_INSTANCE_SHUTDOWN.timeout' fails validation"
    assert said in html.unescape(answer.json()["message"])
    assert said in err


def test_both_say_the_same_of_a_job_that_failed(command, rapi, master):
    refused = ["OpPrereqError", ["Instance 'x' not known", "unknown_entity"]]
    finished = master.finished
    master.finished = lambda job: finished(job, JobStatus.ERROR, refused)
    job = int(rapi.put("/2/instances/x/startup").text)
    assert rapi.get(f"/2/jobs/{job}").json()["opresult"] == [refused]
    err = command(programs.load("gnt-instance"), "start", "x")[2]
    assert err.endswith("unknown_entity, error details:\nInstance 'x' not known\n")


def test_both_refuse_when_the_queue_is_closed(command, rapi, master):
    master.drained = True
    assert rapi.put(f"{I}/startup").json()["message"] == "Queue drained"
    assert "marked for drain" in command(programs.load("gnt-instance"), "start", INSTANCE)[2]


def test_queries_are_the_same(command, rapi):
    """What the lists print comes from the answer that a client of the remote API gets."""
    qfilter = ["&", ["=~", "name", "^vm"], ["!", ["=", "be/vcpus", 7]]]
    body = {"fields": ["name", "status", "tags"], "qfilter": qfilter}
    rows = rapi.put("/2/query/instance", json=body).json()["data"]
    words = ["-F", "name =~ m/^vm/ and not be/vcpus == 7", "-o", "name,status,tags", "--json"]
    listed = json.loads(command(programs.load("gnt-instance"), "list", *words)[1])
    assert [[0, value] for value in listed[0].values()] == rows[0]
