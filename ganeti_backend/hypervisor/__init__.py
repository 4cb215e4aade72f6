"""Runs guests: a map from the name of a hypervisor to the function that builds its driver."""

import os
from collections.abc import Callable

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import Hypervisor, Place


def _fake(place: Place) -> Hypervisor:
    from ganeti_backend.hypervisor.fake import FakeHypervisor

    return FakeHypervisor(place)


def _libvirt(place: Place) -> Hypervisor:
    # libvirt reads these once, when it is loaded; what it has to say is raised as exceptions.
    os.environ.setdefault("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null")
    # Imported only here: a node with another hypervisor need not have the library.
    from ganeti_backend.hypervisor.libvirt import LibvirtHypervisor

    return LibvirtHypervisor(place)


DRIVERS: dict[str, Callable[[Place], Hypervisor]] = {"fake": _fake, "libvirt": _libvirt}


def build(name: str, place: Place) -> Hypervisor:
    """The driver of this name for one node."""
    if name not in DRIVERS:
        raise HypervisorError(f"unknown hypervisor {name!r}; there are {', '.join(DRIVERS)}")
    return DRIVERS[name](place)
