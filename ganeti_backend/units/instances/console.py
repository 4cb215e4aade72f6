"""INSTANCE_CONSOLE: how to reach the console of a running instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit

NOTHING: dict[str, Any] = {
    "message": None, "host": None, "port": None, "user": None, "command": None, "display": None,
}  # fmt: skip


class InstanceConsole(InstanceUnit[opcodes.OpInstanceConsole]):
    """Looks only, so others may look at the same time."""

    def locks(self, level: Level) -> Mapping[str, Mode]:
        return dict.fromkeys(super().locks(level), base.SHARED)

    def check_prerequisites(self) -> None:
        self.instance = base.find_instance(self.config, self.name)
        base.online_node(self.config, self.node)

    def execute(self) -> dict[str, Any]:
        name = self.instance.name
        if not disks.running(self, self.instance):
            up = self.instance.admin_state == objects.ADMIN_UP
            state = "ERROR_down" if up else f"ADMIN_{self.instance.admin_state}"
            raise errors.OpExecError(f"Instance {name} is not running (state {state})")
        found = self.call(self.node, calls.INSTANCE_CONSOLE, name=name)
        return {"instance": name, **NOTHING, **found}
