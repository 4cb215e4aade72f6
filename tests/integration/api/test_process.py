"""The real process with real clients: streams, consoles, uploads, the stock command line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openstack
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.integration.api.process import PASSWORD, ROOT, environment, running
from tests.integration.api.world import PUBLIC_KEY

pytestmark = [
    pytest.mark.system,
    pytest.mark.filterwarnings("default"),  # The clients' own deprecations are not ours.
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    with running(tmp_path_factory.mktemp("api"), servers=3) as (url, facts):
        yield url, facts


@pytest.fixture
def http(cloud: tuple[str, dict[str, str]]) -> Iterator[httpx.Client]:
    url, facts = cloud
    with httpx.Client(base_url=url, headers={"X-Auth-Token": facts["token"]}, timeout=30) as client:
        yield client


# --- the stock clients ---------------------------------------------------------------------------


class Cli:
    """python-openstackclient as users run it."""

    def __init__(self, url: str) -> None:
        self._env = {name: text for name, text in os.environ.items() if name[:3] != "OS_"} | {
            "OS_AUTH_URL": f"{url}/identity",
            "OS_USERNAME": "demo",
            "OS_PASSWORD": PASSWORD,
            "OS_PROJECT_NAME": "demo",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": "RegionOne",
        }
        self._program = str(Path(sys.executable).parent / "openstack")

    def __call__(self, *words: str, plain: bool = False) -> Any:
        command = [self._program, *words, *([] if plain else ["-f", "json"])]
        done = subprocess.run(
            command, env=self._env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout if plain else json.loads(done.stdout)


@pytest.fixture
def cli(cloud: tuple[str, dict[str, str]]) -> Cli:
    return Cli(cloud[0])


def test_the_command_line(cli: Cli, tmp_path: Path) -> None:
    assert cli("token", "issue")["id"]
    assert {entry["Name"] for entry in cli("catalog", "list")} >= {"nova", "glance", "neutron"}
    assert [entry["Name"] for entry in cli("flavor", "list")] == ["m1.tiny", "m1.small"]
    assert cli("flavor", "show", "m1.tiny")["ram"] == 128
    assert [entry["Name"] for entry in cli("network", "list")] == ["public"]
    assert cli("network", "show", "public")["router:external"] is True
    assert len(cli("subnet", "list")) == 1
    assert cli("availability", "zone", "list", "--compute")[0]["Zone Name"] == "nova"
    assert cli("limits", "show", "--absolute")
    source = tmp_path / "bytes"
    source.write_bytes(os.urandom(3 << 20))
    made = cli("image", "create", "--file", str(source), "--disk-format", "raw", "mine")
    assert made["name"] == "mine"
    assert "mine" in [entry["Name"] for entry in cli("image", "list")]
    cli("image", "save", "--file", str(tmp_path / "back"), "mine", plain=True)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    cli("image", "set", "--property", "os_distro=debian", "mine", plain=True)
    assert cli("image", "show", "mine")["properties"]["os_distro"] == "debian"
    key = tmp_path / "key.pub"
    key.write_text(PUBLIC_KEY)
    assert cli("keypair", "create", "--public-key", str(key), "k1")["name"] == "k1"
    assert "PRIVATE KEY" in cli("keypair", "create", "k2", plain=True)
    assert {entry["Name"] for entry in cli("keypair", "list")} == {"k1", "k2"}
    assert cli("keypair", "show", "k1")["name"] == "k1"
    cli("keypair", "delete", "k2", plain=True)


def test_servers_by_the_command_line(cli: Cli) -> None:
    words = ("--flavor", "m1.tiny", "--image", "tiny", "--network", "public")
    made = cli("server", "create", *words, "--property", "a=b", "--description", "d", "web1")
    assert made["status"] == "BUILD"
    listed = {entry["Name"]: entry for entry in cli("server", "list")}
    assert listed["web1"]["Networks"]["public"][0].startswith("198.18.")
    assert cli("server", "show", "web1")["properties"] == {"a": "b"}
    cli("server", "set", "--name", "web2", "--property", "c=d", "web1", plain=True)
    assert cli("server", "show", "web2")["properties"] == {"a": "b", "c": "d"}
    cli("server", "unset", "--property", "c", "web2", plain=True)
    cli("server", "stop", "server-1", plain=True)
    assert cli("server", "show", "server-1")["OS-EXT-STS:task_state"] == "powering-off"
    cli("server", "reboot", "--hard", "server-2", plain=True)
    assert cli("server", "event", "list", "server-2")[0]["Action"] == "reboot"
    cli("server", "delete", "web2", plain=True)
    assert cli("server", "show", "web2")["OS-EXT-STS:task_state"] == "deleting"
    assert cli("port", "list", "--server", "server-0")
    assert cli("project", "list", "--my-projects")[0]["Name"] == "demo"


def test_the_sdk(cloud: tuple[str, dict[str, str]]) -> None:
    connection = openstack.connect(
        auth_url=f"{cloud[0]}/identity",
        username="demo",
        password=PASSWORD,
        project_name="demo",
        user_domain_id="default",
        project_domain_id="default",
        region_name="RegionOne",
    )
    compute, images = connection.compute, connection.image
    image = images.find_image("tiny")
    flavor = compute.find_flavor("m1.tiny")
    network = connection.network.find_network("public")
    server = compute.create_server(
        name="sdk", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
    )
    assert compute.get_server(server.id).status == "BUILD"
    assert compute.find_server("sdk").id == server.id
    paged = [one.id for one in compute.servers(limit=1)]
    assert len(paged) == len(set(paged)) >= 4
    compute.set_server_metadata(server, a="b")
    assert compute.get_server_metadata(server).metadata == {"a": "b"}
    assert [port.device_id for port in connection.network.ports(device_id=server.id)]
    compute.delete_server(server)
    connection.close()


# --- streams -------------------------------------------------------------------------------------


def ring(facts: dict[str, str], payload: dict[str, Any]) -> None:
    from synnefo.doorbell.local import LocalDoorbell

    LocalDoorbell(Path(facts["state"]) / "doorbell").ring("changes", payload)


def test_events(cloud: tuple[str, dict[str, str]], http: httpx.Client) -> None:
    assert http.get("/events", headers={"X-Auth-Token": "x"}).status_code == 401
    facts = cloud[1]
    with http.stream("GET", "/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        ring(facts, {"project": "somebody else's", "kind": "server", "id": "theirs"})
        ring(facts, {"project": facts["project"], "kind": "server", "id": "ours"})
        heard = [next(lines) for _ in range(5)]
    assert "event: server" in heard
    assert not [line for line in heard if "theirs" in line]


def test_a_change_by_the_api_is_heard(
    cloud: tuple[str, dict[str, str]], http: httpx.Client
) -> None:
    with http.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        while not next(lines).startswith("event: hello"):
            pass
        path = f"/compute/v2.1/servers/{cloud[1]['server']}"
        http.put(path, json={"server": {"name": "heard"}}).raise_for_status()
        while next(lines) != "event: server":
            pass
        assert json.loads(next(lines).removeprefix("data: ")) == {"id": cloud[1]["server"]}


@contextmanager
def echo() -> Iterator[int]:
    """Something that greets as a VNC server does and repeats what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            one, _ = listener.accept()
            with one:
                one.sendall(b"RFB 003.008\n")
                while data := one.recv(4096):
                    one.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(5)


TOKEN_SCRIPT = """
import sys, hashlib, django
django.setup()
from datetime import datetime, timezone
from synnefo.db.models import ConsoleToken, Server
ConsoleToken.objects.create(digest=hashlib.sha256(sys.argv[1].encode()).hexdigest(),
    server=Server.objects.get(uuid=sys.argv[2]), host="127.0.0.1", port=int(sys.argv[3]),
    expires_at=datetime(2036, 1, 1, tzinfo=timezone.utc))
"""


def test_a_console(cloud: tuple[str, dict[str, str]]) -> None:
    url, facts = cloud

    base = url.replace("http", "ws") + "/console/websockify"
    with echo() as port:
        subprocess.run(
            [sys.executable, "-c", TOKEN_SCRIPT, "good", facts["server"], str(port)],
            env=environment(Path(facts["state"])), cwd=ROOT, check=True,
        )  # fmt: skip
        with connect(f"{base}?token=good", subprotocols=[Subprotocol("binary")]) as one:
            assert one.subprotocol == "binary"
            assert one.recv(10) == b"RFB 003.008\n"
            one.send(b"RFB 003.008\n")
            assert one.recv(10) == b"RFB 003.008\n"
    for wrong in ("bad", "", "x" * 5000):
        with pytest.raises(InvalidStatus) as refused, connect(f"{base}?token={wrong}"):
            pass
        assert refused.value.response.status_code == 403


# --- bodies --------------------------------------------------------------------------------------


def raw(url: str, request: bytes) -> bytes:
    """The answer to bytes as they are, as far as it comes."""
    host, port = url.removeprefix("http://").split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        while part := connection.recv(4096):
            received += part
            head, _, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            if length and len(body) >= int(length[1]):
                break
    return received


def test_too_long_a_body_is_refused_before_it_is_sent(cloud: tuple[str, dict[str, str]]) -> None:
    head = b"POST /compute/v2.1/servers HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
    answer = raw(cloud[0], head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"overLimit"' in answer


def test_chunked_bodies(http: httpx.Client) -> None:
    def pieces(total: int) -> Iterator[bytes]:
        for _ in range(total):
            yield b" " * (1 << 16)

    long = http.post("/identity/v3/auth/tokens", content=pieces(17))
    assert long.status_code == 413
    image = {"name": "chunked", "disk_format": "raw", "container_format": "bare"}
    made = http.post("/image/v2/images", json=image).json()
    path = f"/image/v2/images/{made['id']}"
    kind = {"Content-Type": "application/octet-stream"}
    assert http.put(f"{path}/file", content=pieces(40), headers=kind).status_code == 204
    assert http.get(path).json()["size"] == 40 << 16


def test_an_upload_that_breaks_off_is_no_image(
    cloud: tuple[str, dict[str, str]], http: httpx.Client
) -> None:
    image = {"name": "broken", "disk_format": "raw", "container_format": "bare"}
    path = f"/image/v2/images/{http.post('/image/v2/images', json=image).json()['id']}"
    for framing in (
        b"Content-Length: 1000000\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ):
        host, port = cloud[0].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            token = cloud[1]["token"].encode()
            connection.sendall(
                b"PUT " + path.encode() + b"/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " + token
                + b"\r\nContent-Type: application/octet-stream\r\n" + framing
            )  # fmt: skip
            wait_for(lambda: http.get(path).json()["status"] == "saving")
        wait_for(lambda: http.get(path).json()["status"] == "queued")


def wait_for(condition: Any, tries: int = 500) -> None:
    pause = threading.Event()
    for _ in range(tries):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen")


def test_slow_clients_hold_up_nobody(cloud: tuple[str, dict[str, str]], http: httpx.Client) -> None:
    host, port = cloud[0].removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(30)]
    for connection in slow:
        connection.sendall(
            b"POST /compute/v2.1/servers HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
        )
    assert http.get("/compute/v2.1/servers", timeout=5).status_code == 200
    for connection in slow:
        connection.close()


def test_it_ends_in_order_with_streams_open(tmp_path: Path) -> None:
    with (
        running(tmp_path, servers=1) as (url, facts),
        httpx.Client(base_url=url, headers={"X-Auth-Token": facts["token"]}) as client,
        client.stream("GET", "/events") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        os.kill(int(facts["pid"]), signal.SIGTERM)
        assert list(lines) == ["data: {}", ""]
    # `running` checks the exit status, and that nothing went wrong in the log.
