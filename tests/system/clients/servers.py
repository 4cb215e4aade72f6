"""What becomes of a server by python-novaclient, command by command; says "done" at its end."""

from collections.abc import Callable
from typing import Any

from cinderclient import client as cinder
from novaclient import client, exceptions

from tests.system.clients.signed_in import signed_in
from tests.system.cloud import wait_until


def until(mine: Any, server: Any, status: str) -> Any:
    """The server once it has this status and nothing is under way."""

    def arrived() -> Any:
        now = mine.servers.get(server.id)
        assert status == "ERROR" or now.status != "ERROR", now.fault
        settled = now.status == status and not getattr(now, "OS-EXT-STS:task_state")
        return now if settled else None

    return wait_until(arrived, f"{server.id} is {status}")


def refused(code: int, call: Callable[[], Any]) -> None:
    """It has to be refused with this status."""
    got = 200
    try:
        call()
    except exceptions.ClientException as fault:
        got = fault.code
    assert got == code, f"that was to be refused with {code}, not answered with {got}"


def made(mine: Any, admin: Any) -> Any:
    """A server with all that is said at its creation, on an image of few bytes."""
    image = next(one for one in mine.glance.list() if one.status == "active")
    group = mine.server_groups.create("nova-group", "soft-anti-affinity")
    # From 2.92 on users bring keys of their own.
    key = client.Client("2.91", session=signed_in("demo")).keypairs.create("nova-key")
    assert "PRIVATE KEY" in key.private_key
    server = mine.servers.create(
        "nova-commands", image, mine.flavors.find(name="m1.tiny"), nics="auto", key_name=key.name,
        userdata="#!/bin/sh", scheduler_hints={"group": group.id}, description="d",
        config_drive=True,
    )  # fmt: skip
    shown = until(mine, server, "ACTIVE")
    assert (shown.key_name, shown.description, shown.config_drive) == ("nova-key", "d", "True")
    assert shown.server_groups == [group.id]
    assert mine.server_groups.get(group.id).members == [server.id]
    assert admin.servers.list(search_opts={"all_tenants": True, "name": "nova-commands"})
    mine.keypairs.delete(key)
    return server


def states(mine: Any, server: Any) -> None:
    """One state after the other, and what each one forbids."""
    for verb, status in (
        ("pause", "PAUSED"), ("unpause", "ACTIVE"), ("suspend", "SUSPENDED"),
        ("resume", "ACTIVE"), ("rescue", "RESCUE"), ("unrescue", "ACTIVE"),
        ("stop", "SHUTOFF"), ("start", "ACTIVE"),
    ):  # fmt: skip
        getattr(mine.servers, verb)(server)
        until(mine, server, status)
    mine.servers.lock(server, reason="mine alone")
    assert mine.servers.get(server.id).locked_reason == "mine alone"
    refused(409, lambda: mine.servers.stop(server))
    mine.servers.unlock(server)
    refused(409, lambda: mine.servers.unpause(server))
    image = mine.servers.get(server.id).image["id"]
    mine.servers.rebuild(server, image, name="nova-again", meta={"a": "b"})
    shown = until(mine, server, "ACTIVE")
    assert (shown.name, shown.metadata) == ("nova-again", {"a": "b"})


def looks(mine: Any, admin: Any, server: Any) -> None:
    """What is told of it."""
    assert "GUEST-READY" in wait_until(
        lambda: mine.servers.get_console_output(server.id, 50), "the console says something"
    )
    refused(409, lambda: mine.servers.get_vnc_console(server.id, "novnc"))
    assert admin.servers.diagnostics(server)[1]["state"] == "running"
    done = {one.action for one in mine.instance_action.list(server)}
    assert {"create", "pause", "rescue", "rebuild", "lock"} <= done
    events = mine.instance_action.get(server, mine.instance_action.list(server)[0].request_id)
    assert events.events is not None
    assert mine.servers.ips(server)
    mine.servers.set_meta(server, {"c": "d"})
    mine.servers.delete_meta(server, ["a"])
    assert mine.servers.get(server.id).metadata == {"c": "d"}
    mine.servers.update(server, description="e")
    assert mine.servers.topology(server.id) is not None
    assert admin.migrations.list(instance_uuid=server.id) == []
    refused(400, lambda: mine.servers.trigger_crash_dump(server))
    refused(403, lambda: mine.servers.migrate(server))


def attached(mine: Any, volumes: Any, server: Any) -> None:
    """A card and a disk come and go."""
    before = {one.id for one in mine.servers.interface_list(server)}
    network = mine.neutron.find_network("public")
    mine.servers.interface_attach(server, None, network.id, None)
    more = wait_until(
        lambda: [one for one in mine.servers.interface_list(server) if one.id not in before],
        "there is one card more",
    )
    mine.servers.interface_detach(server, more[0].port_id)
    wait_until(lambda: len(mine.servers.interface_list(server)) == len(before), "it is gone")
    volume = volumes.volumes.create(1, name="nova-volume")
    wait_until(lambda: volumes.volumes.get(volume.id).status == "available", "a volume is there")
    held = mine.volumes.create_server_volume(server.id, volume.id, tag="data")
    wait_until(lambda: volumes.volumes.get(volume.id).status == "in-use", "it is attached")
    (seen,) = mine.volumes.get_server_volumes(server.id)
    assert (seen.volumeId, seen.tag, seen.device) == (volume.id, "data", held.device)
    mine.volumes.update_server_volume(server.id, volume.id, volume.id, delete_on_termination=True)
    mine.servers.delete(server)
    wait_until(lambda: not mine.servers.list(search_opts={"name": "nova-again"}), "it is gone")
    wait_until(
        lambda: not volumes.volumes.list(search_opts={"name": "nova-volume"}), "its volume, too"
    )


def about(mine: Any, admin: Any) -> None:
    """What there is beside servers."""
    assert mine.availability_zones.list(detailed=False)[0].zoneState["available"]
    assert mine.limits.get().to_dict()["absolute"]["maxTotalInstances"] > 0
    assert mine.quotas.get(mine.client.get_project_id()).instances > 0
    assert [one.hypervisor_hostname for one in admin.hypervisors.list()]
    assert {one.binary for one in admin.services.list()} == {"nova-compute"}
    aggregate = admin.aggregates.create("nova-aggregate", None)
    admin.aggregates.set_metadata(aggregate, {"a": "b"})
    assert admin.aggregates.get(aggregate).metadata == {"a": "b"}
    admin.aggregates.delete(aggregate)
    for group in mine.server_groups.list():
        if group.name == "nova-group":
            mine.server_groups.delete(group.id)


def main() -> None:
    """All of it."""
    mine, admin = (client.Client("2.96", session=signed_in(who)) for who in ("demo", "admin"))
    volumes = cinder.Client("3.71", session=signed_in("demo"))
    server = made(mine, admin)
    states(mine, server)
    looks(mine, admin, server)
    attached(mine, volumes, server)
    about(mine, admin)
    print("done")


if __name__ == "__main__":
    main()
