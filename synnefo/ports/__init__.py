"""What the rules need from outside: a cluster, a bus, a doorbell, a clock.

Protocols, the values that cross them and the errors they raise. No code that does anything:
adapters live in `rapi`, `bus` and `doorbell`, and `wiring.py` alone chooses among them.
"""

from synnefo.ports.bus import Bus, BusUnavailable, DeadLetter, Delivery, Postpone, Reject
from synnefo.ports.clock import Clock
from synnefo.ports.cluster import Cluster
from synnefo.ports.cluster_errors import (
    ClusterBusy,
    ClusterDenied,
    ClusterError,
    ClusterRefused,
    ClusterUnreachable,
    ClusterUntrusted,
    NotFound,
)
from synnefo.ports.cluster_values import (
    ClusterInfo,
    ConsoleReport,
    DiskReport,
    DiskSpec,
    InstanceChange,
    InstanceReport,
    InstanceSpec,
    JobReport,
    NetworkReport,
    NetworkSpec,
    NicReport,
    NicSpec,
    NodeReport,
    OpReport,
)
from synnefo.ports.doorbell import Doorbell, Listening, Ring

__all__ = [
    "Bus",
    "BusUnavailable",
    "Clock",
    "Cluster",
    "ClusterBusy",
    "ClusterDenied",
    "ClusterError",
    "ClusterInfo",
    "ClusterRefused",
    "ClusterUnreachable",
    "ClusterUntrusted",
    "ConsoleReport",
    "DeadLetter",
    "Delivery",
    "DiskReport",
    "DiskSpec",
    "Doorbell",
    "InstanceChange",
    "InstanceReport",
    "InstanceSpec",
    "JobReport",
    "Listening",
    "NetworkReport",
    "NetworkSpec",
    "NicReport",
    "NicSpec",
    "NodeReport",
    "NotFound",
    "OpReport",
    "Postpone",
    "Reject",
    "Ring",
]
