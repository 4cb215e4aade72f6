"""Three dispatchers, a RabbitMQ of three nodes and a PostgreSQL, each failing under load.

Every wish ends, by one job: the job files are counted, not what the frontend says of them.
"""

import json
import os
import re
import signal
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from synnefo.bus import open_bus
from synnefo.bus.topology import Topology
from synnefo.cloud import layout
from synnefo.cloud.full_parts import bus_url
from synnefo.ports import BusUnavailable
from tests.system.cloud import Cloud, free_port_range, wait_until

pytestmark = pytest.mark.system
SERVERS = 16  # A fault comes when a quarter of them is accepted.
SOON = 180
MESSAGES = 400
INTENT = re.compile(r"synnefo:intent=([0-9a-f-]{36})")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    cloud = Cloud(tmp_path_factory.mktemp("several"), free_port_range(), "full")
    options = ("--brokers", "3", "--dispatchers", "3", "--hypervisor", "fake", "--no-first-server")
    try:
        cloud.up(*options)
        yield cloud
    finally:
        cloud.down()


def _jobs(cloud):
    """How many jobs were made of each intent."""
    queue = cloud.state / "cluster" / "queue"
    made = Counter()
    for path in (*queue.glob("job-*"), *queue.glob("archive/*/job-*")):
        trails = [op["input"]["reason"] for op in json.loads(path.read_bytes())["ops"]]
        said = " ".join(str(entry[1]) for trail in trails for entry in trail)
        made.update(set(INTENT.findall(said)))
    return made


def _wait_for_all(cloud):
    """What failed comes back, so that the next test finds everything again."""
    wait_until(
        lambda: all(one["state"] == "running" for one in cloud.processes().values()),
        "all processes run",
        SOON,
    )


def _ask(api, method, path, **more):
    """Repeated, as clients do, until somebody answers."""

    def answered():
        try:
            answer = api.request(method, path, **more)
        except httpx.TransportError:
            return None
        return None if answer.status_code >= 500 else answer

    return wait_until(answered, f"{method} {path} is answered", SOON)


class Load:
    """Servers that are made, restarted and removed, a fault coming in the midst of each wave."""

    def __init__(self, api):
        self.api = api
        flavor = self._first("/compute/v2.1/flavors", "flavors")
        image = self._first("/image/v2/images", "images")
        network = self._first("/network/v2.0/networks", "networks")
        self.references = {
            "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]
        }  # fmt: skip
        self.servers = []

    def _first(self, path, noun):
        answer = _ask(self.api, "GET", path)  # The fault before may just be over.
        assert answer.status_code == 200, answer.text
        return answer.json()[noun][0]["id"]

    def wave(self, one, fault):
        """Do `one` for each number, and the fault after the first quarter."""
        with ThreadPoolExecutor(4) as pool:
            begun = [pool.submit(one, number) for number in range(SERVERS)]
            for future in begun[: SERVERS // 4]:
                future.result()
            fault()
            return [future.result() for future in begun]

    def create(self, number):
        body = {"server": {"name": f"several-{number}", **self.references}}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        answer = _ask(self.api, "POST", "/compute/v2.1/servers", json=body, headers=key)
        assert answer.status_code == 202, answer.text
        return answer.json()["server"]["id"]

    def reboot(self, number):
        path = f"/compute/v2.1/servers/{self.servers[number]}/action"
        answer = _ask(self.api, "POST", path, json={"reboot": {"type": "HARD"}})
        # Where the first answer was lost, the second one says that it is under way.
        assert answer.status_code in {202, 409}, answer.text

    def delete(self, number):
        answer = _ask(self.api, "DELETE", f"/compute/v2.1/servers/{self.servers[number]}")
        assert answer.status_code in {204, 404}, answer.text

    def listed(self):
        found = _ask(self.api, "GET", "/compute/v2.1/servers/detail").json()["servers"]
        assert not [one for one in found if one["status"] == "ERROR"], found
        return found

    def settled(self):
        """All there are, active and with nothing under way."""
        found = self.listed()
        quiet = all(one["status"] == "ACTIVE" and not one["OS-EXT-STS:task_state"] for one in found)
        return found if quiet else None


@pytest.mark.parametrize("victim", ["rabbitmq", "postgres", "dispatchers"])
def test_each_wish_is_one_job(crowd, victim):
    def kill_broker():
        crowd.kill("rabbitmq")  # The node that the queues were declared on leads them.

    def restart_database():
        os.kill(crowd.processes()["postgres"]["pid"], signal.SIGINT)

    def kill_dispatchers():
        for name in ("dispatcher", "dispatcher3"):
            crowd.kill(name)

    fault = {
        "rabbitmq": kill_broker, "postgres": restart_database, "dispatchers": kill_dispatchers
    }[victim]  # fmt: skip
    before = _jobs(crowd)
    with crowd.api() as api:
        load = Load(api)
        load.servers = load.wave(load.create, fault)
        assert len(wait_until(load.settled, "all are active", SOON)) == SERVERS
        load.wave(load.reboot, fault)
        assert len(wait_until(load.settled, "all are active again", SOON)) == SERVERS
        load.wave(load.delete, fault)
        wait_until(lambda: not load.listed(), "all are gone", SOON)
    made = _jobs(crowd) - before
    assert len(made) == 3 * SERVERS
    assert set(made.values()) == {1}
    _wait_for_all(crowd)


def test_what_was_confirmed_arrives_though_the_leading_broker_dies(crowd):
    """Of the bus alone: over the cloud the reconciler would make up for what got lost."""
    _wait_for_all(crowd)
    url, prefix = bus_url(layout.existing(crowd.state)), "several"
    publishing, consuming = open_bus(url, prefix), open_bus(url, prefix)
    topology, stop, arrived = Topology(prefix), threading.Event(), []

    def received(delivery):
        arrived.append(int(delivery.body))

    queue = topology.queues_for(topology.key("op"))[0]
    reader = threading.Thread(target=consuming.consume, args=([queue], received, stop))
    reader.start()
    try:
        for number in range(MESSAGES):
            if number == MESSAGES // 4:
                crowd.kill("rabbitmq")  # The first that both went to: it leads the queue.
            _publish(publishing, topology.key("op"), str(number).encode())
        wait_until(lambda: len(set(arrived)) == MESSAGES, "all have arrived", SOON)
    finally:
        stop.set()
        consuming.wake()
        reader.join()
        consuming.close()
        publishing.close()
    first_times = list(dict.fromkeys(arrived))
    assert first_times == sorted(first_times)
    _wait_for_all(crowd)


def _publish(bus, key, body):
    """Until it is confirmed, as eventd does."""

    def confirmed():
        try:
            bus.publish(key, [body])
        except BusUnavailable:
            return False
        return True

    wait_until(confirmed, "the broker confirms", SOON)


def test_the_queues_are_kept_by_three_nodes(crowd):
    layout_ports = [crowd.port + offset for offset in (5, 20, 22)]
    folders = [crowd.state / name for name in ("rabbitmq", "rabbitmq2", "rabbitmq3")]
    for folder, port in zip(folders, layout_ports, strict=True):
        kept = list((folder / "mnesia" / f"rabbit{port}@localhost" / "quorum").rglob("*.wal"))
        assert kept, f"{folder.name} keeps no quorum queue"
