"""`./cloud up --backend`: what is refused before anything starts, what runs, who is told what."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from synnefo.cloud import attached, commands, credentials, full_parts, main, processes, setup, up
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import CHECKOUT, Choices, Layout, load
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.wishes import Wishes

ADDRESS = "ganeti://rapi@10.0.0.1:5080"
FACTS = {
    "name": "cluster.example", "version": "3.0.2", "hypervisor": "kvm", "disk_template": "drbd",
    "mode": "bridged", "link": "br-vm", "advice": ["the OS definition is missing"],
}  # fmt: skip


@pytest.fixture
def python():
    return PythonEnvironment(CHECKOUT)


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path, Choices(port=24000, backend=ADDRESS, backend_queue="/queue"))
    made.make_folders()
    made.save()
    return made


@pytest.fixture
def asked(monkeypatch):
    """The commands that were run, with their environments, and what they answer."""
    seen = []

    def run(words, *, env, **_):
        seen.append(([str(word) for word in words], env))
        return json.dumps(FACTS)

    monkeypatch.setattr(commands, "run", run)
    return seen


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--backend", "ganeti://rapi:secret@host"], "can be read by everybody"),
        (["--backend", "https://host:5080"], "is no cluster"),
        (["--backend", "ganeti://host"], "is no cluster"),
        (["--backend-queue", "/var/lib/ganeti/queue"], "name the cluster too"),
    ],
)
def test_what_makes_no_sense(tmp_path, capsys, words, why):
    state = tmp_path / "state"
    assert main.main(["up", "--state", str(state), *words]) == 1
    said = capsys.readouterr().err
    assert why in said
    assert "secret" not in said
    assert not state.exists()


def test_a_folder_keeps_its_cluster(layout):
    wish = attached.Wish(address="ganeti://rapi@other:5080")
    with pytest.raises(CloudError, match=r"holds a cloud on ganeti://rapi@10\.0\.0\.1:5080"):
        up.Up(layout.state, Wishes(cluster=wish))
    own = Layout(layout.state, replace(layout.choices, backend=""))
    own.save()
    with pytest.raises(CloudError, match="with a cluster of its own"):
        up.Up(layout.state, Wishes(cluster=wish))


def test_a_second_up_needs_no_words(layout):
    assert up.Up(layout.state, Wishes()).layout.choices == load(layout.state)


@pytest.mark.parametrize("source", ["file", "environment"])
def test_the_password_is_in_no_command(layout, python, asked, monkeypatch, tmp_path, source):
    file = tmp_path / "password"
    file.write_text("secret\n")
    wish = attached.Wish(address=ADDRESS, password_file=file if source == "file" else None)
    if source == "environment":
        monkeypatch.setenv(attached.PASSWORD, "secret")
    assert attached.attach(layout, python, wish) == FACTS
    [(words, environment)] = asked
    assert words[-1] == ADDRESS
    assert not any("secret" in word for word in words)
    assert environment[attached.PASSWORD] == "secret"
    kept = [path for path in layout.state.rglob("*") if path.is_file() and path != file]
    assert not any("secret" in path.read_text() for path in kept)


def test_what_is_known_is_not_asked_again(layout, python, asked):
    (layout.state / "backend.json").write_text(json.dumps(FACTS))
    assert attached.attach(layout, python, attached.Wish()) == FACTS
    assert asked == []


def test_another_certificate_is_asked_with_the_stored_password(layout, python, asked):
    (layout.state / "backend.json").write_text("{}")
    attached.attach(layout, python, attached.Wish(fingerprint="AB"))
    [(_, environment)] = asked
    assert attached.PASSWORD not in environment


@pytest.mark.parametrize("queue", ["/queue", ""])
def test_what_runs(layout, python, queue):
    choices = replace(layout.choices, backend_queue=queue)
    found = {
        one.name: one for one in processes.specifications(Layout(layout.state, choices), python)
    }
    assert set(found) == {"dispatcher", "reconciler", "api"} | ({"eventd"} if queue else set())
    if queue:
        environment = found["eventd"].env
        assert environment["GANETI_QUEUE_DIR"] == "/queue"
        assert environment["EVENTD_NOTES"] == "/hook-notes"
        assert "GANETI_CLUSTER_NAME" not in environment


def test_guests_are_connected_as_the_clusters_are(layout):
    made = setup.contents(layout, Path("/image"), FACTS)
    assert (made["public_network"]["mode"], made["public_network"]["link"]) == ("bridged", "br-vm")
    assert made["disk_template"] == "drbd"
    assert "backend" not in made


def test_the_clusters_password_is_not_handed_out(layout, python):
    shown = credentials.environment(layout, python)
    assert "GANETI_RAPI_URL=https://10.0.0.1:5080" in shown
    assert "GANETI_RAPI_PASSWORD" not in shown


def test_administrators_are_told_what_is_left_to_do(layout, capsys):
    attached.say_what_is_missing(FACTS, layout)
    assert "On cluster.example: the OS definition is missing" in capsys.readouterr().out
    attached.say_what_is_missing(
        FACTS, Layout(layout.state, replace(layout.choices, backend_queue=""))
    )
    assert "run eventd on its master candidates" in capsys.readouterr().out


def test_eventds_elsewhere_get_the_brokers_address(layout, capsys):
    choices = replace(layout.choices, profile="full", broker_address="10.0.0.9")
    outside = Layout(layout.state, choices)
    attached.say_what_is_missing({**FACTS, "advice": []}, outside)
    file = layout.state / "eventd-bus"
    assert str(file) in capsys.readouterr().out
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().strip() == full_parts.bus_url(outside, "10.0.0.9")


def test_operators_commands_have_the_clouds_settings(layout, monkeypatch):
    seen = []

    def run(words, *, env, check):
        seen.append((words[2:], env))
        return subprocess.CompletedProcess(words, 3)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv(attached.PASSWORD, "secret")
    words = ["server_import", "web.example", "--user", "demo", "--stop"]
    assert main.main(["manage", "--state", str(layout.state), *words]) == 3
    [(given, environment)] = seen
    assert given == words
    assert environment["SYNNEFO_DATABASE"] == processes.database_url(layout)
    assert environment[attached.PASSWORD] == "secret"
