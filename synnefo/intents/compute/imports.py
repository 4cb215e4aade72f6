"""Rows for an instance that was there before: a server, its ports and volumes, charged and shown.

Only what is recorded; the cluster is asked elsewhere. An activity "import" names the instance as it
was called and stays without a result until all is done, so that a repeated command finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.conf import settings
from django.db.models import Q

from synnefo.core import naming
from synnefo.core import quota as quota_rules
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import (
    Activity,
    Backend,
    Commission,
    Flavor,
    Network,
    Port,
    Project,
    Server,
    Subnet,
    User,
    Volume,
)
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import addresses
from synnefo.intents.network import cards as card_rules
from synnefo.ports import InstanceReport, NicReport, NicSpec

ACTION = "import"
RAN = "Was running"
GIB = 1024


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose the server becomes. Cards of no network of ours go into `network`, or stay unseen."""

    user: User
    project: Project
    name: str
    network: Network | None = None
    actor: str = "operator"


def begun(backend: Backend, instance: str) -> tuple[Server, bool] | None:
    """The server of an import that was broken off, and whether its instance ran before."""
    found = Activity.objects.filter(
        server__backend=backend, action=ACTION, message=instance, finished_at=None
    )
    row = found.exclude(server__state=ServerState.DELETED).select_related("server").first()
    return (row.server, row.result == RAN) if row else None


def begin(backend: Backend, report: InstanceReport, wish: Wish, ran: bool, now: datetime) -> Server:
    """Reserve and write everything; the server is stopped, as its instance has to be."""
    each = quota_rules.provisions(report.vcpus, report.memory)
    with writing():
        quota.reserve(wish.project.pk, each)
        server = _server(backend, report, wish, now)
        Commission.objects.create(
            project=wish.project,
            server=server,
            provisions=each,
            state=Commission.State.ACCEPTED,
            issued_at=now,
            resolved_at=now,
        )
        _volumes(server, report, now)
        _ports(server, report, wish, now)
        Activity.objects.create(
            server=server,
            action=ACTION,
            actor=wish.actor,
            message=report.name,
            result=RAN if ran else "",
            started_at=now,
        )
        rings.changed(wish.project.pk, "server", server.uuid)
    return server


def finish(server: Server, report: InstanceReport, now: datetime) -> None:
    """The instance has its new name: from now on the server stands for it."""
    state = ServerState.ACTIVE if report.running else ServerState.STOPPED
    macs = {nic.name: nic.mac.lower() for nic in report.nics}
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    with writing():
        Server.objects.filter(pk=server.pk).exclude(state=ServerState.DELETED).update(
            placed=True, state=state, node=report.pnode, launched_at=now, updated_at=now
        )
        for port in Port.objects.filter(server=server):
            mac = macs.get(naming.nic_name(prefix, port.pk), port.mac_address)
            Port.objects.filter(pk=port.pk).update(mac_address=mac, status="ACTIVE", updated_at=now)
        Volume.objects.filter(server=server).update(status="in-use")
        Activity.objects.filter(server=server, action=ACTION, finished_at=None).update(
            result="Success", finished_at=now
        )
        rings.changed(server.project_id, "server", server.uuid)


def cards(server: Server, report: InstanceReport) -> dict[str, NicSpec]:
    """What each card that has a port is to be called, by its uuid, and where it is to go."""
    prefix, found = settings.SYNNEFO_INSTANCE_PREFIX, {}
    places = card_rules.places(Q(port__server=server))
    for port in Port.objects.filter(server=server):
        card, place = report.nics[port.index], places.get(port.pk)
        name = naming.nic_name(prefix, port.pk)
        network = naming.network_name(prefix, place.network if place else port.network_id)
        moves, held = card.network != network, place.ip if place else None
        found[card.uuid] = NicSpec(name, network, held) if moves else NicSpec(name)
    return found


def disks(server: Server, report: InstanceReport) -> dict[str, str]:
    """What each disk is to be called, by its uuid."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    return {
        report.disks[volume.index].uuid: naming.disk_name(prefix, volume.pk)
        for volume in Volume.objects.filter(server=server)
    }


def _server(backend: Backend, report: InstanceReport, wish: Wish, now: datetime) -> Server:
    return Server.objects.create(
        project=wish.project,
        user=wish.user,
        name=wish.name,
        flavor=_flavor(report),
        backend=backend,
        state=ServerState.STOPPED,
        node=report.pnode,
        progress=100,
        created_at=now,
        updated_at=now,
    )


def _flavor(report: InstanceReport) -> Flavor:
    """One of that size, or a new one that nobody else may choose."""
    gib = ceil(sum(disk.size for disk in report.disks) / GIB)
    template = report.disk_template
    size = {"vcpus": report.vcpus, "ram": report.memory, "disk": gib}
    found = Flavor.objects.filter(**size, disk_template=template).order_by("-is_public", "pk")
    if (known := found.first()) is not None:
        return known
    name = f"imported-{report.vcpus}-{report.memory}-{gib}-{template}"
    return Flavor.objects.create(
        flavor_id=name, name=name, **size, disk_template=template, is_public=False
    )


def _volumes(server: Server, report: InstanceReport, now: datetime) -> None:
    for index, disk in enumerate(report.disks):
        Volume.objects.create(
            project=server.project,
            server=server,
            index=index,
            size=disk.size,
            disk_template=report.disk_template,
            created_at=now,
        )


def _ports(server: Server, report: InstanceReport, wish: Wish, now: datetime) -> None:
    for index, card in enumerate(report.nics):
        network = _network_of(card) or wish.network
        if network is None:
            continue
        port = Port.objects.create(
            project=server.project,
            network=network,
            server=server,
            index=index,
            mac_address=card.mac.lower(),
            created_at=now,
            updated_at=now,
        )
        if (held := _address(network, card)) is not None:
            addresses.hold([(port, *held)], asked=True)


def _network_of(card: NicReport) -> Network | None:
    number = naming.network_number_in(settings.SYNNEFO_INSTANCE_PREFIX, card.network)
    if number is None:
        return None
    mine = Q(pk=number) if number > 0 else Q(subnets=-number)
    return Network.objects.filter(mine).first()


def _address(network: Network, card: NicReport) -> tuple[Subnet, str] | None:
    """The one that the card has, if it can be had in this network; else the next free one."""
    if card.ip:
        try:
            return addresses.subnet_of(network.pk, card.ip), card.ip
        except BadRequest as outside:
            if _network_of(card) is not None:
                raise Conflict(
                    f"The card's address {card.ip} lies in no subnet of {network.name}"
                ) from outside
    return next(iter(addresses.take_free(network.pk, 1)), None)
