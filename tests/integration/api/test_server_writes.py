"""What may be done with a server that is there: actions, deletion, changes, metadata, consoles."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.api.compute.asking import is_asking
from synnefo.db.models import (
    Intent,
    Server,
)
from synnefo.intents.compute import consoles
from synnefo.ports import ConsoleReport
from synnefo.rapi.fake import FakeCluster
from tests.integration.api.client import Api
from tests.integration.api.world import World

SERVERS = "/compute/v2.1/servers"


@pytest.mark.parametrize(
    ("body", "state", "status", "task"),
    [
        ({"os-stop": None}, "ACTIVE", 202, "powering-off"),
        ({"os-stop": {}}, "ACTIVE", 202, "powering-off"),
        ({"os-start": None}, "STOPPED", 202, "powering-on"),
        ({"reboot": {"type": "SOFT"}}, "ACTIVE", 202, "rebooting"),
        ({"reboot": {"type": "hard"}}, "ACTIVE", 202, "rebooting_hard"),
        ({"os-start": None}, "ACTIVE", 409, None),
        ({"os-stop": None}, "STOPPED", 409, None),
        ({"os-stop": {"x": 1}}, "ACTIVE", 400, None),
        ({"reboot": None}, "ACTIVE", 400, None),
        ({"reboot": {"type": "MAYBE"}}, "ACTIVE", 400, None),
        ({"reboot": {"type": 5}}, "ACTIVE", 400, None),
        ({"dance": None}, "ACTIVE", 400, None),
        ({}, "ACTIVE", 400, None),
        ({"os-stop": None, "os-start": None}, "ACTIVE", 400, None),
        ([], "ACTIVE", 400, None),
    ],
)
def test_actions(
    api: Api, world: World, body: Any, state: str, status: int, task: str | None
) -> None:
    server = world.server(state=state)
    answer = api("POST", f"{SERVERS}/{server.uuid}/action", body)
    assert answer.status == status
    record = api.get(f"{SERVERS}/{server.uuid}")["server"]
    assert record["OS-EXT-STS:task_state"] == task
    if status == 202:
        assert answer.raw == b""
        assert (
            Intent.objects.get(server=server).request_id == answer.headers["X-Openstack-Request-Id"]
        )
    if status == 409:
        assert f"instance {server.uuid} while it is in vm_state" in answer.message


def test_delete_keeps_the_record_until_it_is_done(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server().uuid}"
    assert api("DELETE", path).status == 204
    assert api.get(path)["server"]["OS-EXT-STS:task_state"] == "deleting"
    assert api("DELETE", path).status == 204
    assert api("DELETE", f"{SERVERS}/-1").status == 404


def test_update(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server().uuid}"
    updated = api("PUT", path, {"server": {"name": "other"}})
    assert (updated.status, updated.body["server"]["name"]) == (200, "other")
    assert "key_name" not in updated.body["server"]
    for wrong in ({"name": ""}, {"name": None}, {"x": 1}, {"description": "x"}):
        assert api("PUT", path, {"server": wrong}).status == 400


def test_metadata(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server(metadata={'a': '1'}).uuid}/metadata"
    assert api("POST", path, {"metadata": {"b": "2"}}).body == {"metadata": {"a": "1", "b": "2"}}
    assert api("PUT", path, {"metadata": {"c": "3"}}).body == {"metadata": {"c": "3"}}
    assert api("PUT", f"{path}/d", {"meta": {"d": "4"}}).body == {"meta": {"d": "4"}}
    assert api("PUT", f"{path}/d", {"meta": {"e": "4"}}).status == 400
    assert api.get(f"{path}/d") == {"meta": {"d": "4"}}
    assert api("DELETE", f"{path}/d").status == 204
    assert api("DELETE", f"{path}/d").status == 404
    assert api.get(path) == {"metadata": {"c": "3"}}
    assert api("POST", path, {"metadata": {str(n): "" for n in range(129)}}).status == 403
    assert api("POST", path, {"metadata": {"x": None}}).status == 400


def test_consoles(api: Api, world: World, cluster: FakeCluster, monkeypatch: Any) -> None:
    server = world.server()
    monkeypatch.setattr(cluster, "console", lambda name: ConsoleReport("vnc", "127.0.0.1", 5900))
    monkeypatch.setattr(cluster, "console_output", lambda name, length: f"{name} {length}")
    action = f"{SERVERS}/{server.uuid}/action"
    output = api("POST", action, {"os-getConsoleOutput": {"length": 5}})
    assert output.body == {"output": f"snf-{server.pk} 5"}
    for whole in ({}, None, {"length": -1}, {"length": None}):
        output = api("POST", action, {"os-getConsoleOutput": whole})
        assert output.body == {"output": f"snf-{server.pk} None"}
    assert api("POST", action, {"os-getConsoleOutput": {"length": "x"}}).status == 400
    old = {"os-getVNCConsole": {"type": "novnc"}}
    assert "/console/vnc.html?path=" in api("POST", action, old).body["console"]["url"]
    assert api("POST", action, old, version="2.6").status == 404
    new = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    path = f"{SERVERS}/{server.uuid}/remote-consoles"
    url = api("POST", path, new, version="2.6").body["remote_console"]["url"]
    assert url.startswith("http://testserver/console/vnc.html?path=console/websockify%3Ftoken%3D")
    token = url.rpartition("%3D")[2]
    assert consoles.redeem(token) == ("127.0.0.1", 5900)
    assert consoles.redeem(token) is None
    late = api("POST", path, new, version="2.6").body["remote_console"]["url"].rpartition("%3D")[2]
    Server.objects.filter(pk=server.pk).update(state="STOPPED")
    assert consoles.redeem(late) is None
    Server.objects.filter(pk=server.pk).update(state="ACTIVE")
    assert api("POST", path, new).status == 404
    stopped = world.server(state="STOPPED")
    path = f"{SERVERS}/{stopped.uuid}/remote-consoles"
    assert api("POST", path, new, version="2.6").status == 409


def test_a_cluster_that_does_not_answer_holds_few(
    api: Api, world: World, cluster: FakeCluster, monkeypatch: Any
) -> None:
    action, body = f"{SERVERS}/{world.server().uuid}/action", {"os-getConsoleOutput": {}}
    answers = []

    def ask_again(_name: str, _length: int | None) -> str:
        answers.append(api("POST", action, body).status)
        return ""

    monkeypatch.setattr(cluster, "console_output", ask_again)
    assert api("POST", action, body).status == 200
    assert answers == [503, 200, 200]
    assert is_asking(action, b'{"os-getConsoleOutput": {}}')
    assert is_asking(f"{SERVERS}/x/remote-consoles", b"{}")
    assert not is_asking(action, b'{"os-start": null}')
    assert not is_asking(SERVERS, b'{"os-getConsoleOutput": {}}')
