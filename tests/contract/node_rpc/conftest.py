"""A served node with the cluster's certificates, and a client of it; or the fake of both."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.node.node_handlers import NodeHandlers
from ganeti_backend.node_rpc import server
from ganeti_backend.node_rpc.client import NodeClient
from ganeti_backend.node_rpc.fake import FakeNodeClient

NODE = "node1.local"


def make_cluster(folder, port=1):
    made = settings.for_state(folder, 1, [port])
    installation.write(made.data_dir / "cluster.json", made)
    return made


@contextmanager
def serving(cluster, handlers):
    """Serve on a port that the kernel chooses; yields the settings with that port."""
    served = server.NodeServer(handlers, replace(cluster.nodes[0], port=0), cluster.tls)
    thread = threading.Thread(target=served.serve)
    thread.start()
    try:
        yield replace(cluster, nodes=(replace(cluster.nodes[0], port=served.port),))
    finally:
        served.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    return make_cluster(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(params=["real", "fake"])
def nodes(request, tmp_path):
    """The interface `calls.Nodes` with one node of the fake hypervisor behind it."""
    if request.param == "fake":
        yield FakeNodeClient([NODE])
        return
    cluster = make_cluster(tmp_path)
    (cluster.image_dir / "tiny").write_bytes(bytes(1000))
    handlers = NodeHandlers(cluster, cluster.nodes[0])
    with serving(cluster, handlers.table()) as served:
        client = NodeClient(served)
        yield client
        client.close()
    handlers.close()
