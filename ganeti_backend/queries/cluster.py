"""The cluster as a whole, for the doors that read it without a job."""

from typing import Any

from ganeti_backend.parameters import cluster_info
from ganeti_backend.queries.snapshot import Snapshot


def info(snapshot: Snapshot, file_storage_dir: str = "") -> dict[str, Any]:
    """The cluster as `/2/info` shows it."""
    return cluster_info.describe(snapshot.cluster, file_storage_dir)
