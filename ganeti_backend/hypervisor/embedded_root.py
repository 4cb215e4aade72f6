"""The folder of libvirt's embedded driver: its configuration, its state and its cache."""

import hashlib
import os
import stat
import zlib
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from ganeti_backend.errors import HypervisorError

# A Unix socket's path has 107 bytes. The longest that is made below the root is the monitor's,
# "/lib/qemu/domain-NUMBER-TWENTY_LETTERS_OF_NAME/monitor.sock".
LONGEST_ROOT = 44
# Without this a driver of root's runs guests as a user who cannot read the disks; any other user's
# runs them as that user and must not be told to change it.
AS_ROOT = 'user = "root"\ngroup = "root"\n'
SHORT_NAMES = Path("/tmp/synnefo-libvirt")

# Screens of several nodes on one machine are numbered in different hundreds: each driver looks for
# a free port by itself, and two that look at once must not find the same.
PORT_RANGES = 100
PORTS_PER_RANGE = 250
FIRST_PORT = 5900
QEMU_CONF = """\
# Written by the node daemon at each start.
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
dynamic_ownership = 0
stdio_handler = "file"
vnc_listen = "127.0.0.1"
remote_display_port_min = {first}
remote_display_port_max = {last}
"""


def of(uri: str) -> Path | None:
    """The root that an embedded driver's address names; None for a libvirtd's address."""
    parts = urlsplit(uri)
    roots = parse_qs(parts.query).get("root")
    return Path(roots[0]) if roots and parts.path == "/embed" else None


def prepare(uri: str, shared_cache: Path, short_names: Path = SHORT_NAMES) -> str:
    """Make the root ready; the address to use, which names it by a path that is not too long.

    What is learnt about the emulator, by seconds of trying, is shared with other nodes.
    """
    root = of(uri)
    if root is None:
        return uri
    (root / "etc").mkdir(parents=True, exist_ok=True)
    first = FIRST_PORT + zlib.crc32(str(root).encode()) % PORT_RANGES * PORTS_PER_RANGE
    text = QEMU_CONF.format(first=first, last=first + PORTS_PER_RANGE - 1)
    (root / "etc" / "qemu.conf").write_text(text + (AS_ROOT if os.geteuid() == 0 else ""))
    shared_cache.mkdir(parents=True, exist_ok=True)
    if not (root / "cache").exists():
        (root / "cache").symlink_to(shared_cache, target_is_directory=True)
    return uri.replace(quote(str(root)), quote(str(_short(root, short_names))))


def _short(root: Path, short_names: Path) -> Path:
    """The root itself, or a link to it whose name is always the same for this root."""
    if len(os.fsencode(root)) <= LONGEST_ROOT:
        return root
    folder = short_names.with_name(f"{short_names.name}-{os.geteuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise HypervisorError(f"{folder} belongs to somebody else; use a shorter state folder")
    link = folder / hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    if not link.is_symlink() or link.readlink() != root:
        temporary = link.with_name(f"{link.name}.{os.getpid()}")
        temporary.symlink_to(root, target_is_directory=True)
        temporary.rename(link)
    return link
