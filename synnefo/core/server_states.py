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
}


def state_after(operation: str, status: JobStatus, current: ServerState) -> ServerState:
    """The state after this report; a job still under way, or an unknown one, changes nothing."""
    return STATE_AFTER.get(operation, {}).get(status) or current


# What the OpenStack compute API shows: (vm_state, power_state) and the status word, by state.
NOVA_VIEW: dict[ServerState, tuple[str, int, str]] = {
    ServerState.BUILD: ("building", 0, "BUILD"),
    ServerState.ACTIVE: ("active", 1, "ACTIVE"),
    ServerState.STOPPED: ("stopped", 4, "SHUTOFF"),
    ServerState.ERROR: ("error", 0, "ERROR"),
    ServerState.DELETED: ("deleted", 0, "DELETED"),
}
STATUS_DURING: dict[ServerTask, str] = {
    ServerTask.REBOOTING: "REBOOT",
    ServerTask.REBOOTING_HARD: "HARD_REBOOT",
}


def nova_status(state: ServerState, task: ServerTask | None) -> str:
    """The status word of the compute API, for example SHUTOFF or HARD_REBOOT."""
    if state is ServerState.ACTIVE and task in STATUS_DURING:
        return STATUS_DURING[task]
    return NOVA_VIEW[state][2]
