"""Scripts run with the environment of the manual, in their folder, with a log and a time limit."""

import subprocess
from pathlib import Path

import pytest

from ganeti_backend.node import script_tasks

NETWORK = {
    "name": "net1", "uuid": "net-uuid", "network": "192.0.2.0/24", "gateway": "192.0.2.1",
    "network6": None, "gateway6": None, "mac_prefix": "aa:00:00", "tags": ["a", "b"],
}  # fmt: skip


def variables(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_the_environment_is_exactly_the_manuals(bench, define, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "x")
    folder = define()
    answer = bench.order(
        networks={"net-uuid": NETWORK},
        parameters={"dhcp": "yes", "root-size": 3, "nothing": None},
        variables={"INSTANCE_REINSTALL": "1"},
        debug=1,
    )
    assert answer["state"] == "done", answer
    log = bench.log()
    assert log.splitlines()[-1] == str(folder)
    found = variables(log)
    for name in ("PWD", "SHLVL", "_", "OLDPWD"):  # Of the shell that prints them.
        found.pop(name, None)
    assert found == {
        "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
        "OS_API_VERSION": "20",
        "OS_NAME": "small",
        "OS_VARIANT": "default",
        "DEBUG_LEVEL": "1",
        "INSTANCE_NAME": "web1",
        "INSTANCE_UUID": "u-web1",
        "INSTANCE_OS": "small+default",
        "INSTANCE_PRIMARY_NODE": "node1.local",
        "INSTANCE_SECONDARY_NODES": "",
        "INSTANCE_REINSTALL": "1",
        "INSTANCE_BE_maxmem": "128",
        "INSTANCE_HV_serial_console": "True",
        "INSTANCE_HV_nic_type": "paravirtual",
        "HYPERVISOR": "kvm",
        "DISK_COUNT": "1",
        "DISK_0_PATH": str(bench.content()),
        "DISK_0_SIZE": "1",
        "DISK_0_ACCESS": "rw",
        "DISK_0_UUID": "disk0",
        "DISK_0_BACKEND_TYPE": "file:loop",
        "NIC_COUNT": "1",
        "NIC_0_MAC": "aa:00:00:00:00:01",
        "NIC_0_UUID": "n1",
        "NIC_0_NAME": "lan",
        "NIC_0_IP": "192.0.2.2",
        "NIC_0_MODE": "bridged",
        "NIC_0_LINK": "br0",
        "NIC_0_BRIDGE": "br0",
        "NIC_0_FRONTEND_TYPE": "paravirtual",
        "NIC_0_NETWORK_NAME": "net1",
        "NIC_0_NETWORK_UUID": "net-uuid",
        "NIC_0_NETWORK_SUBNET": "192.0.2.0/24",
        "NIC_0_NETWORK_GATEWAY": "192.0.2.1",
        "NIC_0_NETWORK_MAC_PREFIX": "aa:00:00",
        "NIC_0_NETWORK_TAGS": "a b",
        "OSP_DHCP": "yes",
        "OSP_ROOT_SIZE": "3",
        "OSP_NOTHING": "",
    }


def test_a_failing_script_shows_the_end_of_its_log(bench, define):
    define(create="#!/bin/sh\nseq 1 100\necho no room left >&2\nexit 4\n")
    answer = bench.order()
    assert answer["state"] == "failed"
    assert answer["message"].startswith("OS create script of 'small' failed (exit 4), last lines")
    assert answer["message"].endswith("no room left")
    assert len(answer["message"].splitlines()) == 21
    assert bench.log().splitlines()[0] == "1"


def test_a_script_that_hangs_is_ended_with_its_children(bench, define, tmp_path):
    define(create=f"#!/bin/sh\nsleep 300 & echo $! > {tmp_path}/child\nwait\n")
    answer = bench.order(limit=0.5)
    assert answer["state"] == "failed"
    assert "took longer than 0.5 s" in answer["message"]
    assert ended(int((tmp_path / "child").read_text()))


def ended(pid):
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_secrets_are_in_no_log_and_no_message(bench, define):
    define(create='#!/bin/sh\necho "the word is $OSP_ROOTPW, really"\nexit 1\n')
    answer = bench.order(parameters={"rootpw": "swordfish"}, hidden=["rootpw"])
    assert "swordfish" not in answer["message"] + bench.log()
    assert "the word is <redacted>, really" in bench.log()
    for path in bench.node.dir.rglob("*"):
        assert not path.is_file() or b"swordfish" not in path.read_bytes(), path


def test_endless_output_does_not_fill_the_disk(bench, define, monkeypatch):
    monkeypatch.setattr("ganeti_backend.os_definitions.script_log.LARGEST_LOG", 10_000)
    define(create="#!/bin/sh\nyes word | head -n 100000\n")
    assert bench.order()["state"] == "done"
    assert len(bench.log()) < 11_000
    assert "left out" in bench.log()


def test_a_disk_goes_from_one_instance_through_a_dump_to_another(bench, define):
    define()
    content = bytes(range(256)) * 2048 + bytes(1 << 19)
    instance = bench.instance()
    bench.content().write_bytes(content)
    bench.handlers.export_begin("web1")
    dump = {"index": 0, "export": "web1", "file": "disk0.dump", "instance": instance}
    answer = bench.order("export", **dump)
    assert answer["state"] == "done", answer
    assert bench.handlers.export_list() == []
    bench.handlers.export_finish("web1", {"export": {"version": "0"}})
    assert bench.handlers.export_list() == ["web1"]
    bench.content().write_bytes(bytes(len(content)))
    assert bench.order("import", **dump)["state"] == "done"
    assert bench.content().read_bytes() == content


def test_an_export_of_a_frozen_disk_is_of_the_moment_it_was_frozen(bench, define):
    define()
    instance = bench.instance()
    bench.content().write_bytes(b"before".ljust(1 << 20, b"\0"))
    frozen = bench.handlers.disks_freeze("freeze-1", instance["disks"], 20.0)
    assert frozen["state"] == "done", frozen
    bench.content().write_bytes(b"after".ljust(1 << 20, b"\0"))
    bench.handlers.export_begin("web1")
    answer = bench.order("export", index=0, export="web1", file="d", instance=instance, frozen=True)
    assert answer["state"] == "done", answer
    bench.handlers.export_finish("web1", {})
    dump = bench.node.dir / "exports" / "web1" / "d"
    assert dump.read_bytes()[:6] == b"before"
    bench.handlers.disks_thaw(instance["disks"])
    assert list((bench.node.dir / "frozen").iterdir()) == []


def test_an_import_that_stops_reading_early_is_its_own_business(bench, define):
    define(**{"import": "#!/bin/sh\nhead -c 10 > /dev/null\necho enough\n"})
    instance = bench.instance()
    bench.handlers.export_begin("web1")
    bench.handlers.export_write("web1", "d", 0, "eHh4eHh4eHh4eHh4" * 100_000)
    bench.handlers.export_finish("web1", {})
    assert (
        bench.order("import", index=0, export="web1", file="d", instance=instance)["state"]
        == "done"
    )


def test_removing_a_disk_ends_the_script_that_uses_it(bench, define):
    define(create="#!/bin/sh\nexec sleep 300\n")
    instance = bench.instance()
    answer = bench.order(task_id="create-x", wait=0.0, instance=instance)
    assert answer["state"] == "running"
    bench.handlers.release_disk(instance["disks"][0])
    assert bench.handlers.tasks.status("create-x")["state"] == "failed"


def test_a_script_of_a_dead_daemon_is_ended_by_the_next(bench):
    process = subprocess.Popen(["sleep", "300"], start_new_session=True)
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    tasks = bench.node.dir / "tasks"
    started = script_tasks._started_at(process.pid)
    (tasks / "a.pid").write_text(f"{process.pid} {started}\n")
    (tasks / "b.pid").write_text(f"{other.pid} {int(started) - 100}\n")
    bench.start()
    assert process.wait(10) == -9
    assert other.poll() is None
    other.kill()
    other.wait()
    assert list(tasks.glob("*.pid")) == []


@pytest.mark.parametrize(
    ("name", "parameters", "problem"),
    [
        ("small+default", {"dhcp": "yes"}, ""),
        ("small+default", None, ""),
        ("small", {}, "OS name must include a variant"),
        ("small+nosuch", {}, "Unsupported OS variant 'nosuch'"),
        ("nosuch", {}, "OS 'nosuch' not in supported OS list for node node1.local"),
        ("small+default", {"color": "red"}, "not supported by OS 'small+default': color"),
        ("small+default", {"dhcp": "maybe"}, "Invalid value 'maybe' for dhcp"),
        ("noop+x", {}, "OS 'noop' doesn't support variants ('x' passed)"),
        ("noop", {"anything": 1}, ""),
        ("image", {"img_id": "x", "img_format": "tar"}, "unknown image format 'tar'"),
    ],
)
def test_an_os_is_checked_before_anything_is_made(bench, define, name, parameters, problem):
    text = '#!/bin/sh\ntest "$1" = parameters || exit 9\n'
    text += "test \"$OSP_DHCP\" != maybe || { echo Invalid value \\'maybe\\' for dhcp; exit 1; }\n"
    define(verify=text)
    found = bench.handlers.os_check(name, parameters, False)["problem"]
    assert problem in found
    assert bool(problem) == bool(found)


def test_a_variant_can_be_forced(bench, define):
    define()
    assert bench.handlers.os_check("small+own", {}, True) == {"problem": ""}
