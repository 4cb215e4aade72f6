"""What one command leaves on a node of a real Ganeti, and that it may be repeated."""

import json
import os
import shlex
import shutil
import stat
import subprocess

import pytest

from hooks import node_setup, os_image

MASTER = "node1.example"


@pytest.fixture
def node(tmp_path):
    """The folders of a node; `set_up` runs the command."""

    def set_up(*words):
        return node_setup.main(
            [
                *("--images", str(tmp_path / "images"), "--node", MASTER),
                *("--os-dir", str(tmp_path / "os"), "--hooks-dir", str(tmp_path / "hooks")),
                *("--data-dir", str(tmp_path / "lib"), "--unit-dir", str(tmp_path)),
                *("--settings", str(tmp_path / "etc" / "eventd")),
                *words,
            ]
        )

    tmp_path.joinpath("lib").mkdir()
    tmp_path.joinpath("images").mkdir()
    return tmp_path, set_up


@pytest.mark.parametrize("times", [1, 2])
def test_the_os_definition_is_complete(node, times):
    folder, set_up = node
    for _ in range(times):
        assert set_up() == 0
    found = {path.name: path for path in (folder / "os" / "image").iterdir()}
    scripts = {"create", "export", "import", "rename", "verify"}
    assert set(found) == scripts | {"images", "parameters.list", "ganeti_api_version"}
    assert all(os.access(found[name], os.X_OK) for name in scripts)
    assert found["ganeti_api_version"].read_text() == "20\n"
    names = [line.split()[0] for line in found["parameters.list"].read_text().splitlines()]
    assert names == ["img_id", "img_format", "img_properties"]


def test_hooks_note_only_what_this_node_is_the_master_of(node):
    folder, set_up = node
    set_up()
    script = folder / "hooks" / "instance-add-post.d" / "50-synnefo"
    for master in ("node2.example", MASTER):
        environment = {"GANETI_MASTER": master, "PATH": os.environ["PATH"]}
        subprocess.run([script], env=environment, check=True)
    notes = [path.read_text() for path in (folder / "lib" / "hook-notes").iterdir()]
    assert len(notes) == 1
    assert MASTER in notes[0]


def test_the_brokers_password_is_for_root_only(node, capsys):
    folder, set_up = node
    address = "amqp://synnefo:it's secret@10.0.0.9:5672/"
    folder.joinpath("bus").write_text(f"{address}\n")
    set_up("--bus", str(folder / "bus"))
    settings = folder / "etc" / "eventd"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    lines = dict(line.split("=", 1) for line in settings.read_text().splitlines())
    assert shlex.split(lines["SYNNEFO_BUS"]) == [address]
    assert lines["GANETI_QUEUE_DIR"] == str(folder / "lib" / "queue")
    assert lines["GANETI_MASTER_FILE"] == str(folder / "lib" / "ssconf_master_node")
    unit = (folder / "synnefo-eventd.service").read_text()
    assert f"EnvironmentFile={settings}" in unit
    assert "secret" not in unit + capsys.readouterr().out


# --- the script that Ganeti runs


@pytest.fixture
def create(node):
    """Run the installed script as Ganeti does, with an empty environment but its variables."""
    folder, set_up = node
    set_up()
    disk = folder / "disk"
    with disk.open("wb") as stream:
        stream.truncate(4 << 20)

    def run(**variables):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DISK_0_PATH": str(disk)}
        environment |= {"DISK_COUNT": "1", "INSTANCE_NAME": "snf-1"} | variables
        script = folder / "os" / "image" / "create"
        return subprocess.run(
            [script], env=environment, cwd="/", capture_output=True, text=True, check=False
        )

    run.disk, run.images = disk, folder / "images"
    return run


def test_the_image_is_on_the_disk(create):
    content = os.urandom(100_000)
    (create.images / "tiny").write_bytes(content)
    done = create(OSP_IMG_ID="tiny", OSP_IMG_FORMAT="raw")
    assert (done.returncode, done.stderr) == (0, "")
    assert create.disk.read_bytes()[:100_000] == content
    assert create.disk.stat().st_size == 4 << 20


def test_the_guest_is_told(create):
    """In the image's root file system, without mounting it."""
    if shutil.which("mke2fs") is None or shutil.which("debugfs") is None:
        pytest.skip("e2fsprogs is not installed")
    image = create.images / "linux"
    with image.open("wb") as stream:
        stream.truncate(2 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", image], check=True, capture_output=True)
    address = {"address": "198.18.0.9", "prefix": 20, "gateway": "198.18.0.1"}
    wishes = {"hostname": "web", "addresses": [address], "keys": ["ssh-ed25519 AAAA"]}
    done = create(
        OSP_IMG_ID="linux",
        OSP_IMG_PROPERTIES=json.dumps(wishes),
        NIC_COUNT="1",
        NIC_0_MAC="aa:00:00:00:00:01",
    )
    assert (done.returncode, done.stdout) == (0, "")
    about = json.loads(_read(create.disk, "meta-data"))
    assert (about["local-hostname"], about["public-keys"]) == ("web", ["ssh-ed25519 AAAA"])
    card = json.loads(_read(create.disk, "network-config"))["ethernets"]["card0"]
    assert card["addresses"] == ["198.18.0.9/20"]
    assert card["match"] == {"macaddress": "aa:00:00:00:00:01"}
    checked = subprocess.run(["e2fsck", "-fn", create.disk], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_several_addresses_of_a_card_stand_together():
    four = {"address": "10.7.0.3", "prefix": 24, "gateway": "10.7.0.1", "mac": "aa:00:00:00:00:01"}
    six = {**four, "address": "2001:db8::3", "prefix": 64, "gateway": "fe80::1"}
    six["nameservers"] = ["2001:db8::53"]
    far = {"to": "10.99.0.0/16", "via": "10.8.0.254"}
    other = {**four, "address": "10.8.0.3", "gateway": "10.8.0.1", "routes": [far]}
    bare = {"address": "10.9.0.3", "prefix": 24}
    wishes = {"addresses": [four, six, other, bare], "user_data": "IyEvYmluL3NoCg=="}
    found = os_image.seed(wishes, "snf-3", ["aa:00:00:00:00:01", "aa:00:00:00:00:02"])
    assert found["user-data"] == "#!/bin/sh\n"
    assert json.loads(found["network-config"])["ethernets"] == {
        "card0": {
            "match": {"macaddress": "aa:00:00:00:00:01"},
            "addresses": ["10.7.0.3/24", "2001:db8::3/64", "10.8.0.3/24"],
            "nameservers": {"addresses": ["2001:db8::53"]},
            "routes": [
                {"to": "0.0.0.0/0", "via": "10.7.0.1", "on-link": True},
                {"to": "::/0", "via": "fe80::1", "on-link": True},
                {"to": "0.0.0.0/0", "via": "10.8.0.1", "on-link": True, "metric": 100},
                far,
            ],
        },
        "card1": {"match": {"macaddress": "aa:00:00:00:00:02"}, "addresses": ["10.9.0.3/24"]},
    }


def _read(disk, name):
    words = ["debugfs", "-R", f"cat {os_image.SEED}/{name}", disk]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_an_image_that_nobody_can_write_into_is_copied_all_the_same(create):
    (create.images / "other").write_bytes(b"no file system")
    done = create(OSP_IMG_ID="other", OSP_IMG_PROPERTIES='{"hostname": "web"}')
    assert done.returncode == 0
    assert "is not told" in done.stdout
    assert create.disk.read_bytes().startswith(b"no file system")


def test_an_instance_without_an_image_is_left_alone(create):
    assert create().returncode == 0
    assert not any(create.disk.read_bytes())


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"OSP_IMG_ID": "absent"}, "there is no image"),
        ({"OSP_IMG_ID": "../etc/passwd"}, "is no id of an image"),
        ({"OSP_IMG_ID": "big"}, "the disk only"),
        ({"OSP_IMG_ID": "tiny", "OSP_IMG_FORMAT": "floppy"}, "cannot be copied"),
        ({"OSP_IMG_ID": "tiny", "OSP_IMG_PROPERTIES": "{"}, "is not JSON"),
    ],
)
def test_what_fails_says_why(create, variables, why):
    (create.images / "tiny").write_bytes(b"x")
    with (create.images / "big").open("wb") as stream:
        stream.truncate(5 << 20)
    done = create(**variables)
    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr
