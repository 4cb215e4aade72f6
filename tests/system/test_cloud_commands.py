"""`./cloud` as a newcomer uses and misuses it, with pretended guests."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.system.cloud import ROOT, Cloud, free_port_range, wait_until

pytestmark = pytest.mark.system
FAKE = ("--hypervisor", "fake")


@pytest.fixture
def make_cloud(tmp_path):
    """Clouds in folders of their own that are gone after the test."""
    made = []

    def make(name="state"):
        # A cloud that is made but not up yet holds no ports, so the next one begins behind it.
        made.append(Cloud(tmp_path / name, free_port_range() + 20 * len(made)))
        return made[-1]

    yield make
    for cloud in made:
        cloud.down()


@pytest.fixture
def heard_interrupts():
    """Tests that run in the background ignore Ctrl-C, and what they start would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def processes_of(state):
    """Every process that has this folder in its environment or arguments."""
    found = []
    for folder in os.listdir("/proc"):
        if folder.isdigit() and int(folder) != os.getpid():
            try:
                process = Path("/proc") / folder
                seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(state) in seen:
                found.append(int(folder))
    return found


def test_port_in_use_leaves_nothing(make_cloud):
    cloud = make_cloud()
    with socket.create_server(("127.0.0.1", cloud.port + 2)):
        ran = cloud.command("up", "--detach", "--port", str(cloud.port), *FAKE)
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        f"cloud: port {cloud.port + 2} is in use: choose another with --port,"
        f" for example --port {cloud.port + 100}"
    ]
    assert not cloud.state.exists()


def test_second_up_is_quick_and_keeps_everything(make_cloud):
    cloud = make_cloud()
    assert "The cloud is up" in cloud.up(*FAKE)
    before = cloud.credentials()
    servers = {server["ID"] for server in cloud.openstack("server", "list")}
    assert len(servers) == 1
    assert "running already" in cloud.up()
    assert cloud.command("down").returncode == 0
    assert not listening(cloud.port)
    started = time.monotonic()
    cloud.up()
    assert time.monotonic() - started < 30  # Ten on a quiet machine; this one may be shared.
    assert cloud.credentials() == before
    assert {server["ID"] for server in cloud.openstack("server", "list")} == servers


def test_purge_leaves_no_process_and_no_file(make_cloud):
    cloud = make_cloud()
    cloud.up(*FAKE, "--no-first-server")
    assert cloud.command("status").returncode == 0
    assert processes_of(cloud.state)
    assert cloud.command("down", "--purge").returncode == 0
    assert processes_of(cloud.state) == []
    assert not cloud.state.exists()


def test_two_clouds_side_by_side(make_cloud):
    one, two = make_cloud("one"), make_cloud("two")
    one.up(*FAKE, "--no-first-server")
    two.up(*FAKE)
    assert one.openstack("server", "list") == []
    assert len(two.openstack("server", "list")) == 1
    one.down()
    assert two.command("status").returncode == 0


def test_supervisor_may_die(make_cloud):
    """Its processes go on; the next up takes over without doubling them."""
    cloud = make_cloud()
    cloud.up(*FAKE, "--no-first-server")
    before = len(processes_of(cloud.state))
    supervisor = int((cloud.state / "run" / "supervisor.lock").read_text())
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: supervisor not in processes_of(cloud.state), "the supervisor is gone")
    assert cloud.command("status").returncode == 3
    assert listening(cloud.port)
    cloud.up()
    assert len(processes_of(cloud.state)) == before
    assert cloud.command("status").returncode == 0


@pytest.mark.usefixtures("heard_interrupts")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_up_ended_half_way(make_cloud, number):
    """What can be undone is undone; what a SIGKILL leaves, the next up takes over."""
    cloud = make_cloud()
    words = [str(ROOT / "cloud"), "up", "--state", str(cloud.state), "--port", str(cloud.port)]
    with subprocess.Popen([*words, *FAKE, "--no-first-server", "--detach"]) as starting:
        wait_until((cloud.state / "run" / "node1.pid").exists, "a node is started", 120)
        starting.send_signal(number)
    if number != signal.SIGKILL:
        assert starting.returncode == 130
        assert processes_of(cloud.state) == []
        assert not cloud.state.exists()
        return
    assert "The cloud is up" in cloud.up(*FAKE, "--no-first-server")
    assert cloud.openstack("server", "list") == []


def test_foreground_ends_with_ctrl_c(make_cloud):
    cloud = make_cloud()
    words = [str(ROOT / "cloud"), "up", "--state", str(cloud.state), "--port", str(cloud.port)]
    with subprocess.Popen(
        [*words, *FAKE, "--no-first-server"], stdout=subprocess.PIPE, text=True
    ) as terminal:
        for line in terminal.stdout:
            if "Ctrl-C" in line:
                break
        terminal.send_signal(signal.SIGINT)
        assert "The cloud is down." in terminal.stdout.read()
        assert terminal.wait(60) == 0
    assert not listening(cloud.port)


def test_status_shows_processes_within_the_memory_budget(make_cloud):
    cloud = make_cloud()
    cloud.up(*FAKE)
    shown = json.loads(cloud.command("status", "--json").stdout)
    assert shown["healthy"]
    for row in shown["processes"]:
        assert set(row) == {"name", "pid", "state", "since", "restarts", "metrics", "log"}
        assert row["state"] == "running"
    resident = sum(_resident(row["pid"]) for row in shown["processes"])
    print(f"all processes together: {resident >> 20} MiB")
    assert resident < 500 << 20


def _resident(pid):
    with open(f"/proc/{pid}/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
