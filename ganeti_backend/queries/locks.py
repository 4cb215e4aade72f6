"""Fields of locks, as `gnt-debug locks` shows them."""

from ganeti_backend.locks import LockInfo
from ganeti_backend.queries.fields import Field, Kind, Table

TABLE: Table[LockInfo] = Table(
    [
        Field("name", "Name", Kind.TEXT, "Lock name", lambda lock, _s: lock.name),
        Field("mode", "Mode", Kind.OTHER, "Mode in which the lock is held (exclusive or shared)",
              lambda lock, _s: lock.mode),
        Field("owner", "Owner", Kind.OTHER, "Who holds the lock",
              lambda lock, _s: list(lock.owners) or None),
        Field("pending", "Pending", Kind.OTHER, "Who waits for the lock, with the wanted modes",
              lambda lock, _s: [[mode, list(owners)] for mode, owners in lock.pending] or None),
    ]
)  # fmt: skip
