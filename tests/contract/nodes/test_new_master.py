"""A further node becomes the master: its bundle, carried elsewhere, is all it has."""

from __future__ import annotations

import stat

import pytest
from node_site import NEW, PROGRAMS, joined

from ganeti_backend import opcodes, settings
from ganeti_backend.certificates import authority
from ganeti_backend.cli.running import main
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.node_pool import NodePool
from ganeti_backend.node_rpc.places import Places

pytestmark = pytest.mark.system


@pytest.fixture
def bundle(site, command, tmp_path):
    """A node that has joined with a bundle in a folder of its own."""
    folder = tmp_path / "another-machine" / "bundle"
    joined(site, command, folder)
    return folder


def lost(site):
    """The old master ends, and nothing of it can be read any more."""
    site.stop_master()
    found, away = site.settings, site.path.parent.with_name("gone")
    away.mkdir()
    rapi = (found.rapi.users_file, found.rapi.certificate, found.rapi.key)
    state = (found.queue_dir, found.config_dir, found.tls.ca.with_suffix(".key"))
    for path in (*rapi, *state, site.path):
        path.rename(away / path.name)
    return away


def failover(monkeypatch, path, *options):
    monkeypatch.setenv("GANETI_CONFIG", str(path))
    try:
        words = ["master-failover", "--node", NEW, *options]
        return main(PROGRAMS["gnt-cluster"], words)
    finally:
        monkeypatch.delenv("GANETI_CONFIG")


class NewMaster:
    """A master on what the settings file names."""

    def __init__(self, path):
        self.settings = settings.load(path)
        places = Places(self.settings)
        self.pool = NodePool(self.settings, places)
        self.master = Master(self.settings, self.pool, places=places, patience=5.0)

    def __enter__(self):
        self.master.start()
        return self

    def __exit__(self, *_):
        self.master.stop()
        self.pool.close()


def test_the_bundle_is_enough(site, bundle, monkeypatch, capsys):
    made = {"pnode": NEW, "disk_template": "file", "disks": [{"size": 16}]}
    site.run(opcodes.OpInstanceCreate(instance_name="vm1", **made))
    known = site.master.config.cluster()
    gone = lost(site)
    assert failover(monkeypatch, bundle / "node.json") == 0
    assert f"{NEW} is the master now" in capsys.readouterr().out
    with NewMaster(bundle / "node.json") as new:
        found = new.settings
        own = (found.queue_dir, found.config_dir, found.command_socket, found.rapi.users_file,
               found.rapi.key, found.tls.ca, found.tls.key)  # fmt: skip
        assert all(path.is_relative_to(bundle) for path in own)
        assert found.rapi.users_file.read_text() == (gone / "rapi_users").read_text()
        assert found.tls.ca.with_suffix(".key").read_text() == (gone / "ca.key").read_text()
        assert (new.master.config.cluster().uuid, new.master.config.cluster().master) == (
            known.uuid, NEW,
        )  # fmt: skip
        instance = new.master.config.instance("vm1")
        assert instance is not None
        assert instance.primary_node == NEW
        for node in ("node1.local", NEW):
            assert new.pool.call(node, calls.VERSION, timeout=5)
        # It signs as the old one did, so that further nodes can join.
        assert authority.of_cluster(found).pem in found.tls.ca.read_bytes()


def test_the_others_are_asked_for_their_vote(site, bundle, monkeypatch, capsys):
    lost(site)
    third = settings.NodeSettings("node3.local", "127.0.0.1", 1, bundle / "nowhere")
    monkeypatch.setattr(
        "ganeti_backend.replication.master_files._places",
        lambda _copy: [("node1.local", "127.0.0.1", 1), (third.name, third.address, third.port)],
    )
    assert failover(monkeypatch, bundle / "node.json") == 1
    assert "Most nodes do not answer (node3.local)" in capsys.readouterr().err
    assert failover(monkeypatch, bundle / "node.json", "--no-voting", "-f") == 0


def test_only_the_owner_reads_a_copy(site, bundle):
    copy = bundle / "node" / "replica" / "replica.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_renewed_keys_are_copied_too(site, bundle, command, monkeypatch):
    assert command("gnt-cluster", "renew-crypto", "-f", "--new-cluster-certificate")[0] == 0
    gone = lost(site)
    assert failover(monkeypatch, bundle / "node.json") == 0
    with NewMaster(bundle / "node.json") as new:
        key = new.settings.tls.ca.with_suffix(".key")
        assert key.read_text() == (gone / "ca.key").read_text()
        assert new.pool.call(NEW, calls.VERSION, timeout=5)
