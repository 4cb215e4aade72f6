"""How several test processes share the tests: files stay together, real parts are not shared.

What starts the same real part (a real Ganeti, a cloud in the usual place, RabbitMQ, libvirt) is one
lot and runs in one process, one after the other; so each part is started once, and two never fight
over it. What reads the whole source is one, too: it is parsed once. Everything else goes file by
file to whoever is free.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

LOTS = {
    "a real Ganeti and clouds": (
        "tests/conformance/*",
        "tests/system/test_ganeti_nodes.py",
        "tests/system/test_spine.py",
        "tests/contract/cluster/*",
    ),
    "guests, brokers and pages": (
        "tests/system/*",
        "tests/browser/*",
        "tests/contract/hypervisor/*",
        "tests/contract/bus/*",
    ),
    "the source": ("tests/architecture/*",),
}


def lot(nodeid: str) -> str:
    """The name of the lot that a test belongs to; its file where it shares nothing."""
    path = PurePosixPath(nodeid.partition("::")[0])
    for name, patterns in LOTS.items():
        if any(path.match(pattern) for pattern in patterns):
            return name
    return str(path)


class ByLot(LoadScopeScheduling):
    """Hands out whole lots, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return lot(nodeid)
