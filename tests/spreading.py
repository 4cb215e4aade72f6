"""How several test processes share the tests: files stay together, real parts are not shared.

What starts the same real part (a real Ganeti, a cloud in the usual place, RabbitMQ, libvirt) is one
lot and runs in one process, one after the other; so each part is started once, and two never fight
over it. What reads the whole source is one, too: it is parsed once. Everything else goes file by
file to whoever is free.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

# A test belongs to the first of them that names its file.
LOTS = {
    "a real Ganeti and clouds": (
        "tests/conformance/*",
        "tests/system/test_ganeti_nodes.py",
        "tests/system/test_spine.py",
        "tests/contract/cluster/*",
    ),
    "the shared cloud": (
        "tests/system/test_clients_*.py",
        "tests/system/test_tempest.py",
    ),
    "chaos": ("tests/system/test_chaos.py",),
    "guests, brokers and pages": (
        "tests/system/*",
        "tests/browser/*",
        "tests/contract/hypervisor/*",
        "tests/contract/bus/*",
    ),
    "the source": ("tests/architecture/*",),
}
# What takes long for its number of tests, the longest first: begun late it would be waited for.
FIRST = (
    "guests, brokers and pages",
    "a real Ganeti and clouds",
    "the shared cloud",
    "chaos",
    "tests/integration/once/test_crash_points.py",
    "tests/integration/api/test_process.py",
    "tests/integration/once/test_idempotency.py",
    "tests/integration/api/test_bad_input.py",
    "tests/integration/api/test_parameters.py",
    "tests/integration/api/test_query_counts.py",
    "tests/integration/api/test_conformance.py",
    "tests/integration/once/test_answers.py",
    "tests/integration/spine/test_batches.py",
    "tests/integration/truth/test_histories.py",
    "tests/unit/ganeti_backend/core/test_power_cut.py",
    "tests/unit/ganeti_backend/disks/test_crashes.py",
    "tests/unit/ganeti_backend/cluster/test_verify.py",
    "tests/unit/synnefo/core/test_convergence.py",
    "the source",
)


def lot(nodeid: str) -> str:
    """The name of the lot that a test belongs to; its file where it shares nothing."""
    path = PurePosixPath(nodeid.partition("::")[0])
    for name, patterns in LOTS.items():
        if any(path.match(pattern) for pattern in patterns):
            return name
    return str(path)


class ByLot(LoadScopeScheduling):
    """Hands out whole lots: those of `FIRST`, then those with the most tests."""

    def _split_scope(self, nodeid: str) -> str:
        return lot(nodeid)

    def _assign_work_unit(self, node: object) -> None:
        first = next((name for name in FIRST if name in self.workqueue), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
