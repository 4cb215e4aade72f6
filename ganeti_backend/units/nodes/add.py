"""NODE_ADD: take a node into the cluster whose daemon runs already, or take one back (`readd`).

The daemon proves by its certificate that it was made for this cluster; `gnt-node add` makes that
and says how to start the daemon. Nothing is written before it has answered.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.places import DEFAULT_PORT
from ganeti_backend.parameters import node_parameters, static_state
from ganeti_backend.units import base
from ganeti_backend.units.nodes import candidates
from ganeti_backend.units.nodes.base import CANDIDATES, NodeUnit, all_online


class NodeAdd(NodeUnit[opcodes.OpNodeAdd]):
    HOOKS_PATH = "node-add"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER:
            return {CANDIDATES: base.EXCLUSIVE}
        if level == Level.NODEGROUP and self.op.group:
            group = self.config.group(self.op.group)
            return {group.name: base.SHARED} if group is not None else {}
        return super().locks(level)

    def check_prerequisites(self) -> None:
        known = self.config.node(self.name)
        if known is None and self.op.readd:
            text = f"Node {self.name} is not in the configuration"
            raise errors.OpPrereqError(text, errors.ECODE_NOENT)
        if known is not None and not self.op.readd:
            text = f"Node {self.name} is already in the configuration"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        if known is not None and self.op.group:
            raise wrong("Cannot pass a node group when a node is being readded")
        self.node = self._again(known) if known is not None else self._new()
        self.node = self.node.replace(**static_state.changes(self.node, self.op))
        self._check_place()
        self._check_answer()
        others = [node for node in self.config.nodes() if node.name != self.name]
        pool = self.config.cluster().candidate_pool_size
        candidate = self.node.master_capable and candidates.takes_one_more(others, pool)
        self.node = self.node.replace(master_candidate=candidate)

    def _new(self) -> objects.Node:
        now = self.config.now()
        primary = address_of(self.op.primary_ip or self.name)
        return objects.Node(
            name=self.name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            primary_ip=primary,
            secondary_ip=address_of(self.op.secondary_ip) if self.op.secondary_ip else primary,
            group=self._group().uuid,
            port=self.op.port or DEFAULT_PORT,
            master_capable=self.op.master_capable is not False,
            vm_capable=self.op.vm_capable is not False,
            ndparams=node_parameters.merged({}, self.op.ndparams, node=True),
        )

    def _again(self, known: objects.Node) -> objects.Node:
        """A node that comes back starts without the flags that kept it away."""
        op = self.op
        given = {
            "primary_ip": address_of(op.primary_ip) if op.primary_ip else None,
            "secondary_ip": address_of(op.secondary_ip) if op.secondary_ip else None,
            "port": op.port or self._port_kept(known),
            "master_capable": op.master_capable,
            "vm_capable": op.vm_capable,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        ndparams = node_parameters.merged(known.ndparams, op.ndparams, node=True)
        return known.touched(
            self.config.now(),
            **changes,
            ndparams=ndparams,
            offline=False,
            drained=False,
            powered=True,
        )

    def _port_kept(self, known: objects.Node) -> int | None:
        """With an address of its own it needs a port of its own: the settings file has neither."""
        place = self.reach.places.find(known.name) if self.op.primary_ip else None
        return place[1] if place is not None else None

    def _group(self) -> objects.NodeGroup:
        if self.op.group is not None:
            return base.find_group(self.config, self.op.group)
        groups = self.config.groups()
        if len(groups) > 1:
            text = "There is more than one node group, the one to use must be given"
            raise wrong(text)
        return groups[0]

    def _check_place(self) -> None:
        place = (self.node.primary_ip, self.node.port)
        for other in self.config.nodes():
            taken = other.name != self.name and place == (other.primary_ip, other.port)
            if taken and other.port:
                text = f"New node ip address(es) conflict with existing node {other.name}"
                raise errors.OpPrereqError(text, errors.ECODE_NOTUNIQUE)

    def _check_answer(self) -> None:
        """It answers, with a certificate of this cluster, and is the node it should be."""
        if self.node.port:
            self.reach.places.introduce(self.name, self.node.primary_ip, self.node.port)
        try:
            answer = self.call(self.name, calls.VERSION)
        except errors.NodeError as error:
            text = f"Can't contact node {self.name}: {error.message}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON) from error
        found = answer.get("node", self.name)
        if found != self.name:
            text = f"The daemon at {self.node.primary_ip}:{self.node.port} is node {found}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        existing = [name for name in all_online(self.config) if name != self.name]
        return existing, [*existing, self.name]

    def hook_environment(self) -> dict[str, str]:
        return {
            "OP_TARGET": self.name,
            "NODE_NAME": self.name,
            "NODE_PIP": self.node.primary_ip,
            "NODE_SIP": self.node.secondary_ip,
            "MASTER_CAPABLE": str(self.node.master_capable),
            "VM_CAPABLE": str(self.node.vm_capable),
        }

    def execute(self) -> None:
        if self.op.readd:
            self.info("Readding a node, the offline/drained flags were reset")
        changed: list[objects.Thing] = [self.node]
        cluster = self.config.cluster()
        if self.name in cluster.removed_nodes:
            left = tuple(name for name in cluster.removed_nodes if name != self.name)
            changed.append(cluster.touched(self.config.now(), removed_nodes=left))
        self.config.commit(changed, receipt=self.job.receipt(None))
        if self.node.master_candidate:
            self.info(f"Node {self.name} is a master candidate")

    def finish(self) -> None:
        self.reach.places.withdraw(self.name)
        super().finish()


def address_of(text: str) -> str:
    """An address as it is, a name resolved."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = f"The given name ({text}) does not resolve: {error}"
        raise errors.OpPrereqError(reason, errors.ECODE_RESOLVER) from error
    return str(found[0][4][0])
