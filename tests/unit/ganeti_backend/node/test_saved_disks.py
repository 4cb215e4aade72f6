"""What a disk that is a volume was filled with is what it is saved as."""

import os

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.node.node_handlers import NodeHandlers

DISK = {"uuid": "disk0", "size": 1, "template": "file", "mode": "rw"}
INSTANCE = {"name": "web", "uuid": "u-web", "disks": [DISK], "nics": []}


@pytest.fixture
def node(tmp_path):
    cluster = settings.for_state(tmp_path, 1, [2])
    installation.write(cluster.data_dir / "cluster.json", cluster)
    cluster.image_dir.mkdir(parents=True, exist_ok=True)
    handlers = NodeHandlers(cluster, cluster.nodes[0])
    handlers.disk_create("web", DISK)
    yield handlers
    handlers.close()


def test_bytes_go_through_a_disk(node):
    folder = node._settings.image_dir
    content = os.urandom(5000)
    (folder / "content").write_bytes(content)
    order = {"image_id": "content", "image_format": "raw", "customization": {}, "data": True}
    filled = node.image_fill("fill-1", 20.0, instance=INSTANCE, disk=DISK, **order)
    assert filled["state"] == "done", filled
    kept = node.disk_save("save-1", 20.0, disk=DISK, file="kept")
    assert kept["state"] == "done", kept
    saved = (folder / "kept").read_bytes()
    assert len(saved) == 1 << 20
    assert saved[:5000] == content
    assert not saved[5000:].strip(b"\0")


def test_a_name_is_no_path(node):
    assert node.disk_save("save-1", 20.0, disk=DISK, file="../kept")["state"] == "failed"
