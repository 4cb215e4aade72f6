"""The states of volumes, snapshots and backups, and what each of them allows.

Cinder's words. What may not be done in a state is a BadRequest there, not a conflict.
"""

from collections.abc import Mapping

from synnefo.core.faults import BadRequest

GIB = 1024  # MiB
AVAILABLE, IN_USE, ERROR = "available", "in-use", "error"
VOLUME_STATUSES = (
    "creating", "available", "reserved", "attaching", "detaching", "in-use", "maintenance",
    "deleting", "awaiting-transfer", "error", "error_deleting", "backing-up", "restoring-backup",
    "error_backing-up", "error_restoring", "error_extending", "downloading", "uploading",
    "retyping", "extending", "error_managing", "managing",
)  # fmt: skip
SNAPSHOT_STATUSES = ("available", "creating", "deleting", "error", "error_deleting", "backing-up")
BACKUP_STATUSES = ("available", "error", "creating", "deleting", "restoring", "error_deleting")
ATTACH_STATUSES = ("attached", "detached")
MIGRATION_STATUSES = ("migrating", "error", "success", "completing", "none", "starting")
# What an administrator may set a state to, by action.
DELETABLE = frozenset({AVAILABLE, ERROR, "error_restoring", "error_extending", "error_managing"})
GROUP_STATUSES = ("creating", "available", "error", "deleting", "updating", "in-use")


# What the one pool of volumes is, in the words of a type's extra specifications.
POOL = {"volume_backend_name": "volumes", "vendor_name": "Synnefo", "storage_protocol": "local"}


def misfits(specs: Mapping[str, str]) -> list[str]:
    """What a type asks of its pool that this one is not."""
    wanted = {name.removeprefix("capabilities:"): text for name, text in specs.items()}
    return sorted(name for name, is_so in POOL.items() if wanted.get(name, is_so) != is_so)


def gib(mebibytes: int) -> int:
    """A size as the API shows it, rounded up."""
    return -(-mebibytes // GIB)


def require(what: str, identifier: object, status: str, *allowed: str) -> None:
    """BadRequest unless the status is one of these."""
    if status not in allowed:
        wanted = " or ".join(allowed)
        raise BadRequest(
            f"Invalid {what}: {what} {identifier} status must be {wanted}, but current status is"
            f" {status}."
        )
