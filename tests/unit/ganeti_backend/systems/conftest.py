"""OS definitions made for a test, and the node's side of running them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import settings
from ganeti_backend.node.os_handlers import OsHandlers
from ganeti_backend.storage.file import FileStorage

SHOW = "#!/bin/sh\nenv | sort\npwd\n"
DONE = "#!/bin/sh\nexit 0\n"
DUMP = '#!/bin/bash\ntest -n "$EXP_SIZE_FD" && stat -c %s "$EXPORT_DEVICE" >&$EXP_SIZE_FD\n'
DUMP += 'exec cat "$EXPORT_DEVICE"\n'
FILL = '#!/bin/sh\nexec dd of="$IMPORT_DEVICE" conv=notrunc status=none\n'
SCRIPTS = {"create": SHOW, "export": DUMP, "import": FILL, "rename": DONE, "verify": DONE}


def write(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


def make(folder: Path, name: str = "small", **files: str | None) -> Path:
    """A definition of API version 20; a file that is None is left out."""
    place = folder / name
    place.mkdir(parents=True)
    lists = {
        "ganeti_api_version": "20\n15\n10\n",
        "variants_list": "default\n# a comment\n\nother\n",
        "parameters_list": "dhcp Whether to enable dhcp\nroot_size\tThe size, in GiB\n",
    }
    for key, text in {**SCRIPTS, **lists, **files}.items():
        if text is not None:
            file = key.replace("_list", ".list")
            write(place, file, text, 0o755 if file in SCRIPTS else 0o644)
    return place


class Bench:
    """The calls about OS definitions of one node whose disks are real files."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings.for_state(folder, 0, [1])
        self.node = self.settings.nodes[0]
        self.systems = self.node.dir / "os"
        (self.node.dir / "disks").mkdir(parents=True)
        self.storage = FileStorage(self.node.dir / "disks")
        self.handlers = self.start()

    def start(self) -> OsHandlers:
        self.handlers = OsHandlers(self.settings, self.node, lambda _disk: self.storage, False)
        return self.handlers

    def instance(self, os_name: str = "small+default", disks: int = 1) -> dict[str, Any]:
        made = [
            {"uuid": f"disk{n}", "size": 1, "template": "file", "mode": "rw", "name": None}
            for n in range(disks)
        ]
        for disk in made:
            self.storage.create(disk)
        return {
            "name": "web1",
            "uuid": "u-web1",
            "os": os_name,
            "hypervisor": "kvm",
            "primary_node": self.node.name,
            "secondary_node": None,
            "beparams": {"maxmem": 128},
            "hvparams": {"serial_console": True, "nic_type": "paravirtual"},
            "disks": made,
            "nics": [
                {
                    "uuid": "n1", "mac": "aa:00:00:00:00:01", "name": "lan", "ip": "192.0.2.2",
                    "network": "net-uuid", "mode": "bridged", "link": "br0", "vlan": "",
                }
            ],
        }  # fmt: skip

    def order(self, action: str = "create", **more: Any) -> dict[str, Any]:
        """Order a script and wait for its end."""
        values: dict[str, Any] = {
            "task_id": f"{action}-{os.urandom(4).hex()}",
            "wait": 20.0,
            "networks": {},
            "parameters": {},
            "hidden": [],
            "variables": {},
            "debug": 0,
            "limit": 20.0,
            "index": None,
            "frozen": False,
            "export": "",
            "file": "",
            "peer": {"name": self.node.name, "address": "127.0.0.1", "port": 1},
            "transfer": None,
        }
        instance = more.pop("instance", None) or self.instance()
        return self.handlers.os_script(action=action, instance=instance, **{**values, **more})

    def log(self) -> str:
        """The newest log."""
        logs = sorted((self.node.dir / "os_logs").glob("*.log"), key=lambda p: p.stat().st_mtime_ns)
        return logs[-1].read_text()

    def content(self, disk: str = "disk0") -> Path:
        return self.node.dir / "disks" / f"{disk}.raw"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def define(bench: Bench) -> Callable[..., Path]:
    return lambda name="small", **files: make(bench.systems, name, **files)
