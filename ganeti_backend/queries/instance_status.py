"""The state of an instance in one word: what it should be and what it is."""

from ganeti_backend.objects import Instance
from ganeti_backend.parameters import cluster_parameters
from ganeti_backend.queries.snapshot import Snapshot

PAUSED, SUSPENDED = "paused", "suspended"  # Our own: Ganeti lets no guest stand still.
STOPPED = {"up": "ERROR_down", "offline": "ADMIN_offline"}


def _stopped_by_user(instance: Instance, snapshot: Snapshot) -> bool:
    """Whether the guest ended by itself where its user may do that, or did so before."""
    if instance.admin_state != "up":
        return (instance.admin_state, instance.admin_state_source) == ("down", "user")
    known = (snapshot.live and snapshot.live.instances(instance.primary_node)) or {}
    listed = instance.name in known
    return listed and cluster_parameters.user_may_stop(snapshot.cluster, instance)


def status(instance: Instance, snapshot: Snapshot) -> str:
    """Desired and actual state in one word."""
    node = snapshot.nodes.get(instance.primary_node)
    if node is not None and node.offline:
        return "ERROR_nodeoffline"
    if not snapshot.answers(instance.primary_node):
        return "ERROR_nodedown"
    if snapshot.running(instance) is not None:
        as_wished = PAUSED if snapshot.state(instance) == PAUSED else "running"
        return as_wished if instance.admin_state == "up" else "ERROR_up"
    if snapshot.running_on.get(instance.name):
        return "ERROR_wrongnode"
    return _stopped(instance, snapshot)


def _stopped(instance: Instance, snapshot: Snapshot) -> str:
    """Why it does not run, in one word."""
    if snapshot.state(instance) == SUSPENDED and instance.admin_state == "down":
        return SUSPENDED
    if _stopped_by_user(instance, snapshot):
        return "USER_down"
    return STOPPED.get(instance.admin_state, "ADMIN_down")
