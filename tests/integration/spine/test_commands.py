"""Operators' commands: repeated without harm, and telling the truth."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from synnefo import wiring
from synnefo.core import messages
from synnefo.core.caller import Caller
from synnefo.db import sealing
from synnefo.db.models import Backend, Image, Subnet, SubnetPool, User
from synnefo.dispatcher.consumer import Consumer
from synnefo.intents.identity import tokens
from synnefo.intents.network import topologies
from synnefo.ports import Delivery, Reject


def _said(*words, **options):
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def description(tmp_path, settings):
    settings.SYNNEFO_IMAGES = tmp_path / "images"
    image = tmp_path / "tiny.raw"
    image.write_bytes(b"boot me")
    path = tmp_path / "setup.json"
    path.write_text(
        json.dumps(
            {
                "admin_password": "secret-a",
                "demo_password": "secret-d",
                "backend": {"name": "c", "url": "https://c", "user": "u", "password": "p"},
                "public_network": {"name": "public", "cidr": "198.18.0.0/24", "link": "user"},
                "image": {"name": "tiny", "path": str(image)},
            }
        )
    )
    return path


def test_cloud_setup_may_be_repeated(db, description):
    first = _said("cloud_setup", json=description)
    assert _said("cloud_setup", json=description) == first
    assert sealing.unseal(Backend.objects.get().password_encrypted) == "p"
    assert "p" not in {Backend.objects.get().password_encrypted}
    image = Image.objects.get()
    assert (image.status, image.size) == ("active", 7)
    assert Subnet.objects.get().pool_start == "198.18.0.2"
    assert tokens.check_password("default", "demo", "secret-d") == User.objects.get(name="demo")
    assert tokens.check_password("default", "demo", "secret-x") is None
    assert tokens.check_password("default", "nobody", "secret-d") is None


def test_a_new_cloud_has_what_topologies_are_made_of(db, description):
    """Once: what an operator makes of it later stays."""
    _said("cloud_setup", json=description)
    user = User.objects.get(name="demo")
    project = user.default_project
    caller = Caller(user.id, "demo", project.id, "demo", frozenset({"member"}), "req-1")
    network = topologies.ensure(caller, project.id)
    assert Subnet.objects.get(network=network).cidr == "10.64.0.0/24"
    topologies.remove(caller, project.id)
    SubnetPool.objects.all().delete()
    _said("cloud_setup", json=description)
    assert not SubnetPool.objects.exists()


def test_a_new_password_ends_what_the_old_one_began(db, description):
    _said("cloud_setup", json=description)
    user = User.objects.get(name="demo")
    issued = tokens.issue(user, user.default_project, ["password"])
    _said("cloud_setup", json=description)
    assert tokens.find(issued.text) is not None
    description.write_text(description.read_text().replace("secret-d", "secret-e"))
    _said("cloud_setup", json=description)
    assert tokens.find(issued.text) is None


def test_cloud_setup_says_what_is_missing(db, tmp_path):
    path = tmp_path / "setup.json"
    path.write_text("{}")
    with pytest.raises(CommandError, match="lacks 'admin_password'"):
        call_command("cloud_setup", json=path)


def test_reconcile_reports_and_repairs(spine):
    server = spine.create()
    spine.settle()
    with wiring.replace(cluster=lambda _: spine.cluster):
        spine.reconciler.turn(spine.backend)
        spine.cluster.submit_shutdown(spine.instance(server), "admin")
        with pytest.raises(SystemExit):
            _said("reconcile")
        assert spine.state(server) == ("ACTIVE", None)
        said = _said("reconcile", repair=True)
        assert "state differs" in said
        assert "1 differences, 1 repaired" in said
        assert spine.state(server) == ("STOPPED", None)
        assert "ADMIN_down" in _said("server_show", str(server.uuid))
        spine.cluster.away = True
        assert "cannot be asked" in _said("server_show", spine.instance(server))


def test_signs_of_life_are_understood_and_what_is_no_message_is_rejected(spine):
    beat = messages.Heartbeat(cluster="cluster.fake").encode()
    Consumer(spine.clock).handle(Delivery("q", "k", beat))
    with pytest.raises(Reject):
        Consumer(spine.clock).handle(Delivery("q", "k", b"\xff"))
