"""What is made for a project that asks for any network: one with a range of each default pool, and
a router from there to the default external network.
"""

from __future__ import annotations

from dataclasses import replace

from synnefo.core.caller import Caller
from synnefo.core.faults import NotFound
from synnefo.core.network_faults import AutoAllocationFailure
from synnefo.db.models import AutoTopology, Network, Project, SubnetPool
from synnefo.db.transactions import writing
from synnefo.intents.network import network_rows, networks, routers, subnets
from synnefo.intents.network.network_rows import INTERFACE

NAME = "auto_allocated"


def check(caller: Caller) -> None:
    """AutoAllocationFailure says what an operator has to set up first."""
    _requirements(caller)


def _requirements(caller: Caller) -> tuple[Network, list[SubnetPool]]:
    outside = Network.objects.filter(network_rows.EXTERNAL, is_default=True).order_by("pk").first()
    if outside is None:
        raise AutoAllocationFailure("Deployment error: No default router:external network.")
    pools = network_rows.subnet_pools(caller).filter(is_default=True).order_by("ip_version")
    if not pools:
        raise AutoAllocationFailure("Deployment error: No default subnetpools defined.")
    return outside, list(pools)


def ensure(caller: Caller, project_id: str) -> Network:
    """The network of the project's topology, which is made at the first call."""
    with writing():
        # Whoever comes second waits here, and finds what the first one made.
        if not Project.objects.select_for_update().filter(id=project_id).exists():
            raise NotFound(f"Project {project_id[:80]} could not be found.")
        row = AutoTopology.objects.filter(project=project_id).select_related("network").first()
        if row is not None:
            return row.network
        return _made(replace(caller, project_id=project_id))


def _made(caller: Caller) -> Network:
    outside, pools = _requirements(caller)
    network = networks.create(caller, [{"name": f"{NAME}_network"}])[0]
    way = {"network_id": str(outside.uuid)}
    wish = {"name": f"{NAME}_router", "external_gateway_info": way}
    router = routers.create(caller, [wish])[0]
    for pool in pools:
        subnet = {
            "name": f"{NAME}_subnet_v{pool.ip_version}",
            "network_id": str(network.uuid),
            "ip_version": pool.ip_version,
            "subnetpool_id": str(pool.uuid),
        }
        made = subnets.create(caller, [subnet])[0]
        routers.add_interface(caller, str(router.uuid), {"subnet_id": str(made.uuid)})
    AutoTopology.objects.create(project_id=caller.project_id, network=network, router=router)
    return network


def remove(caller: Caller, project_id: str) -> None:
    """All of it; not while servers or others have ports there."""
    with writing():
        rows = AutoTopology.objects.select_for_update(of=("self",)).filter(project=project_id)
        row = rows.select_related("network", "router").first()
        if row is None:
            return
        network, router = row.network, row.router
        row.delete()
        if router is not None:
            for port in list(router.ports.filter(owner=INTERFACE)):
                routers.remove_interface(caller, str(router.uuid), {"port_id": str(port.uuid)})
            routers.delete(caller, str(router.uuid))
        networks.delete(caller, str(network.uuid))
