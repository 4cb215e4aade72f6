"""Which job an intent becomes: one row for each action of a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from synnefo.core import naming
from synnefo.core.server_states import ServerState
from synnefo.db.models import Intent, Server
from synnefo.dispatcher.instances import OS_DEFINITION, disk_of, instance_of
from synnefo.ports import Cluster, ClusterRefused, DiskSpec, InstanceChange, NicSpec

ROOT_DISK = "0"
SOON = 20  # seconds
STANDING = frozenset({ServerState.PAUSED, ServerState.SUSPENDED})


class Order(NamedTuple):
    """All that a job is made of."""

    intent: Intent
    cluster: Cluster
    prefix: str
    reason: str

    @property
    def server(self) -> Server:
        return self.intent.server

    @property
    def name(self) -> str:
        """The instance."""
        return naming.instance_name(self.prefix, self.intent.server_id)

    @property
    def wish(self) -> dict[str, Any]:
        """What was asked for."""
        return dict(self.intent.arguments)


Submit = Callable[[Order], int]


def submit(order: Order) -> int:
    """Ask the cluster for the job of this intent."""
    try:
        asked = JOBS[order.intent.action]
    except KeyError:
        raise ValueError(f"no job for the action {order.intent.action}") from None
    return asked(order)


def _create(order: Order) -> int:
    return order.cluster.submit_create(instance_of(order.server, order.prefix), order.reason)


def _start(order: Order) -> int:
    return order.cluster.submit_startup(order.name, order.reason)


def _stop(order: Order) -> int:
    return order.cluster.submit_shutdown(order.name, order.reason)


def _stop_soon(order: Order) -> int:
    """On the way to something else: a guest that does not hear is not waited for long."""
    return order.cluster.submit_shutdown(order.name, order.reason, timeout=SOON)


def _pull_the_plug(order: Order) -> int:
    """What the guest has not written yet is going to be lost anyway."""
    return order.cluster.submit_shutdown(order.name, order.reason, timeout=0)


def _reboot(kind: Literal["soft", "hard", "full"]) -> Submit:
    return lambda order: order.cluster.submit_reboot(order.name, order.reason, kind)


def _reboot_hard(order: Order) -> int:
    """A reset wakes no guest that stands still; it begins anew."""
    still = ServerState(order.server.state) in STANDING
    return order.cluster.submit_reboot(order.name, order.reason, "full" if still else "hard")


def _hold(what: Literal["pause", "unpause", "suspend", "resume"]) -> Submit:
    return lambda order: order.cluster.submit_hold(order.name, what, order.reason)


def _resize(order: Order) -> int:
    change = InstanceChange(vcpus=order.wish["vcpus"], memory=order.wish["memory"])
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _grow(order: Order) -> int:
    return order.cluster.submit_grow_disk(order.name, 0, order.wish["disk"], order.reason)


def _rebuild(order: Order) -> int:
    spec = instance_of(order.server, order.prefix)
    return order.cluster.submit_reinstall(order.name, OS_DEFINITION, spec.osparams, order.reason)


def _save(order: Order) -> int:
    file = order.wish["image"]
    return order.cluster.submit_save_disk(order.name, ROOT_DISK, file, order.reason)


def _rescue_disk(order: Order) -> DiskSpec:
    name = naming.rescue_name(order.prefix, order.intent.server_id)
    wish = order.wish
    return DiskSpec(name, wish["size"], fill=wish["image_uuid"], fill_format=wish["format"])


def _rescue(order: Order) -> int:
    change = InstanceChange(add_first_disk=_rescue_disk(order))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _unrescue(order: Order) -> int:
    name = naming.rescue_name(order.prefix, order.intent.server_id)
    change = InstanceChange(remove_disks=(name,))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _move(order: Order) -> int:
    """To the node that was named, or to the one with the most memory."""
    node = order.wish.get("to") or _roomiest(order)
    return order.cluster.submit_move(order.name, node, order.reason)


def _roomiest(order: Order) -> str:
    here = order.cluster.instance(order.name).pnode
    others = [
        node
        for node in order.cluster.nodes()
        if node.vm_capable and not (node.offline or node.drained) and node.name != here
    ]
    if not others:
        raise ClusterRefused(409, "No valid host was found: there is no other node.")
    return max(others, key=lambda node: (node.memory_free or 0, node.name)).name


def _failover(order: Order) -> int:
    return order.cluster.submit_failover(order.name, order.wish.get("to") or None, order.reason)


def _migrate(order: Order) -> int:
    live, node = order.server.state == ServerState.ACTIVE, order.wish.get("to") or None
    return order.cluster.submit_migrate(order.name, live, node, order.reason)


def _card(order: Order) -> NicSpec:
    wish = order.wish
    return NicSpec(
        name=naming.nic_name(order.prefix, wish["port"]),
        network=naming.network_name(order.prefix, wish["network"]),
        ip=wish["ip"],
        mac=wish["mac"] or None,
    )


def _attach_port(order: Order) -> int:
    change = InstanceChange(add_nics=(_card(order),))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _detach_port(order: Order) -> int:
    name = naming.nic_name(order.prefix, order.wish["port"])
    change = InstanceChange(remove_nics=(name,))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _readdress_port(order: Order) -> int:
    # Its MAC is its own already, and Ganeti would find it taken.
    card = replace(_card(order), mac=None)
    change = InstanceChange(name_nics={card.name: card})
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _disk_of(order: Order) -> str:
    return naming.disk_name(order.prefix, order.wish["volume"])


def _attach_volume(order: Order) -> int:
    volume = next(one for one in order.server.volumes.all() if one.pk == order.wish["volume"])
    change = InstanceChange(add_disks=(disk_of(volume, order.prefix),))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _detach_volume(order: Order) -> int:
    change = InstanceChange(remove_disks=(_disk_of(order),))
    return order.cluster.submit_set_params(order.name, change, order.reason)


def _extend_volume(order: Order) -> int:
    """Disks are counted as the cluster has them, which nobody knows better."""
    found = [disk.name for disk in order.cluster.instance(order.name).disks]
    if _disk_of(order) not in found:
        raise ClusterRefused(404, "The server has no disk of this volume.")
    place = found.index(_disk_of(order))
    return order.cluster.submit_grow_disk(order.name, place, order.wish["disk"], order.reason)


def _save_volume(order: Order) -> int:
    """Images tell their sums; nobody asks for those of snapshots and backups."""
    image = order.wish.get("image")
    file = image or order.wish["content"]
    disk = _disk_of(order)
    return order.cluster.submit_save_disk(
        order.name, disk, file, order.reason, sums=image is not None
    )


JOBS: dict[str, Submit] = {
    "attach_port": _attach_port,
    "detach_port": _detach_port,
    "readdress_port": _readdress_port,
    "create": _create,
    "delete": lambda order: order.cluster.submit_remove(order.name, order.reason),
    "start": _start,
    "stop": _stop,
    "reboot": _reboot("soft"),
    "reboot_hard": _reboot_hard,
    "pause": _hold("pause"),
    "unpause": _hold("unpause"),
    "suspend": _hold("suspend"),
    "resume": _hold("resume"),
    "resize": _resize,
    "resize_restart": _reboot("full"),
    "confirm_resize": _grow,
    "revert_resize": _resize,
    "revert_restart": _reboot("full"),
    "rebuild_stop": _pull_the_plug,
    "rebuild": _rebuild,
    "rebuild_start": _start,
    "shelve_stop": _stop_soon,
    "shelve_save": _save,
    "unshelve_move": _move,
    "unshelve": _start,
    "save_image": _save,
    "save_backup": _save,
    "soft_delete": _stop_soon,
    "restore": _start,
    "migrate_move": _move,
    "migrate_failover": _failover,
    "revert_move": _move,
    "revert_failover": _failover,
    "live_migrate": _migrate,
    "evacuate": _failover,
    "rescue_stop": _stop_soon,
    "rescue_add": _rescue,
    "rescue_start": _start,
    "unrescue_remove": _unrescue,
    "unrescue_stop": _stop_soon,
    "unrescue_start": _start,
    "attach_volume": _attach_volume,
    "detach_volume": _detach_volume,
    "extend_volume": _extend_volume,
    "save_volume": _save_volume,
}
