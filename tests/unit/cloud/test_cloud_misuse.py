"""What a newcomer may do wrong or twice: one line, an exit code, and nothing left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synnefo.cloud import busy, down, layout, main, probe, supervisor_client, up
from synnefo.cloud.errors import CloudError
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.supervised import Specification
from synnefo.cloud.wishes import Wishes


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "synnefo"


@pytest.fixture
def cloud(tmp_path):
    made = layout.Layout(tmp_path / "state", layout.Choices(port=24000))
    made.make_folders()
    made.save()
    yield made
    supervisor_client.stop(made.state)


def sleeper(name):
    return Specification(name, ("sleep", "600"), {"PATH": os.environ["PATH"]})


@pytest.mark.parametrize(
    ("command", "exit_code"), [("up", 1), ("status", 1), ("down", 1), ("env", 1), ("logs", 1)]
)
def test_folder_of_somebody_else(tmp_path, monkeypatch, capsys, command, exit_code):
    def refuse(self, *_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    assert main.main([command, "--state", str(tmp_path)]) == exit_code
    said = capsys.readouterr().err
    assert said.startswith(f"cloud: this user may not touch {tmp_path}/cloud.json: ")
    assert said.count("\n") == 1


def test_folder_below_a_file(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main.main(["up", "--state", str(tmp_path / "file" / "state")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_disk_that_fills_up(monkeypatch, tmp_path, capsys):
    def fill(*_):
        raise OSError(28, "No space left on device", "/cloud/run/processes.json")

    monkeypatch.setattr(up.Up, "_check_machine", fill)
    assert main.main(["up", "--state", str(tmp_path / "state")]) == 1
    said = capsys.readouterr().err
    assert said == "cloud: /cloud/run/processes.json: No space left on device\n"


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", ""])
def test_port_that_is_none(port, capsys):
    with pytest.raises(SystemExit) as ended:
        main.main(["up", f"--port={port}"])
    assert ended.value.code == 2
    assert "a port is a number from 1 to 65500" in capsys.readouterr().err


def test_one_command_at_a_time(tmp_path, cache):
    refusal = pytest.raises(CloudError, match=f"its process {os.getpid()}")
    with busy.alone(tmp_path), refusal, busy.alone(tmp_path):
        pytest.fail("two at once")
    assert list(cache.iterdir()) == []
    with busy.alone(tmp_path):
        assert len(list(cache.iterdir())) == 1


def test_hypervisor_of_a_folder_stays(cloud):
    with pytest.raises(CloudError, match="holds a cloud on the hypervisor fake"):
        up.Up(cloud.state, Wishes(hypervisor="libvirt"))


def test_port_of_a_running_cloud_stays(cloud):
    supervisor_client.start(cloud.state, [sleeper("one")])
    with pytest.raises(CloudError, match=r"is running on port 24000: ./cloud down"):
        up.Up(cloud.state, Wishes(port=24100)).run()


def test_second_up_only_looks(cloud, capsys, monkeypatch):
    """It neither stays in the foreground nor ends the cloud with its Ctrl-C."""
    supervisor_client.start(cloud.state, [sleeper("one")])
    monkeypatch.setattr(up, "stay", lambda _: pytest.fail("it stays"))
    assert main.main(["up", "--state", str(cloud.state)]) == 0
    assert "http://127.0.0.1:24000/" in capsys.readouterr().out


def test_half_started_cloud_is_not_taken_for_a_running_one(cloud):
    """As an `up` leaves it that was killed while it made the tables."""
    supervisor_client.start(cloud.state, [sleeper("one"), sleeper("two")], only=["one"])
    assert not up.Up(cloud.state, Wishes())._runs_already()
    supervisor_client.ask(cloud.state, "start")
    assert up.Up(cloud.state, Wishes())._runs_already()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_polite_kill_undoes_what_was_begun(tmp_path, number):
    script = (
        "import os, sys, pathlib; from synnefo.cloud import main, up\n"
        "up.Up._check_machine = lambda self: (self.layout.make_folders(),"
        f" os.kill(os.getpid(), {int(number)}), input())\n"
        "sys.exit(main.main(['up', '--state', sys.argv[1]]))\n"
    )
    state = tmp_path / "state"
    ran = subprocess.run(
        [sys.executable, "-c", script, state],
        capture_output=True,
        text=True,
        check=False,
        cwd=layout.CHECKOUT,
        stdin=subprocess.DEVNULL,
    )
    assert (ran.returncode, ran.stderr) == (130, "cloud: interrupted\n")
    assert not state.exists()


def test_purge_removes_the_short_links(cloud, tmp_path, monkeypatch):
    names = tmp_path / "synnefo-libvirt"
    monkeypatch.setattr(down, "SHORT_NAMES", names)
    folder = names.with_name(f"{names.name}-{os.geteuid()}")
    folder.mkdir()
    (folder / "ours").symlink_to(cloud.state / "nodes" / "node1" / "libvirt")
    (folder / "foreign").symlink_to(tmp_path / "state2" / "nodes" / "node1" / "libvirt")
    down.Down(cloud.state).run(purge=True)
    assert [link.name for link in folder.iterdir()] == ["foreign"]


def test_links_are_found_where_the_nodes_put_them():
    from ganeti_backend.hypervisor import embedded_root

    assert down.SHORT_NAMES == embedded_root.SHORT_NAMES


def test_logs_without_a_name_are_listed(cloud, capsys):
    for name in ("api", "node1"):
        (cloud.state / "log" / f"{name}.log").touch()
    assert main.main(["logs", "--state", str(cloud.state)]) == 0
    assert capsys.readouterr().out == "api\nnode1\n"


def test_summary_says_how_to_get_the_client(cloud, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(up.shutil, "which", lambda _: None)
    bare = PythonEnvironment(tmp_path)
    up.summary(cloud, bare)
    assert "./cloud client" in capsys.readouterr().out
    bare.bin.mkdir(parents=True)
    (bare.bin / "openstack").touch()
    up.summary(cloud, bare)
    assert "./cloud client" not in capsys.readouterr().out


def test_full_profile_without_its_parts(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(up.full_parts, "RABBITMQ", tmp_path)
    monkeypatch.setattr(up.full_parts, "POSTGRES", tmp_path)
    monkeypatch.setattr(up.debian, "can_install", lambda: False)
    monkeypatch.setattr(probe, "ports_free", lambda *_: None)
    state = tmp_path / "state"
    assert main.main(["up", "--profile", "full", "--state", str(state)]) == 1
    said = capsys.readouterr().err
    assert said.endswith("as root, run apt-get install rabbitmq-server postgresql\n")
    assert said.count("\n") == 1
    assert not state.exists()


def test_binding_and_modules_are_compiled_once(tmp_path, monkeypatch):
    python = PythonEnvironment(tmp_path)
    ran = []
    for name, answer in (("_runs", True), ("_install", False), ("_link_libvirt", True)):
        monkeypatch.setattr(python, name, lambda *_, answer=answer: answer)
    monkeypatch.setattr(python, "_register_checkout", lambda: None)
    monkeypatch.setattr(python, "_compile", lambda: ran.append("compiled"))
    python.ensure()
    assert ran == ["compiled"]
    monkeypatch.setattr(python, "_link_libvirt", lambda: False)
    python.ensure()
    assert ran == ["compiled"]
