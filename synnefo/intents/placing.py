"""Gives builds their backend, and where something is to be heeded their node.

Most servers may be anywhere: then the emptiest backend is chosen, and the cluster chooses the node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from synnefo.core import allocator, placement
from synnefo.core.server_states import ServerState
from synnefo.db.models import Backend, Intent, Node, Server, ServerGroup
from synnefo.db.prepared import Prepared, PreparedRows
from synnefo.db.updating import update
from synnefo.intents import zones

TWO_NODES = "drbd"  # disks that are on two nodes, which are then both chosen here
_OPEN = PreparedRows(
    Backend, lambda: Backend.objects.filter(offline=False, drained=False).order_by("pk")
)
_CLOSING = Prepared(
    lambda: Node.objects.filter(wanted_role__in=(Node.Role.DRAINED, Node.Role.OFFLINE)).values_list(
        "pk"
    )[:1]
)


def place(rows: Sequence[Intent], without: Iterable[int]) -> dict[int, str]:
    """Give these creations a backend; answers why not for those that none was found for."""
    if not rows:
        return {}
    round_ = _Round(rows, without)
    unplaced: dict[int, str] = {}
    for row in rows:
        try:
            round_.place(row)
        except allocator.NoRoom as reason:
            unplaced[row.pk] = str(reason)
    round_.write()
    return unplaced


def elsewhere(server: Server) -> str:
    """The best other node of a server's backend; NoRoom says why there is none."""
    backend = Backend.objects.get(pk=server.backend_id or 0)
    others = Server.objects.filter(group_id=server.group_id).exclude(pk=server.pk)
    wish = placement.Wish(
        zone=server.zone,
        apart_from=_nodes_of(server) | {server.node},
        policy=server.group.policy if server.group else None,
        most_per_node=(server.group.most_per_node or 1) if server.group else 1,
        beside=_counted(others) if server.group else {},
    )
    return placement.choose(_need(server), wish, _spots({backend.pk: _room(backend)})).node


class _Round:
    """What is known while some creations are placed one after the other."""

    def __init__(self, rows: Sequence[Intent], without: Iterable[int]) -> None:
        self._servers = {row.server_id: row.server for row in rows}
        self._backends = _open_backends(without)
        self._rooms = {one.pk: _room(one) for one in self._backends.values()}
        self._chosen: dict[int, list[Intent]] = {}
        self._spots: list[placement.Spot] | None = None
        self._groups: dict[int, Counter[str]] = {}
        groups = {one.group_id for one in self._servers.values() if one.group_id}
        if groups:
            # Locked, so that another dispatcher's servers of the same group are counted.
            list(ServerGroup.objects.select_for_update().filter(pk__in=groups).order_by("pk"))
        # The cluster does not know yet, or never will, that these take no servers.
        self._closed = bool(_CLOSING.rows())

    def place(self, row: Intent) -> None:
        """One creation; NoRoom says why not."""
        server = self._servers[row.server_id]
        need, wish = _need(server), self._wish(server)
        if wish.is_plain and not self._closed:
            room = allocator.choose(need, list(self._rooms.values()))
        else:
            room = self._pin(server, need, wish)
        room.take(need)
        row.backend_id = room.backend_id
        self._chosen.setdefault(room.backend_id, []).append(row)

    def _pin(self, server: Server, need: allocator.Need, wish: placement.Wish) -> allocator.Room:
        if self._spots is None:
            self._spots = _spots(self._rooms)
        spot = placement.choose(need, wish, self._spots)
        if server.flavor.disk_template == TWO_NODES:
            server.second_node = self._second(need, spot)
        spot.take(need)
        if server.group_id is not None:
            self._groups[server.group_id][spot.node] += 1
        server.wanted_node = spot.node
        return self._rooms[spot.backend_id]

    def _second(self, need: allocator.Need, first: placement.Spot) -> str:
        """The other node of disks on two; memory is kept free there, too."""
        others = [
            one
            for one in self._spots or ()
            if one.backend_id == first.backend_id and one.node != first.node
        ]
        return placement.choose(need, placement.Wish(), others).node

    def _wish(self, server: Server) -> placement.Wish:
        group = server.group
        return placement.Wish(
            zone=server.zone,
            backend_id=server.backend_id,
            node=server.wanted_node,
            apart_from=_nodes_of(server),
            policy=group.policy if group else None,
            most_per_node=(group.most_per_node or 1) if group else 1,
            beside=self._beside(server),
        )

    def _beside(self, server: Server) -> Counter[str]:
        """Where the other servers of its group are, those included that are only on their way."""
        if server.group_id is None:
            return Counter()
        if server.group_id not in self._groups:
            new = [one.pk for one in self._servers.values()]
            others = Server.objects.filter(group_id=server.group_id).exclude(pk__in=new)
            self._groups[server.group_id] = _counted(others)
        return self._groups[server.group_id]

    def write(self) -> None:
        """Note what was chosen."""
        for backend_id, rows in self._chosen.items():
            _assign(self._backends[backend_id], rows)
        pinned = [
            self._servers[row.server_id]
            for rows in self._chosen.values()
            for row in rows
            if self._servers[row.server_id].wanted_node
        ]
        if pinned:
            Server.objects.bulk_update(pinned, ["wanted_node", "second_node"])


def _counted(servers: QuerySet[Server]) -> Counter[str]:
    """How many of them each node has, or soon will have."""
    alive = servers.exclude(state=ServerState.DELETED).exclude(state=ServerState.ERROR, node="")
    counted = Counter(node or wanted for node, wanted in alive.values_list("node", "wanted_node"))
    del counted[""]
    return counted


def _nodes_of(server: Server) -> frozenset[str]:
    """The nodes of the servers that its user wants it away from."""
    hint = server.hints.get("different_host") or ()
    ids = [hint] if isinstance(hint, str) else list(hint)
    if not ids:
        return frozenset()
    rows = Server.objects.filter(uuid__in=ids, project_id=server.project_id)
    places = rows.exclude(state=ServerState.DELETED).values_list("node", "wanted_node")
    return frozenset(node or wanted for node, wanted in places if node or wanted)


def _assign(backend: Backend, rows: Sequence[Intent]) -> None:
    update(Intent, "id", [], [(row.pk,) for row in rows], backend=backend.pk)
    update(Server, "id", [], [(row.server_id,) for row in rows], backend=backend.pk)
    for row in rows:
        row.server.backend = backend
    needs = [_need(row.server) for row in rows]
    # Subtracted, not set: what a look found since this round began is not to be lost.
    Backend.objects.filter(pk=backend.pk).update(
        memory_free=Greatest(F("memory_free") - sum(need.memory for need in needs), 0),
        disk_free=Greatest(F("disk_free") - sum(need.disk for need in needs), 0),
    )


def _open_backends(without: Iterable[int]) -> dict[int, Backend]:
    closed = set(without)
    return {one.pk: one for one in _OPEN.all() if one.pk not in closed}


def _room(one: Backend) -> allocator.Room:
    return allocator.Room(
        backend_id=one.pk,
        disk_templates=frozenset(one.disk_templates),
        memory_total=one.memory_total,
        memory_free=one.memory_free,
        disk_total=one.disk_total,
        disk_free=one.disk_free,
    )


def _spots(rooms: dict[int, allocator.Room]) -> list[placement.Spot]:
    by_node = zones.of_nodes()
    nodes = Node.objects.filter(Q(backend__in=list(rooms)), vm_capable=True).order_by("pk")
    return [
        placement.Spot(
            backend_id=node.backend_id,
            node=node.name,
            zone=by_node.get(node.pk, zones.DEFAULT),
            open=node.answers and not node.disabled,
            memory_free=node.memory_free,
            disk_free=node.disk_free,
            disk_templates=rooms[node.backend_id].disk_templates,
        )
        for node in nodes
    ]


def _need(server: Server) -> allocator.Need:
    flavor = server.flavor
    disks = (flavor.disk + flavor.ephemeral) * 1024 + flavor.swap
    return allocator.Need(flavor.ram, disks, flavor.disk_template)
