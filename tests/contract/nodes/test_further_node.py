"""A node joins a running cluster with what `gnt-node add` made for it, and leaves it again."""

from __future__ import annotations

import stat

import pytest
from node_site import NEW, Site, bundle_path, free_port, joined

from ganeti_backend import opcodes, settings

pytestmark = pytest.mark.system


def test_a_node_joins_works_and_leaves(site, command):
    joined(site, command)
    site.answers(NEW)
    disks = [{"size": 16}]
    made = {"instance_name": "vm1", "pnode": NEW, "disk_template": "file", "disks": disks}
    site.run(opcodes.OpInstanceCreate(**made))
    rows = command("gnt-node", "list", "--no-headers", "--separator=|", "-o", "name,role,pinst_cnt")
    assert rows[1].splitlines() == ["node1.local|M|0", f"{NEW}|C|1"]
    shown = command("gnt-node", "info", NEW)[1]
    assert "master candidate: True" in shown
    assert "free" in shown
    code, _out, err = command("gnt-node", "remove", NEW)
    assert (code, "vm1 is still running" in err) == (1, True)
    site.run(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert command("gnt-node", "remove", NEW)[0] == 0
    assert command("gnt-node", "list", "--no-headers", "-o", "name")[1].split() == ["node1.local"]


def test_a_bundle_can_be_carried_anywhere(site, command, tmp_path):
    joined(site, command, tmp_path / "elsewhere" / "bundle")
    made = {"instance_name": "vm1", "pnode": NEW, "disk_template": "file", "disks": [{"size": 16}]}
    site.run(opcodes.OpInstanceCreate(**made))
    folder = tmp_path / "elsewhere" / "bundle"
    assert list((folder / "node" / "disks").iterdir())
    assert stat.S_IMODE((folder / "node.key").stat().st_mode) == 0o600
    assert not (folder / "ca.key").exists()


def test_the_next_master_knows_it(site, command):
    joined(site, command)
    site.stop_master()
    site.start_master()
    site.answers(NEW)
    assert site.master.config.node(NEW).port


def test_a_stranger_is_not_let_in(site, command, tmp_path, monkeypatch):
    """The bundle of another cluster has another authority behind it."""
    other = Site(tmp_path / "other")
    try:
        port = str(free_port())
        place = ("--address", "127.0.0.1", "--port", port)
        monkeypatch.setenv("GANETI_CONFIG", str(other.path))
        path = bundle_path(command("gnt-node", "add", NEW, *place, "--bundle-only")[1])
        monkeypatch.delenv("GANETI_CONFIG")
        site.start_node(NEW, path)
        code, _out, err = command("gnt-node", "add", NEW, *place)
    finally:
        other.close()
    assert code == 1
    assert "environment_error" in err
    assert site.master.config.node(NEW) is None


def test_an_added_node_is_not_added_twice(site, command):
    code, _out, err = command("gnt-node", "add", "node1.local")
    assert (code, "--readd" in err) == (1, True)
    assert command("gnt-node", "add", "node1.local", "--readd")[0] == 0


def test_a_bundle_is_made_anew_where_the_node_was(site, command):
    port = joined(site, command)
    code, out, _err = command("gnt-node", "add", NEW, "--readd", "--bundle-only")
    assert code == 0
    (node,) = settings.load(bundle_path(out)).nodes
    assert (node.address, str(node.port)) == ("127.0.0.1", port)
    assert command("gnt-node", "add", NEW, "--readd")[0] == 0
