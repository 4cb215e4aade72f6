"""Measures the reconciler over many servers and prints one JSON object.

`./cloud bench truth [--servers 10000] [--drift 1]`: whole turns of one backend, without and with
drift (in percent of the servers), the books, and the look at one server in doubt. The database is a
file of SQLite; the cluster is the real RAPI client over answers made here, shaped as Ganeti's, so
that reading them is measured and the network is not. Nothing is asserted: machines are shared.
"""

import argparse
import json
import os
import resource
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
HVPARAMS = {f"parameter_{n}": "some value" for n in range(60)}  # As many as Ganeti's KVM has.
CLUSTER = {
    "name": "c", "master": "n1", "software_version": "3.0.2", "default_hypervisor": "kvm",
    "enabled_hypervisors": ["kvm"], "enabled_disk_templates": ["file"], "tags": [],
}  # fmt: skip
NODE = {
    "name": "n1", "offline": False, "drained": False, "vm_capable": True, "mtotal": 10**7,
    "mfree": 10**6, "dtotal": 10**8, "dfree": 10**7, "ctotal": 64, "pinst_cnt": 1,
}  # fmt: skip


def _instance(number: int) -> dict[str, Any]:
    """As `GET /2/instances?bulk=1` has it."""
    return {
        "name": f"snf-{number}", "uuid": str(uuid.uuid4()), "status": "running",
        "admin_state": "up", "oper_state": True, "oper_ram": 128, "oper_vcpus": 1,
        "beparams": {"maxmem": 128, "minmem": 128, "vcpus": 1, "auto_balance": True},
        "pnode": "n1", "snodes": [], "disk_template": "file", "hypervisor": "kvm", "os": "image",
        "nic.names": [f"snf-nic-{number}"], "nic.uuids": [str(uuid.uuid4())],
        "nic.macs": [_mac(number)], "nic.ips": [_ip(number)], "nic.networks": ["u"],
        "nic.networks.names": ["snf-net-1"], "nic.modes": ["bridged"], "nic.links": ["br0"],
        "nic.bridges": ["br0"], "disk.names": [f"snf-vol-{number}"],
        "disk.uuids": [str(uuid.uuid4())], "disk.sizes": [1024], "disk_usage": 1024,
        "hvparams": HVPARAMS, "tags": [], "ctime": 1.0, "mtime": 1.0, "serial_no": 1,
        "network_port": 11000 + number, "custom_hvparams": {}, "custom_beparams": {},
    }  # fmt: skip


def _ip(number: int) -> str:
    return f"10.0.{number >> 8}.{number & 255}"


def _mac(number: int) -> str:
    return f"aa:00:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


class Rapi(httpx.BaseTransport):
    """Answers as a cluster with those instances."""

    def __init__(self, count: int) -> None:
        self.instances = {f"snf-{n}": _instance(n) for n in range(1, count + 1)}
        self.requests = 0
        self._bulk = b""
        self.written()

    def written(self) -> None:
        """What all instances are, as bytes: making them is the cluster's work."""
        self._bulk = json.dumps(list(self.instances.values())).encode()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        self.requests += 1
        path = request.url.path
        if path == "/2/instances":
            return httpx.Response(200, content=self._bulk)
        if path.startswith("/2/instances/"):
            return httpx.Response(200, json=self.instances[path.rpartition("/")[2]])
        answers: dict[str, Any] = {
            "/2/info": CLUSTER, "/2/features": [], "/2/nodes": [NODE],
            "/2/groups": [{"name": "default"}],
        }  # fmt: skip
        network = {
            "name": "snf-net-1", "uuid": "u", "network": "10.0.0.0/16", "gateway": None,
            "mac_prefix": None, "free_count": 1, "reserved_count": 0, "tags": [], "inst_list": [],
            "group_list": [["default", "bridged", "br0", ""]], "external_reservations": "",
        }  # fmt: skip
        return httpx.Response(200, json=(answers | {"/2/networks": [network]})[path])


def _rows(count: int) -> Any:
    """A backend with that many servers, each as its instance is."""
    from synnefo.db import models as m

    domain = m.Domain.objects.create(id="default", name="Default")
    project = m.Project.objects.create(domain=domain, name="demo")
    user = m.User.objects.create(domain=domain, name="demo", password="!")
    flavor = m.Flavor.objects.create(flavor_id="1", name="tiny", vcpus=1, ram=128, disk=1)
    backend = m.Backend.objects.create(name="c", url="https://c", username="x")
    when = {"created_at": NOW, "updated_at": NOW}
    network = m.Network.objects.create(project=project, public=True, **when)
    subnet = m.Subnet.objects.create(
        network=network, cidr="10.0.0.0/16", pool_start="10.0.0.1", pool_end="10.0.255.0", **when
    )
    numbers = range(1, count + 1)
    well = {"project": project, "user": user, "flavor": flavor, "backend": backend, **when}
    state = {"state": "ACTIVE", "placed": True, "launched_at": NOW, "node": "n1"}
    m.Server.objects.bulk_create(m.Server(pk=n, name=str(n), **well, **state) for n in numbers)
    ports = {"project": project, "network": network, "status": "ACTIVE", **when}
    m.Port.objects.bulk_create(
        m.Port(pk=n, server_id=n, mac_address=_mac(n), **ports) for n in numbers
    )
    m.Address.objects.bulk_create(
        m.Address(subnet=subnet, port_id=n, address=_ip(n)) for n in numbers
    )
    disk = {"project": project, "size": 1024, "disk_template": "file", "created_at": NOW}
    m.Volume.objects.bulk_create(m.Volume(pk=n, server_id=n, **disk) for n in numbers)
    each = {"instances": 1, "cores": 1, "ram": 128}
    settled = {"project": project, "state": "ACCEPTED", "issued_at": NOW, "resolved_at": NOW}
    m.Commission.objects.bulk_create(
        m.Commission(server_id=n, provisions=each, **settled) for n in numbers
    )
    for name, amount in each.items():
        m.QuotaUsage.objects.create(project=project, resource=name, used=amount * count)
    return backend


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return round(time.perf_counter() - began, 3), result


def _stop_some(rapi: Rapi, share: float) -> int:
    some = list(rapi.instances.values())[: int(len(rapi.instances) * share / 100)]
    for one in some:
        one["oper_state"], one["status"] = False, "ADMIN_down"
    rapi.written()
    return len(some)


def measure(count: int, share: float) -> dict[str, Any]:
    """All of it, in seconds."""
    from synnefo import wiring
    from synnefo.rapi.client import RapiCluster
    from synnefo.reconciler import books
    from synnefo.reconciler.loop import Reconciler

    backend, rapi = _rows(count), Rapi(count)
    cluster = RapiCluster("https://c", "u", "p", transport=rapi)
    reconciler = Reconciler(lambda _: cluster, wiring.clock(), 30.0)
    found: dict[str, Any] = {"servers": count}
    found["turn"], look = _seconds(lambda: reconciler.turn(backend))
    found["turn_requests"], found["turn_drifts"] = rapi.requests, len(look.drifts)
    found["drifts"] = _stop_some(rapi, share)
    found["turn_with_repairs"], look = _seconds(lambda: reconciler.turn(backend))
    assert len(look.drifts) == found["drifts"]
    found["books"], mistakes = _seconds(lambda: books.check(NOW, repair=False))
    assert not mistakes
    found["one_server"], _ = _seconds(lambda: reconciler.turn(backend, [count]))
    found["resident_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def main() -> None:
    """Measure in a folder that goes afterwards."""
    parser = argparse.ArgumentParser(prog="./cloud bench truth", description=__doc__)
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--drift", type=float, default=1.0, help="percent of the servers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-truth-") as folder:
        os.environ["SYNNEFO_STATE"] = folder
        os.environ["SYNNEFO_DATABASE"] = f"sqlite:///{Path(folder) / 'db.sqlite3'}"
        os.environ["SYNNEFO_DOORBELL"] = f"local:{folder}"
        os.environ["DJANGO_SETTINGS_MODULE"] = "synnefo.settings"
        import logging

        import django
        from django.core.management import call_command

        django.setup()
        logging.disable(logging.INFO)
        call_command("migrate", verbosity=0)
        print(json.dumps(measure(options.servers, options.drift), indent=1))


if __name__ == "__main__":
    main()
