"""Instances go from one cluster to another, and whatever is killed on the way, one has them.

Ganeti's own `move-instance` carries what the clusters say to each other where it is installed;
where the moments matter the test does.
"""

import subprocess
from pathlib import Path

import pytest

from tests.conformance.namespaces import CLEAN, wait_for
from tests.conformance.own_cluster import PASSWORD, USER, own_cluster
from tests.system.test_backend_faults import verified
from tests.system.test_backend_systems import define

pytestmark = pytest.mark.system
PROGRAM = Path("/usr/lib/ganeti/tools/move-instance")
FIRST, SECOND = b"what the first disk holds", b"what the second disk holds"
# A dump that stands still after its beginning until the test lets it go on.
SLOW = '#!/bin/bash\nhead -c 4096 "$EXPORT_DEVICE"\nuntil [ -e "{go}" ]; do sleep 0.1; done\n'
SLOW += 'tail -c +4097 "$EXPORT_DEVICE"\n'


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    """Two clusters of one node each that share their domain's secret."""
    secret = tmp_path_factory.mktemp("domain") / "secret"
    secret.write_text("a secret that both of the clusters have\n")
    with own_cluster(1, hooks=False) as here, own_cluster(1, hooks=False) as there:
        for cluster in (here, there):
            define(cluster.settings.nodes[0].dir / "os")
            place = define_slow(cluster)
            place.with_name("slow-go").touch()
            words = ("renew-crypto", "--force", f"--cluster-domain-secret={secret}")
            done = cluster.command("gnt-cluster", *words)
            assert done.returncode == 0, done.stderr
        yield here, there


def define_slow(cluster):
    folder = cluster.settings.nodes[0].dir / "os"
    define(folder, "slow")
    (folder / "slow" / "export").write_text(SLOW.format(go=folder / "slow-go"))
    return folder / "slow"


def gate(cluster):
    return cluster.settings.nodes[0].dir / "os" / "slow-go"


def contents(cluster, name):
    """What the disks hold."""
    rows = cluster.rapi().get(f"/2/instances/{name}")["disk.uuids"]
    folder = cluster.settings.nodes[0].dir / "contents"
    return [(folder / uuid).read_bytes() if (folder / uuid).exists() else b"" for uuid in rows]


def make(cluster, name, system="small+plain"):
    body = {
        "__version__": 1,
        "mode": "create",
        "instance_name": name,
        "disk_template": "file",
        "disks": [{"size": 4}, {"size": 8}],
        "nics": [],
        "os_type": system,
        "pnode": cluster.nodes[0],
        "beparams": {"minmem": 16, "maxmem": 16},
        "name_check": False,
        "ip_check": False,
    }
    cluster.rapi().do("POST", "/2/instances", body)
    uuids = cluster.rapi().get(f"/2/instances/{name}")["disk.uuids"]
    folder = cluster.settings.nodes[0].dir / "contents"
    for uuid, text, size in zip(uuids, (FIRST, SECOND), (4, 8), strict=True):
        (folder / uuid).write_bytes(text.ljust(size << 20, b"."))
    return body


def there_is(cluster, name):
    return cluster.rapi().ask("GET", f"/2/instances/{name}").status == 200


class Move:
    """One move, carried by hand."""

    def __init__(self, source, target, name, body, compress="none"):
        self.source, self.target, self.name = source, target, name
        rapi = source.rapi()
        one = f"/2/instances/{name}"
        self.prepared = rapi.do("PUT", f"{one}/prepare-export?mode=remote")["opresult"][0]
        wish = {
            **body,
            "mode": "remote-import",
            "pnode": target.nodes[0],
            "source_handshake": self.prepared["handshake"],
            "source_x509_ca": self.prepared["x509_ca"],
            "source_instance_name": name,
            "compress": compress,
        }
        self.arrival = target.rapi().ask("POST", "/2/instances", wish).body
        self.place = wait_for(self._announced, "the other cluster listens")
        self.departure = rapi.ask(
            "PUT",
            f"{one}/export",
            {
                "mode": "remote",
                "destination": self.place["disks"],
                "x509_key_name": self.prepared["x509_key_name"],
                "destination_x509_ca": self.place["x509_ca"],
                "compress": compress,
                "remove_instance": True,
            },
        ).body

    def _announced(self):
        job = self.target.rapi().get(f"/2/jobs/{self.arrival}")
        assert job["status"] in ("queued", "waiting", "running"), job
        entries = [entry[3] for log in job["oplog"] for entry in log if entry[2] == "remote-import"]
        return entries[-1] if entries else None

    def under_way(self):
        """Some of the first disk is there."""
        tasks = self.source.settings.nodes[0].dir / "tasks"
        wait_for(lambda: list(tasks.glob("export-*.pid")), "the disks are being sent")

    def ended(self):
        return [
            self.source.rapi().ended(self.departure, 90)["status"],
            self.target.rapi().ended(self.arrival, 90)["status"],
        ]


def test_by_ganetis_own_program(clusters, tmp_path):
    if not PROGRAM.exists():
        pytest.skip("Ganeti's move-instance is not installed")
    here, there = clusters
    make(here, "moves.conf.test")
    (tmp_path / "password").write_text(PASSWORD)
    words = ["/usr/bin/python3", PROGRAM, "--verbose", "--dest-instance-name=came.conf.test"]
    words += [
        f"--dest-primary-node={there.nodes[0]}",
        "--compress=gzip-fast",
        "--opportunistic-tries=0",
    ]
    for end, cluster in (("src", here), ("dest", there)):
        words += [f"--{end}-rapi-port={cluster.port}", f"--{end}-username={USER}"]
        words += [f"--{end}-ca-file={cluster.settings.tls.ca}"]
        words += [f"--{end}-password-file={tmp_path / 'password'}"]
    words += ["127.0.0.1", "127.0.0.1", "moves.conf.test"]
    done = subprocess.run(
        list(map(str, words)), env=CLEAN, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not there_is(here, "moves.conf.test")
    first, second = contents(there, "came.conf.test")
    assert first.startswith(b"renamed from moves.conf.test to came.conf.test\n")
    assert len(first) == 4 << 20
    assert second == SECOND.ljust(8 << 20, b".")
    for cluster in clusters:
        verified(cluster)
        assert list((cluster.settings.nodes[0].dir / "transfer_keys").iterdir()) == []


def test_nothing_is_deleted_before_the_other_cluster_has_it(clusters):
    here, there = clusters
    body = make(here, "stays.conf.test", "slow+plain")
    gate(here).unlink()
    move = Move(here, there, "stays.conf.test", body)
    move.under_way()
    there.kill(there.nodes[0])
    there.start_node(there.nodes[0])
    gate(here).touch()
    assert move.ended() == ["error", "error"]
    assert there_is(here, "stays.conf.test")
    assert contents(here, "stays.conf.test")[1] == SECOND.ljust(8 << 20, b".")
    wait_for(lambda: not there_is(there, "stays.conf.test"), "nothing of it is left there")
    for cluster in clusters:
        verified(cluster)


@pytest.mark.parametrize("whose", ["source", "target"])
def test_a_master_is_killed_on_the_way(clusters, whose):
    here, there = clusters
    name = f"{whose}.conf.test"
    body = make(here, name, "slow+plain")
    gate(here).unlink()
    move = Move(here, there, name, body)
    move.under_way()
    victim = here if whose == "source" else there
    victim.kill("master")
    victim.start_master()
    gate(here).touch()
    ended = move.ended()
    # The sender's node goes on by itself; the receiver's cluster takes back what it began.
    assert ended == (["success", "success"] if whose == "source" else ["error", "error"])
    assert [there_is(here, name), there_is(there, name)] == [
        ended[0] == "error",
        ended[1] == "success",
    ]
    for cluster in clusters:
        verified(cluster)


def test_a_stranger_cannot_redirect_it(clusters):
    here, _ = clusters
    make(here, "safe.conf.test")
    one = "/2/instances/safe.conf.test"
    prepared = here.rapi().do("PUT", f"{one}/prepare-export?mode=remote")["opresult"][0]
    place = ["127.0.0.1", 1, "word", "0" * 40, "salt"]
    job = here.rapi().ended(
        here.rapi()
        .ask(
            "PUT",
            f"{one}/export",
            {
                "mode": "remote",
                "destination": [place, place],
                "x509_key_name": prepared["x509_key_name"],
                "destination_x509_ca": prepared["x509_ca"],
            },
        )
        .body,
        90,
    )
    assert job["opresult"][0] == [
        "OpPrereqError", ["Target info for disk 0: HMAC is wrong", "wrong_input"],
    ]  # fmt: skip
