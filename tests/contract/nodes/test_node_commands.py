"""gnt-node and gnt-group against a real master and a real node daemon."""

from __future__ import annotations

import json

import pytest

from ganeti_backend import opcodes

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def oob(tmp_path_factory):
    helper = tmp_path_factory.mktemp("oob") / "helper"
    helper.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        "power-status) echo '{\"powered\": true}' ;;\n"
        'health) echo \'[["fan", "OK"], ["disk", "WARNING"]]\' ;;\n'
        "esac\n"
    )
    helper.chmod(0o755)
    return helper


def test_modify_and_info(command):
    code, out, _err = command("gnt-node", "modify", "--vm-capable=yes", "node1.local")
    assert (code, out) == (0, "Modified node node1.local\n - vm_capable -> True\n")
    code, out, _err = command("gnt-node", "info", "node1.local")
    assert code == 0
    assert "vm_capable: True" in out
    assert "powered: (unavail)" in out
    code, _out, err = command("gnt-node", "modify", "node1.local")
    assert (code, "at least one" in err) == (1, True)
    code, _out, err = command("gnt-node", "modify", "--offline=yes", "node1.local")
    assert (code, "master-failover" in err) == (1, True)
    code, _out, err = command("gnt-node", "modify", "--drained=maybe", "node1.local")
    assert (code, "neither yes nor no" in err) == (2, True)


def test_power_and_health(command, oob):
    assert command("gnt-node", "modify", "--node-parameters", f"oob_program={oob}", "node1.local")
    code, out, _err = command("gnt-node", "power", "status")
    assert (code, out) == (0, "Node        Status\nnode1.local powered\n")
    code, out, err = command("gnt-node", "health", "--no-headers", "--separator=|")
    assert (code, out) == (0, "node1.local|fan=OK,disk=WARNING\n")
    assert "'disk' on node node1.local has status 'WARNING'" in err
    code, _out, err = command("gnt-node", "power", "-f", "off", "node1.local")
    assert (code, "master node" in err) == (1, True)
    assert command("gnt-node", "power", "off")[0] == 1
    assert command("gnt-node", "power", "off", "node1.local")[0] == 1
    code, out, _err = command("gnt-node", "list", "--no-headers", "-o", "powered")
    assert out == "Y\n"


def test_powercycle_needs_a_yes(command):
    assert command("gnt-node", "powercycle", "node1.local")[0] == 2
    code, _out, err = command("gnt-node", "powercycle", "--yes", "node1.local")
    assert (code, "force parameter" in err) == (1, True)
    code, out, _err = command("gnt-node", "powercycle", "--yes", "--force", "node1.local")
    assert (code, "powered off" in out) == (0, True)


def test_storage(site, command):
    made = {"instance_name": "vm1", "disk_template": "file", "disks": [{"size": 16}]}
    site.run(opcodes.OpInstanceCreate(**made))
    arguments = ("list-storage", "--no-headers", "--separator=|", "-o", "node,type,allocatable")
    assert command("gnt-node", *arguments)[1] == "node1.local|file|Y\n"
    code, out, _err = command("gnt-node", "list-storage")
    assert out.split()[:7] == ["Node", "Type", "Name", "Size", "Used", "Free", "Allocatable"]
    code, out, _err = command("gnt-node", "volumes")
    assert (code, out.split()) == (0, ["Node", "PhysDev", "VG", "Name", "Size", "Instance"])
    fields = ("--allocatable=no", "node1.local", "file", "x")
    code, _out, err = command("gnt-node", "modify-storage", *fields)
    assert (code, "can not be modified" in err) == (1, True)


def test_restricted_commands(site, command):
    folder = site.settings.data_dir / "restricted-commands"
    code, _out, err = command("gnt-node", "restricted-command", "hello", "node1.local")
    assert (code, "restricted-commands" in err) == (1, True)
    folder.mkdir(mode=0o755)
    program = folder / "hello"
    program.write_text("#!/bin/sh\necho hello; env\n")
    program.chmod(0o755)
    code, out, _err = command("gnt-node", "restricted-command", "-M", "hello", "node1.local")
    assert code == 0
    assert out.splitlines()[0] == "node1.local: hello"
    assert "GANETI_CONFIG" not in out
    code, out, _err = command("gnt-node", "restricted-command", "-g", "default", "hello")
    assert (code, out.splitlines()[0]) == (0, "hello")
    program.chmod(0o777)
    assert command("gnt-node", "restricted-command", "hello", "node1.local")[0] == 1
    assert command("gnt-node", "restricted-command", "../hello", "node1.local")[0] == 1


def test_nothing_to_move(command):
    code, _out, err = command("gnt-node", "evacuate", "-f", "node1.local")
    assert (code, err) == (0, "No instances to evacuate on node(s) node1.local, exiting.\n")
    code, out, _err = command("gnt-node", "migrate", "-f", "node1.local")
    assert (code, out) == (0, "No primary instances on node node1.local, exiting.\n")
    assert command("gnt-node", "failover", "-f", "node1.local")[0] == 0
    assert command("gnt-node", "evacuate", "-f", "nosuch")[0] == 1
    assert command("gnt-node", "evacuate", "-p", "-s", "node1.local")[0] == 1


def test_moves_that_cannot_be(site, command):
    made = {"instance_name": "vm1", "disk_template": "file", "disks": [{"size": 16}]}
    site.run(opcodes.OpInstanceCreate(**made))
    code, _out, err = command("gnt-node", "evacuate", "node1.local")
    assert (code, "Nobody is there to confirm" in err) == (13, True)
    code, _out, err = command("gnt-node", "evacuate", "-f", "node1.local")
    assert (code, "Unable to evacuate instances vm1" in err) == (1, True)
    code, _out, err = command("gnt-node", "migrate", "-f", "node1.local")
    assert (code, "1 errors" in err) == (1, True)


def test_groups(command):
    limits = "min:memory-size=64,disk-size=1,cpu-count=1,disk-count=0,nic-count=0,spindle-use=1"
    most = "max:memory-size=1G,disk-size=1T,cpu-count=4,disk-count=4,nic-count=4,spindle-use=4"
    options = ("--alloc-policy", "last_resort", "--ipolicy-bounds-specs", f"{limits}/{most}")
    assert command("gnt-group", "add", *options, "rack2")[0] == 0
    shown = ("list", "--no-headers", "--separator=|", "-o", "name,node_cnt,alloc_policy")
    assert command("gnt-group", *shown)[1] == "default|1|preferred\nrack2|0|last_resort\n"
    code, out, _err = command("gnt-group", "show-ispecs-cmd", "rack2")
    assert code == 0
    assert out.startswith("gnt-group add --ipolicy-bounds-specs min:cpu-count=1,disk-count=0")
    assert "max:cpu-count=4" in out
    change = ("modify", "--node-parameters", "spindle_count=3", "-D", "plain:stripes=2", "rack2")
    code, out, _err = command("gnt-group", *change)
    assert code == 0
    said = ["Modified node group rack2", ' - ndparams -> {"spindle_count": 3}']
    assert out.splitlines()[:2] == said
    assert command("gnt-group", "rename", "rack2", "rack3")[0] == 0
    code, out, _err = command("gnt-group", "info", "rack3")
    assert (code, "Allocation policy: last_resort" in out) == (0, True)
    assert command("gnt-group", "info", "rack2")[0] == 1
    assert command("gnt-group", "add-tags", "rack3", "row:4")[0] == 0
    assert command("gnt-group", "list-tags", "rack3")[1] == "row:4\n"
    assert command("gnt-group", "remove", "rack3")[0] == 0
    code, _out, err = command("gnt-group", "remove", "default")
    assert (code, "not empty" in err) == (1, True)


def test_nodes_move_between_groups(command):
    assert command("gnt-group", "add", "rack2")[0] == 0
    assert command("gnt-group", "assign-nodes", "rack2", "node1.local")[0] == 0
    code, out, _err = command("gnt-node", "list", "--json", "-o", "name,group")
    assert json.loads(out) == [{"name": "node1.local", "group": "rack2"}]
    code, _out, err = command("gnt-group", "evacuate", "--to", "default", "rack2")
    assert (code, "successfully" in err) == (0, True)


@pytest.mark.parametrize(
    "option",
    ["--ipolicy-bounds-specs=min:x", "--ipolicy-vcpu-ratio=many", "--alloc-policy=never"],
)
def test_wrong_options(command, option):
    assert command("gnt-group", "add", option, "rack2")[0] == 2
