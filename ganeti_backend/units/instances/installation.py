"""What fills the disks of a new instance: an image, a create script, an export, or nothing."""

from __future__ import annotations

from ganeti_backend import objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.units import base
from ganeti_backend.units.instances import image, seeds, systems
from ganeti_backend.units.instances.arrival import REMOTE_IMPORT, Arrival
from ganeti_backend.units.instances.source import Source

CREATE, IMPORT = "create", "import"


class Installation:
    """The installing part of one creation. `order` is what it was told, completed by an export."""

    def __init__(self, unit: base.Unit[opcodes.OpInstanceCreate]) -> None:
        """OpPrereqError for what cannot be installed on any node."""
        self._unit = unit
        self._source: Source | None = None
        self._arrival: Arrival | None = None
        self.order = unit.op
        if unit.op.mode == IMPORT:
            if unit.op.no_install:
                raise wrong("'no_install' makes no sense for an import")
            self._source = Source(unit)
            self.order = self._source.completed(unit.op, unit.config.cluster())
        elif unit.op.mode == REMOTE_IMPORT:
            self._arrival = Arrival(unit)
        op = self.order
        self._system = systems.System.of(
            op.os_type or "", op.osparams, op.osparams_private, op.osparams_secret
        )
        systems.check_blacklist(unit.config.cluster(), self._system.os)
        imports = self._source is not None or self._arrival is not None
        if self._fills() and not imports and op.os_type == image.OS_NAME:
            systems.check(unit, self._system, ())

    def check(self, instance: objects.Instance) -> None:
        """OpPrereqError if the instance's node cannot install it."""
        imports = self._source is not None or self._arrival is not None
        if imports and instance.disks and not self._system.os:
            raise wrong("An import with disks needs an OS whose script fills them")
        if self._system.os and self._system.os != image.OS_NAME:
            force = self.order.force_variant
            systems.check(self._unit, self._system, [instance.primary_node], force_variant=force)

    def hook_environment(self) -> dict[str, str]:
        if self._source is None:
            return {}
        dumps = [file or "False" for file in self._source.export.dumps]
        return {
            "SRC_NODE": self._source.node,
            "SRC_PATH": self._source.name,
            "SRC_IMAGES": " ".join(dumps),
        }

    def run(self, instance: objects.Instance) -> None:
        """Fill the disks; OpExecError with the end of the log if that fails."""
        unit = self._unit
        if self._arrival is not None:
            self._arrival.receive(instance, self._system)
            seeds.restore(unit, instance, instance.primary_node)
            return
        if not instance.disks or not self._fills():
            return
        if self._source is not None:
            unit.job.log("* running the instance OS import scripts...")
            self._source.restore(unit, instance, self._system)
            seeds.restore(unit, instance, instance.primary_node)
            return
        unit.job.log("* running the instance OS create scripts...")
        if self._system.os == image.OS_NAME:
            filled = self._system.filled(unit.config.cluster())
            image.ImageCopy(unit.reach, unit.job, instance, filled).run()
        else:
            systems.Scripts(unit, instance, self._system).create(again=False)

    @property
    def comes_from_elsewhere(self) -> bool:
        """What it came from may be deleted as soon as we say that we have it: see `kept`."""
        return self._arrival is not None

    def kept(self) -> None:
        """The instance is stored for good."""
        if self._arrival is not None:
            self._arrival.keep()

    def _fills(self) -> bool:
        op = self.order
        return bool(op.os_type) and bool(op.disks) and not op.no_install
