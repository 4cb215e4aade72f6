"""What goes into the guest image, without building a whole one."""

import gzip
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError
from synnefo.cloud.guest_image import boot_disk, builder, initramfs

AWK = [found for found in (shutil.which("busybox"), shutil.which("awk")) if found][:1]
PROGRAM = Path(builder.__file__).with_name("network-config.awk")


def members(archive):
    """Read the "newc" format back: name to (mode, content)."""
    found, position = {}, 0
    while True:
        assert archive[position : position + 6] == b"070701"
        header = archive[position + 6 : position + 110]
        fields = [int(header[i : i + 8], 16) for i in range(0, 104, 8)]
        name_end = position + 110 + fields[11] - 1
        name = archive[position + 110 : name_end].decode()
        content = (name_end + 1 + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (fields[1], archive[content : content + fields[6]], fields[2:4])
        position = (content + fields[6] + 3) // 4 * 4


def test_archive_can_be_read_back(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "program").write_bytes(b"12345")
    (tmp_path / "bin" / "program").chmod(0o755)
    (tmp_path / "bin" / "link").symlink_to("program")
    found = members(b"".join(initramfs.archive(tmp_path)))
    assert found["bin/program"] == (stat.S_IFREG | 0o755, b"12345", [0, 0])
    assert stat.S_ISLNK(found["bin/link"][0])
    assert found["bin/link"][1] == b"program"
    assert stat.S_ISCHR(found["dev/console"][0])


def module(folder, name, *needed):
    path = folder / f"{name}.ko"
    path.write_bytes(b"ELF\0license=GPL\0depends=" + ",".join(needed).encode() + b"\0name=x\0")
    return path


def test_modules_are_loaded_after_what_they_need(tmp_path):
    available = {
        "virtio_net": module(tmp_path, "virtio_net", "net_failover"),
        "net_failover": module(tmp_path, "net_failover", "failover"),
        "failover": module(tmp_path, "failover"),
        "other": module(tmp_path, "other"),
    }
    order = initramfs.loading_order(available, ("virtio_net", "built_in", "failover"))
    assert order == ["failover", "net_failover", "virtio_net"]


def test_initramfs_is_the_same_each_time(tmp_path):
    busybox = tmp_path / "busybox"
    busybox.write_text("#!/bin/sh\nprintf 'sh\\nls\\nbusybox\\n'\n")
    busybox.chmod(0o755)
    kernel = tmp_path / "kernel"
    (kernel / "lib/modules/6.1/kernel").mkdir(parents=True)
    module(kernel / "lib/modules/6.1/kernel", "virtio_blk")
    built = []
    for name in ("one", "two"):
        initramfs.build(tmp_path / name, tmp_path / f"{name}.tree", kernel, busybox, None)
        built.append((tmp_path / name).read_bytes())
    assert built[0] == built[1]
    found = members(gzip.decompress(built[0]))
    assert found["init"][0] & 0o111
    assert found["lib/modules/order"][1] == b"virtio_blk.ko\n"
    assert found["bin/ls"][1] == b"busybox"


def test_partition_entry_is_what_a_bios_reads():
    entry = boot_disk._entry(0x83, 21, 12, active=True)
    assert len(entry) == 16
    assert entry[0] == 0x80
    assert entry[4] == 0x83
    assert int.from_bytes(entry[8:12], "little") == 21 * 2048
    assert int.from_bytes(entry[12:16], "little") == 12 * 2048


def test_recipe_follows_the_files_it_is_made_of(tmp_path, monkeypatch):
    for path in builder.HERE.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    original = builder.recipe()
    monkeypatch.setattr(builder, "HERE", tmp_path)
    assert builder.recipe() == original
    (tmp_path / "init").write_text("#!/bin/sh\n")
    assert builder.recipe() != original


def test_no_debian_no_image(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "SEARCH_PATH", str(tmp_path))
    with pytest.raises(CloudError, match="apt-get is missing"):
        builder.ensure(tmp_path / "cache")


def plan(tmp_path, text):
    path = tmp_path / "network-config"
    path.write_text(text)
    words = [*AWK, *(["awk"] if AWK[0].endswith("busybox") else []), "-f", str(PROGRAM), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


VERSION_1 = """\
version: 1
config:
  - type: physical
    name: eth0
    mac_address: "AA:00:00:00:00:01"
    subnets:
      - type: static
        address: 10.0.0.5
        netmask: 255.255.240.0
        gateway: 10.0.0.1
        dns_nameservers: [1.1.1.1]
  - type: physical
    name: eth1
    mac_address: aa:00:00:00:00:02
    subnets:
      - {type: static, address: 10.1.0.5/22}
"""
VERSION_2 = """\
version: 2
ethernets:
  eth0:
    match: {macaddress: "aa:00:00:00:00:03"}
    addresses:
      - 198.18.0.5/20
      - 2001:db8::5/64
    nameservers: {addresses: [9.9.9.9]}
    gateway4: 198.18.0.1
"""
AS_JSON = (
    '{"ethernets":{"nic0":{"addresses":["10.0.0.9/20"],"gateway4":"10.0.0.1",'
    '"match":{"macaddress":"aa:00:00:00:00:04"},"nameservers":{"addresses":["9.9.9.9"]}},'
    '"nic1":{"addresses":["10.2.0.9/20"],"match":{"macaddress":"aa:00:00:00:00:05"},'
    '"routes":[{"to":"default","via":"10.2.0.1"}]}},"version":2}'
)


@pytest.mark.skipif(not AWK, reason="no awk on this machine")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VERSION_1, ["aa:00:00:00:00:01 10.0.0.1 10.0.0.5/20", "aa:00:00:00:00:02 - 10.1.0.5/22"]),
        (VERSION_2, ["aa:00:00:00:00:03 198.18.0.1 198.18.0.5/20 2001:db8::5/64"]),
        (
            AS_JSON,
            ["aa:00:00:00:00:04 10.0.0.1 10.0.0.9/20", "aa:00:00:00:00:05 10.2.0.1 10.2.0.9/20"],
        ),
        ("", []),
        ("version: 2\nethernets: {}\n", []),
    ],
    ids=["version 1", "version 2", "json", "empty", "no interfaces"],
)
def test_guest_understands_network_config(tmp_path, text, expected):
    assert plan(tmp_path, text) == expected
