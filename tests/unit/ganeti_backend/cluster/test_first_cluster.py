"""`gnt-cluster init` with the parameters that the cluster begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganeti_backend import settings
from ganeti_backend.cli import gnt_cluster
from ganeti_backend.cli.running import main
from ganeti_backend.configuration.config import Config
from ganeti_backend.objects import Cluster

SPEC = "memory-size={0},disk-size={0},cpu-count={0},disk-count={0},nic-count={0},spindle-use=1"


def init(folder: Path, *options: str) -> int:
    return main(gnt_cluster.PROGRAM, ["init", "--state-dir", str(folder), *options, "c.local"])


def stored(folder: Path) -> Cluster:
    config = Config(folder / "cluster" / "config")
    assert config.load()
    config.close()
    return config.cluster()


def test_parameters_of_a_new_cluster(tmp_path: Path) -> None:
    bounds = f"min:{SPEC.format(1)}/max:{SPEC.format(64)}"
    options = [
        "-B", "memory=64,vcpus=2", "-N", "link=br7", "-H", "fake:migration_mode=live",
        "-C", "2", "-m", "aa:bb:cc", "--ipolicy-bounds-specs", bounds,
        "--ipolicy-std-specs", SPEC.format(2), "--hypervisor-state", "fake:mem_node=5",
        "--uid-pool", "5000-5010", "--enabled-disk-templates", "file,diskless",
        "--master-netdev", "eth0", "--no-etc-hosts", "-I", "builtin",
        "--shared-file-storage-dir", str(tmp_path / "shared"),
    ]  # fmt: skip
    assert init(tmp_path, *options) == 0
    cluster = stored(tmp_path)
    assert cluster.fill_beparams({})["maxmem"] == 64
    assert cluster.fill_nicparams({})["link"] == "br7"
    assert (cluster.candidate_pool_size, cluster.mac_prefix) == (2, "aa:bb:cc")
    assert cluster.ipolicy["std"]["cpu-count"] == 2
    assert cluster.hv_state == {"fake": {"mem_node": 5}}
    assert cluster.parameters["uid_pool"] == [[5000, 5010]]
    assert cluster.enabled_disk_templates == ("file", "diskless")
    found = settings.load(tmp_path / "cluster" / "cluster.json")
    assert found.shared_dir == tmp_path / "shared"


def test_again_without_parameters_nothing_changes(tmp_path: Path) -> None:
    assert init(tmp_path, "-B", "vcpus=3") == 0
    before = stored(tmp_path)
    assert init(tmp_path) == 0
    assert stored(tmp_path) == before


def test_a_cluster_that_is_there_is_not_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, "-B", "vcpus=3") == 0
    assert init(tmp_path, "-B", "vcpus=4") == 1
    assert "gnt-cluster modify" in capsys.readouterr().err
    assert stored(tmp_path).fill_beparams({})["vcpus"] == 3


@pytest.mark.parametrize(
    "options",
    [
        ("-B", "nosuch=1"),
        ("-I", "nosuch"),
        ("--enabled-hypervisors", "xen-pvm"),
        ("--file-storage-dir", "/elsewhere"),
        ("--ipolicy-bounds-specs", f"min:{SPEC.format(8)}/max:{SPEC.format(4)}"),
        ("-C", "0"),
    ],
)
def test_what_is_refused_leaves_no_cluster(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert init(tmp_path, *options) == 1
    assert list((tmp_path / "cluster" / "config").iterdir()) == []
    assert not (tmp_path / "cluster" / "config.new").exists()
    assert init(tmp_path, "-B", "vcpus=3") == 0
