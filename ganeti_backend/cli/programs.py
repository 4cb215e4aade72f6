"""All gnt-* programs by name. A module is only loaded when its program is asked for."""

from importlib import import_module

from ganeti_backend.cli.program import Program

NAMES = (
    "gnt-backup",
    "gnt-cluster",
    "gnt-debug",
    "gnt-group",
    "gnt-instance",
    "gnt-job",
    "gnt-network",
    "gnt-node",
    "gnt-os",
)


def load(name: str) -> Program:
    """The program of this name."""
    module = import_module("ganeti_backend.cli." + name.replace("-", "_"))
    program: Program = module.PROGRAM
    return program


def every() -> list[Program]:
    """All programs."""
    return [load(name) for name in NAMES]
