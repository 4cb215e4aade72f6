"""Pid 1 of one node of the real Ganeti: gives it files of its own, then keeps its processes.

Run with Debian's Python inside fresh namespaces: node_init.py FOLDER SHARED HOSTNAME.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# What a node has for itself, and where that lies in its folder.
PRIVATE = {
    "srv": "/srv",
    "lib": "/var/lib/ganeti",
    "log": "/var/log/ganeti",
    "etc": "/etc/ganeti",
    "default": "/etc/default/ganeti",
    "ssh": "/etc/ssh",
    "nsswitch.conf": "/etc/nsswitch.conf",
    "root": "/root",
}


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, stdout=sys.stderr)


def bind(source: Path, target: Path) -> None:
    mount("--bind", source, target)


def main() -> None:
    folder, shared, hostname = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    mount("--make-rprivate", "/")
    mount("-t", "proc", "proc", "/proc")
    # Which network cards there are is read from here, and each network has its own view.
    mount("-t", "sysfs", "sysfs", "/sys")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.makedirs("/run/sshd", 0o755)
    os.makedirs("/run/lock", 0o1777)
    for name, place in PRIVATE.items():
        bind(folder / name, Path(place))
    bind(shared / "disks", Path("/srv/ganeti/shared-file-storage"))
    bind(shared / "hosts", Path("/etc/hosts"))
    # Its start gives the metadata daemon's program a capability; that shall stay in a copy.
    metad = Path("/usr/sbin/ganeti-metad").resolve()
    shutil.copy2(metad, folder / "metad")
    bind(folder / "metad", metad)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sethostname(hostname.encode(), len(hostname))
    subprocess.run(["/usr/sbin/sshd"], check=True, stdout=sys.stderr)
    print("ready", flush=True)
    keep()


def keep() -> None:
    """Nobody else waits for the daemons' orphans."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            signal.pause()


if __name__ == "__main__":
    main()
