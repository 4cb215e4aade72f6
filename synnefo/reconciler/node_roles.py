"""Asks a cluster for the roles that administrators want its nodes to have.

The job's outcome is not awaited: the next look at the nodes shows it. A refusal is asked again
after a pause, because what stands against it may pass.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from synnefo.db.models import Backend, Node
from synnefo.observations import nodes
from synnefo.ports import Cluster, ClusterRefused

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)
REASON = "synnefo:an administrator's wish"


def ask(backend: Backend, cluster: Cluster, now: datetime) -> int:
    """How many nodes the cluster was asked about."""
    waiting = Node.objects.filter(backend=backend, wanted_role__isnull=False, master=False)
    due = [node for node in waiting if node.asked_at is None or now - node.asked_at >= PAUSE]
    for node in due:
        try:
            cluster.submit_node_role(node.name, str(node.wanted_role), REASON)
        except ClusterRefused as error:
            log.warning("node %s does not become %s: %s", node, node.wanted_role, error)
        nodes.asked(node, now)
    return len(due)
