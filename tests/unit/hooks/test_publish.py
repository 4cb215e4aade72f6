"""The installed scripts, run as a cluster manager runs them."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from hooks.install import PATHS, main
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parents[2] / "data/ganeti/hooks"
LINES = (SAMPLES / "instance-add-post.env").read_text().splitlines()
ADDED = dict(line.split("=", 1) for line in LINES)


@pytest.fixture
def installed(tmp_path):
    hooks = tmp_path / "hooks"
    assert main([str(hooks), "--mode", "publish", "--python", sys.executable]) == 0
    return hooks


def configure(tmp_path, bus, **more):
    config = {"bus": bus, "prefix": "snf", "spool": str(tmp_path / "node")} | more
    (tmp_path / "hooks.json").write_text(json.dumps(config))


def run(hooks, path="instance-add"):
    return subprocess.run(
        [hooks / f"{path}-post.d" / "50-synnefo"],
        env=ADDED,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
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


def test_what_stayed_on_the_node_goes_out_with_the_next_hook(installed, tmp_path):
    (tmp_path / "bus").write_text("A file where the bus should be.")
    configure(tmp_path, f"spool:{tmp_path}/bus")
    for _ in range(3):
        assert run(installed).returncode == 0
    assert waiting(tmp_path / "node") == 3
    (tmp_path / "bus").unlink()
    wait_for(lambda: run(installed).returncode == waiting(tmp_path / "node") == 0)
    assert waiting(tmp_path / "bus") >= 4


def test_what_stayed_on_the_node_goes_out_by_a_timer(installed, tmp_path):
    (tmp_path / "bus").write_text("A file where the bus should be.")
    configure(tmp_path, f"spool:{tmp_path}/bus")
    run(installed)
    (tmp_path / "bus").unlink()
    wait_for(lambda: flush(tmp_path) == waiting(tmp_path / "node") == 0)
    assert waiting(tmp_path / "bus") == 1


def test_no_message_fails_an_operation_and_only_senseless_arguments_end_it_with_2(tmp_path):
    assert flush(tmp_path) == 0  # There is no hooks.json.
    assert flush(tmp_path, "--flsh") == 2


def test_hooks_that_are_killed_over_a_message_never_give_it_up(installed, tmp_path):
    node = tmp_path / "node"
    with silent_listener() as port:
        configure(tmp_path, f"amqp://guest:guest@127.0.0.1:{port}/")
        for number in (1, 2):
            hook = subprocess.Popen([installed / "instance-add-post.d" / "50-synnefo"], env=ADDED)
            wait_for(lambda n=number: len(held(node)) == n and list(node.glob("claims/*/snf-*")))
            hook.kill()
            hook.wait()
    for path in held(node):
        name = path.name.rpartition("~")[2].partition(".")[0]
        path.rename(node / "snf-events-net" / "new" / f"{name}.100")
    configure(tmp_path, f"spool:{tmp_path}/bus")
    wait_for(lambda: flush(tmp_path) == waiting(node) == 0)
    assert waiting(tmp_path / "bus") == 2


def held(spool):
    return sorted([*spool.glob("claims/*/snf-*"), *spool.glob("*/new/*")])


def flush(tmp_path, *more):
    config = str(tmp_path / "hooks.json")
    command = [sys.executable, "-m", "hooks.publish", "--config", config, "--flush", *more]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@contextmanager
def silent_listener():
    """A broker that hangs: it takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def wait_for(condition):
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came true")


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
