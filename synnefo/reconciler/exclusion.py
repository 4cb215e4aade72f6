"""Tells a cluster which tags of its instances keep them apart, once it has such instances.

Our allocator keeps the servers of an anti-affinity group apart when they are placed; with this the
cluster's own balancing and evacuation do so later on.
"""

from __future__ import annotations

from collections.abc import Collection

from synnefo.core import naming
from synnefo.core.placement import ANTI_AFFINITY
from synnefo.core.server_states import ServerState
from synnefo.db.models import Backend, Server
from synnefo.ports import Cluster

TAG = f"htools:iextags:{naming.APART}"


def tell(backend: Backend, cluster: Cluster, tags: Collection[str]) -> bool:
    """Whether the cluster was told just now; `tags` are those that it has."""
    if TAG in tags:
        return False
    kept_apart = Server.objects.filter(backend=backend, group__policy=ANTI_AFFINITY)
    if not kept_apart.exclude(state=ServerState.DELETED).exists():
        return False
    cluster.submit_cluster_tag(TAG, "synnefo:anti-affinity groups")
    return True
