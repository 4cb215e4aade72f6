"""The system of an instance: which OS definition, with which parameters, and running its scripts.

The built-in definition `image` is checked here; all others are checked by the node that has them.
Secret parameters live in the opcode only: they go to the node with the order of a script and are
in no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import image
from ganeti_backend.units.node_tasks import Attention, NodeTask, Percent, quiet

CREATE, RENAME, EXPORT, IMPORT = "create", "rename", "export", "import"
# Seconds that a script may take. A dump is as long as its disk is large.
LIMITS = {CREATE: 4 * 3600.0, RENAME: 600.0, EXPORT: 24 * 3600.0, IMPORT: 24 * 3600.0}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class System:
    """An OS definition with the parameters that were given for it."""

    os: str
    public: Values = field(default_factory=dict)
    private: Values = field(default_factory=dict)
    secret: Values = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        os: str,
        public: Values | None,
        private: Values | None = None,
        secret: Values | None = None,
    ) -> System:
        """OpPrereqError for values that no variable can hold, or that a restart took away."""
        given = [dict(values or {}) for values in (public, private, secret)]
        if opcodes.REDACTED in given[2].values():
            raise wrong("Secret OS parameters were lost with the master, order it again")
        for name, value in ((n, v) for values in given for n, v in values.items()):
            if value is not None and not isinstance(value, (str, int, float, bool, dict, list)):
                raise wrong(f"Invalid value for OS parameter '{name}'")
        return cls(os, *given)

    def filled(self, cluster: objects.Cluster) -> dict[str, Any]:
        """With what the cluster says of the definition."""
        return cluster.fill_osparams(self.os, self.public, self.private, self.secret)

    def hidden(self, cluster: objects.Cluster) -> list[str]:
        """Names of the parameters whose values are in no log."""
        names = {*self.private, *self.secret}
        for os in (self.os.partition("+")[0], self.os):
            names.update(cluster.osparams_private_cluster.get(os, {}))
        return sorted(names & set(self.filled(cluster)))


def check(
    unit: base.Unit[Any],
    system: System,
    nodes: Iterable[str],
    *,
    force_variant: bool = False,
    installs: bool = True,
) -> None:
    """OpPrereqError unless all the nodes have the definition and it takes the parameters."""
    parameters = system.filled(unit.config.cluster())
    if system.os == image.OS_NAME:
        if installs:
            image.check_osparams(parameters)
        return
    for node in nodes:
        try:
            answer = unit.call(
                node,
                calls.OS_CHECK,
                name=system.os,
                parameters=parameters,
                force_variant=force_variant,
            )
        except errors.NodeError as error:
            text = f"Cannot check OS '{system.os}': {error.message}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON) from error
        if answer["problem"]:
            raise wrong(answer["problem"])


def check_blacklist(cluster: objects.Cluster, os: str) -> None:
    """OpPrereqError if no new instance may have this definition."""
    if {os, os.partition("+")[0]} & set(cluster.blacklisted_os):
        raise wrong(f"OS '{os}' is blacklisted")


@dataclass(frozen=True)
class Dump:
    """The dump of one disk: the file of an export on a node."""

    index: int
    node: str
    export: str
    file: str


class Scripts:
    """The scripts of one instance's system, run on its primary node."""

    def __init__(self, unit: base.Unit[Any], instance: objects.Instance, system: System) -> None:
        self._unit = unit
        self._instance = instance
        self._system = system

    def create(self, *, again: bool) -> None:
        """Install; `again` tells the script that there is something to replace."""
        self._run(CREATE, {"INSTANCE_REINSTALL": "1"} if again else {})

    def rename(self, old_name: str) -> None:
        """Tell the installed system its new name."""
        self._run(RENAME, {"OLD_INSTANCE_NAME": old_name})

    def dump(self, dump: Dump, *, frozen: bool, percent: Percent) -> None:
        """Write one disk into an export."""
        self._run(EXPORT, {}, dump, frozen=frozen, percent=percent)

    def sending(self, index: int, transfer: Values, *, frozen: bool) -> Callable[[], Any]:
        """What orders one disk to be sent to another cluster, once however often it is called."""
        return self._transfer(EXPORT, index, transfer, frozen=frozen)

    def receiving(self, index: int, transfer: Values) -> Callable[[], Any]:
        """The same for a disk that comes from another cluster."""
        return self._transfer(IMPORT, index, transfer, frozen=False)

    def _transfer(
        self, action: str, index: int, transfer: Values, *, frozen: bool
    ) -> Callable[[], Any]:
        order = self._order(action, {}, index, frozen)
        order.update(index=index, transfer=dict(transfer), wait=0.0)
        node = self._instance.primary_node
        return lambda: self._unit.call(node, calls.OS_SCRIPT, **order)

    def follow(self, action: str, index: int, order: Callable[[], Any], percent: Percent) -> None:
        """Wait for the end of what was ordered."""
        self._follow(action, self._task_id(action, index), order, percent)

    def cancel(self, action: str, index: int) -> None:
        """Nobody wants it any more."""
        self._cancel(self._task_id(action, index))

    def restore(self, dump: Dump, percent: Percent) -> None:
        """Fill one disk from an export."""
        self._run(IMPORT, {}, dump, percent=percent)

    def _run(
        self,
        action: str,
        variables: Mapping[str, str],
        dump: Dump | None = None,
        *,
        frozen: bool = False,
        percent: Percent | None = None,
    ) -> None:
        order = self._order(action, variables, None if dump is None else dump.index, frozen)
        if dump is not None:
            peer = peer_of(self._unit, dump.node)
            order.update(index=dump.index, export=dump.export, file=dump.file, peer=peer)
        node = self._instance.primary_node

        def ask() -> Any:
            return self._unit.call(node, calls.OS_SCRIPT, **order)

        self._follow(action, order["task_id"], ask, percent or quiet)

    def _follow(self, action: str, task_id: str, ask: Callable[[], Any], percent: Percent) -> None:
        node = self._instance.primary_node
        what = f"the OS {action} script of {self._instance.name}"
        attention = Attention(percent, self._unit.job.check_canceled)
        try:
            NodeTask(self._unit.reach, node, what, ask, attention).run()
        except errors.JobCanceled:
            self._cancel(task_id)
            raise
        except errors.OpExecError as error:
            text = f"Could not {VERBS[action]} {self._instance.name} on node {node}"
            raise errors.OpExecError(f"{text}: {error.message}") from error

    def _cancel(self, task_id: str) -> None:
        try:
            self._unit.call(self._instance.primary_node, calls.TASK_CANCEL, task_id=task_id)
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; the script may go on")

    def _order(
        self, action: str, variables: Mapping[str, str], index: int | None, frozen: bool
    ) -> dict[str, Any]:
        unit, cluster = self._unit, self._unit.config.cluster()
        payload = self._instance.node_payload(cluster)
        # What the scripts are to know of it stands in `parameters`.
        payload.update(os=self._system.os, osparams={}, osparams_private={})
        return {
            # The same order after a restart of the master finds the task that it began.
            "task_id": self._task_id(action, index),
            "action": action,
            "instance": payload,
            "networks": self._networks(),
            "parameters": self._system.filled(cluster),
            "hidden": self._system.hidden(cluster),
            "variables": dict(variables),
            "debug": unit.op.debug_level,
            "limit": LIMITS[action],
            "frozen": frozen,
        }

    def _task_id(self, action: str, index: int | None) -> str:
        job, place = self._unit.job, "" if index is None else f"-{index}"
        return f"{action}-{job.job_id}-{job.op_index}-{self._instance.uuid}{place}"

    def _networks(self) -> dict[str, Any]:
        wanted = {nic.network for nic in self._instance.nics if nic.network}
        found = (self._unit.config.network(uuid) for uuid in wanted)
        return {network.uuid: network.to_dict() for network in found if network is not None}


VERBS = {
    CREATE: "install the OS of",
    RENAME: "run the OS rename script of",
    EXPORT: "export a disk of",
    IMPORT: "import a disk of",
}


def peer_of(unit: base.Unit[Any], node: str) -> dict[str, Any]:
    """Where another node finds this one."""
    place = unit.reach.places.find(node)
    address, port = place if place is not None else ("", 0)
    return {"name": node, "address": address, "port": port}
