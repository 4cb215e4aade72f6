"""Makes a cluster's folders, settings file, certificates and RAPI user; may be repeated.

What is already there is kept: a second run mends what is missing and no more.
"""

import dataclasses
import json
import secrets
from pathlib import Path

from ganeti_backend.certificates import authority
from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.settings import (
    FOLDER_MODE,
    NodeSettings,
    RapiSettings,
    Settings,
    SettingsError,
    TlsSettings,
)

PRIVATE_MODE = 0o700  # There is a key inside.
SETTINGS_FILE = "node.json"
RAPI_USER = "synnefo"


def write(path: Path | str, settings: Settings) -> None:
    """Write the settings file and make all it names; what is already there is kept."""
    for folder in _folders(settings):
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    authority.ensure(settings)
    _ensure_rapi_users(settings.rapi.users_file)
    _write_settings(Path(path), settings)


def bundle(settings: Settings, node: NodeSettings) -> Path:
    """The folder with all that a further node's daemon needs; its settings file is in it.

    It can be carried to the node and put anywhere: what is inside is named relatively, also what
    will be there when the node becomes the master. What the node shares with the others (images,
    hooks, shared disks) is expected at the same paths.
    """
    folder = bundle_folder(settings, node.name)
    own = NodeSettings(node.name, node.address, node.port, folder / node.dir)
    for path in (folder, *own.folders):
        path.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
    authority.ensure_node(settings, own, folder)
    written = dataclasses.replace(
        settings,
        data_dir=Path(),
        queue_dir=Path("queue"),
        config_dir=Path("config"),
        command_socket=Path("master.sock"),
        rapi=RapiSettings(
            settings.rapi.host,
            settings.rapi.port,
            *(Path(name) for name in ("rapi_users", "rapi.pem", "rapi.key")),
        ),
        nodes=(node,),
        tls=TlsSettings(*(Path(name) for name in authority.NODE_FILES)),
    )
    _write_settings(folder / SETTINGS_FILE, written)
    return folder / SETTINGS_FILE


def bundle_folder(settings: Settings, name: str) -> Path:
    """Where the bundle of a further node is made."""
    return settings.data_dir / "nodes" / name


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
        folders.extend(node.folders)
    return folders


def _write_settings(path: Path, settings: Settings) -> None:
    text = json.dumps(dataclasses.asdict(settings), default=str, indent=1, sort_keys=True)
    replace(path, text.encode() + b"\n", SECRET_MODE)


def _ensure_rapi_users(path: Path) -> None:
    if not path.exists():
        replace(path, f"{RAPI_USER} {secrets.token_urlsafe(24)} write\n".encode(), SECRET_MODE)
