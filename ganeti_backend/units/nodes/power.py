"""NODE_POWERCYCLE by the node itself, OOB_COMMAND by a helper program that reaches its hardware."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.parameters import node_parameters
from ganeti_backend.programs import command
from ganeti_backend.units import base
from ganeti_backend.units.nodes.base import NodeUnit, find_nodes, refused

NORMAL, NODATA, UNAVAILABLE = 0, 2, 3
POWER_ON, POWER_OFF, POWER_CYCLE = "power-on", "power-off", "power-cycle"
POWER_STATUS, HEALTH = "power-status", "health"
HEALTH_STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
Cell = tuple[int, Any]


class NodePowercycle(NodeUnit[opcodes.OpNodePowercycle]):
    """Not run again after a crash: the node would be rebooted twice."""

    RERUN = False

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # Without locks, so that it works while whatever hangs on the node holds them.
        return {}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.is_master and not self.op.force:
            raise wrong("The node is the master and the force parameter was not set")
        if self.node.offline:
            raise refused(f"Can't use offline node {self.node.name}")

    def execute(self) -> str:
        return str(self.call(self.node.name, calls.NODE_POWERCYCLE))


class OobCommand(base.Unit[opcodes.OpOobCommand]):
    """A row [[status, node], [status, data]] for each node, as queries have them."""

    OBJECT_TYPE = "NODE"
    RERUN = False

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != Level.NODE:
            return {}
        mode = base.SHARED if self.op.command in (POWER_STATUS, HEALTH) else base.EXCLUSIVE
        return dict.fromkeys(sorted(node.name for node in self._known()), mode)

    def _known(self) -> list[objects.Node]:
        names = self.op.node_uuids or self.op.node_names
        found = [self.config.node(name) for name in names] if names else self.config.nodes()
        return [node for node in found if node is not None]

    def check_prerequisites(self) -> None:
        named = self.op.node_uuids or self.op.node_names
        self.nodes = find_nodes(self.config, named)
        master = self.config.cluster().master
        if self.op.command in (POWER_OFF, POWER_CYCLE):
            for node in self.nodes:
                if node.name == master and named:
                    raise wrong(self._not_the_master(node))
            self.nodes = [node for node in self.nodes if node.name != master]
        if self.op.command == POWER_OFF and not self.op.ignore_status:
            for node in self.nodes:
                if not node.offline:
                    text = f"Cannot power off node {node.name} because it is not marked offline"
                    raise refused(text)

    def _not_the_master(self, node: objects.Node) -> str:
        program = self._program(node)
        by_hand = f"; '{program} {self.op.command} {node.name}' does it by hand" if program else ""
        return f"Operating on the master node {node.name} is not allowed{by_hand}"

    def _program(self, node: objects.Node) -> str:
        group = self.config.group(node.group)
        filled = node_parameters.of_node(self.config.cluster(), group, node)
        return str(filled["oob_program"])

    def execute(self) -> list[list[Cell]]:
        rows: list[list[Cell]] = []
        last = len(self.nodes) - 1
        for index, node in enumerate(self.nodes):
            rows.append([(NORMAL, node.name), self._on(node)])
            # So that the machines of a rack do not draw their highest current all at once.
            pause = self.op.power_delay if self.op.command == POWER_ON and index < last else 0
            if pause and self.reach.stop.wait(pause):
                raise errors.OpExecError("The master stopped")
        return rows

    def _on(self, node: objects.Node) -> Cell:
        program = self._program(node)
        if not program:
            return (UNAVAILABLE, None)
        try:
            data = ask(program, self.op.command, node.name, self.op.timeout)
        except (errors.CommandError, ValueError) as error:
            self.warn(f"Out-of-band command '{self.op.command}' failed for {node.name}: {error}")
            return (NODATA, None)
        self._remember(node, data)
        return (NORMAL, data)

    def _remember(self, node: objects.Node, data: Any) -> None:
        if self.op.command == HEALTH:
            for item, state in data:
                if state in ("WARNING", "CRITICAL"):
                    self.warn(f"Item '{item}' on node {node.name} has status '{state}'")
        if self.op.command == POWER_STATUS and data["powered"] != node.powered:
            recorded, found = node.powered, data["powered"]
            self.warn(f"Recorded power state of {node.name} is {recorded}, it really is {found}")
        powered = {POWER_ON: True, POWER_OFF: False}.get(self.op.command)
        if powered is not None and powered != node.powered:
            self.config.commit([node.touched(self.config.now(), powered=powered)])


def ask(program: str, what: str, node: str, timeout: float) -> Any:
    """Run the helper; its data for what is asked, None for what only changes something."""
    if not Path(program).is_absolute():
        raise errors.CommandError(f"oob_program must be an absolute path, not {program}")
    output = command.run([program, what, node], timeout=timeout)
    if what not in (POWER_STATUS, HEALTH):
        return None
    try:
        data = json.loads(output.text)
    except ValueError as error:
        raise ValueError(f"its output is not JSON ({error})") from error
    if not (well_formed_status(data) if what == POWER_STATUS else well_formed_health(data)):
        raise ValueError(f"its output has not the form that '{what}' has")
    return data


def well_formed_status(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("powered"), bool)


def well_formed_health(data: Any) -> bool:
    return isinstance(data, list) and all(
        isinstance(row, list) and len(row) == 2 and row[1] in HEALTH_STATES for row in data
    )
