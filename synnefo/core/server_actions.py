"""What users may do with a server: in which states, and what it becomes on the backend.

The API's half of the state machine; no view compares a state. Where a table says no, the answer is
a Conflict in Nova's words. ACTIONS has a row for each job that an intent can be; WISHES are words
of users that are none or several of these, one after the other (`Intent.then`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synnefo.core.faults import BadRequest, Conflict, Fault, NotSupported
from synnefo.core.server_states import ServerMode, ServerState, ServerTask, vm_state

NO_MODE: frozenset[ServerMode | None] = frozenset({None})
ANY_MODE: frozenset[ServerMode | None] = frozenset({None, *ServerMode})
ANY_TASK = frozenset(ServerTask)
NEVER: frozenset[ServerState] = frozenset()
EXISTING = frozenset(ServerState) - {ServerState.DELETED}
ACTIVE, STOPPED = frozenset({ServerState.ACTIVE}), frozenset({ServerState.STOPPED})
PAUSED, SUSPENDED = frozenset({ServerState.PAUSED}), frozenset({ServerState.SUSPENDED})
ERROR = frozenset({ServerState.ERROR})
WELL = ACTIVE | STOPPED
BUILT = WELL | PAUSED | SUSPENDED

# What a cluster can do that no Ganeti can: the names that it announces.
PAUSE, SUSPEND, SAVE = "synnefo-pause", "synnefo-suspend", "synnefo-save-disk"
MOVE = "synnefo-move"
VOLUMES = "synnefo-volumes"  # Disks that are filled when they are added, and saved when removed.


@dataclass(frozen=True, slots=True)
class Action:
    """One row: `verb` is the word of the compute API, `operation` the opcode it becomes.

    `allowed` counts for a server without a mode; one with a mode needs it in `modes`. A row that
    is allowed nowhere is a later part of a wish. `needs` is what the backend has to announce.
    """

    verb: str
    allowed: frozenset[ServerState]
    operation: str
    task: ServerTask | None
    during: frozenset[ServerTask] = frozenset()  # Tasks that do not forbid it.
    modes: frozenset[ServerMode | None] = NO_MODE
    needs: str = ""


def _of(*modes: ServerMode) -> frozenset[ServerMode | None]:
    return frozenset(modes)


def _disk(verb: str, operation: str, needs: str = "") -> Action:
    """A job about a volume or a port of a server that exists, whatever else it is."""
    modes = frozenset({None, ServerMode.RESIZED, ServerMode.SHELVED, ServerMode.SHELVED_OFFLOADED})
    return Action(verb, BUILT, f"OP_INSTANCE_{operation}", None, modes=modes, needs=needs)


def _part(verb: str, operation: str, task: ServerTask) -> Action:
    """A job that only follows or precedes others."""
    return Action(verb, NEVER, f"OP_INSTANCE_{operation}", task, modes=frozenset())


ACTIONS: dict[str, Action] = {
    "create": Action("create", NEVER, "OP_INSTANCE_CREATE", ServerTask.SPAWNING),
    "start": Action("start", STOPPED, "OP_INSTANCE_STARTUP", ServerTask.POWERING_ON),
    "stop": Action("stop", ACTIVE, "OP_INSTANCE_SHUTDOWN", ServerTask.POWERING_OFF),
    "reboot": Action("reboot", ACTIVE, "OP_INSTANCE_REBOOT", ServerTask.REBOOTING),
    # A stopped server boots by it, as with Nova.
    "reboot_hard": Action(
        "reboot",
        BUILT,
        "OP_INSTANCE_REBOOT",
        ServerTask.REBOOTING_HARD,
        frozenset({ServerTask.REBOOTING}),
    ),
    # A user can always get rid of a server; what is under way is canceled or waited for.
    "delete": Action(
        "delete", EXISTING, "OP_INSTANCE_REMOVE", ServerTask.DELETING, ANY_TASK, ANY_MODE
    ),
    "pause": Action("pause", ACTIVE, "OP_INSTANCE_PAUSE", ServerTask.PAUSING, needs=PAUSE),
    "unpause": Action("unpause", PAUSED, "OP_INSTANCE_UNPAUSE", ServerTask.UNPAUSING, needs=PAUSE),
    "suspend": Action(
        "suspend", ACTIVE, "OP_INSTANCE_SUSPEND", ServerTask.SUSPENDING, needs=SUSPEND
    ),
    "resume": Action("resume", SUSPENDED, "OP_INSTANCE_RESUME", ServerTask.RESUMING, needs=SUSPEND),
    "resize": Action("resize", WELL, "OP_INSTANCE_SET_PARAMS", ServerTask.RESIZE_PREP),
    "resize_restart": _part("resize", "REBOOT", ServerTask.RESIZE_FINISH),
    "confirm_resize": _part("confirmResize", "GROW_DISK", ServerTask.RESIZE_CONFIRMING),
    "revert_resize": _part("revertResize", "SET_PARAMS", ServerTask.RESIZE_REVERTING),
    "revert_restart": _part("revertResize", "REBOOT", ServerTask.RESIZE_REVERTING),
    "rebuild": Action(
        "rebuild",
        WELL | ERROR,
        "OP_INSTANCE_REINSTALL",
        ServerTask.REBUILDING,
        modes=frozenset({None, ServerMode.MARKED}),
    ),
    "rebuild_stop": _part("rebuild", "SHUTDOWN", ServerTask.REBUILDING),
    "rebuild_start": _part("rebuild", "STARTUP", ServerTask.REBUILD_SPAWNING),
    "shelve_stop": _part("shelve", "SHUTDOWN", ServerTask.SHELVING),
    "shelve_save": _part("shelve", "SAVE_DISK", ServerTask.SHELVING_SAVING),
    "unshelve_move": _part("unshelve", "MOVE", ServerTask.UNSHELVING),
    "unshelve": Action(
        "unshelve",
        NEVER,
        "OP_INSTANCE_STARTUP",
        ServerTask.UNSHELVING,
        modes=_of(ServerMode.SHELVED, ServerMode.SHELVED_OFFLOADED),
    ),
    "save_image": Action(
        "createImage", BUILT, "OP_INSTANCE_SAVE_DISK", ServerTask.IMAGE_SNAPSHOT, needs=SAVE
    ),
    "save_backup": Action(
        "createBackup", BUILT, "OP_INSTANCE_SAVE_DISK", ServerTask.IMAGE_BACKUP, needs=SAVE
    ),
    "rescue_stop": _part("rescue", "SHUTDOWN", ServerTask.RESCUING),
    "rescue_add": _part("rescue", "SET_PARAMS", ServerTask.RESCUING),
    "rescue_start": _part("rescue", "STARTUP", ServerTask.RESCUING),
    "unrescue_stop": _part("unrescue", "SHUTDOWN", ServerTask.UNRESCUING),
    "unrescue_remove": _part("unrescue", "SET_PARAMS", ServerTask.UNRESCUING),
    "unrescue_start": _part("unrescue", "STARTUP", ServerTask.UNRESCUING),
    "soft_delete": _part("softDelete", "SHUTDOWN", ServerTask.SOFT_DELETING),
    "restore": _part("restore", "STARTUP", ServerTask.RESTORING),
    "migrate_move": _part("migrate", "MOVE", ServerTask.RESIZE_PREP),
    "migrate_failover": _part("migrate", "FAILOVER", ServerTask.RESIZE_PREP),
    "revert_move": _part("revertResize", "MOVE", ServerTask.RESIZE_REVERTING),
    "revert_failover": _part("revertResize", "FAILOVER", ServerTask.RESIZE_REVERTING),
    "live_migrate": Action(
        "os-migrateLive", ACTIVE | PAUSED, "OP_INSTANCE_MIGRATE", ServerTask.MIGRATING
    ),
    "evacuate": Action("evacuate", WELL | ERROR, "OP_INSTANCE_FAILOVER", ServerTask.EVACUATING),
    # Ports have states of their own, too.
    "attach_port": _disk("attach_interface", "SET_PARAMS"),
    "detach_port": _disk("detach_interface", "SET_PARAMS"),
    "readdress_port": _disk("readdress_interface", "SET_PARAMS"),
    # Volumes have states of their own: the server shows no task while its disks change.
    "attach_volume": _disk("attach_volume", "SET_PARAMS", VOLUMES),
    "detach_volume": _disk("detach_volume", "SET_PARAMS", VOLUMES),
    "extend_volume": _disk("extend_volume", "GROW_DISK"),
    "save_volume": _disk("save_volume", "SAVE_DISK", SAVE),
}


def _wish(
    verb: str,
    allowed: frozenset[ServerState],
    modes: frozenset[ServerMode | None] = NO_MODE,
    *,
    during: frozenset[ServerTask] = frozenset(),
    needs: str = "",
) -> Action:
    return Action(verb, allowed, "", None, during, modes, needs)


# What is no job by itself, but none or several; its steps are chosen where it is recorded.
WISHES: dict[str, Action] = {
    "confirm_resize": _wish("confirmResize", NEVER, _of(ServerMode.RESIZED)),
    "revert_resize": _wish("revertResize", NEVER, _of(ServerMode.RESIZED)),
    "shelve": _wish("shelve", BUILT),
    "shelve_offload": _wish("shelveOffload", NEVER, _of(ServerMode.SHELVED)),
    "rescue": _wish("rescue", WELL | ERROR, needs=VOLUMES),
    "unrescue": _wish("unrescue", NEVER, _of(ServerMode.RESCUED)),
    "soft_delete": _wish("delete", EXISTING, ANY_MODE, during=ANY_TASK),
    "restore": _wish("restore", NEVER, _of(ServerMode.SOFT_DELETED)),
    "migrate": _wish("migrate", WELL),
    "change_password": _wish("changePassword", ACTIVE),
    "reset_state": _wish("os-resetState", EXISTING, ANY_MODE, during=ANY_TASK),
}

# What of Nova's API may answer that a hypervisor cannot do it, and how. All other actions have no
# answer for that but that the request does not fit.
CANNOT: dict[str, type[Fault]] = {
    "pause": NotSupported,
    "unpause": NotSupported,
    "rescue": NotSupported,
    "unrescue": NotSupported,
    "suspend": Conflict,
    "resume": Conflict,
}


def cannot(action: Action, server: str) -> Fault:
    """The refusal of what the cluster of a server does not announce that it can do."""
    fault = CANNOT.get(action.verb, BadRequest)
    return fault(f"The cluster of instance {server} cannot do '{action.verb}'.")


_ON_THE_WIRE = {
    "os-start": "start",
    "os-stop": "stop",
    "start": "start",
    "stop": "stop",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
    "forceDelete": "delete",
}


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


def check(
    action: Action,
    server: str,
    state: ServerState,
    task: ServerTask | None,
    mode: ServerMode | None = None,
) -> None:
    """Conflict unless a server in this state, task and mode allows the action."""
    marked = mode is ServerMode.MARKED and ServerState.ERROR in action.allowed
    fits = state in action.allowed if mode is None else mode in action.modes
    if not (fits or marked):
        what = f"vm_state {vm_state(state, mode)}"
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
    "OP_INSTANCE_MOVE": "migrate",
    "OP_INSTANCE_PAUSE": "pause",
    "OP_INSTANCE_UNPAUSE": "unpause",
    "OP_INSTANCE_SUSPEND": "suspend",
    "OP_INSTANCE_RESUME": "resume",
    "OP_INSTANCE_REINSTALL": "rebuild",
    "OP_INSTANCE_GROW_DISK": "grow",
    "OP_INSTANCE_SAVE_DISK": "createImage",
}
