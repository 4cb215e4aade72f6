"""The installed scripts, run as a cluster manager runs them."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hooks.install import PATHS, main
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology

SAMPLES = Path(__file__).parents[2] / "data/ganeti/hooks"


@pytest.fixture
def installed(tmp_path):
    hooks = tmp_path / "hooks"
    assert main([str(hooks), "--mode", "publish", "--python", sys.executable]) == 0
    return hooks


def configure(tmp_path, bus, **more):
    config = {"bus": bus, "prefix": "snf", "spool": str(tmp_path / "node")} | more
    (tmp_path / "hooks.json").write_text(json.dumps(config))


def run(hooks, path="instance-add"):
    lines = (SAMPLES / "instance-add-post.env").read_text().splitlines()
    return subprocess.run(
        [hooks / f"{path}-post.d" / "50-synnefo"],
        env=dict(line.split("=", 1) for line in lines),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )


def waiting(folder):
    return sum(SpoolBus(folder, Topology("snf")).backlog().values())


def test_every_path_has_its_script_and_installing_twice_is_fine(installed):
    main([str(installed)])
    scripts = sorted(path for path in installed.rglob("*") if path.is_file())
    assert [path.parent.name for path in scripts] == sorted(f"{p}-post.d" for p in PATHS)


def test_a_hook_publishes(installed, tmp_path):
    configure(tmp_path, f"spool:{tmp_path}/bus")
    done = run(installed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert waiting(tmp_path / "bus") == 1


def test_without_a_broker_the_message_stays_on_the_node(installed, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        configure(tmp_path, f"amqp://guest:guest@127.0.0.1:{taken.getsockname()[1]}/")
        assert run(installed).returncode == 0
    assert waiting(tmp_path / "node") == 1


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"bus": "pigeon:x", "spool": "/x"}'])
def test_a_wrong_configuration_never_fails_the_operation(installed, tmp_path, content):
    if content is not None:
        (tmp_path / "hooks.json").write_text(content)
    done = run(installed)
    assert done.returncode == 0
    assert "was not published" in done.stderr


def test_another_node_leaves_it_to_the_master(installed, tmp_path):
    configure(tmp_path, f"spool:{tmp_path}/bus", node="node9")
    assert run(installed).returncode == 0
    assert waiting(tmp_path / "bus") == 0
