"""The loop in which libvirt tells this process what happens to guests."""

import functools
import threading

import libvirt


@functools.cache
def start() -> None:
    """libvirt needs a loop before the first connection; it lives as long as the process."""
    libvirt.virEventRegisterDefaultImpl()
    # Errors are raised as exceptions; on standard error they would be shown twice.
    libvirt.registerErrorHandler(_ignore, None)

    def run() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=run, name="libvirt-events", daemon=True).start()


def _ignore(_context: object, _error: object) -> None:
    """The exception says it."""
