"""What a node does for its administrators: storage units, restricted commands, a forced reboot.

With the fake hypervisor there is one pretended volume group on one physical volume, so that what
lists, changes and repairs them can be tried; the driver of real volume groups has its own.
"""

import json
import os
import re
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.durable import replace
from ganeti_backend.errors import GenericError, StorageError
from ganeti_backend.hypervisor.base import Hypervisor
from ganeti_backend.programs import command
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.storage.base import Storage
from ganeti_backend.storage.fake_book import SUFFIX

FAKE_GROUP, FAKE_VOLUME = "xenvg", "/dev/fake1"
MIB = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
RESTRICTED_FOLDER = "restricted-commands"
RESTRICTED_SECONDS = 300.0
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
REBOOT_DELAY = 5.0
SYSRQ = Path("/proc/sysrq-trigger")


class NodeCare:
    """Handlers of calls; `storages` are the drivers of the enabled disk templates."""

    def __init__(
        self,
        settings: Settings,
        node: NodeSettings,
        hypervisor: Hypervisor,
        storages: Mapping[str, Storage],
    ) -> None:
        self._settings = settings
        self._node = node
        self._hypervisor = hypervisor
        self._storages = storages
        self._pretend = not hypervisor.capabilities.reads_disks
        self._lock = threading.Lock()

    def table(self) -> dict[str, Callable[..., Any]]:
        """Call name to handler."""
        return {
            "volumes": self.volumes,
            "storage_list": self.storage_list,
            "storage_modify": self.storage_modify,
            "storage_repair": self.storage_repair,
            "node_powercycle": self.node_powercycle,
            "restricted_command": self.restricted_command,
        }

    # Storage.

    def volumes(self) -> list[dict[str, Any]]:
        """Each volume with the uuid of the disk that it is."""
        if not self._pretend:
            return []
        return [
            self._volume(path, template)
            for template in ("plain", "drbd")
            for path in sorted((self._node.dir / "disks").glob(f"*.{template}{SUFFIX}"))
        ]

    def _volume(self, path: Path, template: str) -> dict[str, Any]:
        uuid = path.name.removesuffix(f".{template}{SUFFIX}")
        size = int(json.loads(path.read_text())["size"])
        name = f"{uuid}.{template}"
        return {"name": name, "vg": FAKE_GROUP, "phys": FAKE_VOLUME, "size": size, "disk": uuid}

    def storage_list(self, storage_type: str, name: str | None) -> list[dict[str, Any]]:
        """The units of a type, or the one of this name."""
        units = self._units(storage_type)
        if name is None:
            return units
        found = [unit for unit in units if unit["name"] == name]
        if not found:
            raise StorageError(f"there is no storage unit {name} of type {storage_type}")
        return found

    def _units(self, storage_type: str) -> list[dict[str, Any]]:
        if storage_type in ("file", "sharedfile"):
            return [_folder_unit(driver.folder) for driver in self._of(storage_type)]
        if storage_type not in ("lvm-vg", "lvm-pv") or not self._pretend:
            raise StorageError(f"storage of type {storage_type} cannot be listed here")
        spaces = [driver.space() for driver in self._of("plain", "drbd")[:1]]
        name = FAKE_GROUP if storage_type == "lvm-vg" else FAKE_VOLUME
        allocatable = storage_type == "lvm-vg" or self._allocatable()
        return [
            {
                "name": name,
                "size": space.total,
                "used": space.total - space.free,
                "free": space.free,
                "allocatable": allocatable,
            }
            for space in spaces
        ]

    def _of(self, *templates: str) -> list[Storage]:
        return [self._storages[name] for name in templates if name in self._storages]

    def storage_modify(self, storage_type: str, name: str, changes: Mapping[str, Any]) -> None:
        """Only whether a physical volume takes new disks."""
        self._check_unit(storage_type, name)
        if set(changes) != {"allocatable"} or not isinstance(changes["allocatable"], bool):
            raise StorageError(f"cannot change {', '.join(changes)} of a storage unit")
        with self._lock:
            replace(self._state_file(), json.dumps(dict(changes)).encode())

    def storage_repair(self, storage_type: str, name: str) -> None:
        """A volume group forgets the physical volumes that are gone; a pretended one has all."""
        self._check_unit(storage_type, name)

    def _check_unit(self, storage_type: str, name: str) -> None:
        self.storage_list(storage_type, name)

    def _allocatable(self) -> bool:
        try:
            return bool(json.loads(self._state_file().read_text())["allocatable"])
        except FileNotFoundError:
            return True

    def _state_file(self) -> Path:
        return self._node.dir / "storage.json"

    # Restricted commands.

    def restricted_command(self, command: str) -> dict[str, str]:
        """Run one of the programs that the node's administrator keeps for this."""
        folder = self._settings.data_dir / RESTRICTED_FOLDER
        if not NAME.fullmatch(command):
            raise GenericError(f"{command!r} is no name of a restricted command")
        _check_owned(folder, folder=True)
        program = folder / command
        _check_owned(program, folder=False)
        return {"output": _run(program)}

    # Reboot.

    def node_powercycle(self) -> str:
        """Reboot without asking anybody. Where guests are pretended or embedded, only they end."""
        if self._pretend or self._settings.libvirt_uri.startswith("qemu:///embed"):
            for name in self._hypervisor.instances():
                self._hypervisor.shutdown(name, 0.0, force=True)
            return "The guests of this node were powered off, as a reboot would do"
        if not os.access(SYSRQ, os.W_OK):
            raise GenericError(f"cannot reboot: {SYSRQ} is not writable for the node daemon")
        timer = threading.Timer(REBOOT_DELAY, SYSRQ.write_text, ["b"])
        timer.daemon = True
        timer.start()
        return f"Reboot scheduled in {REBOOT_DELAY:g} seconds"


def _run(program: Path) -> str:
    clean = {"PATH": "/sbin:/bin:/usr/sbin:/usr/bin"}
    output = command.run([program], timeout=RESTRICTED_SECONDS, env=clean, cwd=Path("/"))
    return (output.stdout + output.stderr).decode(errors="replace")


def _check_owned(path: Path, *, folder: bool) -> None:
    """Nobody but root and this daemon's user may be able to change what is run."""
    try:
        found = path.stat()
    except OSError as error:
        raise GenericError(f"cannot use {path}: {error.strerror}") from error
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & WRITABLE_BY_OTHERS:
        raise GenericError(f"{path} must belong to root and be writable by nobody else")
    if not (stat.S_ISDIR(found.st_mode) if folder else stat.S_ISREG(found.st_mode)):
        raise GenericError(f"{path} is not a {'folder' if folder else 'file'}")
    if not folder and not os.access(path, os.X_OK):
        raise GenericError(f"{path} is not executable")


def _folder_unit(folder: Path) -> dict[str, Any]:
    """`used` is what lies below the folder; `size` and `free` are of its whole file system."""
    space = os.statvfs(folder)
    used = 0
    for path in folder.rglob("*"):
        # A disk that is removed while it is counted counts for nothing.
        try:
            used += path.lstat().st_blocks * 512
        except FileNotFoundError:
            continue
    return {
        "name": str(folder),
        "size": space.f_blocks * space.f_frsize // MIB,
        "used": used // MIB,
        "free": space.f_bavail * space.f_frsize // MIB,
        "allocatable": True,
    }
