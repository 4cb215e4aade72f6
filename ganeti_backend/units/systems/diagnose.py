"""OS_DIAGNOSE: what all nodes say of OS definitions, in the columns that are asked for."""

from __future__ import annotations

from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.os_definitions import os_catalog
from ganeti_backend.units import base

COLUMNS = (
    "name", "valid", "node_status", "variants", "parameters", "api_versions", "hidden",
    "blacklisted", "os_hvp", "osparams",
)  # fmt: skip


class OsDiagnose(base.Unit[opcodes.OpOsDiagnose]):
    """Takes no locks: definitions change without asking anybody."""

    def check_prerequisites(self) -> None:
        unknown = [name for name in self.op.output_fields if name not in COLUMNS]
        if unknown:
            raise wrong(f"Unknown output fields selected: {', '.join(unknown)}")

    def execute(self) -> list[list[Any]]:
        infos = {info.name: info for info in self._infos()}
        missing = [name for name in self.op.names if name not in infos]
        if missing:
            text = f"OS definitions not found: {', '.join(missing)}"
            raise errors.OpPrereqError(text, errors.ECODE_NOENT)
        # Those that are not offered are shown to who asks for that, or for them.
        asked = {"hidden", "blacklisted", "valid"} & set(self.op.output_fields)
        shown = [
            info
            for name, info in infos.items()
            if (not self.op.names or name in self.op.names)
            and (asked or (info.valid and not info.hidden and not info.blacklisted))
        ]
        return [[_shown(info, name) for name in self.op.output_fields] for info in shown]

    def _infos(self) -> list[os_catalog.OsInfo]:
        nodes = {}
        for node in self.config.nodes():
            if node.offline or not node.vm_capable:
                continue
            try:
                nodes[node.name] = self.call(node.name, calls.OS_DIAGNOSE)
            except errors.NodeError as error:
                self.warn(error.message)
        return os_catalog.catalog(self.config.cluster(), nodes)


def _shown(info: os_catalog.OsInfo, column: str) -> Any:
    value = getattr(info, column)
    return (
        [list(item) if isinstance(item, tuple) else item for item in value]
        if isinstance(value, tuple)
        else value
    )
