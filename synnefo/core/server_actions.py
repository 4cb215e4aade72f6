"""What users may do with a server: in which states, and what it becomes on the backend.

The API's half of the state machine; no view compares a state. Where a table says no, the answer is
a Conflict in Nova's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.server_states import NOVA_VIEW, ServerState, ServerTask


@dataclass(frozen=True, slots=True)
class Action:
    """One row: `verb` is the word of the compute API, `operation` the opcode it becomes."""

    verb: str
    allowed: frozenset[ServerState]
    operation: str
    task: ServerTask
    during: frozenset[ServerTask] = frozenset()  # Tasks that do not forbid it.


ANY_TASK = frozenset(ServerTask)
EXISTING = frozenset(ServerState) - {ServerState.DELETED}

ACTIONS: dict[str, Action] = {
    "create": Action("create", frozenset(), "OP_INSTANCE_CREATE", ServerTask.SPAWNING),
    "start": Action(
        "start",
        frozenset({ServerState.STOPPED}),
        "OP_INSTANCE_STARTUP",
        ServerTask.POWERING_ON,
    ),
    "stop": Action(
        "stop",
        frozenset({ServerState.ACTIVE}),
        "OP_INSTANCE_SHUTDOWN",
        ServerTask.POWERING_OFF,
    ),
    "reboot": Action(
        "reboot",
        frozenset({ServerState.ACTIVE}),
        "OP_INSTANCE_REBOOT",
        ServerTask.REBOOTING,
    ),
    # A stopped server boots by it, as with Nova.
    "reboot_hard": Action(
        "reboot",
        frozenset({ServerState.ACTIVE, ServerState.STOPPED}),
        "OP_INSTANCE_REBOOT",
        ServerTask.REBOOTING_HARD,
        frozenset({ServerTask.REBOOTING}),
    ),
    # A user can always get rid of a server; what is under way is canceled or waited for.
    "delete": Action("delete", EXISTING, "OP_INSTANCE_REMOVE", ServerTask.DELETING, ANY_TASK),
}

_ON_THE_WIRE = {"os-start": "start", "os-stop": "stop", "start": "start", "stop": "stop"}


def action_named(word: str, arguments: Mapping[str, Any] | None) -> str:
    """The row for a key of the API's action body."""
    if word in _ON_THE_WIRE:
        return _ON_THE_WIRE[word]
    if word != "reboot":
        raise BadRequest(f"There is no such action: {word}", field=word)
    kind = (arguments or {}).get("type")
    if kind not in {"SOFT", "HARD"}:
        raise BadRequest("Argument 'type' for reboot is not HARD or SOFT", field="reboot.type")
    return "reboot" if kind == "SOFT" else "reboot_hard"


def check(action: Action, server: str, state: ServerState, task: ServerTask | None) -> None:
    """Conflict unless a server in this state and task allows the action."""
    if state not in action.allowed:
        what = f"vm_state {NOVA_VIEW[state][0]}"
    elif task is not None and task not in action.during:
        what = f"task_state {task.value}"
    else:
        return
    raise Conflict(f"Cannot '{action.verb}' instance {server} while it is in {what}")


# What jobs are called in the list of a server's actions (the API's words).
ACTIVITY_NAMES: dict[str, str] = {
    "OP_INSTANCE_CREATE": "create",
    "OP_INSTANCE_REMOVE": "delete",
    "OP_INSTANCE_STARTUP": "start",
    "OP_INSTANCE_SHUTDOWN": "stop",
    "OP_INSTANCE_REBOOT": "reboot",
    "OP_INSTANCE_SET_PARAMS": "modify",
    "OP_INSTANCE_MIGRATE": "live-migration",
    "OP_INSTANCE_FAILOVER": "evacuate",
}
