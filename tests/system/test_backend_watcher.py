"""Guests die behind the cluster's back, and the watcher of a running master brings them back.

It looks twice a second here; once a minute would do the same, later.
"""

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from synnefo.cloud.guests import qemu_processes
from tests.conformance.namespaces import wait_for
from tests.conformance.own_cluster import OwnCluster
from tests.system.test_backend_moves import LONGEST, Guests

pytestmark = pytest.mark.system
PATIENT = 60
FAST = {"GANETI_WATCHER_PERIOD": "0.5"}
REFUSAL = "#!/bin/sh\necho not today\nexit 1\n"


class Watched(OwnCluster):
    """Guests on paper, and a watcher in a hurry."""

    def _environment(self):
        return super()._environment() | FAST

    def make(self, name):
        body = {
            "__version__": 1,
            "mode": "create",
            "instance_name": name,
            "disk_template": "diskless",
            "disks": [],
            "nics": [],
            "os_type": "noop",
            "pnode": self.nodes[0],
            "beparams": {"minmem": 16, "maxmem": 16},
        }
        self.rapi().do("POST", "/2/instances", body)

    def status(self, name):
        return self.rapi().get(f"/2/instances/{name}")["status"]

    def crash_guest(self, name):
        """Its node forgets it, as it would if the guest's process had died."""
        self.kill(self.nodes[0])
        for path in (self.settings.nodes[0].dir / "instances").glob(f"{name}*"):
            path.unlink()
        self.start_node(self.nodes[0])

    def says(self):
        return self.command("gnt-cluster", "watcher", "info").stdout


@contextmanager
def running(kind):
    folder = Path(tempfile.mkdtemp(prefix="watched-", dir="/var/tmp"))
    cluster = kind(folder, 1, hooks=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster():
    with running(Watched) as cluster:
        yield cluster


def test_a_guest_that_was_killed_comes_back(cluster):
    cluster.make("phoenix")
    cluster.crash_guest("phoenix")
    wait_for(lambda: cluster.status("phoenix") == "running", "the guest is back", PATIENT)
    assert cluster.command("gnt-cluster", "verify").returncode == 0


def test_one_that_was_stopped_stays_down(cluster):
    cluster.make("sleeper")
    cluster.rapi().do("PUT", "/2/instances/sleeper/shutdown", {})
    cluster.command("ganeti-watcher")
    cluster.command("ganeti-watcher")
    assert cluster.status("sleeper") == "ADMIN_down"


def test_after_five_failures_it_is_left_and_said_so(cluster):
    cluster.make("hopeless")
    hook = cluster.settings.hooks_dir / "instance-start-pre.d" / "00-refuse"
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text(REFUSAL)
    hook.chmod(0o755)
    before = len(starts(cluster, "hopeless"))
    cluster.crash_guest("hopeless")
    left = "Instance hopeless does not stay up and is left alone."
    wait_for(lambda: left in cluster.says(), "it is given up", PATIENT)
    wait_for(lambda: len(starts(cluster, "hopeless")) == before + 5, "five tries", PATIENT)
    # Further rounds, and another master, try no more.
    cluster.kill("master")
    cluster.start_master()
    for _ in range(3):
        cluster.command("ganeti-watcher")
    assert len(starts(cluster, "hopeless")) == before + 5
    assert "left alone after 5 restarts" in cluster.log.read_text()
    verified = cluster.command("gnt-cluster", "verify")
    assert verified.returncode == 1
    assert "instance hopeless: not running on its primary node" in verified.stderr
    hook.unlink()
    cluster.rapi().do("PUT", "/2/instances/hopeless/startup", {})
    wait_for(lambda: left not in cluster.says(), "it is in favour again", PATIENT)


def starts(cluster, name):
    """Starts of this instance that the watcher asked for."""
    answer = cluster.rapi().get("/2/query/job?fields=id,summary,ops")
    return [
        row[0][1]
        for row in answer["data"]
        if row[1][1] == [f"INSTANCE_STARTUP({name})"]
        and row[2][1][0]["reason"][0][0] == "gnt:watcher"
    ]


def test_a_pause_holds_it(cluster):
    cluster.make("patient")
    assert cluster.command("gnt-cluster", "watcher", "pause", "1h").returncode == 0
    cluster.crash_guest("patient")
    wait_for(lambda: cluster.status("patient") == "ERROR_down", "the guest is gone", PATIENT)
    assert "is paused until" in cluster.command("ganeti-watcher").stdout
    assert cluster.status("patient") == "ERROR_down"
    cluster.command("gnt-cluster", "watcher", "continue")
    wait_for(lambda: cluster.status("patient") == "running", "the guest is back", PATIENT)


class WatchedGuests(Guests):
    """Real ones."""

    def __init__(self, folder, *_nodes, **_options):
        super().__init__(folder)

    def _environment(self):
        return super()._environment() | FAST


def test_a_real_guest_whose_process_is_killed_boots_again():
    pytest.importorskip("libvirt", reason="python3-libvirt is not installed")
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    from synnefo.cloud.guest_image import builder
    from synnefo.cloud.layout import cache_folder

    with running(WatchedGuests) as cluster:
        cluster.image.parent.mkdir(exist_ok=True)
        shutil.copyfile(builder.ensure(cache_folder()).disk, cluster.image)
        cluster.make("phoenix", "file")
        (first,) = qemu_processes(cluster.folder)
        os.kill(first, signal.SIGKILL)
        try:
            again = "the guest has booted a second time"
            wait_for(lambda: cluster.said(0, "phoenix").count("GUEST-READY") > 1, again, LONGEST)
            assert qemu_processes(cluster.folder) != [first]
        finally:
            cluster.command("gnt-instance", "remove", "-f", "--shutdown-timeout", "0", "phoenix")
