"""Makes a cluster's folders, settings file, certificates and RAPI user; may be repeated.

What is already there is kept: a second run mends what is missing and no more.
"""

import json
import secrets
from dataclasses import asdict
from pathlib import Path

from ganeti_backend import certificates
from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.settings import Settings, SettingsError

DIRECTORY_MODE = 0o750
RAPI_USER = "synnefo"
NODE_FOLDERS = ("disks", "instances", "console", "seeds", "tasks")


def write(path: Path | str, settings: Settings) -> None:
    """Write the settings file and make all it names; what is already there is kept."""
    for folder in _folders(settings):
        folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    certificates.ensure(settings)
    _ensure_rapi_users(settings.rapi.users_file)
    text = json.dumps(asdict(settings), default=str, indent=1, sort_keys=True)
    replace(Path(path), text.encode() + b"\n", SECRET_MODE)


def rapi_password(settings: Settings) -> str:
    """The generated password of the frontend's RAPI user."""
    for line in settings.rapi.users_file.read_text().splitlines():
        fields = line.split()
        if fields and fields[0] == RAPI_USER:
            return fields[1]
    raise SettingsError(f"{settings.rapi.users_file} has no user {RAPI_USER}")


def _folders(settings: Settings) -> list[Path]:
    folders = [
        settings.data_dir,
        settings.queue_dir,
        settings.queue_dir / "archive",
        settings.config_dir,
        settings.hooks_dir,
        settings.tls.ca.parent,
        settings.image_dir,
        settings.shared_dir,
    ]
    for node in settings.nodes:
        folders.extend([node.dir, *(node.dir / name for name in NODE_FOLDERS)])
    return folders


def _ensure_rapi_users(path: Path) -> None:
    if not path.exists():
        replace(path, f"{RAPI_USER} {secrets.token_urlsafe(24)} write\n".encode(), SECRET_MODE)
