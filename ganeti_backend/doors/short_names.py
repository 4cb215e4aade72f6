"""Names without their domain: `web1` for web1.example.org, as far as only one thing is meant.

Both doors complete them before a job is made, so that locks, logs and job files know whole names.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ganeti_backend.opcodes import OpCode

# Fields of opcodes that name what exists; those of things that are yet to be are left alone.
INSTANCES = ("instance_name", "instances")
NODES = (
    "node_name", "pnode", "snode", "target_node", "remote_node", "node_names", "nodes", "src_node",
)  # fmt: skip
NEW = {"OP_INSTANCE_CREATE": "instance_name", "OP_NODE_ADD": "node_name"}


class Configuration(Protocol):
    """The part of `config.Config` that is looked at."""

    def instances(self) -> Iterable[Any]: ...
    def nodes(self) -> Iterable[Any]: ...
    def instance(self, name: str) -> Any: ...


def completed(op: OpCode, configuration: Configuration) -> OpCode:
    """The opcode with whole names; what no single thing is meant by is left for the unit."""
    changes: dict[str, Any] = {}
    for fields, complete in ((INSTANCES, _instance), (NODES, _node)):
        for field in fields:
            given = getattr(op, field, None)
            if not given or NEW.get(op.OP_ID) == field:
                continue
            whole = _each(given, complete, configuration)
            if whole != given:
                changes[field] = whole
    return op.replace(**changes) if changes else op


def _each(
    given: Any, complete: Callable[[str, Configuration], str], configuration: Configuration
) -> Any:
    if isinstance(given, (list, tuple)):
        return type(given)(_each(item, complete, configuration) for item in given)
    if not isinstance(given, str) or "." in given:
        return given
    return complete(given, configuration)


def _instance(name: str, configuration: Configuration) -> str:
    # Names may well be whole without a domain, and then nothing needs to be searched.
    if configuration.instance(name) is not None:
        return name
    return _meant(name, (item.name for item in configuration.instances()))


def _node(name: str, configuration: Configuration) -> str:
    return _meant(name, (item.name for item in configuration.nodes()))


def _meant(name: str, names: Iterable[str]) -> str:
    found = [whole for whole in names if whole == name or whole.startswith(f"{name}.")]
    return found[0] if len(found) == 1 else name
