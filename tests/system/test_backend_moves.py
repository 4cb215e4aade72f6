"""Real guests go from node to node, and node daemons or the master are killed on the way.

Whatever is killed, the guest runs exactly once afterwards and still hears its power button.
"""

import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ganeti_backend import settings
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.client import NodeClient
from synnefo.cloud.guest_image import builder
from synnefo.cloud.layout import cache_folder
from tests.conformance.namespaces import wait_for
from tests.conformance.own_cluster import OwnCluster, free_ports

pytestmark = pytest.mark.system
LONGEST = 120
DRIVERS = settings.Drivers(
    hypervisor="libvirt",
    accelerator="qemu",
    network="user",
    disk_templates=("sharedfile", "file", "diskless"),
)


class Guests(OwnCluster):
    """Two nodes with QEMU below libvirt's embedded driver."""

    def __init__(self, folder):
        super().__init__(folder, nodes=2)
        self.port, *ports = free_ports(3)
        usual = settings.for_state(folder, self.port, ports, DRIVERS)
        named = tuple(
            replace(node, name=name) for node, name in zip(usual.nodes, self.nodes, strict=True)
        )
        self.settings = replace(usual, master=self.nodes[0], nodes=named)

    def make(self, name, template):
        body = {
            "__version__": 1,
            "mode": "create",
            "instance_name": name,
            "disk_template": template,
            "disks": [{"size": (self.image.stat().st_size >> 20) + 1}],
            "os_type": "image",
            "osparams": {"img_id": self.image.name},
            "nics": [],
            "beparams": {"minmem": 128, "maxmem": 128},
            "pnode": self.nodes[0],
            "name_check": False,
            "ip_check": False,
        }
        self.rapi().do("POST", "/2/instances", body)
        self.boots(0, name)

    def boots(self, node, name):
        ready = f"{name} has booted on {self.nodes[node]}"
        wait_for(lambda: "GUEST-READY" in self.said(node, name), ready, LONGEST)

    @property
    def image(self):
        return self.settings.image_dir / "tiny"

    def said(self, node, name):
        path = self.settings.nodes[node].dir / "console" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def running_on(self, name):
        """Asked of the nodes themselves."""
        client = NodeClient(self.settings)
        try:
            return [node for node in self.nodes if name in client.call(node, calls.INSTANCES_INFO)]
        finally:
            client.close()


@contextmanager
def guests(folder):
    cluster = Guests(folder)
    cluster.install()
    cluster.image.parent.mkdir(exist_ok=True)
    shutil.copyfile(builder.ensure(cache_folder()).disk, cluster.image)
    cluster.start()
    try:
        yield cluster
    finally:
        for name in ("wanderer", "settler"):
            cluster.command("gnt-instance", "remove", "-f", "--shutdown-timeout", "0", name)
        cluster.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("libvirt", reason="python3-libvirt is not installed")
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    with guests(tmp_path_factory.mktemp("moves")) as cluster:
        cluster.make("wanderer", "sharedfile")
        yield cluster


def log_of(cluster, job):
    shown = cluster.rapi().get(f"/2/jobs/{job}")
    return [entry[3] for log in shown["oplog"] for entry in log]


def once(cluster, name):
    """It runs on one node, and that is what everybody says."""
    shown = cluster.rapi().get(f"/2/instances/{name}")
    assert shown["status"] == "running"
    assert cluster.running_on(name) == [shown["pnode"]]
    return shown["pnode"]


@pytest.mark.parametrize("mode", ["live", "non-live"])
def test_a_guest_goes_to_the_other_node(cluster, mode):
    before = once(cluster, "wanderer")
    cluster.rapi().do("PUT", "/2/instances/wanderer/migrate", {"mode": mode})
    assert once(cluster, "wanderer") != before


@pytest.mark.parametrize("victim", ["source", "target", "master"])
def test_whoever_dies_on_the_way_the_guest_runs_once(cluster, victim):
    source = once(cluster, "wanderer")
    target = next(node for node in cluster.nodes if node != source)
    job = cluster.rapi().ask("PUT", "/2/instances/wanderer/migrate", {}).body
    begun = "* sending the running guest"
    wait_for(lambda: begun in log_of(cluster, job), "the guest is on its way")
    killed = {"source": source, "target": target, "master": "master"}[victim]
    cluster.kill(killed)
    if victim == "master":
        cluster.start_master()
    else:
        cluster.start_node(killed)
    cluster.rapi().ended(job)
    done = cluster.command("gnt-instance", "migrate", "-f", "--cleanup", "wanderer")
    assert done.returncode == 0, done.stderr
    once(cluster, "wanderer")


def snapshot(cluster, action):
    body = {"action": action, "snapshot_name": "live"}
    cluster.rapi().do("POST", "/2/instances/wanderer/snapshot", body)


def test_the_disks_of_the_running_guest_are_kept(cluster):
    before = once(cluster, "wanderer")
    snapshot(cluster, "create")
    assert once(cluster, "wanderer") == before


def test_the_guest_still_hears_its_button(cluster):
    place = cluster.nodes.index(once(cluster, "wanderer"))
    done = cluster.command("gnt-instance", "shutdown", "--timeout", "60", "wanderer")
    assert done.returncode == 0, done.stderr
    assert "GUEST-POWEROFF" in cluster.said(place, "wanderer")
    assert cluster.running_on("wanderer") == []


def test_what_was_kept_of_it_boots(cluster):
    snapshot(cluster, "revert")
    home = cluster.nodes.index(cluster.rapi().get("/2/instances/wanderer")["pnode"])
    before = cluster.said(home, "wanderer").count("GUEST-READY")
    cluster.rapi().do("PUT", "/2/instances/wanderer/startup", {})
    booted = "what was kept has booted"
    wait_for(lambda: cluster.said(home, "wanderer").count("GUEST-READY") > before, booted, LONGEST)


def test_disks_go_with_a_guest_that_is_moved(cluster):
    cluster.make("settler", "file")
    done = cluster.command(
        "gnt-instance", "move", "-f", "--shutdown-timeout", "0", "-n", cluster.nodes[1], "settler"
    )
    assert done.returncode == 0, done.stderr
    assert once(cluster, "settler") == cluster.nodes[1]
    cluster.boots(1, "settler")
    assert list((cluster.settings.nodes[0].dir / "disks").glob("*.raw")) == []
