"""Ports, space, paths, passwords and files: each refusal is one line that says what to do."""

import json
import os
import shutil
import socket
import stat
import subprocess

import pytest

from synnefo.cloud import commands, credentials, debian, down, guests, layout, main, probe, up
from synnefo.cloud.errors import CloudError
from synnefo.cloud.python_environment import PythonEnvironment, console_script
from synnefo.cloud.wishes import Wishes


@pytest.fixture
def cloud(tmp_path):
    made = layout.Layout(tmp_path / "state", layout.Choices(port=24000))
    made.make_folders()
    return made


def test_taken_port_is_named_with_a_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CloudError, match=f"port {port} is in use: choose another with --port"):
            probe.ports_free([port], port)


def test_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 10 << 20))
    with pytest.raises(CloudError, match="10 MiB free and 700 MiB are needed"):
        probe.space_free(tmp_path / "not" / "yet")


def test_each_cloud_has_ports_of_its_own():
    embedded = layout.Layout(layout.DEFAULT_STATE, layout.Choices(port=8800))
    full = layout.Layout(layout.DEFAULT_STATE, layout.Choices(port=8900, profile="full"))
    assert len(set(embedded.ports())) == 5 + 8
    assert len(set(full.ports())) == 9 + 8
    assert not set(embedded.ports()) & set(full.ports())


def test_unsuitable_state_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for path, message in (
        (tmp_path / ("x" * 100), "choose a shorter one with --state"),
        (tmp_path / "file", "is not a folder"),
        (tmp_path, "holds other files"),
    ):
        with pytest.raises(CloudError, match=message):
            up.check_state_folder(path)


def test_profile_of_a_folder_stays(cloud):
    cloud.save()
    with pytest.raises(CloudError, match="holds a cloud of the profile embedded"):
        up.Up(cloud.state, Wishes(profile="full"))


def test_second_up_keeps_port_and_profile(cloud):
    cloud.save()
    assert up.Up(cloud.state, Wishes()).layout.choices.port == 24000
    assert up.Up(cloud.state, Wishes(port=24100)).layout.choices.port == 24100


def test_secrets_are_generated_once_and_private(cloud):
    first = cloud.passwords()
    assert cloud.passwords() == first
    assert len(set(first.values())) == len(layout.GENERATED)
    for name in ("passwords.json", "secret"):
        assert stat.S_IMODE((cloud.state / name).stat().st_mode) == 0o600


def test_clients_files(cloud):
    credentials.write(cloud)
    password = cloud.passwords()["demo_password"]
    for name in ("openrc", "clouds.yaml"):
        path = cloud.state / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert password in path.read_text()
    assert (
        "auth_url: http://127.0.0.1:24000/identity/v3" in (cloud.state / "clouds.yaml").read_text()
    )


def test_env_can_be_evaluated_by_a_shell(cloud):
    accounts = cloud.state / "cluster" / "rapi_users"
    accounts.parent.mkdir()
    accounts.write_text("synnefo pass'word write\n")
    text = credentials.environment(cloud, PythonEnvironment(layout.CHECKOUT))
    script = text + 'printf "%s|%s|%s" "$GANETI_RAPI_PASSWORD" "$OS_CLOUD" "$PATH"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split("|")[:2] == ["pass'word", "demo"]
    assert shown.stdout.split("|")[2].startswith(f"{layout.CHECKOUT}/.venv/bin:")


def test_script_of_a_checkout_with_a_long_or_odd_path(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "python").symlink_to(shutil.which("python3"))
    script = folder / "command"
    script.write_text(console_script(folder / "python", "os", "getpid"))
    script.chmod(0o755)
    ran = subprocess.run([script], capture_output=True, text=True, check=False)
    assert ran.stderr == ""


def test_missing_package_says_what_to_type(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CloudError, match="as root, run apt-get install rabbitmq-server"):
        debian.install(["rabbitmq-server"], "the full profile")


def test_failed_command_is_one_line(tmp_path):
    with pytest.raises(CloudError) as raised:
        commands.run(["sh", "-c", "echo first >&2; echo the cause >&2; exit 3"])
    assert str(raised.value).splitlines() == ["sh failed with exit code 3: the cause"]


def test_missing_program_is_one_line():
    with pytest.raises(CloudError, match="the program no-such-program is missing"):
        commands.run(["no-such-program"])


def test_down_touches_no_folder_that_is_no_cloud(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert main.main(["down", "--purge", "--state", str(tmp_path)]) == 1
    assert (tmp_path / "thesis.tex").exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_down_without_a_cloud(tmp_path, capsys):
    assert main.main(["down", "--state", str(tmp_path / "none")]) == 0
    assert "no cloud" in capsys.readouterr().out


def test_status_of_a_cloud_that_is_down(cloud, capsys):
    cloud.save()
    assert main.main(["status", "--json", "--state", str(cloud.state)]) == 3
    shown = json.loads(capsys.readouterr().out)
    assert shown["running"] is False
    assert shown["processes"] == []


def test_commands_that_need_a_cloud_say_so(tmp_path, capsys):
    for command in (["env"], ["openrc"], ["status"], ["logs", "api"]):
        assert main.main([*command, "--state", str(tmp_path)]) == 1
        assert "run ./cloud up" in capsys.readouterr().err


def test_unknown_log_lists_the_known_ones(cloud, capsys):
    cloud.save()
    (cloud.state / "log" / "api.log").write_text("one\ntwo\n")
    assert main.main(["logs", "apy", "--state", str(cloud.state)]) == 1
    assert "there are api" in capsys.readouterr().err
    assert main.main(["logs", "api", "--state", str(cloud.state)]) == 0
    assert capsys.readouterr().out == "one\ntwo\n"


def test_only_guests_of_this_cloud_are_found(cloud, tmp_path):
    program = cloud.state / "qemu-system-pretended"
    shutil.copy(shutil.which("sh"), program)

    def guest(state):
        words = [program, "-c", "read -r _", "sh", f"file={state}/nodes/node1/disk"]
        return subprocess.Popen(words, stdin=subprocess.PIPE)

    with guest(cloud.state) as ours, guest(tmp_path / "another") as foreign:
        assert guests.qemu_processes(cloud.state) == [ours.pid]
        guests.kill(cloud.state)
        assert ours.wait() == -9
        assert foreign.poll() is None


def test_lock_files_name_no_index():
    for name in ("requirements.lock", "requirements-client.lock", "requirements-test.lock"):
        text = (layout.CHECKOUT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text


def test_leftovers_of_nothing(tmp_path):
    down.end_leftovers(tmp_path)
