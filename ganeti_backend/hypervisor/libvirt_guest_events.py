"""What libvirt tells of the guests of one connection, and waiting for that behind a button."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import libvirt

log = logging.getLogger(__name__)

# A guest that is still booting does not hear the power button, so it is pressed again.
PRESS_AGAIN = 2.0


class GuestEvents:
    """Follows all guests of the connection from now on."""

    def __init__(self, connection: Any) -> None:
        self._changed = threading.Condition()
        self._reboots: dict[str, int] = defaultdict(int)
        self._stopping: set[str] = set()
        # Only now: an event may come before a registration returns.
        for kind, heard in (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._on_reboot),
        ):
            connection.domainEventRegisterAny(None, kind, heard, None)

    def reboots(self, name: str) -> int:
        """How often a guest was seen to restart."""
        return self._reboots.get(name, 0)

    def forget(self, name: str) -> None:
        """The guest is no more."""
        self._reboots.pop(name, None)

    def press(
        self, press: Callable[[], object], done: Callable[[], object], timeout: float
    ) -> bool:
        """Press a button every now and then until the condition holds; False after the timeout."""
        left = timeout
        while left > 0:
            try:
                press()
            except libvirt.libvirtError as error:
                if done():
                    return True
                # The guest is on its way down, or its monitor is busy: press again.
                log.debug("button not pressed: %s", error)
            with self._changed:
                if self._changed.wait_for(done, min(PRESS_AGAIN, left)):
                    return True
            left -= PRESS_AGAIN
        return False

    @contextmanager
    def stop_expected(self, name: str) -> Iterator[None]:
        """Within this the guest's end is no news."""
        with self._changed:
            self._stopping.add(name)
        try:
            yield
        finally:
            with self._changed:
                self._stopping.discard(name)

    def _on_lifecycle(self, _conn: Any, dom: Any, event: int, detail: int, _opaque: Any) -> None:
        name = dom.name()
        with self._changed:
            expected = name in self._stopping
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED and not expected:
            crashed = detail in {
                libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED,
                libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED,
            }
            log.warning("guest %s %s", name, "crashed" if crashed else "stopped by itself")
        with self._changed:
            self._changed.notify_all()

    def _on_reboot(self, _conn: Any, dom: Any, _opaque: Any) -> None:
        with self._changed:
            self._reboots[dom.name()] += 1
            self._changed.notify_all()
