"""The states of a server and what the end of a job says about them.

One table, one lookup. The exception that a failed removal of a vanished instance *is* a removal
stays out of it: the reconciler finds the server stale and removes it by the ordinary path.
"""

from enum import StrEnum


class JobStatus(StrEnum):
    """Ganeti's seven statuses of an opcode; the last three are final."""

    QUEUED = "queued"
    WAITING = "waiting"
    CANCELING = "canceling"
    RUNNING = "running"
    CANCELED = "canceled"
    SUCCESS = "success"
    ERROR = "error"


class ServerState(StrEnum):
    """What the backend last said about a server; the API's vm_state follows from it."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    STOPPED = "STOPPED"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    ERROR = "ERROR"
    DELETED = "DELETED"


class ServerTask(StrEnum):
    """What is under way for a server; the API's task_state (Nova's words in lower case)."""

    SPAWNING = "spawning"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    DELETING = "deleting"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    RESIZE_PREP = "resize_prep"
    RESIZE_FINISH = "resize_finish"
    RESIZE_CONFIRMING = "resize_confirming"
    RESIZE_REVERTING = "resize_reverting"
    REBUILDING = "rebuilding"
    REBUILD_SPAWNING = "rebuild_spawning"
    RESCUING = "rescuing"
    UNRESCUING = "unrescuing"
    SHELVING = "shelving"
    SHELVING_SAVING = "shelving_image_uploading"
    UNSHELVING = "unshelving"
    IMAGE_SNAPSHOT = "image_snapshot"
    IMAGE_BACKUP = "image_backup"
    SOFT_DELETING = "soft-deleting"
    RESTORING = "restoring"
    MIGRATING = "migrating"
    EVACUATING = "rebuilding_evacuating"


Row = dict[JobStatus, ServerState | None]
KEEP = None  # The job says nothing about the server's state.


def ends(success: ServerState | None, *, error: ServerState | None = KEEP) -> Row:
    """A row of the table: the state after success, and after an error or a cancellation."""
    return {JobStatus.SUCCESS: success, JobStatus.ERROR: error, JobStatus.CANCELED: error}


STATE_AFTER: dict[str, Row] = {
    "OP_INSTANCE_CREATE": ends(ServerState.ACTIVE, error=ServerState.ERROR),
    "OP_INSTANCE_REMOVE": ends(ServerState.DELETED),
    "OP_INSTANCE_STARTUP": ends(ServerState.ACTIVE),
    "OP_INSTANCE_SHUTDOWN": ends(ServerState.STOPPED),
    "OP_INSTANCE_REBOOT": ends(ServerState.ACTIVE),
    "OP_INSTANCE_PAUSE": ends(ServerState.PAUSED),
    "OP_INSTANCE_UNPAUSE": ends(ServerState.ACTIVE),
    "OP_INSTANCE_SUSPEND": ends(ServerState.SUSPENDED),
    "OP_INSTANCE_RESUME": ends(ServerState.ACTIVE),
    "OP_INSTANCE_SET_PARAMS": ends(KEEP),
    "OP_INSTANCE_QUERY_DATA": ends(KEEP),
    "OP_INSTANCE_MIGRATE": ends(KEEP),
    "OP_INSTANCE_FAILOVER": ends(KEEP),
    "OP_INSTANCE_MOVE": ends(KEEP),
    "OP_INSTANCE_CHANGE_GROUP": ends(KEEP),
    "OP_INSTANCE_MULTI_ALLOC": ends(KEEP),
    "OP_INSTANCE_REINSTALL": ends(ServerState.STOPPED),
    "OP_INSTANCE_RENAME": ends(KEEP),
    "OP_INSTANCE_CONSOLE": ends(KEEP),
    "OP_INSTANCE_GROW_DISK": ends(KEEP),
    "OP_INSTANCE_RECREATE_DISKS": ends(KEEP),
    "OP_INSTANCE_ACTIVATE_DISKS": ends(KEEP),
    "OP_INSTANCE_DEACTIVATE_DISKS": ends(KEEP),
    "OP_INSTANCE_REPLACE_DISKS": ends(KEEP),
    "OP_INSTANCE_SNAPSHOT": ends(KEEP),
    "OP_INSTANCE_SAVE_DISK": ends(KEEP),
}


def state_after(operation: str, status: JobStatus) -> ServerState | None:
    """What a report makes of a server's state; None if the state stays what it is."""
    return STATE_AFTER.get(operation, {}).get(status)


class ServerMode(StrEnum):
    """What only the frontend knows of a server, laid over its state; see `server_modes.py`."""

    RESIZED = "RESIZED"
    RESCUED = "RESCUED"
    SHELVED = "SHELVED"
    SHELVED_OFFLOADED = "SHELVED_OFFLOADED"
    SOFT_DELETED = "SOFT_DELETED"
    MARKED = "MARKED"  # An administrator marked it as failed.


# What the OpenStack compute API shows: (vm_state, power_state) and the status word, by state.
NOVA_VIEW: dict[ServerState, tuple[str, int, str]] = {
    ServerState.BUILD: ("building", 0, "BUILD"),
    ServerState.ACTIVE: ("active", 1, "ACTIVE"),
    ServerState.STOPPED: ("stopped", 4, "SHUTOFF"),
    ServerState.PAUSED: ("paused", 3, "PAUSED"),
    ServerState.SUSPENDED: ("suspended", 4, "SUSPENDED"),
    ServerState.ERROR: ("error", 0, "ERROR"),
    ServerState.DELETED: ("deleted", 0, "DELETED"),
}
# A mode hides the state, but not whether the guest runs: (vm_state, status).
MODE_VIEW: dict[ServerMode, tuple[str, str]] = {
    ServerMode.RESIZED: ("resized", "VERIFY_RESIZE"),
    ServerMode.RESCUED: ("rescued", "RESCUE"),
    ServerMode.SHELVED: ("shelved", "SHELVED"),
    ServerMode.SHELVED_OFFLOADED: ("shelved_offloaded", "SHELVED_OFFLOADED"),
    ServerMode.SOFT_DELETED: ("soft-delete", "SOFT_DELETED"),
    ServerMode.MARKED: ("error", "ERROR"),
}
STATUS_DURING: dict[ServerTask, str] = {
    ServerTask.REBOOTING: "REBOOT",
    ServerTask.REBOOTING_HARD: "HARD_REBOOT",
}
_REBUILD = dict.fromkeys((ServerTask.REBUILDING, ServerTask.REBUILD_SPAWNING), "REBUILD")
_RESIZE = dict.fromkeys((ServerTask.RESIZE_PREP, ServerTask.RESIZE_FINISH), "RESIZE")
# Status words during tasks, by vm_state; elsewhere a task does not change the word.
WORDS_DURING: dict[str, dict[ServerTask, str]] = {
    "active": STATUS_DURING | _REBUILD | _RESIZE | {ServerTask.MIGRATING: "MIGRATING"},
    "stopped": _REBUILD | _RESIZE | {ServerTask.REBOOTING_HARD: "HARD_REBOOT"},
    "error": _REBUILD,
    "resized": {ServerTask.RESIZE_REVERTING: "REVERT_RESIZE"},
    "paused": {ServerTask.MIGRATING: "MIGRATING"},
}


def vm_state(state: ServerState, mode: ServerMode | None = None) -> str:
    """The API's vm_state."""
    return NOVA_VIEW[state][0] if mode is None else MODE_VIEW[mode][0]


def nova_status(state: ServerState, task: ServerTask | None, mode: ServerMode | None = None) -> str:
    """The status word of the compute API, for example SHUTOFF or HARD_REBOOT."""
    usual = NOVA_VIEW[state][2] if mode is None else MODE_VIEW[mode][1]
    if task is None:
        return usual
    return WORDS_DURING.get(vm_state(state, mode), {}).get(task, usual)
