"""The OS definition `image` for the nodes of a real Ganeti: fills a new disk from an image file.

A program of its own for Debian's Python, copied to `OS_DIR/image/create`; it imports nothing of
ours. The image is the file of its id in the folder that `OS_DIR/image/images` names. What the guest
is told (name, addresses, keys) goes into its root file system as a NoCloud seed, where that is ext2
to ext4 and e2fsprogs and sfdisk are installed; nothing is mounted.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FORMATS = ("raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx")
SEED = "/var/lib/cloud/seed/nocloud"
SECTOR = 512
BLOCK = 4 << 20


class Failed(Exception):  # noqa: N818  # The name says what happened.
    """The disk could not be filled; the text goes into the job."""


def image_file(folder: Path, image_id: str) -> Path:
    """The image's file; its name may not lead elsewhere."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", image_id):
        raise Failed(f"'{image_id}' is no id of an image")
    path = folder / image_id
    if not path.is_file():
        raise Failed(f"there is no image {path} on this node")
    return path


def copy(source: Path, image_format: str, disk: Path) -> None:
    """The image's content onto the disk, which has been made large enough by Ganeti."""
    if image_format not in FORMATS:
        raise Failed(f"images of the format '{image_format}' cannot be copied")
    if image_format == "raw":
        _copy_raw(source, disk)
        return
    words = ["qemu-img", "convert", "-n", "-f", image_format.replace("vhd", "vpc"), "-O", "raw"]
    _run([*words, str(source), str(disk)], needs="qemu-utils")


def _copy_raw(source: Path, disk: Path) -> None:
    with source.open("rb") as reading, disk.open("r+b") as writing:
        room = writing.seek(0, os.SEEK_END)
        size = os.fstat(reading.fileno()).st_size
        if room < size:
            raise Failed(f"the image has {size} bytes and the disk only {room}")
        writing.seek(0)
        shutil.copyfileobj(reading, writing, BLOCK)
        writing.flush()
        os.fsync(writing.fileno())


def root_offset(disk: Path) -> int:
    """Where the largest partition begins, or 0 for a disk without a table."""
    if shutil.which("sfdisk") is None:
        return 0
    done = subprocess.run(
        ["sfdisk", "--json", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return 0
    table = json.loads(done.stdout)["partitiontable"]
    largest = max(table.get("partitions", ()), key=lambda one: one["size"], default={"start": 0})
    return int(largest["start"]) * int(table.get("sectorsize", SECTOR))


def seed(properties: Mapping[str, Any], instance: str, macs: list[str]) -> dict[str, str]:
    """The files of a NoCloud seed."""
    name = str(properties.get("hostname") or instance)
    keys = [str(one) for one in properties.get("keys") or ()]
    about = {"instance-id": instance, "local-hostname": name, "public-keys": keys}
    given = base64.b64decode(properties.get("user_data") or "").decode(errors="surrogateescape")
    cards = _cards(properties.get("addresses") or (), macs)
    # JSON is YAML, which is what readers of a seed expect.
    return {
        "meta-data": json.dumps(about) + "\n",
        "user-data": given or "#cloud-config\n{}\n",
        "network-config": json.dumps({"version": 2, "ethernets": cards}) + "\n",
    }


def _cards(addresses: Iterable[Mapping[str, Any]], macs: list[str]) -> dict[str, Any]:
    """All addresses of each card; one without a MAC is that of the next card of the instance."""
    by_mac: dict[str, list[Mapping[str, Any]]] = {}
    for one in addresses:
        place = len(by_mac)
        mac = one.get("mac") or (macs[place] if place < len(macs) else f"?{place}")
        by_mac.setdefault(str(mac).lower(), []).append(one)
    cards: dict[str, Any] = {}
    out = {"0.0.0.0/0": 0, "::/0": 0}
    for index, (mac, given) in enumerate(by_mac.items()):
        card: dict[str, Any] = {"addresses": [f"{one['address']}/{one['prefix']}" for one in given]}
        if not mac.startswith("?"):
            card["match"] = {"macaddress": mac}
        named = {name: True for one in given for name in one.get("nameservers") or ()}
        if named:
            card["nameservers"] = {"addresses": list(named)}
        if routes := _routes(given, out):
            card["routes"] = routes
        cards[f"card{index}"] = card
    return cards


def _routes(given: Iterable[Mapping[str, Any]], out: dict[str, int]) -> list[dict[str, Any]]:
    """Of several ways out the first one is taken; `out` counts those of each version so far."""
    ways: dict[str, dict[str, Any]] = {}
    others: list[dict[str, Any]] = []
    for one in given:
        via = one.get("gateway")
        if via and via not in ways:
            default = "::/0" if ":" in via else "0.0.0.0/0"
            ways[via] = {"to": default, "via": via, "on-link": True}
            if out[default]:
                ways[via]["metric"] = 100 * out[default]
            out[default] += 1
        others += [route for route in one.get("routes") or () if route not in others]
    return [*ways.values(), *others]


def write_seed(files: Mapping[str, str], disk: Path, offset: int) -> bool:
    """Put the files into the file system there; whether it was one that can be written to."""
    if shutil.which("debugfs") is None:
        return False
    with tempfile.TemporaryDirectory() as place:
        lines, path = [], ""
        for part in SEED.strip("/").split("/"):
            path += f"/{part}"
            lines.append(f"mkdir {path}")
        for name, text in files.items():
            (Path(place) / name).write_bytes(text.encode(errors="surrogateescape"))
            lines += [f"rm {SEED}/{name}", f"write {place}/{name} {SEED}/{name}"]
        commands = Path(place) / "commands"
        commands.write_text("\n".join([*lines, ""]))
        words = ["debugfs", "-w", "-f", str(commands), f"{disk}?offset={offset}"]
        subprocess.run(words, capture_output=True, check=False)
        # It succeeds whatever happens, so what it wrote is looked at.
        words = ["debugfs", "-R", f"cat {SEED}/meta-data", f"{disk}?offset={offset}"]
        shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return shown == files["meta-data"]


def create(environment: Mapping[str, str], images: Path) -> None:
    """What Ganeti asks for: `OSP_…` are the OS parameters, `DISK_0_PATH` is where to."""
    if not environment.get("OSP_IMG_ID") or "DISK_0_PATH" not in environment:
        return  # An instance without an image or without a disk: there is nothing to copy.
    disk = Path(environment["DISK_0_PATH"])
    source = image_file(images, environment["OSP_IMG_ID"])
    copy(source, environment.get("OSP_IMG_FORMAT") or "raw", disk)
    try:
        properties = json.loads(environment.get("OSP_IMG_PROPERTIES") or "{}")
    except ValueError as error:
        raise Failed(f"img_properties is not JSON: {error}") from error
    if properties:
        count = int(environment.get("NIC_COUNT") or 0)
        macs = [environment.get(f"NIC_{index}_MAC", "") for index in range(count)]
        files = seed(properties, environment.get("INSTANCE_NAME", ""), macs)
        if not write_seed(files, disk, root_offset(disk)):
            print("the image has no ext file system: the guest is not told its name and addresses")


def _run(words: list[str], needs: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Failed(f"{words[0]} is missing on this node: apt-get install {needs}") from None
    if done.returncode:
        raise Failed(f"{words[0]} failed: {done.stderr.strip()[-500:]}")


def main() -> int:
    """Ganeti puts what is printed into the log of the creation."""
    folder = Path(sys.argv[0]).resolve().parent / "images"
    try:
        create(os.environ, Path(folder.read_text().strip()))
    except (Failed, OSError) as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
