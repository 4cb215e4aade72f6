"""The gnt-* commands against a running command socket: what they ask, print and return."""

import io
import json
import stat
import subprocess
import sys

import pytest
from fake_master import INSTANCE

from ganeti_backend.cli import gnt_cluster, gnt_instance, gnt_job, gnt_network, gnt_node
from ganeti_backend.queue.jobs import JobStatus

INSTANCES = gnt_instance.PROGRAM
JOBS = gnt_job.PROGRAM
CLUSTER = gnt_cluster.PROGRAM


def last_op(master, offset=0):
    return master.jobs[max(master.jobs) - offset].ops[0].input.to_dict()


def test_list(command):
    code, out, _err = command(INSTANCES, "list")
    assert code == 0
    assert out.splitlines()[0].split() == [
        "Instance", "Hypervisor", "OS", "Primary_node", "Status", "Memory",
    ]  # fmt: skip
    assert out.splitlines()[1].split()[-2:] == ["running", "16M"]


def test_list_for_scripts(command):
    arguments = ("list", "--no-headers", "--separator=|", "-o", "name,be/maxmem,oper_state,tags")
    assert command(INSTANCES, *arguments)[1] == f"{INSTANCE}|16|Y|owner:demo\n"


def test_list_adds_fields_and_filters(command):
    _code, out, _err = command(INSTANCES, "list", "--no-headers", "-o", "+nic.ips", "vm*")
    assert out.split()[-1] == "192.0.2.3"
    assert command(INSTANCES, "list", "--no-headers", "-F", "be/vcpus > 1")[1] == ""
    assert command(INSTANCES, "list", "--no-headers", "-F", 'status == "running"')[1] != ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("-F", 'name =* "vm*"'), True),
        (("-F", "name !* 'vm*'"), False),
        (("-F", "name =~ m/^VM1/i"), True),
        (("-F", "name !~ m#gntlab#"), False),
        (("-F", "be/maxmem >= 16 and not (be/vcpus != 1 or be/maxmem > 16)"), True),
        (("-F", '"owner:demo" in tags'), True),
        (("-F", '"owner:demo" not in tags'), False),
        (("-F", "oper_state"), True),
        (("-F", "--no-headers", "be/maxmem < 16"), False),
        (("be/maxmem == 16",), True),
        (("vm?.gntlab.test", "other*"), True),
        (("vm1",), True),
        (("-F", 'pnode == "node1" and name != "vm2"'), True),
        (("-F", 'name != "vm1"'), False),
    ],
)
def test_filters(command, words, found):
    code, out, _err = command(INSTANCES, "list", "--no-headers", "-o", "name", *words)
    assert (code, out) == (0, f"{INSTANCE}\n" if found else "")


def test_filters_that_cannot_be(command):
    assert "Error while parsing query filter" in command(INSTANCES, "list", "-F", "a == b c")[2]
    assert "Unknown field" in command(INSTANCES, "list", "-F", "nosuch == 1")[2]
    assert command(INSTANCES, "list", "-F", "--no-headers")[0] == 1


def test_list_of_absent_names(command):
    code, out, err = command(INSTANCES, "list", INSTANCE, "absent")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "Instance name absent not found"
    assert command(INSTANCES, "list", "--no-headers", "absent*")[:2] == (0, "")


def test_list_fields(command):
    _code, out, _err = command(INSTANCES, "list-fields", "--separator=|", "be/maxmem")
    assert out.splitlines() == [
        "Name|Type|Title|Description",
        'be/maxmem|Storage size|ConfigMaxMem|The "maxmem" backend parameter',
    ]


def test_list_marks_unknown_fields(command):
    code, out, err = command(INSTANCES, "list", "--no-headers", "-o", "nosuch")
    assert (code, out.strip()) == (14, "??")
    assert "nosuch" in err


def test_list_json(command):
    _code, out, _err = command(gnt_node.PROGRAM, "list", "--json", "-o", "name,mtotal")
    assert json.loads(out) == [{"name": "node1.gntlab.test", "mtotal": 24105}]


def test_options_from_the_environment(command, monkeypatch):
    monkeypatch.setenv("GNT_INSTANCE_LIST", "-o name --no-headers")
    assert command(INSTANCES, "list")[1] == f"{INSTANCE}\n"


def test_add(command, master):
    code, _out, err = command(
        INSTANCES, "add", "-t", "file", "-o", "image", "--disk", "0:size=1G,name=root",
        "-B", "memory=2G,vcpus=2", "--net", "0:network=net1,ip=pool", "-n", "node1",
        "-O", "img_id=x", "--no-start", "--no-name-check", "--reason", "why", "web1",
    )  # fmt: skip
    assert code == 0
    assert "* doing it" in err
    op = last_op(master)
    assert op["disks"] == [{"size": 1024, "name": "root"}]
    assert op["beparams"] == {"minmem": 2048, "maxmem": 2048, "vcpus": 2}
    assert op["nics"] == [{"network": "net1", "ip": "pool"}]
    assert (op["start"], op["name_check"], op["ip_check"], op["pnode"]) == (
        False, False, False, "node1.gntlab.test",
    )  # fmt: skip
    assert [entry[:2] for entry in op["reason"][:2]] == [
        ["gnt:user", "why"],
        ["gnt:client:gnt-instance", "add"],
    ]


def test_modify(command, master):
    command(
        INSTANCES, "modify", "--disk", "add:size=1G", "--disk", "0:remove", "--net",
        "0:ip=192.0.2.9", "-B", "vcpus=4", INSTANCE,
    )  # fmt: skip
    op = last_op(master)
    assert op["disks"] == [["add", -1, {"size": 1024}], ["remove", 0, {}]]
    assert op["nics"] == [["modify", 0, {"ip": "192.0.2.9"}]]
    assert op["beparams"] == {"vcpus": 4}


def test_info_by_way_of_a_job(command, master):
    finished = master.finished
    master.finished = lambda job: finished(job, result={})
    assert command(INSTANCES, "info", INSTANCE)[0] == 0
    assert command(INSTANCES, "info", "--all", "--json")[1] == "{}\n"
    op = last_op(master)
    assert (op["OP_ID"], op["instances"]) == ("OP_INSTANCE_QUERY_DATA", [])


def test_modify_needs_a_change(command):
    assert command(INSTANCES, "modify", INSTANCE)[0] == 1


def test_submit_prints_the_job_id(command, master):
    master.finish_at_once = False
    assert command(INSTANCES, "stop", "--submit", INSTANCE)[:2] == (0, f"7: {INSTANCE}\n")
    assert last_op(master)["OP_ID"] == "OP_INSTANCE_SHUTDOWN"
    made = command(INSTANCES, "modify", "--submit", "-B", "vcpus=2", INSTANCE)
    assert made[:2] == (0, "JobID: 8\n")


def test_several_instances(command, master):
    code, out, err = command(INSTANCES, "start", "--print-jobid", "--force-multiple", "a", "b")
    assert (code, out) == (0, "7\n8\n")
    assert "Waiting for job 8 for b ..." in err


def test_remove_needs_confirmation(command, master, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _out, err = command(INSTANCES, "remove", INSTANCE)
    assert code == 1
    assert "removing all the data" in err
    assert command(INSTANCES, "remove", "-f", INSTANCE)[0] == 0


def test_failed_job(command, master):
    refused = ["OpPrereqError", ["Instance 'x' not known", "unknown_entity"]]
    finished = master.finished
    master.finished = lambda job: finished(job, JobStatus.ERROR, refused)
    code, _out, err = command(INSTANCES, "stop", "x")
    assert code == 1
    assert err.endswith(
        "Failure: prerequisites not met for this operation:\n"
        "error type: unknown_entity, error details:\nInstance 'x' not known\n"
    )


def test_refused_opcode(command):
    code, _out, err = command(INSTANCES, "stop", "--timeout", "-5", INSTANCE)
    assert code == 1
    assert "Parameter 'OP_INSTANCE_SHUTDOWN.timeout' fails validation" in err


def test_queue_drain(command, master):
    assert command(CLUSTER, "queue", "drain")[0] == 0
    assert command(CLUSTER, "queue", "info")[1] == "The drain flag is set\n"
    code, _out, err = command(INSTANCES, "stop", INSTANCE)
    assert code == 1
    assert "marked for drain" in err
    command(CLUSTER, "queue", "undrain")
    assert command(INSTANCES, "stop", INSTANCE)[0] == 0


def test_jobs(command, master):
    assert command(JOBS, "list", "--no-headers")[1].split() == [
        "6", "success", "INSTANCE_CREATE(vm1.gntlab.test)",
    ]  # fmt: skip
    assert "OP_INSTANCE_CREATE" in command(JOBS, "info", "6")[1]
    assert command(JOBS, "wait", "6")[0] == 0
    assert "succeeded" in command(JOBS, "watch", "6")[1]
    assert command(JOBS, "cancel", "6")[0] == 1
    assert command(JOBS, "archive", "6")[0] == 0
    assert command(JOBS, "list", "--no-headers")[1] == ""
    assert command(JOBS, "info", "77") == (0, "- Job ID 77 not found\n", "")
    assert command(JOBS, "list", "--no-headers", "77")[1] == "77 - -\n"


def test_autoarchive(command):
    assert command(JOBS, "autoarchive", "all")[1] == "Archived 1 jobs, 0 unchecked left\n"
    assert command(JOBS, "autoarchive", "soon")[0] == 1


def test_unknown_job_is_an_error(command):
    code, _out, err = command(JOBS, "watch", "77")
    assert code == 1
    assert "77" in err


def test_networks(command, master):
    program = gnt_network.PROGRAM
    _code, out, _err = command(program, "info", "net1")
    assert "Free: 251" in out
    command(program, "add", "--network=198.18.0.0/20", "--gateway=198.18.0.1", "n2")
    assert last_op(master)["network"] == "198.18.0.0/20"
    command(program, "connect", "-N", "mode=bridged,link=br7", "n2")
    op = last_op(master)
    assert (op["group_name"], op["network_link"]) == ("default", "br7")
    command(program, "disconnect", "n2", "default")
    command(program, "remove", "-f", "n2")
    assert last_op(master)["OP_ID"] == "OP_NETWORK_REMOVE"
    assert command(program, "list", "--no-headers", "-o", "name,group_list")[1] == (
        "net1 default (bridged, br0, )\n"
    )


def test_nodes_and_cluster(command):
    assert "memory: 20.1G of 23.5G free" in command(gnt_node.PROGRAM, "info")[1]
    assert "Master node: node1.gntlab.test" in command(CLUSTER, "info")[1]
    assert command(CLUSTER, "getmaster")[1] == "node1.gntlab.test\n"
    assert command(gnt_node.PROGRAM, "info", "absent")[0] == 1


def test_tags(command, master):
    assert command(INSTANCES, "list-tags", INSTANCE)[1] == "owner:demo\n"
    command(INSTANCES, "add-tags", INSTANCE, "a", "b")
    assert (last_op(master)["kind"], last_op(master)["tags"]) == ("instance", ["a", "b"])


def test_console(command):
    code, out, err = command(INSTANCES, "console", "--no-follow", INSTANCE)
    assert (code, out) == (0, "GUEST-READY host=vm1\n")
    assert "not available" in err
    shown = command(INSTANCES, "console", "--show-cmd", INSTANCE)
    assert shown[1] == f"gnt-instance console --serial {INSTANCE}\n"
    assert command(INSTANCES, "console", "absent")[0] == 1


def test_unknown_command_is_guessed(command):
    code, _out, err = command(INSTANCES, "strat")
    assert code == 1
    assert "Did you mean 'start'" in err
    assert command(INSTANCES)[0] == 1


def test_unknown_option_is_guessed(command):
    code, _out, err = command(INSTANCES, "list", "--no-heders")
    assert code == 2
    assert "Did you mean '--no-headers'" in err
    code, _out, err = command(INSTANCES, "stop", "--priority=hihg", INSTANCE)
    assert code == 2
    assert "Did you mean 'high'" in err


def test_unknown_name_is_guessed(command, master):
    refused = ["OpPrereqError", ["Instance 'vm2' not known", "unknown_entity"]]
    finished = master.finished
    master.finished = lambda job: finished(job, JobStatus.ERROR, refused)
    refused[1][0] = "Instance 'vm1.gntlab.tset' not known"
    err = command(INSTANCES, "stop", "vm1.gntlab.tset")[2]
    assert err.endswith(f"Did you mean '{INSTANCE}'?\n")
    assert command(gnt_node.PROGRAM, "info", "node2.gntlab.test")[2].endswith(
        "Did you mean 'node1.gntlab.test'?\n"
    )


def test_options_may_stand_anywhere_and_be_short(command):
    """As with the original's option parser."""
    code, out, _err = command(INSTANCES, "list", INSTANCE, "--no-head", "-o", "name")
    assert (code, out) == (0, f"{INSTANCE}\n")


def test_debugging(command):
    err = command(INSTANCES, "list", "-d")[2]
    assert 'asked: {"method": "Query"' in err
    assert "answered: " in err


def test_version(command):
    assert command(INSTANCES, "--version")[1].startswith("gnt-instance (synnefo) ")


def test_wrong_usage(command):
    assert command(INSTANCES, "list", "--nosuch")[0] == 2
    assert command(INSTANCES, "stop")[0] == 1
    assert command(INSTANCES, "list", "-F", "==")[0] == 1
    assert command(INSTANCES, "--help")[0] == 0


def test_master_away(command, tmp_path, monkeypatch):
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(tmp_path / "nobody"))
    code, _out, err = command(INSTANCES, "list")
    assert code == 1
    assert "Cannot communicate with the master daemon" in err
    monkeypatch.delenv("GANETI_COMMAND_SOCKET")
    monkeypatch.delenv("SYNNEFO_STATE", raising=False)
    assert command(INSTANCES, "list")[0] == 5


def test_socket_is_private(command, tmp_path):
    assert stat.S_IMODE((tmp_path / "master.sock").stat().st_mode) == 0o600


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"method": "NoSuch"}\n', b"[]\n"])
def test_nonsense_is_answered(command, tmp_path, line):
    import socket

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "master.sock"))
        connection.sendall(line)
        answer = json.loads(connection.makefile().readline())
    assert answer["success"] is False
    assert answer["result"][0] == "OpPrereqError"


def imported(code):
    words = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("program", ["instance", "job", "network", "group", "os", "backup"])
def test_start_imports_little(program):
    more = imported(f"import ganeti_backend.cli.gnt_{program}") - imported("")
    heavy = {"orjson", "httpx", "uvicorn", "django", "cryptography", "ganeti_backend.opcodes"}
    # Parts of the standard library that would take half of the time.
    heavy |= {"dataclasses", "inspect", "difflib", "pathlib", "urllib", "logging", "asyncio"}
    assert more & heavy == set()
