"""The port Cluster: all that the frontend asks of one cluster, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from synnefo.ports.cluster_values import (
    ClusterInfo,
    ConsoleReport,
    InstanceChange,
    InstanceReport,
    InstanceSpec,
    JobReport,
    NetworkReport,
    NetworkSpec,
    NodeReport,
)


class Cluster(Protocol):
    """One cluster. Every `submit_…` returns the id of a durable job that carries `reason` in its
    reason trail.

    Raises ClusterUnreachable, or ClusterRefused and its subclasses.
    """

    def info(self) -> ClusterInfo:
        """Who the cluster is and what it can do."""

    def submit_create(self, spec: InstanceSpec, reason: str) -> int:
        """Make an instance."""

    def submit_remove(self, name: str, reason: str) -> int:
        """Remove an instance with its disks."""

    def submit_startup(self, name: str, reason: str) -> int:
        """Start an instance."""

    def submit_shutdown(self, name: str, reason: str, timeout: int | None = None) -> int:
        """Stop an instance; after `timeout` seconds by force."""

    def submit_reboot(
        self, name: str, reason: str, kind: Literal["soft", "hard", "full"] = "hard"
    ) -> int:
        """Restart an instance."""

    def submit_set_params(self, name: str, change: InstanceChange, reason: str) -> int:
        """Change an instance's size, cards or disks."""

    def submit_hold(
        self, name: str, what: Literal["pause", "unpause", "suspend", "resume"], reason: str
    ) -> int:
        """Let an instance stand still in memory or saved to disk, or go on. An extension."""

    def submit_reinstall(self, name: str, os: str, osparams: Mapping[str, str], reason: str) -> int:
        """Stop an instance and install its first disk anew; it stays stopped."""

    def submit_grow_disk(self, name: str, disk: int, size: int, reason: str) -> int:
        """Let the disk of this index have so many MiB."""

    def submit_save_disk(
        self, name: str, disk: str, file: str, reason: str, *, sums: bool = True
    ) -> int:
        """Write a disk, by its name or index, to a file of the images' folder. An extension.

        The file is there, complete and on the platter, or not at all; a running instance stands
        still while its disk is copied. With `sums` the result has `size`, `checksum` and
        `os_hash_value`.
        """

    def submit_migrate(self, name: str, live: bool, node: str | None, reason: str) -> int:
        """Take an instance with a mirrored disk to another node without stopping it."""

    def submit_failover(self, name: str, node: str | None, reason: str) -> int:
        """Let an instance with a mirrored disk run on another node, stopped in between."""

    def submit_move(self, name: str, node: str, reason: str) -> int:
        """Copy an instance's disks to another node and let it run there. An extension."""

    def submit_rename(self, name: str, new_name: str, reason: str) -> int:
        """Give an instance that is stopped another name."""

    def submit_node_role(self, name: str, role: str, reason: str) -> int:
        """Make a node `regular`, `drained` or `offline`."""

    def submit_cluster_tag(self, tag: str, reason: str) -> int:
        """Put a tag on the cluster itself."""

    def submit_network_add(self, spec: NetworkSpec, reason: str) -> int:
        """Make a network."""

    def submit_network_connect(
        self, name: str, group: str, mode: str, link: str, reason: str, after: int | None = None
    ) -> int:
        """Connect a network to a node group, after the job `after` if one is given."""

    def submit_network_disconnect(self, name: str, group: str, reason: str) -> int:
        """Disconnect a network from a node group."""

    def submit_network_remove(self, name: str, reason: str) -> int:
        """Remove a network."""

    def instances(self) -> list[InstanceReport]:
        """All instances, in one request."""

    def instance(self, name: str) -> InstanceReport:
        """One instance; NotFound if there is none."""

    def nodes(self) -> list[NodeReport]:
        """All nodes with their capacity, in one request."""

    def groups(self) -> list[str]:
        """The names of the node groups."""

    def networks(self) -> list[NetworkReport]:
        """All networks, in one request."""

    def job(self, job_id: int) -> JobReport:
        """One job, also an archived one; NotFound if there is none."""

    def find_job_by_reason(self, text: str, since_job: int) -> int | None:
        """The first job after `since_job` with `text` in its reason trail, or None when certainly
        none has it.
        """

    def operating_systems(self) -> list[str]:
        """The names of the OS definitions that all nodes have."""

    def check_rights(self) -> None:
        """ClusterDenied unless we may submit jobs; does nothing else."""

    def console(self, name: str) -> ConsoleReport:
        """How to reach an instance's console."""

    def console_output(self, name: str, length: int | None = None) -> str:
        """The last `length` lines that an instance wrote to its console; "" where the backend keeps
        none.
        """

    def cancel(self, job_id: int) -> bool:
        """Take a job that has not begun out of the queue; whether that worked."""

    def close(self) -> None:
        """Give the connections back."""
