"""The commands about the cluster and networks against a whole master."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from ganeti_backend import opcodes
from ganeti_backend.cli import ganeti_watcher, gnt_cluster, gnt_network
from ganeti_backend.cli.running import main
from ganeti_backend.daemons import command_socket
from ganeti_backend.daemons.watcher import Watcher
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.core.conftest import Lab

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    path = lab.settings.command_socket
    path.parent.mkdir(parents=True, exist_ok=True)
    running = command_socket.serve(lab.master, path, Watcher(lab.master).methods())
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(path))

    def run(*arguments: str) -> tuple[int, str, str]:
        programs = {p.name: p for p in (gnt_cluster.PROGRAM, gnt_network.PROGRAM)}
        code = main(programs[arguments[0]], arguments[1:])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    running.stop()


def create(lab: Lab, name: str = "web1") -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name=name, pnode="node1.local"))


def test_a_healthy_cluster_is_verified(command: Command, lab: Lab) -> None:
    create(lab)
    code, _out, err = command("gnt-cluster", "verify")
    assert code == 0, err
    assert "Verifying N+1 Memory redundancy" in err
    assert "ERROR" not in err
    assert "N+1" not in command("gnt-cluster", "verify", "--no-nplus1-mem")[2]


def test_findings_make_it_fail_unless_they_are_ignored(command: Command, lab: Lab) -> None:
    create(lab)
    del lab.nodes.nodes["node1.local"].guests["web1"]
    code, _out, err = command("gnt-cluster", "verify")
    assert code == 1
    assert "ERROR: instance web1: not running on its primary node node1.local" in err
    err = command("gnt-cluster", "verify", "--error-codes")[2]
    assert "  - ERROR:EINSTANCEDOWN:instance:web1:not running" in err
    code, _out, err = command("gnt-cluster", "verify", "-I", "EINSTANCEDOWN")
    assert code == 0
    assert "WARNING: instance web1" in err
    assert command("gnt-cluster", "verify", "--node-group", "default")[0] == 1
    assert command("gnt-cluster", "verify", "--node-group", "absent")[0] == 1


def test_disks_are_verified_and_activated(command: Command, lab: Lab) -> None:
    lab.succeed(
        opcodes.OpInstanceCreate(
            instance_name="web1", disk_template="drbd", disks=[{"size": 100}],
            pnode="node1.local", snode="node2.local",
        )
    )  # fmt: skip
    assert command("gnt-cluster", "verify-disks")[:2] == (0, "")
    instance = lab.master.config.instance("web1")
    assert instance is not None
    disk = instance.disks[0].uuid
    del lab.nodes.nodes["node1.local"].peers[disk]
    code, out, _err = command("gnt-cluster", "verify-disks")
    assert (code, out) == (0, "Activating disks for instance 'web1'\n")
    assert disk in lab.nodes.nodes["node1.local"].peers
    del lab.nodes.nodes["node1.local"].disks[disk]
    code, out, _err = command("gnt-cluster", "verify-disks")
    assert code == 1
    assert "Instance web1 has missing disks:" in out


def test_parameters_are_changed_and_shown(command: Command, lab: Lab) -> None:
    assert command("gnt-cluster", "modify")[0] == 1
    code, _out, err = command(
        "gnt-cluster", "modify", "-B", "vcpus=2,memory=256M", "-H", "fake:user_shutdown=true",
        "--user-shutdown", "yes", "-m", "aa:bb:cc", "-C", "5", "--reserved-lvs", "a,b",
        "--ipolicy-vcpu-ratio", "8",
    )  # fmt: skip
    assert code == 0, err
    out = command("gnt-cluster", "info")[1]
    assert "  mac prefix: aa:bb:cc\n" in out
    assert "  candidate pool size: 5\n" in out
    assert "  lvm reserved volumes: a, b\n" in out
    assert "  enabled user shutdown: True\n" in out
    info = json.loads(command("gnt-cluster", "info", "--json")[1])
    assert info["beparams"]["default"]["vcpus"] == 2
    assert info["hvparams"]["fake"]["user_shutdown"] is True
    assert "--ipolicy-vcpu-ratio 8" in command("gnt-cluster", "show-ispecs-cmd")[1]


def test_a_cluster_gets_another_name(command: Command, lab: Lab) -> None:
    assert command("gnt-cluster", "rename", "new.local")[0] == 1
    code, out, _err = command("gnt-cluster", "rename", "-f", "new.local")
    assert (code, out) == (0, "Cluster renamed from 'cluster.local' to 'new.local'\n")
    assert command("gnt-cluster", "rename", "-f", "new.local")[0] == 1


def test_tags_are_found(command: Command, lab: Lab) -> None:
    create(lab)
    lab.succeed(opcodes.OpTagsSet(kind="instance", name="web1", tags=["owner:demo"]))
    lab.succeed(opcodes.OpTagsSet(kind="cluster", tags=["owner:us"]))
    code, out, _err = command("gnt-cluster", "search-tags", "^owner")
    assert (code, out) == (0, "/cluster owner:us\n/instances/web1 owner:demo\n")
    assert command("gnt-cluster", "search-tags", "absent")[:2] == (1, "")
    assert command("gnt-cluster", "search-tags", "(")[0] == 1


def test_the_watcher_pauses(command: Command, lab: Lab) -> None:
    assert command("gnt-cluster", "watcher", "info")[1] == "The watcher is not paused.\n"
    assert "paused until" in command("gnt-cluster", "watcher", "pause", "1h")[1]
    assert "paused until" in command("gnt-cluster", "watcher", "info")[1]
    assert command("gnt-cluster", "watcher", "continue")[1] == "The watcher is no longer paused.\n"
    assert command("gnt-cluster", "watcher", "pause")[0] == 1
    assert command("gnt-cluster", "watcher", "pause", "soon")[0] == 1


def test_the_watcher_looks_at_once(
    command: Command, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    create(lab)
    lab.nodes.fail(calls.INSTANCE_START, "no")
    del lab.nodes.nodes["node1.local"].guests["web1"]
    lab.master._live.forget_running()
    assert ganeti_watcher.main(["--debug"]) == 0
    assert "starting instance web1 again (try 1 of 5)" in capsys.readouterr().out


def test_commands_run_on_nodes_of_this_machine(command: Command, lab: Lab) -> None:
    code, out, _err = command("gnt-cluster", "command", "-M", "-n", "node2.local", "echo", "hello")
    assert code == 0
    assert "node2.local: hello" in out
    assert "return code = 0" in out
    assert command("gnt-cluster", "command", "false")[0] == 1
    assert command("gnt-cluster", "copyfile", "/absent")[0] == 1
    assert command("gnt-cluster", "copyfile", "/etc/hosts")[0] == 0


def test_a_cluster_in_use_is_not_destroyed(command: Command, lab: Lab) -> None:
    assert command("gnt-cluster", "destroy")[0] == 1
    code, _out, err = command("gnt-cluster", "destroy", "--yes-do-it")
    assert code == 1
    assert "still 2 node(s)" in err


def test_nodes_are_powered_off_and_on(command: Command, lab: Lab) -> None:
    create(lab)
    assert command("gnt-cluster", "epo")[0] == 1
    assert "is the master node" in command("gnt-cluster", "epo", "-f", "node1.local")[2]
    command("gnt-cluster", "epo", "-f", "node3.local")
    node = lab.master.config.node("node3.local")
    assert node is not None
    assert node.offline
    command("gnt-cluster", "epo", "-f", "--on", "node3.local")
    node = lab.master.config.node("node3.local")
    assert node is not None
    assert not node.offline


def test_a_network_is_changed_and_renamed(command: Command, lab: Lab) -> None:
    lab.network()
    assert command("gnt-network", "modify", "net1")[0] == 1
    code, _out, err = command(
        "gnt-network", "modify", "net1", "--add-reserved-ips", "192.0.2.5,192.0.2.6",
        "--network6", "2001:db8::/64", "--gateway6", "2001:db8::1", "--gateway", "none",
    )  # fmt: skip
    assert code == 0, err
    out = command("gnt-network", "info", "net1")[1]
    assert "192.0.2.5" in out
    assert "2001:db8::/64" in out
    assert command("gnt-network", "rename", "net1", "net2")[0] == 0
    assert command("gnt-network", "info", "net1")[0] == 1
    assert command("gnt-network", "info", "net2")[0] == 0
