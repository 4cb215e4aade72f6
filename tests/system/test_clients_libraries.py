"""The libraries that programs use: openstacksdk, libcloud, and the clients of the services."""

import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.cloud import ROOT, issue_token

pytestmark = pytest.mark.system

# Each runs in a process of its own, for these libraries warn of their own future.
SDK = """
    import openstack
    cloud = openstack.connect(cloud="demo")
    image = next(cloud.image.images())
    flavor = cloud.compute.find_flavor("m1.tiny")
    network = cloud.network.create_network(name="sdk-net")
    subnet = cloud.network.create_subnet(
        name="sdk-subnet", network_id=network.id, ip_version=4, cidr="10.78.0.0/24")
    key = cloud.compute.create_keypair(name="sdk-key")
    assert "PRIVATE KEY" in key.private_key
    server = cloud.create_server(
        "sdk", image=image.id, flavor=flavor.id, network=network.id, key_name="sdk-key",
        userdata="#!/bin/sh", meta={"a": "b"}, wait=True, auto_ip=False)
    assert server.status == "ACTIVE" and server.metadata == {"a": "b"}
    assert [s.name for s in cloud.compute.servers(name="sdk")] == ["sdk"]
    cloud.compute.set_server_metadata(server, c="d")
    cloud.compute.stop_server(server)
    cloud.compute.wait_for_server(server, "SHUTOFF")
    port = next(cloud.network.ports(device_id=server.id))
    assert port.fixed_ips[0]["ip_address"].startswith("10.78.0.")
    volume = cloud.create_volume(1, name="sdk-volume", wait=True)
    assert volume.status == "available"
    cloud.delete_volume(volume.id, wait=True)
    cloud.delete_server(server.id, wait=True)
    cloud.compute.delete_keypair("sdk-key")
    cloud.network.delete_network(network)
    assert not list(cloud.compute.servers(name="sdk"))
    print("done")
"""
NOVA = """
    import os
    from keystoneauth1 import loading, session
    from novaclient import client
    auth = loading.get_plugin_loader("password").load_from_options(
        auth_url=os.environ["OS_AUTH_URL"], username=os.environ["OS_USERNAME"],
        password=os.environ["OS_PASSWORD"], project_name=os.environ["OS_PROJECT_NAME"],
        user_domain_name="Default", project_domain_name="Default")
    nova = client.Client("2.90", session=session.Session(auth=auth))
    flavor = nova.flavors.find(name="m1.tiny")
    image = next(i for i in nova.glance.list() if i.status == "active")
    server = nova.servers.create("nova", image, flavor, nics="auto", meta={"k": "v"})
    def until(status):
        for _ in range(600):
            now = nova.servers.get(server.id)
            assert now.status != "ERROR", now.fault
            if now.status == status and not getattr(now, "OS-EXT-STS:task_state"):
                return now
            time.sleep(0.1)
        raise AssertionError(f"not {status}: {now.status}")
    import time
    until("ACTIVE")
    assert nova.servers.list(search_opts={"name": "nova"})[0].id == server.id
    nova.servers.stop(server); until("SHUTOFF")
    nova.servers.start(server); until("ACTIVE")
    nova.servers.reboot(server, "HARD"); until("ACTIVE")
    nova.servers.resize(server, nova.flavors.find(name="m1.small")); until("VERIFY_RESIZE")
    nova.servers.revert_resize(server); until("ACTIVE")
    nova.servers.set_tags(server, ["x", "y"])
    assert nova.servers.tag_list(server) == ["x", "y"]
    assert [a.action for a in nova.instance_action.list(server)][-1] == "create"
    assert nova.limits.get().to_dict()["absolute"]["totalInstancesUsed"] >= 1
    newest = nova.versions.get_current().version
    assert tuple(map(int, newest.split("."))) >= (2, 79)
    nova.servers.delete(server)
    print("done")
"""
LIBCLOUD = """
    import os, time
    from libcloud.compute.providers import get_driver
    from libcloud.compute.types import NodeState, Provider
    base = os.environ["OS_AUTH_URL"].removesuffix("/identity/v3")
    driver = get_driver(Provider.OPENSTACK)(
        os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"], secure=False,
        ex_force_auth_url=base + "/identity", ex_force_auth_version="3.x_password",
        ex_tenant_name=os.environ["OS_PROJECT_NAME"], ex_domain_name="Default",
        ex_force_service_region="RegionOne", api_version="2.2")
    size = next(s for s in driver.list_sizes() if s.name == "m1.tiny")
    image = driver.list_images()[0]
    network = next(n for n in driver.ex_list_networks() if n.name == "public")
    node = driver.create_node(name="libcloud", size=size, image=image, networks=[network])
    for _ in range(600):
        if driver.ex_get_node_details(node.id).state == NodeState.RUNNING:
            break
        time.sleep(0.1)
    node = driver.ex_get_node_details(node.id)
    assert node.state == NodeState.RUNNING, node
    assert driver.reboot_node(node)
    driver.ex_set_metadata(node, {"a": "b"})
    assert driver.ex_get_metadata(node) == {"a": "b"}
    assert any(n.id == node.id for n in driver.list_nodes())
    volume = driver.create_volume(1, "libcloud-volume")
    assert any(v.id == volume.id for v in driver.list_volumes())
    for _ in range(600):
        if driver.ex_get_volume(volume.id).extra["state"] == "available":
            break
        time.sleep(0.1)
    assert driver.destroy_volume(driver.ex_get_volume(volume.id))
    group = driver.ex_create_security_group("libcloud-group", "made by libcloud")
    assert driver.ex_delete_security_group(group)
    assert driver.destroy_node(node)
    print("done")
"""


@pytest.mark.parametrize("journey", [SDK, NOVA, LIBCLOUD], ids=["openstacksdk", "nova", "libcloud"])
def test_a_servers_life(shared_cloud, journey):
    said = run(shared_cloud, sys.executable, "-W", "ignore", "-c", textwrap.dedent(journey))
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.endswith("done\n")


@pytest.mark.parametrize("journey", ["servers", "volumes", "images"])
def test_command_by_command(shared_cloud, journey):
    """With novaclient, cinderclient and glanceclient."""
    words = (sys.executable, "-W", "ignore", "-m", f"tests.system.clients.{journey}")
    said = run(shared_cloud, *words, cwd=ROOT)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.endswith("done\n")


def run(cloud, *words, cwd=None, timeout=180, **more):
    """A program with this cloud's credentials in its environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    own |= cloud.credentials() | {"OS_CLIENT_CONFIG_FILE": str(cloud.state / "clouds.yaml")} | more
    return subprocess.run(
        words, env=own, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
    )


# Tests of openstacksdk itself, for services and features that are here. All others skip themselves,
# or need a service that there is not. cloud.test_identity, test_inventory, test_network and
# test_project_cleanup pass, too, but take as long as all of these or want a project of their own;
# cloud.test_compute does but for its searches, which know the sizes of a devstack.
# Two processes share them, each with services of its own: they mostly wait for answers.
FUNCTIONAL = {
    "network": (
        *(f"network.v2.test_{noun}" for noun in (
            "address_group", "address_scope", "agent", "auto_allocated_topology",
            "availability_zone", "default_security_group_rule", "extension", "floating_ip",
            "network",
            "network_ip_availability", "port", "quota", "rbac_policy", "router",
            "router_add_remove_interface", "security_group", "security_group_rule",
            "service_provider", "subnet", "subnet_from_subnet_pool", "subnet_pool",
        )),
        *(f"image.v2.test_{noun}" for noun in (
            "image", "member", "metadef_namespace", "metadef_object", "metadef_property",
            "metadef_resource_type", "metadef_schema", "schema", "task",
        )),
        "cloud.test_image",
        "cloud.test_meta",
    ),
    "compute": (
        *(f"compute.v2.test_{noun}" for noun in (
            "extension", "flavor", "hypervisor", "image", "keypair", "limits", "quota_set",
            "server", "service",
        )),
        *(f"identity.v3.test_{noun}" for noun in (
            "access_rule", "application_credential", "domain_config", "endpoint",
            "endpoint_group", "group", "limit", "project", "registered_limit", "service", "user",
        )),
        *(f"block_storage.v3.test_{noun}" for noun in (
            "attachment", "availability_zone", "block_storage_summary", "capabilities",
            "default_type", "extension", "group", "limits", "quota_set", "resource_filters",
            "service", "snapshot", "transfer", "type", "volume",
        )),
    ),
}  # fmt: skip
NOT_HERE = (
    # It makes a network for a project that there is not: ours has to be somebody's.
    "network.v2.test_network.TestNetwork.test_find_with_filter",
    # It boots from an empty volume: ours says at once that there is nothing to boot.
    "compute.v2.test_server.TestServerAdmin.test_server",
    # Pretended guests have no screen; tests/system/test_spine.py looks at real ones.
    "compute.v2.test_server.TestServer.test_server_remote_console",
    # The services keep their quotas themselves, so that limits cannot be registered.
    "identity.v3.test_limit.TestLimit.test_limit",
    "identity.v3.test_registered_limit.TestRegisteredLimit.test_registered_limit",
    # Whether a router is highly available is for administrators, and l3-ha is not offered.
    "network.v2.test_router.TestRouter.test_list",
)


# Names modules, then what is not here, and runs all else of the modules.
RUNNER = """
    import sys, unittest
    def each(tests):
        for one in tests:
            yield from each(one) if isinstance(one, unittest.TestSuite) else (one,)
    modules, left_out = (words.split() for words in sys.argv[1:3])
    found = unittest.defaultTestLoader.loadTestsFromNames(
        "openstack.tests.functional." + name for name in modules)
    suite = unittest.TestSuite(one for one in each(found) if not one.id().endswith(tuple(left_out)))
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    print(result.testsRun)
    sys.exit(not result.wasSuccessful())
"""


def test_openstacksdks_own_functional_tests(shared_cloud, tmp_path):
    """Its configuration names a second user and an administrator."""
    (tmp_path / "CONTRIBUTING.rst").write_text("One of them is uploaded as an image.")
    path = tmp_path / "clouds.yaml"
    path.write_text(json.dumps({"clouds": by_tokens(shared_cloud)}))
    with shared_cloud.api() as api:
        image = api.get("/image/v2/images").json()["images"][-1]["name"]

    def some(modules):
        return run(
            shared_cloud, sys.executable, "-W", "ignore", "-c", textwrap.dedent(RUNNER),
            " ".join(modules), " ".join(NOT_HERE),
            OS_CLIENT_CONFIG_FILE=str(path), OS_CLOUD="devstack-admin",
            OPENSTACKSDK_IMAGE=image, OPENSTACKSDK_FLAVOR="m1.tiny", OS_TEST_TIMEOUT="60",
            cwd=tmp_path, timeout=540,
        )  # fmt: skip

    with ThreadPoolExecutor() as both:
        for said in both.map(some, FUNCTIONAL.values()):
            assert said.returncode == 0, (said.stdout + said.stderr)[-8000:]
            assert int(said.stdout.split()[-1]) > 40


def by_tokens(cloud):
    """Every test signs in three times: with a token that costs no hashing of a password."""
    import yaml

    clouds = yaml.safe_load((cloud.state / "clouds.yaml").read_text())["clouds"]
    named = {}
    with cloud.api() as api:
        for person in ("demo", "admin"):
            known = clouds[person]["auth"]
            words = {f"OS_{name.upper()}": value for name, value in known.items()}
            kept = {name: known[name] for name in ("auth_url", "project_name")}
            auth = kept | {"project_domain_name": "Default", "token": issue_token(api, words)}
            named[person] = clouds[person] | {"auth_type": "v3token", "auth": auth}
    return {
        "devstack": named["demo"], "devstack-alt": named["demo"],
        "devstack-admin": named["admin"], "devstack-system-admin": named["admin"],
    }  # fmt: skip
