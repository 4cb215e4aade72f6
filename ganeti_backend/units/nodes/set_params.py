"""NODE_SET_PARAMS: a node's role, capabilities, addresses and parameters.

Master candidate, drained and offline exclude each other. A node that stops being a candidate leaves
a gap that another one must fill: by `auto_promote`, or the change is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.parameters import node_parameters, static_state
from ganeti_backend.units import base
from ganeti_backend.units.nodes import candidates
from ganeti_backend.units.nodes.add import address_of
from ganeti_backend.units.nodes.base import CANDIDATES, NodeUnit, instances_of, refused

ROLES = ("master_candidate", "drained", "offline")
CAPABILITIES = ("master_capable", "vm_capable")


class NodeSetParams(NodeUnit[opcodes.OpNodeSetParams]):
    HOOKS_PATH = "node-modify"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER:
            return {CANDIDATES: base.EXCLUSIVE}
        if level == Level.NODE and self.op.auto_promote:
            return {ALL: base.EXCLUSIVE}
        return super().locks(level)

    # Prerequisites.

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self._check_request()
        self._check_master()
        self._check_capabilities()
        self.new = self.node.replace(**self._changes())
        self._check_power()
        self._check_role_change()
        self._promote_itself()
        self.promoted = self._others_promoted()
        self._check_comes_back()
        self.result = self._described()

    def _check_request(self) -> None:
        op = self.op
        wishes = [getattr(op, name) for name in (*ROLES, *CAPABILITIES)]
        wishes += [op.secondary_ip, op.ndparams, op.powered, op.hv_state, op.disk_state]
        if all(wish is None for wish in wishes):
            raise wrong("Please pass at least one modification")
        if sum(1 for name in ROLES if getattr(op, name)) > 1:
            raise wrong("Can't set the node into more than one state at the same time")

    def _check_master(self) -> None:
        if not self.is_master:
            return
        if any(getattr(self.op, name) is not None for name in ROLES):
            raise wrong("The master role can be changed only via master-failover")
        if self.op.master_capable is False:
            raise wrong("The master cannot be made unable to be master; master-failover first")

    def _check_capabilities(self) -> None:
        op, node = self.op, self.node
        capable = node.master_capable if op.master_capable is None else op.master_capable
        if op.master_candidate and not capable:
            raise refused(f"Node {node.name} is not master capable, cannot make it a candidate")
        if op.vm_capable is False:
            found = instances_of(self.config, node.name)
            if found:
                raise refused(f"Node {node.name} hosts instances, cannot unset vm_capable")

    def _changes(self) -> dict[str, Any]:
        op = self.op
        given = {name: getattr(op, name) for name in (*CAPABILITIES, "powered")}
        changes = {name: value for name, value in given.items() if value is not None}
        if op.ndparams is not None:
            own = node_parameters.merged(self.node.ndparams, op.ndparams, node=True)
            changes["ndparams"] = own
        if op.secondary_ip is not None:
            changes["secondary_ip"] = self._secondary_ip(op.secondary_ip)
        return {**changes, **static_state.changes(self.node, op), **self._roles()}

    def _roles(self) -> dict[str, bool]:
        """The three flags as they will be: the one asked for ends the other two."""
        wanted = {name: getattr(self.op, name) for name in ROLES}
        chosen = next((name for name in ROLES if wanted[name]), None)
        if chosen is not None:
            return {name: name == chosen for name in ROLES}
        after = {n: getattr(self.node, n) and wanted[n] is not False for n in ROLES}
        if self.op.master_capable is False:
            after["master_candidate"] = False
        return after

    def _secondary_ip(self, given: str) -> str:
        address = address_of(given)
        for instance in instances_of(self.config, self.node.name):
            if TEMPLATES[instance.disk_template].reach is Reach.MIRRORED:
                text = f"Cannot change the secondary IP, mirrored instance {instance.name} uses it"
                raise refused(text)
        single = all(n.secondary_ip in ("", n.primary_ip) for n in self.config.nodes())
        if single != (address == self.node.primary_ip) and not self.op.force:
            raise wrong(
                "Changing the secondary ip makes a single-homed cluster multi-homed or the "
                "other way round; pass force to do so"
            )
        return address

    def _check_power(self) -> None:
        if self.op.powered is not None:
            group = self.config.group(self.node.group)
            filled = node_parameters.of_node(self.config.cluster(), group, self.new)
            if not filled["oob_program"]:
                text = f"Node {self.node.name} has no out-of-band program, cannot change powered"
                raise refused(text)
        if self.node.offline and not self.new.offline and not self.new.powered:
            text = f"Node {self.node.name} needs to be turned on before it can be set online"
            raise refused(text)

    def _check_role_change(self) -> None:
        """Refuse to leave the pool of candidates short."""
        if not (self.node.master_candidate and not self.new.master_candidate):
            return
        if self._lacking() and not self.op.auto_promote:
            raise refused(
                "Not enough master candidates, please pass auto promote option to allow "
                "promotion (--auto-promote or RAPI auto_promote=True)"
            )

    def _lacking(self) -> int:
        return candidates.missing(self._all_after(), self.config.cluster().candidate_pool_size)

    def _all_after(self) -> list[objects.Node]:
        others = [node for node in self.config.nodes() if node.name != self.node.name]
        # One that was demoted by wish does not count as one that could be a candidate.
        if self.node.master_candidate and not self.new.master_candidate:
            return others
        return [*others, self.new]

    def _promote_itself(self) -> None:
        """A node that comes back, or gets capable, fills a gap in the pool."""
        op = self.op
        returns = op.offline is False or op.drained is False
        able = bool(op.master_capable) and not self.node.master_capable
        if not (returns or able) or op.master_candidate is not None:
            return
        if candidates.can_be(self.new) and not self.new.master_candidate and self._lacking():
            self.info("Auto-promoting node to master candidate")
            self.new = self.new.replace(master_candidate=True)

    def _others_promoted(self) -> list[objects.Node]:
        if not self.op.auto_promote:
            return []
        pool = self.config.cluster().candidate_pool_size
        after = [node for node in self._all_after() if node.name != self.node.name]
        beside = [self.new] if self.new.master_candidate else []
        found = candidates.promoted([*after, *beside], pool, self.config.now())
        return [node for node in found if node.name != self.node.name]

    def _check_comes_back(self) -> None:
        if not self.node.offline or self.new.offline:
            return
        try:
            self.call(self.node.name, calls.VERSION)
        except errors.NodeError as error:
            text = f"Node {self.node.name} does not answer, cannot set it online: {error.message}"
            raise refused(text) from error
        self.warn(
            "Transitioning node from offline to online state without using re-add. "
            "Please make sure the node is healthy!"
        )

    def _described(self) -> list[list[Any]]:
        found: list[list[Any]] = []
        if self.op.ndparams is not None:
            found.append(["ndparams", self.new.ndparams])
        if self.op.powered is not None:
            found.append(["powered", self.op.powered])
        for name in CAPABILITIES:
            if getattr(self.op, name) is not None:
                found.append([name, str(getattr(self.op, name))])
        for name in ROLES:
            if getattr(self.node, name) != getattr(self.new, name):
                found.append([name, str(getattr(self.new, name))])
        if self.op.secondary_ip is not None:
            found.append(["secondary_ip", self.new.secondary_ip])
        return found

    # Hooks and execution.

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes, _ = super().hook_nodes()
        silent = self.op.offline and self.reach.live.live().node(self.name) is None
        # The usual reason to set a node offline is that it does not answer any more.
        before = [name for name in nodes if name != self.name] if silent else nodes
        return before, before

    def hook_environment(self) -> dict[str, str]:
        names = (*ROLES, *CAPABILITIES)
        return {"OP_TARGET": self.name, **{n.upper(): str(getattr(self.op, n)) for n in names}}

    def execute(self) -> list[list[Any]]:
        now = self.config.now()
        fields = [*ROLES, *CAPABILITIES, "powered", "ndparams", "secondary_ip"]
        fields += ["hv_state", "disk_state"]
        changes = {name: getattr(self.new, name) for name in fields}
        for node in self.promoted:
            self.info(f"Promoted node {node.name} to master candidate")
        changed = [self.node.touched(now, **changes), *self.promoted]
        self.config.commit(changed, receipt=self.job.receipt(self.result))
        return self.result
