"""Base of units about one existing instance: its locks, its hooks, finding it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base, hook_environment
from ganeti_backend.units.instances import copies

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)


class InstanceUnit(base.Unit[AnyOp]):
    OBJECT_TYPE = "INSTANCE"

    SETTLES: ClassVar[bool] = False  # Ends the doubt about where the guest is by itself.

    instance: objects.Instance

    @property
    def name(self) -> str:
        """The instance's name also where the opcode gives its uuid."""
        wanted = self.op.target or ""
        found = self.config.instance(wanted)
        return found.name if found is not None else wanted

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return {self.name: base.EXCLUSIVE}
        if level == Level.NODE:
            # The instance's lock is held by now, so its nodes stay what they are.
            found = self.config.instance(self.name)
            return dict.fromkeys(found.nodes, base.SHARED) if found is not None else {}
        return {}

    def check_prerequisites(self) -> None:
        self.instance = base.find_instance(self.config, self.name)
        if not self.SETTLES:
            self.settle()

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = list(dict.fromkeys([self.config.cluster().master, *self.instance.nodes]))
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        networks = hook_environment.networks_by_uuid(self.config.networks())
        return hook_environment.of_instance(self.instance, self.config.cluster(), networks)

    def resumed(self) -> bool:
        found = self.config.instance(self.name)
        if found is not None:
            self.instance = found
        return found is not None

    # Shared by the subclasses.

    def settle(self, silent: frozenset[str] = frozenset()) -> None:
        """End what a broken move left in doubt; OpPrereqError while a node keeps silent."""
        if self.instance.arriving_at is None:
            return
        self.info(f"Finding out where {self.name} is since its move was cut short")
        try:
            nodes = self.reach.nodes
            self.instance = copies.settle(self.config, nodes, self.instance, silent)
        except errors.NodeError as error:
            text = f"It is not known where instance {self.name} runs: {error.message}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON) from error

    @property
    def node(self) -> str:
        return self.instance.primary_node

    def payload(self) -> dict[str, Any]:
        return self.instance.node_payload(self.config.cluster())

    def change(self, **changes: Any) -> objects.Instance:
        """A changed copy that is not stored yet."""
        return self.instance.touched(self.config.now(), **changes)

    def remember_state(self, admin_state: str, source: str = "admin") -> None:
        """Store the state that should be, if it differs from the one that is stored."""
        if (self.instance.admin_state, self.instance.admin_state_source) == (admin_state, source):
            return
        self.instance = self.change(admin_state=admin_state, admin_state_source=source)
        self.config.commit([self.instance])
