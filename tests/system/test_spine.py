"""What a user and an administrator see: real processes, guest and client, on both profiles."""

import json
import time

import pytest

from tests.system.cloud import EVERYWHERE, wait_for_server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.parametrize("cloud", EVERYWHERE, indirect=True)]


@pytest.fixture(scope="module")
def server(cloud):
    """`web1`, created by the real client; checks that the answer came at once with status BUILD."""
    flavor = cloud.openstack("flavor", "list")[0]["Name"]
    image = cloud.openstack("image", "list")[0]["Name"]
    network = cloud.openstack("network", "list")[0]["Name"]
    created = cloud.openstack(
        "server", "create", "--flavor", flavor, "--image", image, "--network", network, "web1"
    )
    assert created["status"] in {"BUILD", "ACTIVE"}
    with cloud.api() as api:
        wait_for_server(api, created["id"], "ACTIVE")
    yield created["id"]
    cloud.run("openstack", "server", "delete", "--wait", created["id"])


def _instance(cloud, server_id):
    """The instance's name from the administrator's own commands, by position of creation."""
    return cloud.run("gnt-instance", "list", "--no-headers", "-o", "name").split()[-1]


def test_first_server_is_ready(cloud):
    hello = next(s for s in cloud.openstack("server", "list") if s["Name"] == "hello")
    assert hello["Status"] == "ACTIVE"
    log = cloud.run("openstack", "console", "log", "show", "hello")
    assert ("GUEST-READY" in log) is cloud.guests_print


def test_server_has_an_address_of_the_public_pool(cloud, server):
    shown = next(s for s in cloud.openstack("server", "list") if s["ID"] == server)
    address = shown["Networks"]["public"][0]
    cards = cloud.run("gnt-instance", "list", "--no-headers", "-o", "nic.ips")
    assert address in cards

    def printed():
        return address in cloud.run("openstack", "console", "log", "show", server)

    if cloud.guests_print:
        wait_until(printed, f"the guest prints its address {address}")


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (("stop",), "SHUTOFF"),
        (("start",), "ACTIVE"),
        (("reboot",), "ACTIVE"),
        (("reboot", "--hard"), "ACTIVE"),
    ],
    ids=" ".join,
)
def test_power_actions(cloud, server, verb, status):
    cloud.run("openstack", "server", *verb, server)
    with cloud.api() as api:
        wait_for_server(api, server, status, seconds=90)


def _told(cloud, instance, field):
    line = ["gnt-instance", "list", "--no-headers", "-o", field, instance]
    return cloud.run(*line).strip()


def test_another_size(cloud, server):
    """The instance has it as soon as the user may judge it, and keeps it when it is confirmed."""
    shown = {flavor["ID"]: flavor for flavor in cloud.openstack("flavor", "list")}
    with cloud.api() as api:
        record = wait_for_server(api, server, "ACTIVE")
        now = shown[record["flavor"]["id"]]
        larger = min(
            (one for one in shown.values() if one["RAM"] > now["RAM"]), key=lambda one: one["RAM"]
        )
        cloud.run("openstack", "server", "resize", "--flavor", larger["Name"], server)
        wait_for_server(api, server, "VERIFY_RESIZE", seconds=90)
        assert _told(cloud, _instance(cloud, server), "be/maxmem") == f"{larger['RAM']}M"
        cloud.run("openstack", "server", "resize", "confirm", server)
        record = wait_for_server(api, server, "ACTIVE")
        assert record["flavor"]["id"] == larger["ID"]


def test_a_network_of_ones_own(cloud, server):
    """It comes to the cluster with the first card on it, and goes when its user deletes it."""
    instance = _instance(cloud, server)
    cloud.run("openstack", "network", "create", "inner")
    cloud.run(
        "openstack", "subnet", "create", "--network", "inner", "--subnet-range", "10.77.0.0/24",
        "inner",
    )  # fmt: skip
    cloud.run("openstack", "server", "add", "network", server, "inner")
    wait_until(lambda: "10.77.0." in _told(cloud, instance, "nic.ips"), "the card is there", 90)
    cloud.run("openstack", "server", "remove", "network", server, "inner")
    wait_until(lambda: "10.77." not in _told(cloud, instance, "nic.ips"), "the card is gone", 90)
    networks = cloud.run("gnt-network", "list", "--no-headers", "-o", "name").split()
    cloud.run("openstack", "network", "delete", "inner")
    cloud.command("manage", "reconcile", "--repair")  # The daemon does it too, only later.

    def gone():
        left = cloud.run("gnt-network", "list", "--no-headers", "-o", "name").split()
        return len(left) == len(networks) - 1

    wait_until(gone, "the cluster has the network no longer", 90)


def test_keypair(cloud):
    created = cloud.run("openstack", "keypair", "create", "laptop")
    assert "PRIVATE KEY" in created
    assert "laptop" in [k["Name"] for k in cloud.openstack("keypair", "list")]
    cloud.run("openstack", "keypair", "delete", "laptop")


def test_administrator_is_followed_within_a_second(cloud, server):
    instance = _instance(cloud, server)
    with cloud.api() as api:
        wait_for_server(api, server, "ACTIVE")
        for command, status in (("shutdown", "SHUTOFF"), ("startup", "ACTIVE")):
            cloud.run("gnt-instance", command, instance)
            returned = time.monotonic()
            wait_for_server(api, server, status, seconds=10)
            seen = time.monotonic() - returned
            print(f"{command}: shown {seen * 1000:.0f} ms after the command returned")


def test_change_is_pushed_to_the_open_page(cloud, server):
    """An open event stream names the server when an administrator stops it, without any reload."""
    instance = _instance(cloud, server)
    with cloud.api() as api:
        with api.stream("GET", "/events", timeout=60) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: hello"
            cloud.run("gnt-instance", "reboot", instance)
            for line in lines:
                if line.startswith("data:") and json.loads(line[5:]).get("id") == server:
                    break
        wait_for_server(api, server, "ACTIVE")


def test_administrators_commands(cloud, server):
    instance = _instance(cloud, server)
    assert instance in cloud.run("gnt-instance", "info", instance)
    nodes = len(cloud.real.nodes) if cloud.real else 3
    assert len(cloud.run("gnt-node", "list", "--no-headers", "-o", "name").split()) == nodes
    jobs = cloud.run("gnt-job", "list", "--no-headers", "-o", "id,status").splitlines()
    assert jobs
    assert "INSTANCE" in cloud.run("gnt-job", "info", jobs[-1].split()[0])
    assert "cluster" in cloud.run("gnt-cluster", "info").lower()
    # Ganeti looks for a file that not all kernels have, and sees this machine's OS definitions.
    besides = ["--ignore-errors=ENODESETUP", "--ignore-errors=ENODEOS"] if cloud.real else []
    cloud.run("gnt-cluster", "verify", *besides)


def test_instance_of_an_administrator(cloud):
    """An instance that users never asked for lives and goes, and disturbs nobody."""
    name = "admin.example"
    cloud.run(
        "gnt-instance",
        "add",
        "-t",
        "diskless",
        "-o",
        "noop",
        "--no-start",
        "--no-name-check",
        "--no-ip-check",
        "-B",
        "memory=64M",
        name,
    )
    assert name in cloud.run("gnt-instance", "list", "--no-headers", "-o", "name")
    assert name not in json.dumps(cloud.openstack("server", "list"))
    cloud.run("gnt-instance", "remove", "-f", name)
    assert name not in cloud.run("gnt-instance", "list", "--no-headers", "-o", "name")


def test_removed_by_the_administrator(cloud):
    flavor, image = (cloud.openstack(noun, "list")[0]["Name"] for noun in ("flavor", "image"))
    created = cloud.openstack(
        "server", "create", "--flavor", flavor, "--image", image, "--network", "public", "gone"
    )
    with cloud.api() as api:
        wait_for_server(api, created["id"], "ACTIVE")
        cloud.run("gnt-instance", "remove", "-f", _instance(cloud, created["id"]))
        wait_until(
            lambda: api.get(f"/compute/v2.1/servers/{created['id']}").status_code == 404,
            "the removed server is gone from the API",
            seconds=10,
        )


def test_an_instance_of_an_administrator_becomes_a_server(cloud):
    """It goes on running, with its disk and its address, and its user can do with it as usual.

    A real guest would find nothing to boot on its disk, and not hear of being stopped.
    """
    name, address, runs = "legacy.example", "198.18.0.77", not cloud.guests_print
    words = ["-t", "file", "-s", "32M", "-o", "noop", "-B", "memory=64M"]
    words += ["--net", f"0:ip={address}", "--no-conflicts-check"]
    words += ["--no-name-check", "--no-ip-check", *([] if runs else ["--no-start"])]
    before = cloud.run("gnt-instance", "list", "--no-headers", "-o", "name")
    cloud.run("gnt-instance", "add", *words, name)
    said = cloud.manage("server_import", name, "--user", "demo", "--network", "public", "--stop")
    server = said.partition(":")[0]
    with cloud.api() as api:
        wait_for_server(api, server, "ACTIVE" if runs else "SHUTOFF")
    shown = next(s for s in cloud.openstack("server", "list") if s["ID"] == server)
    assert shown["Networks"] == {"public": [address]}
    listed = cloud.run("gnt-instance", "list", "--no-headers", "-o", "name,disk.names,nic.names")
    assert name not in listed
    assert "snf-vol-" in listed
    assert "snf-nic-" in listed
    assert "0 differences" in cloud.manage("reconcile")
    if runs:
        cloud.run("openstack", "server", "stop", server)
        with cloud.api() as api:
            wait_for_server(api, server, "SHUTOFF")
    cloud.run("openstack", "server", "delete", "--wait", server)
    assert cloud.run("gnt-instance", "list", "--no-headers", "-o", "name") == before


def test_second_up_keeps_everything(cloud, server):
    before = {s["ID"] for s in cloud.openstack("server", "list")}
    started = time.monotonic()
    cloud.up()
    print(f"second up: {time.monotonic() - started:.1f} s")
    assert {s["ID"] for s in cloud.openstack("server", "list")} == before
