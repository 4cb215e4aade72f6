"""What every cluster promises through the port."""

import uuid
from dataclasses import replace

import pytest

from synnefo.ports import DiskSpec, InstanceChange, NetworkSpec, NicSpec, NotFound
from tests.contract.cluster.conftest import OWN

# What tests/conformance asks the real one anyhow, which takes its seconds for each instance.
not_on_the_real_one = pytest.mark.parametrize("cluster", ["fake", OWN], indirect=True)


def test_info_names_the_cluster(cluster):
    info = cluster.info()
    assert info.name
    assert info.master
    assert "fake" in info.enabled_hypervisors
    assert "file" in info.enabled_disk_templates


def test_nodes_tell_their_room(cluster):
    nodes = cluster.nodes()
    assert nodes
    assert all(node.memory_free and node.disk_free and node.cpus for node in nodes)
    assert "default" in cluster.groups()


def test_a_life(cluster, finished, spec, name):
    job = finished(cluster.submit_create(spec, "synnefo:intent=1"))
    assert job.status == "success", job.ops
    assert [op.opcode for op in job.ops] == ["OP_INSTANCE_CREATE"]
    made = cluster.instance(name)
    assert (made.status, made.admin_state, made.running) == ("running", "up", True)
    assert (made.memory, made.vcpus, made.disk_template) == (64, 1, "file")
    assert [(disk.name, disk.size) for disk in made.disks] == [(f"{name}-root", 16)]
    assert made in [replace(one, serial=made.serial) for one in cluster.instances()]

    assert finished(cluster.submit_shutdown(name, "r", timeout=1)).status == "success"
    stopped = cluster.instance(name)
    assert (stopped.status, stopped.running) == ("ADMIN_down", False)
    assert finished(cluster.submit_startup(name, "r")).status == "success"
    assert finished(cluster.submit_reboot(name, "r", "hard")).status == "success"
    assert cluster.instance(name).running

    assert finished(cluster.submit_remove(name, "r")).status == "success"
    with pytest.raises(NotFound):
        cluster.instance(name)


@not_on_the_real_one
def test_an_instance_that_is_not_started(cluster, finished, spec, name):
    finished(cluster.submit_create(replace(spec, start=False), "r"))
    assert (cluster.instance(name).status, cluster.instance(name).running) == ("ADMIN_down", False)
    assert cluster.console_output(name) == ""


def test_size_and_disks_change(cluster, finished, spec, name):
    finished(cluster.submit_create(replace(spec, start=False), "r"))
    change = InstanceChange(vcpus=2, memory=128, add_disks=(DiskSpec(f"{name}-data", 8),))
    job = finished(cluster.submit_set_params(name, change, "r"))
    assert job.status == "success", job.ops
    changed = cluster.instance(name)
    assert (changed.vcpus, changed.memory) == (2, 128)
    assert [disk.name for disk in changed.disks] == [f"{name}-root", f"{name}-data"]
    change = InstanceChange(remove_disks=(f"{name}-data",))
    assert finished(cluster.submit_set_params(name, change, "r")).status == "success"
    assert [disk.name for disk in cluster.instance(name).disks] == [f"{name}-root"]


@not_on_the_real_one
def test_names_are_given_later(cluster, finished, spec, name):
    """The real one is asked when an instance is imported, in tests/system."""
    card = NicSpec("old", mac="aa:00:00:11:22:44")
    finished(cluster.submit_create(replace(spec, start=False, nics=(card,)), "r"))
    assert finished(cluster.submit_rename(name, f"{name}0", "r")).status == "success"
    with pytest.raises(NotFound):
        cluster.instance(name)
    made = cluster.instance(f"{name}0")
    change = InstanceChange(
        name_nics={made.nics[0].uuid: NicSpec("new")}, name_disks={made.disks[0].uuid: "disk"}
    )
    job = finished(cluster.submit_set_params(f"{name}0", change, "r"))
    assert job.status == "success", job.ops
    changed = cluster.instance(f"{name}0")
    assert changed.nics == (replace(made.nics[0], name="new"),)
    assert changed.disks == (replace(made.disks[0], name="disk"),)
    assert finished(cluster.submit_rename(f"{name}0", name, "r")).status == "success"


def test_networks_and_cards(cluster, finished, spec, name):
    network = f"{name}-net"
    added = cluster.submit_network_add(NetworkSpec(network, "10.77.0.0/24", "10.77.0.1"), "r")
    connected = cluster.submit_network_connect(
        network, "default", "bridged", "br0", "r", after=added
    )
    assert finished(connected).status == "success"
    found = next(one for one in cluster.networks() if one.name == network)
    assert (found.cidr, found.gateway, found.groups) == ("10.77.0.0/24", "10.77.0.1", ("default",))

    cards = (NicSpec("a", network, "10.77.0.9", "aa:00:00:11:22:33"), NicSpec("b", network))
    job = finished(cluster.submit_create(replace(spec, start=False, nics=cards), "r"))
    assert job.status == "success", job.ops
    first, second = cluster.instance(name).nics
    assert (first.name, first.network, first.ip) == ("a", network, "10.77.0.9")
    assert first.mac == "aa:00:00:11:22:33"
    assert second.mac
    assert second.ip not in {None, "pool", first.ip, "10.77.0.1"}

    change = InstanceChange(remove_nics=("a",))
    assert finished(cluster.submit_set_params(name, change, "r")).status == "success"
    assert [card.name for card in cluster.instance(name).nics] == ["b"]
    assert finished(cluster.submit_remove(name, "r")).status == "success"
    assert finished(cluster.submit_network_disconnect(network, "default", "r")).status == "success"
    assert finished(cluster.submit_network_remove(network, "r")).status == "success"
    assert network not in [one.name for one in cluster.networks()]


def test_a_card_is_attached_readdressed_and_detached_while_its_guest_runs(
    cluster, finished, spec, name
):
    network = f"{name}-net"
    added = cluster.submit_network_add(NetworkSpec(network, "10.78.0.0/24", "10.78.0.1"), "r")
    connected = cluster.submit_network_connect(
        network, "default", "bridged", "br0", "r", after=added
    )
    assert finished(connected).status == "success"
    without = NicSpec("a", network, "none", "fa:16:3e:00:00:01")
    job = finished(cluster.submit_create(replace(spec, nics=(without,)), "r"))
    assert job.status == "success", job.ops
    assert cluster.instance(name).nics[0].ip is None

    def changed(**change):
        job = finished(cluster.submit_set_params(name, InstanceChange(**change), "r"))
        assert job.status == "success", job.ops
        nics = cluster.instance(name).nics
        return {one.name: (one.network, one.ip, one.mac) for one in nics}

    card = NicSpec("b", network, "10.78.0.9", "fa:16:3e:00:00:02")
    assert changed(add_nics=(card,))["b"] == (network, "10.78.0.9", "fa:16:3e:00:00:02")
    moved = changed(name_nics={"b": NicSpec("b", ip="10.78.0.77")})
    assert moved["b"] == (network, "10.78.0.77", "fa:16:3e:00:00:02")
    assert changed(name_nics={"b": NicSpec("b", ip="none")})["b"][1] is None
    assert set(changed(remove_nics=("b",))) == {"a"}
    assert finished(cluster.submit_remove(name, "r")).status == "success"
    assert finished(cluster.submit_network_disconnect(network, "default", "r")).status == "success"
    assert finished(cluster.submit_network_remove(network, "r")).status == "success"


def test_a_job_is_found_by_its_reason(cluster, finished, spec):
    intent = str(uuid.uuid4())
    assert cluster.find_job_by_reason(intent, 0) is None
    job_id = cluster.submit_create(spec, f"synnefo:intent={intent};request=req-1;actor=demo")
    assert cluster.find_job_by_reason(intent, job_id - 1) == job_id
    finished(job_id)
    assert cluster.find_job_by_reason(intent, job_id - 1) == job_id
    assert cluster.find_job_by_reason(intent, job_id) is None


@not_on_the_real_one
def test_a_failing_job_says_why(cluster, finished, spec, name):
    finished(cluster.submit_create(spec, "r"))
    job = finished(cluster.submit_create(spec, "r"))
    assert job.status == "error"
    kind, (text, code) = job.ops[0].result
    assert (kind, code) == ("OpPrereqError", "already_exists")
    assert name in text


def test_too_large_an_instance(cluster, finished, spec, name):
    job = finished(cluster.submit_create(replace(spec, memory=50_000_000), "r"))
    assert job.status == "error"
    assert job.ops[0].result[1][1] == "insufficient_resources"
    with pytest.raises(NotFound):
        cluster.instance(name)


def test_what_is_not_there(cluster):
    with pytest.raises(NotFound):
        cluster.instance("absent-1")
    with pytest.raises(NotFound):
        cluster.console_output("absent-1")
    with pytest.raises(NotFound):
        cluster.job(999_999_999)


def test_the_console(cluster, finished, spec, name, keeps_output):
    finished(cluster.submit_create(spec, "r"))
    assert cluster.console(name).kind in {"msg", "vnc"}
    if keeps_output:
        assert f"GUEST-READY host={name}" in cluster.console_output(name)
        assert len(cluster.console_output(name, 1).splitlines()) == 1
    else:
        assert cluster.console_output(name) == ""


def test_whoever_may_write_is_told_nothing(cluster):
    cluster.check_rights()


def test_the_operating_system_of_images_is_there(cluster):
    assert "image" in cluster.operating_systems()


@not_on_the_real_one
def test_a_finished_job_cannot_be_cancelled(cluster, finished, spec):
    job = finished(cluster.submit_create(spec, "r"))
    assert cluster.cancel(job.id) is False


@not_on_the_real_one
def test_the_master_stays_in_office(cluster, finished):
    [master] = [node.name for node in cluster.nodes() if node.master]
    assert finished(cluster.submit_node_role(master, "drained", "r")).status == "error"
    assert not any(node.drained for node in cluster.nodes())


@not_on_the_real_one
def test_another_node_is_drained_and_comes_back(cluster, finished):
    for name in [node.name for node in cluster.nodes() if not node.master][:1]:
        assert finished(cluster.submit_node_role(name, "drained", "r")).status == "success"
        assert {node.name for node in cluster.nodes() if node.drained} == {name}
        assert finished(cluster.submit_node_role(name, "regular", "r")).status == "success"
        assert not any(node.drained for node in cluster.nodes())


@not_on_the_real_one
def test_the_cluster_is_tagged(cluster, finished):
    assert finished(cluster.submit_cluster_tag("htools:iextags:here", "r")).status == "success"
    assert "htools:iextags:here" in cluster.info().tags
