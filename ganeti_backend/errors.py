"""Error classes of the cluster manager, named as Ganeti names them where a client can see them.

A failed opcode's result is ``[class name, [arguments]]``; `encode` makes it. Class names and
argument order are therefore part of the contract with clients, and `str()` of the two-argument
errors is kept as Python's default because RAPI bodies show exactly that.
"""

# ruff: noqa: N818  (Ganeti's names are the contract, and they do not end in Error).

from __future__ import annotations

from typing import Any

ECODE_RESOLVER = "resolver_error"
ECODE_NORES = "insufficient_resources"
ECODE_TEMP_NORES = "temp_insufficient_resources"
ECODE_INVAL = "wrong_input"
ECODE_STATE = "wrong_state"
ECODE_NOENT = "unknown_entity"
ECODE_EXISTS = "already_exists"
ECODE_NOTUNIQUE = "resource_not_unique"
ECODE_ENVIRON = "environment_error"


class GenericError(Exception):
    """Base of everything the cluster manager raises on purpose."""

    @property
    def message(self) -> str:
        """The text meant for people, without the error code."""
        return str(self.args[0]) if self.args else type(self).__name__


class OpPrereqError(GenericError):
    """The opcode was refused before anything changed: args are (text, code). Retrying is safe."""

    @property
    def code(self) -> str:
        return str(self.args[1]) if len(self.args) > 1 else ECODE_INVAL


def wrong(text: str) -> OpPrereqError:
    """What is ordered makes no sense, whatever the cluster looks like."""
    return OpPrereqError(text, ECODE_INVAL)


class TypeEnforcementError(GenericError):
    """A parameter has no such name or not that type; refused before anything changed."""


class TagError(GenericError):
    """A tag has characters that none may have, or is too long."""


class OpExecError(GenericError):
    """The opcode failed while executing; what it had done was undone."""


class OpResultError(GenericError):
    """A unit returned something that its opcode does not allow."""


class HooksAbort(GenericError):
    """A pre hook refused: the argument is a list of (node, script, output)."""

    @property
    def message(self) -> str:
        refusals = self.args[0] if self.args else []
        return "; ".join(
            f"{script} on {node}: {output.strip()}" for node, script, output in refusals
        )


class ConfigurationError(GenericError):
    """The configuration cannot be used: a corrupt file, or objects that contradict each other."""


class JobQueueError(GenericError):
    """The job queue refused or cannot be read."""


class QueueDrained(JobQueueError):
    """The queue is drained: it takes no new jobs until an administrator undrains it."""


class QueueFull(JobQueueError):
    """There are too many live jobs; archive some first."""


class JobLost(JobQueueError):
    """The job does not exist, neither live nor archived."""


class JobCanceled(GenericError):
    """Raised inside a job that was asked to stop."""


class ProgrammerError(GenericError):
    """Something that only a mistake in this code can cause."""


class HypervisorError(GenericError):
    """A hypervisor could not do what was asked."""


class StorageError(GenericError):
    """A disk could not be made, grown, filled or removed."""


class OperatingSystemError(GenericError):
    """An OS definition cannot be used, or one of its scripts failed."""


class NetworkError(GenericError):
    """A network interface could not be connected."""


class CommandError(GenericError):
    """An outside program failed; the text holds the command and the end of its output."""


class NodeError(GenericError):
    """Base of what can go wrong between the master and a node daemon."""


class NodeUnreachable(NodeError):
    """The node daemon did not answer: refused, timed out, or its certificate was wrong."""

    def __init__(self, node: str, message: str) -> None:
        super().__init__(f"Node {node} is unreachable: {message}")
        self.node = node


class NodeCallError(NodeError):
    """The node daemon answered that the call failed."""

    def __init__(self, node: str, call: str, message: str) -> None:
        super().__init__(f"{call} failed on node {node}: {message}")
        self.node = node
        self.call = call
        self.text = message


def encode(error: BaseException) -> list[Any]:
    """The result of a failed opcode, as it stands in the job file."""
    if isinstance(error, NodeError):
        return ["OpExecError", [error.message]]
    if isinstance(error, GenericError):
        # Clients know the classes of this file; a more precise one elsewhere shows as its base.
        known = next(cls for cls in type(error).__mro__ if cls.__module__ == __name__)
        return [known.__name__, list(error.args)]
    return ["OpExecError", [f"{type(error).__name__}: {error}"]]
