import base64
import shutil

import pytest
import yaml

from ganeti_backend.errors import StorageError
from ganeti_backend.programs import command
from ganeti_backend.storage import seed

INSTANCE = {
    "name": "snf-3",
    "uuid": "u-3",
    "nics": [{"mac": "AA:00:00:00:00:03"}, {"mac": "aa:00:00:00:00:04"}],
}
V4 = {"address": "198.18.0.3", "prefix": 20, "gateway": "198.18.0.1"}
V6 = {"address": "2001:db8::3", "prefix": 64, "gateway": "2001:db8::1"}


def read(wishes):
    found = seed.files(INSTANCE, wishes)
    return {name: yaml.safe_load(content) for name, content in found.items()}


def test_name_comes_from_the_wish_or_the_instance():
    assert read({"hostname": "web1"})["meta-data"]["local-hostname"] == "web1"
    assert read({})["meta-data"] == {"instance-id": "u-3", "local-hostname": "snf-3"}


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("my server", "my-server"),
        ("ünder_score", "nder-score"),
        ("--", "guest"),
        ("x" * 80, "x" * 63),
        ("a\nlocal-hostname: evil", "a-local-hostname--evil"),
    ],
)
def test_names_become_host_names(name, host):
    assert read({"hostname": name})["meta-data"]["local-hostname"] == host


def test_keys_stand_in_both_places():
    keys = ["ssh-ed25519 AAAA me: with a colon\n"]
    found = read({"keys": keys})
    assert found["meta-data"]["public-keys"] == ["ssh-ed25519 AAAA me: with a colon"]
    assert found["user-data"]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA me: with a colon"]


def test_key_cannot_smuggle_in_another_setting():
    found = read({"keys": ["ssh-rsa A\nruncmd: [reboot]"]})
    assert set(found["user-data"]) == {"ssh_authorized_keys"}


def test_users_own_data_is_passed_untouched():
    own = b"#!/bin/sh\necho \xff\n"
    encoded = base64.b64encode(own).decode()
    assert seed.files(INSTANCE, {"user_data_b64": encoded, "keys": ["k"]})["user-data"] == own


def test_user_data_must_be_base64():
    with pytest.raises(StorageError, match="base64"):
        seed.files(INSTANCE, {"user_data": "?"})


def test_addresses_are_static_and_routed():
    addresses = [{**V4, "mac": "aa:00:00:00:00:03"}, {**V6, "mac": "AA:00:00:00:00:03"}]
    found = read({"addresses": addresses})["network-config"]
    assert found["version"] == 2
    assert found["ethernets"] == {
        "eth0": {
            "match": {"macaddress": "aa:00:00:00:00:03"},
            "set-name": "eth0",
            "addresses": ["198.18.0.3/20", "2001:db8::3/64"],
            "routes": [
                {"to": "0.0.0.0/0", "via": "198.18.0.1", "on-link": True},
                {"to": "::/0", "via": "2001:db8::1", "on-link": True},
            ],
        }
    }


def test_address_without_a_mac_belongs_to_the_interface_at_its_place():
    found = read({"addresses": [V4, {"address": "10.0.0.4", "prefix": 8}]})
    cards = found["network-config"]["ethernets"]
    assert cards["eth0"]["match"]["macaddress"] == "aa:00:00:00:00:03"
    assert cards["eth1"]["match"]["macaddress"] == "aa:00:00:00:00:04"
    assert "routes" not in cards["eth1"]


def test_several_addresses_of_several_cards_have_one_way_out_before_the_others():
    first, second = ({"mac": nic["mac"]} for nic in INSTANCE["nics"])
    dns = {"nameservers": ["198.18.0.53", "198.18.0.54"]}
    far = {"to": "10.99.0.0/16", "via": "10.7.0.254"}
    other = {"address": "10.7.0.3", "prefix": 24, "gateway": "10.7.0.1", "routes": [far]}
    given = [
        {**V4, **first, **dns},
        {**V4, **first, **dns, "address": "198.18.0.4"},
        {**other, **first},
        {**other, **second, "address": "10.7.0.4"},
    ]
    cards = read({"addresses": given})["network-config"]["ethernets"]
    assert cards["eth0"]["addresses"] == ["198.18.0.3/20", "198.18.0.4/20", "10.7.0.3/24"]
    assert cards["eth0"]["nameservers"] == {"addresses": dns["nameservers"]}
    out = {"to": "0.0.0.0/0", "on-link": True}
    assert cards["eth0"]["routes"] == [
        {**out, "via": "198.18.0.1"},
        {**out, "via": "10.7.0.1", "metric": 100},
        far,
    ]
    assert cards["eth1"]["routes"] == [{**out, "via": "10.7.0.1", "metric": 200}, far]
    assert "nameservers" not in cards["eth1"]


def test_no_addresses_is_an_empty_network():
    assert read({})["network-config"] == {"version": 2, "ethernets": {}}


@pytest.mark.parametrize("bad", [{"address": "x", "prefix": 8}, {"address": "10.0.0.1"}])
def test_what_is_no_address_is_refused(bad):
    with pytest.raises(StorageError, match="not an address"):
        read({"addresses": [bad]})


@pytest.mark.parametrize("programs", [seed.ISO_PROGRAMS, ()])
def test_volume_is_labelled_and_replaced(tmp_path, monkeypatch, programs):
    if programs and not any(map(shutil.which, programs)):
        pytest.skip("no program for ISO 9660 is installed")
    monkeypatch.setattr(seed, "ISO_PROGRAMS", programs)
    target = tmp_path / "snf-3.iso"
    seed.write(target, INSTANCE, {})
    seed.write(target, INSTANCE, {"hostname": "second"})
    assert b"cidata" in target.read_bytes()
    assert b"second" in target.read_bytes()
    assert target.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [target]


def test_failing_program_leaves_the_old_volume(tmp_path, monkeypatch):
    target = tmp_path / "snf-3.iso"
    target.write_bytes(b"old")
    monkeypatch.setattr(seed, "_pack", lambda *_: command.run(["false"]))
    with pytest.raises(command.CommandError):
        seed.write(target, INSTANCE, {})
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_are_written_beside_what_the_user_says():
    content = base64.b64encode(b"hello").decode()
    wishes = {
        "files": [{"path": "etc/motd", "contents": content}],
        "user_data": base64.b64encode(b"#!/bin/sh\n").decode(),
    }
    found = seed.files(INSTANCE, wishes)
    assert found["user-data"] == b"#!/bin/sh\n"
    assert found["vendor-data"].startswith(b"#cloud-config\n")
    files = yaml.safe_load(found["vendor-data"])["write_files"]
    assert files == [{"path": "/etc/motd", "encoding": "b64", "content": content}]
    assert "vendor-data" not in seed.files(INSTANCE, {})
