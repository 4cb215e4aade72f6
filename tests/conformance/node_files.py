"""The files one node of the real Ganeti starts with: settings, keys, OS definitions, hooks.

The same OS definitions and hooks serve our own cluster, so that both are asked for the same.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

OPERATIONS = (
    *(f"instance-{verb}" for verb in ("add", "remove", "start", "stop", "reboot", "modify")),
    *(f"instance-{verb}" for verb in ("migrate", "failover", "move", "rename", "reinstall")),
    *("disk-grow", "instance-grow-disk", "mirrors-replace", "disks-recreate", "instance-export"),
    *("network-add", "network-remove", "network-modify", "network-connect", "network-disconnect"),
    *("group-add", "group-remove", "group-rename", "group-modify", "group-evacuate"),
    *("group-assign-nodes", "node-add", "node-remove", "node-modify", "node-evacuate"),
    *("node-migrate", "cluster-modify", "cluster-rename", "cluster-verify", "config-update"),
    *("group-verify", "instance-snapshot", "backup-export", "instance-recreate-disks"),
    *("instance-change-group", "instance-replace-disks", "backup-remove", "node-powercycle"),
)
# Appears under its final name only when it is complete.
HOOK = """\
#!/bin/sh
id=$(/bin/cat /proc/sys/kernel/random/uuid)
note="{notes}/$GANETI_HOOKS_PATH.$GANETI_HOOKS_PHASE.$id"
/usr/bin/env -0 >"$note.tmp" && /bin/mv "$note.tmp" "$note"
"""
OS_PARAMETERS = ("note", "img_id", "img_format", "img_properties")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def write_hooks(folder: Path, notes: Path) -> None:
    """A hook for each phase of each operation that notes its environment."""
    for operation in OPERATIONS:
        for phase in ("pre", "post"):
            program(folder / f"{operation}-{phase}.d" / "note", HOOK.format(notes=notes))


def write_os(folder: Path, *variants: str) -> None:
    """The smallest OS definition that Ganeti accepts: scripts that succeed."""
    for script in ("create", "export", "import", "rename", "verify"):
        program(folder / script, "#!/bin/sh\nexit 0\n")
    (folder / "ganeti_api_version").write_text("20\n")
    (folder / "parameters.list").write_text("".join(f"{n} free text\n" for n in OS_PARAMETERS))
    if variants:
        (folder / "variants.list").write_text("".join(f"{name}\n" for name in variants))


def write_operating_systems(folder: Path) -> None:
    write_os(folder / "noop")
    write_os(folder / "noop-variants", "default", "other")


def write_external_storage(folder: Path) -> None:
    """A provider of external storage that keeps nothing and names a device nobody opens."""
    for script in ("create", "remove", "grow", "detach", "setinfo", "verify", "snapshot"):
        program(folder / script, "#!/bin/sh\nexit 0\n")
    for script in ("open", "close"):
        program(folder / script, "#!/bin/sh\nexit 0\n")
    attach = 'd=/run/conformance-ext\nmkdir -p $d\n[ -b "$d/$VOL_NAME" ] || mknod "$d/$VOL_NAME" b'
    program(folder / "attach", f'#!/bin/sh\n{attach} 240 1\necho "$d/$VOL_NAME"\n')
    (folder / "parameters.list").write_text("origin free text\n")


def write_hosts(path: Path, names: Mapping[str, str]) -> None:
    """Addresses to full names; each is known by its short name too."""
    lines = [f"{address} {name} {name.split('.')[0]}" for address, name in names.items()]
    path.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))


def write(folder: Path) -> None:
    """Everything that `node_init.py` mounts from a node's folder."""
    for name in ("srv/ganeti/os", "lib", "log/extstorage", "etc", "ssh", "root/.ssh"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("file-storage", "shared-file-storage"):
        (folder / "srv/ganeti" / name).mkdir(exist_ok=True)
    (folder / "root/.ssh").chmod(0o700)
    shutil.copytree("/etc/ganeti", folder / "etc", symlinks=True, dirs_exist_ok=True)
    storage = "/srv/ganeti/file-storage\n/srv/ganeti/shared-file-storage\n"
    (folder / "etc/file-storage-paths").write_text(storage)
    (folder / "default").write_text('RAPI_ARGS="--require-authentication"\n')
    databases = ("passwd", "group", "shadow", "hosts", "services", "protocols")
    (folder / "nsswitch.conf").write_text("".join(f"{name}: files\n" for name in databases))
    write_operating_systems(folder / "srv/ganeti/os")
    write_external_storage(folder / "srv/ganeti/extstorage/noop")
    _write_ssh(folder)


def _write_ssh(folder: Path) -> None:
    # Ganeti itself spreads the first node's host key, so one for all saves asking.
    key = folder.parent / "ssh_host_rsa_key"
    if not key.exists():
        words = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(key)]
        subprocess.run(words, check=True)
    for source in (key, key.with_suffix(".pub")):
        shutil.copy2(source, folder / "ssh" / source.name)
    server = ("HostKey /etc/ssh/ssh_host_rsa_key", "PermitRootLogin prohibit-password")
    server += ("PasswordAuthentication no", "UsePAM no", "PidFile /run/sshd.pid")
    (folder / "ssh/sshd_config").write_text("\n".join([*server, ""]))
    (folder / "ssh/ssh_config").write_text("Host *\n  BatchMode yes\n")
