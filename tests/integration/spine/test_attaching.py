"""`manage.py backend_add`: nothing is stored of a cluster that cannot be used, and the refusal
says what to do.
"""

import io
import json
import os
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from synnefo import wiring
from synnefo.db import sealing
from synnefo.db.models import Backend
from synnefo.ports import ClusterDenied, InstanceSpec
from synnefo.rapi.fake import FakeCluster

ADDRESS = "ganeti://rapi@10.0.0.1:5080"


class Odd(FakeCluster):
    """A cluster with something about it."""

    version = "3.0.2"
    systems = ("debootstrap+default", "image")
    denial: ClusterDenied | None = None

    def info(self):
        return replace(super().info(), version=self.version)

    def operating_systems(self):
        return list(self.systems)

    def check_rights(self):
        if self.denial is not None:
            raise self.denial


@pytest.fixture
def odd(db, monkeypatch):
    monkeypatch.setenv("SYNNEFO_BACKEND_PASSWORD", "secret")
    cluster = Odd("cluster.example")
    with wiring.replace(cluster=lambda _: cluster):
        yield cluster


def _add(*words):
    out = io.StringIO()
    call_command("backend_add", *words, stdout=out)
    return out.getvalue()


def test_it_is_called_as_it_calls_itself(odd):
    assert "Ganeti 3.0.2" in _add(ADDRESS, "--fingerprint", "AB:" * 31 + "AB")
    row = Backend.objects.get()
    assert (row.name, row.url, row.username) == (
        "cluster.example", "https://10.0.0.1:5080", "rapi",
    )  # fmt: skip
    assert row.fingerprint == "ab" * 32
    assert "secret" not in row.password_encrypted
    assert sealing.unseal(row.password_encrypted) == "secret"
    assert row.disk_templates == ["file", "diskless"]
    assert row.memory_total > 0


def test_programs_get_json(odd):
    facts = json.loads(_add(ADDRESS, "--json"))
    assert (facts["name"], facts["disk_template"], facts["advice"]) == (
        "cluster.example", "file", [],
    )  # fmt: skip


def test_a_file_holds_the_password(odd, tmp_path):
    file = tmp_path / "password"
    file.write_text("from a file\n")
    _add(ADDRESS, "--password-file", str(file))
    assert sealing.unseal(Backend.objects.get().password_encrypted) == "from a file"


def test_a_known_backend_keeps_its_password(odd, monkeypatch):
    _add(ADDRESS)
    monkeypatch.delenv("SYNNEFO_BACKEND_PASSWORD")
    _add(ADDRESS, "--fingerprint", "00" * 32)
    row = Backend.objects.get()
    assert sealing.unseal(row.password_encrypted) == "secret"
    assert row.fingerprint == "00" * 32


def test_another_password_leaves_the_certificate_as_it_is_known(odd, monkeypatch):
    _add(ADDRESS, "--fingerprint", "00" * 32)
    monkeypatch.setenv("SYNNEFO_BACKEND_PASSWORD", "another")
    _add(ADDRESS)
    row = Backend.objects.get()
    assert sealing.unseal(row.password_encrypted) == "another"
    assert row.fingerprint == "00" * 32


def test_without_a_password(odd, monkeypatch):
    monkeypatch.delenv("SYNNEFO_BACKEND_PASSWORD")
    with open(os.devnull) as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        with pytest.raises(CommandError, match="--password-file"):
            _add(ADDRESS)


def test_what_is_still_to_be_done_is_said(odd):
    odd.systems = ("image+other",)
    assert "hooks.node_setup" in _add(ADDRESS)
    assert Backend.objects.exists()


def test_what_another_installation_left_is_not_taken_for_ours(odd):
    odd.submit_create(InstanceSpec("web.example", 1, 64, "diskless", "noop"), "administrators'")
    odd.submit_create(InstanceSpec("snf-7", 1, 64, "diskless", "noop"), "theirs")
    with pytest.raises(CommandError, match="another installation") as caught:
        _add(ADDRESS)
    assert "made: snf-7." in str(caught.value)
    assert not Backend.objects.exists()


def test_what_is_attached_already_may_hold_our_instances(odd):
    _add(ADDRESS)
    odd.submit_create(InstanceSpec("snf-7", 1, 64, "diskless", "noop"), "ours")
    _add(ADDRESS, "--fingerprint", "00" * 32)


@pytest.mark.parametrize(
    ("oddity", "why"),
    [
        ({"version": "2.16.1"}, "3.0 or newer"),
        ({"denial": ClusterDenied(403, "Forbidden")}, "may only read"),
        ({"denial": ClusterDenied(401, "Unauthorized")}, "by this password"),
        ({"away": True}, "cannot be asked"),
    ],
)
def test_what_cannot_be_used_is_not_stored(odd, oddity, why):
    for name, value in oddity.items():
        setattr(odd, name, value)
    with pytest.raises(CommandError, match=why) as caught:
        _add(ADDRESS)
    assert "secret" not in str(caught.value)
    assert not Backend.objects.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ganeti://rapi:secret@10.0.0.1",), "everybody can see"),
        (("ganeti://10.0.0.1",), "names no user"),
        ((ADDRESS, "--fingerprint", "AB"), "64 hexadecimal"),
        ((ADDRESS, "--ca", "/nonexistent"), "no file"),
        ((ADDRESS, "--password-file", "/nonexistent"), "No such file"),
    ],
)
def test_words_that_make_no_sense(odd, words, why):
    with pytest.raises(CommandError, match=why):
        _add(*words)
    assert not Backend.objects.exists()
