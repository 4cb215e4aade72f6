"""The remote API as one table, in parts: one module for each kind of object."""

from ganeti_backend.rapi.resources import (
    backups,
    cluster,
    disks,
    groups,
    instances,
    jobs,
    moves,
    networks,
    nodes,
    systems,
    tags,
)
from ganeti_backend.rapi.table import Row

ROWS: tuple[Row, ...] = (
    *cluster.ROWS,
    *jobs.ROWS,
    *instances.ROWS,
    *disks.ROWS,
    *moves.ROWS,
    *networks.ROWS,
    *nodes.ROWS,
    *groups.ROWS,
    *systems.ROWS,
    *backups.ROWS,
    *tags.ROWS,
)
