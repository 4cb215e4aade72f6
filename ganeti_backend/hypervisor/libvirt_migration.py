"""Live migration of guests between libvirt's embedded drivers, emulator to emulator.

libvirt's own migration needs a libvirtd on the other node, which the embedded driver is not. So
libvirt makes the machine on the target and the two emulators are told by their monitors to hand the
state over, encrypted and with both sides' certificates checked. libvirt sees a guest that pauses on
the one side and goes on at the other. The emulators go on when a node daemon is killed meanwhile.
"""

import ipaddress
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any

import libvirt
import libvirt_qemu

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import arriving_xml, domain_xml
from ganeti_backend.hypervisor.base import Place, instance_name
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.hypervisor.guest_stages import Stage
from ganeti_backend.hypervisor.migration import Migration, Progress

LEAVING = "leaving"
TLS = "migration-tls"
LOOK_AGAIN = 0.05
CANCEL_SECONDS = 10.0
ARRIVAL_SECONDS = 10.0
UNDER_WAY = frozenset(
    {"setup", "active", "pre-switchover", "device", "cancelling", "wait-unplug", "postcopy-active"}
)
RECEIVING = UNDER_WAY - {"setup"}
FAILED = frozenset({"failed", "cancelled"})
STOPPED_BY_SENDING = frozenset({"postmigrate", "finish-migrate"})
MARKS = frozenset({LEAVING, arriving_xml.ARRIVING})
Domain = Any


class LibvirtMigration(Migration):
    """`find` looks a domain up; `guarded` translates errors; `forget` ends one without a trace."""

    def __init__(
        self,
        place: Place,
        connection: Any,
        find: Callable[[str], Domain],
        guarded: Callable[[str], AbstractContextManager[None]],
        forget: Callable[[str], None],
    ) -> None:
        self._place = place
        self._connection = connection
        self._find = find
        self._guarded = guarded
        self._forget = forget
        self._pause = threading.Event()

    def describe(self, name: str) -> dict[str, Any]:
        with self._guarded(f"cannot describe {name}"):
            return {"document": self._active(name).XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE)}

    def prepare(
        self, instance: Mapping[str, Any], devices: Devices, description: Mapping[str, Any]
    ) -> str:
        name = instance_name(instance)
        with self._guarded(f"cannot take {name} in"):
            if self.progress(name).stage is Stage.HERE:
                raise HypervisorError(f"instance {name} is running here already")
            self._forget(name)
            log = str(self._place.console(name))
            machine = domain_xml.Machine(self._place.accelerator, self._place.node, log)
            text = arriving_xml.document(description["document"], instance, devices, machine)
            dom = self._connection.defineXML(text)
            try:
                dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
                return self._listen(dom)
            except (libvirt.libvirtError, HypervisorError):
                self._forget(name)
                raise

    def _listen(self, dom: Domain) -> str:
        self._secure(dom, "server", None)
        host = self._place.address
        shown = f"[{host}]" if ":" in host else host
        ask(dom, "migrate-incoming", uri=f"tcp:{shown}:0")
        listening = ask(dom, "query-migrate")["socket-address"][0]
        return f"tcp:{shown}:{listening['port']}"

    def start(self, name: str, address: str, *, live: bool) -> None:
        with self._guarded(f"cannot send {name}"):
            dom = self._active(name)
            if self._stage(dom).stage in (Stage.SENDING, Stage.SENT):
                return
            title(dom, LEAVING)
            self._secure(dom, "client", address.split(":", 1)[1].rpartition(":")[0].strip("[]"))
            # A guest that writes faster than the line carries is slowed down until it is through.
            capability = {"capability": "auto-converge", "state": True}
            ask(dom, "migrate-set-capabilities", capabilities=[capability])
            if not live:
                dom.suspend()
            ask(dom, "migrate", uri=address)

    def progress(self, name: str) -> Progress:
        with self._guarded(f"cannot look at {name}"):
            dom = self._find(name)
            if dom is None or not dom.isActive():
                return Progress(Stage.ABSENT)
            return self._stage(dom)

    def settle(self, name: str, *, keep: bool) -> None:
        if not keep:
            self._forget(name)
            return
        with self._guarded(f"cannot keep {name}"):
            dom = self._find(name)
            stage = self.progress(name).stage
            if stage is Stage.SENDING:
                stage = self._cancel(dom)
            elif stage is Stage.ARRIVING:
                stage = self._end_of_arrival(dom)
            if stage in (Stage.ABSENT, Stage.ARRIVING, Stage.SENDING):
                raise HypervisorError(f"there is no whole guest {name} here, it is {stage}")
            if stage is not Stage.HERE and dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
                dom.resume()
            title(dom, None)

    def in_between(self, dom: Domain) -> bool:
        """Whether a paused domain stands still for a migration; asks no monitor."""
        return mark_of(dom) in MARKS

    def _stage(self, dom: Domain) -> Progress:
        marked = mark_of(dom)
        if marked not in MARKS:
            return Progress(Stage.HERE)
        sent = ask(dom, "query-migrate")
        status, ram = sent.get("status", "none"), sent.get("ram", {})
        percent = 100 - 100 * ram.get("remaining", 0) // max(ram.get("total", 1), 1) if ram else 0
        if marked == arriving_xml.ARRIVING:
            stage = Stage.ARRIVED if status == "completed" else Stage.ARRIVING
        elif status in UNDER_WAY:
            stage = Stage.SENDING
        # It may have been sent before, and have come back since.
        elif status == "completed" and ask(dom, "query-status")["status"] in STOPPED_BY_SENDING:
            stage, percent = Stage.SENT, 100
        else:
            stage = Stage.FAILED if status in FAILED else Stage.HERE
        return Progress(stage, percent, str(sent.get("error-desc", "")))

    def _cancel(self, dom: Domain) -> Stage:
        """Stop sending; it may have been too late for that."""
        ask(dom, "migrate_cancel")
        left = CANCEL_SECONDS
        while (stage := self._stage(dom).stage) is Stage.SENDING and left > 0:
            self._pause.wait(LOOK_AGAIN)
            left -= LOOK_AGAIN
        return stage

    def _end_of_arrival(self, dom: Domain) -> Stage:
        """The source is done when the last bytes are on the line, which is a moment earlier."""
        left = ARRIVAL_SECONDS
        while dom.isActive() and ask(dom, "query-migrate").get("status") in RECEIVING and left > 0:
            self._pause.wait(LOOK_AGAIN)
            left -= LOOK_AGAIN
        return self._stage(dom).stage if dom.isActive() else Stage.ABSENT

    def _active(self, name: str) -> Domain:
        dom = self._find(name)
        if dom is None or not dom.isActive():
            raise HypervisorError(f"instance {name} is not running")
        return dom

    def _secure(self, dom: Domain, endpoint: str, peer: str | None) -> None:
        """Encrypt, and let in only who has a certificate of the cluster's authority."""
        folder = self._place.certificates
        if folder is None:
            if not ipaddress.ip_address(self._place.address).is_loopback:
                raise HypervisorError("guests are not sent to other machines without certificates")
            return
        parameters = {"tls-creds": TLS, **({"tls-hostname": peer} if peer else {})}
        # It is there only if the guest was on its way before.
        with suppress(HypervisorError):
            ask(dom, "object-del", id=TLS)
        ask(
            dom,
            "object-add",
            **{"qom-type": "tls-creds-x509", "id": TLS, "dir": str(folder)},
            **{"endpoint": endpoint, "verify-peer": True},
        )
        ask(dom, "migrate-set-parameters", **parameters)


def ask(dom: Domain, execute: str, **arguments: Any) -> Any:
    """What the emulator answers to a command of its monitor."""
    order: dict[str, Any] = {"execute": execute}
    if arguments:
        order["arguments"] = arguments
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(dom, json.dumps(order), 0))
    if "error" in answer:
        raise HypervisorError(f"{execute}: {answer['error'].get('desc', answer['error'])}")
    return answer["return"]


def mark_of(dom: Domain) -> str | None:
    """The mark of a domain that is between two nodes; most have no title at all."""
    try:
        found: str = dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None)
    except libvirt.libvirtError:
        return None
    return found


def title(dom: Domain, text: str | None) -> None:
    """Mark a running domain; the mark goes with the machine."""
    kind = libvirt.VIR_DOMAIN_METADATA_TITLE
    dom.setMetadata(kind, text, None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)
