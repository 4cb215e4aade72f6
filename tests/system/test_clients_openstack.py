"""The journeys of a person and of an administrator with python-openstackclient."""

import pytest

from tests.integration.api.world import PUBLIC_KEY
from tests.system.clients.person import openstack
from tests.system.cloud import wait_until

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def person(shared_cloud):
    with openstack(shared_cloud) as run:
        yield run


@pytest.fixture(scope="module")
def administrator(shared_cloud):
    with openstack(shared_cloud, "admin") as run:
        yield run


def plain(run, *words):
    run(*words, "--plain")


def names(rows, column="Name"):
    return {row[column] for row in rows}


def test_a_server_on_an_own_network(person, tmp_path):
    public_key = tmp_path / "key.pub"
    public_key.write_text(PUBLIC_KEY)
    plain(person, "network", "create", "journey-net")
    person("subnet", "create", "--network", "journey-net", "--subnet-range", "10.77.0.0/24",
           "journey-subnet")  # fmt: skip
    person("router", "create", "journey-router")
    plain(person, "router", "set", "--external-gateway", "public", "journey-router")
    plain(person, "router", "add", "subnet", "journey-router", "journey-subnet")
    person("security", "group", "create", "journey-web")
    rule = person("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "80",
                  "journey-web")  # fmt: skip
    assert rule["port_range_min"] == 80
    key = person("keypair", "create", "--public-key", str(public_key), "journey-key")
    assert key["name"] == "journey-key"
    server = person(
        "server", "create", "--flavor", "m1.tiny", "--image", _image(person), "--network",
        "journey-net", "--key-name", "journey-key", "--security-group", "journey-web",
        "--property", "role=web", "--tag", "blue", "--wait", "journey",
    )  # fmt: skip
    assert server["status"] == "ACTIVE"
    assert "10.77.0." in str(server["addresses"])
    floating = person("floating", "ip", "create", "public")["floating_ip_address"]
    plain(person, "server", "add", "floating", "ip", "journey", floating)
    assert floating in str(person("server", "show", "journey")["addresses"])
    plain(person, "server", "remove", "floating", "ip", "journey", floating)
    plain(person, "floating", "ip", "delete", floating)


def test_what_becomes_of_a_server(person):
    for verb, status in (
        ("pause", "PAUSED"), ("unpause", "ACTIVE"), ("suspend", "SUSPENDED"),
        ("resume", "ACTIVE"), ("lock", "ACTIVE"), ("unlock", "ACTIVE"), ("stop", "SHUTOFF"),
        ("start", "ACTIVE"), ("shelve", "SHELVED_OFFLOADED"), ("unshelve", "ACTIVE"),
    ):  # fmt: skip
        plain(person, "server", verb, "journey")
        _wait(person, "journey", status)
    plain(person, "server", "resize", "--flavor", "m1.small", "--wait", "journey")
    _wait(person, "journey", "VERIFY_RESIZE")
    plain(person, "server", "resize", "confirm", "journey")
    _wait(person, "journey", "ACTIVE")
    person("server", "image", "create", "--name", "journey-image", "--wait", "journey")
    assert "journey-image" in names(person("image", "list"))
    events = person("server", "event", "list", "journey")
    assert {"create", "pause", "resize"} <= names(events, "Action")


def test_a_volume(person):
    volume = person("volume", "create", "--size", "1", "journey-volume")
    plain(person, "volume", "set", "--property", "a=b", "journey-volume")
    _until(lambda: person("volume", "show", "journey-volume")["status"] == "available")
    person("server", "add", "volume", "journey", "journey-volume")
    _until(lambda: person("volume", "show", "journey-volume")["status"] == "in-use")
    plain(person, "server", "remove", "volume", "journey", "journey-volume")
    _until(lambda: person("volume", "show", "journey-volume")["status"] == "available")
    person("volume", "snapshot", "create", "--volume", "journey-volume", "journey-snapshot")
    _until(
        lambda: person("volume", "snapshot", "show", "journey-snapshot")["status"] == "available"
    )
    plain(person, "volume", "snapshot", "delete", "journey-snapshot")
    _until(lambda: "journey-snapshot" not in names(person("volume", "snapshot", "list")))
    plain(person, "volume", "delete", volume["id"])
    _until(lambda: "journey-volume" not in names(person("volume", "list")))


def test_an_image(person, tmp_path):
    content = tmp_path / "image.raw"
    content.write_bytes(bytes(1 << 16))
    image = person("image", "create", "--file", str(content), "--disk-format", "raw", "mine")
    assert image["status"] == "active"
    plain(person, "image", "set", "--property", "os_distro=debian", "--tag", "small", "mine")
    assert person("image", "show", "mine")["tags"] == ["small"]
    saved = tmp_path / "saved"
    plain(person, "image", "save", "--file", str(saved), "mine")
    assert saved.read_bytes() == content.read_bytes()
    plain(person, "image", "delete", "mine")


def test_what_there_is(person):
    for words in (
        ("flavor", "list"), ("image", "list"), ("network", "list"), ("subnet", "list"),
        ("port", "list"), ("router", "list"), ("floating", "ip", "list"), ("server", "list"),
        ("security", "group", "list"), ("volume", "list"), ("volume", "type", "list"),
        ("volume", "snapshot", "list"), ("keypair", "list"), ("server", "group", "list"),
        ("availability", "zone", "list"), ("extension", "list", "--network"),
        ("catalog", "list"), ("limits", "show", "--absolute"), ("subnet", "pool", "list"),
        ("application", "credential", "list"),
    ):  # fmt: skip
        assert isinstance(person(*words), list), words


def test_an_application_credential(person):
    made = person("application", "credential", "create", "journey-credential")
    assert made["Secret"]
    plain(person, "application", "credential", "delete", "journey-credential")


def test_an_administrator(administrator):
    project = administrator("project", "create", "--property", "k=v", "journey-project")
    user = administrator("user", "create", "--password", "secret-enough-1", "journey-user")
    plain(administrator, "role", "add", "--project", project["id"], "--user", user["id"], "member")
    rows = administrator("role", "assignment", "list", "--user", user["id"], "--names")
    assert [row["Role"] for row in rows] == ["member"]
    plain(administrator, "quota", "set", "--instances", "3", project["id"])
    shown = {row["Resource"]: row["Limit"] for row in administrator("quota", "show", project["id"])}
    assert shown["instances"] == 3
    for words in (
        ("hypervisor", "list"), ("compute", "service", "list"), ("aggregate", "list"),
        ("server", "list", "--all-projects"), ("usage", "list"), ("server", "migration", "list"),
        ("volume", "service", "list"), ("network", "agent", "list"), ("domain", "list"),
        ("group", "list"), ("endpoint", "list"), ("service", "list"), ("region", "list"),
    ):  # fmt: skip
        assert isinstance(administrator(*words), list), words
    administrator("flavor", "create", "--ram", "256", "--disk", "1", "--vcpus", "1", "journey")
    plain(administrator, "flavor", "delete", "journey")
    plain(administrator, "user", "delete", user["id"])
    plain(administrator, "project", "delete", project["id"])


def test_everything_goes_again(person):
    plain(person, "server", "delete", "--wait", "journey")
    plain(person, "router", "remove", "subnet", "journey-router", "journey-subnet")
    plain(person, "router", "delete", "journey-router")
    plain(person, "network", "delete", "journey-net")
    plain(person, "security", "group", "delete", "journey-web")
    plain(person, "keypair", "delete", "journey-key")
    plain(person, "image", "delete", "journey-image")
    assert "journey" not in names(person("server", "list"))


def _image(person):
    return next(row["ID"] for row in person("image", "list") if row["Name"] != "journey-image")


def _wait(person, server, status):
    _until(lambda: person("server", "show", server)["status"] == status, f"{server} is {status}")


def _until(condition, what="it comes true"):
    wait_until(condition, what, 60)
