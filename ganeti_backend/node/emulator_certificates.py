"""The node's certificates under the names by which an emulator looks for them.

Guests that go to another node are sent over TLS with the certificates of node calls. Links are
enough: a renewed certificate is found at the next migration.
"""

import os
from pathlib import Path

from ganeti_backend.settings import TlsSettings

FOLDER = "emulator-certificates"


def folder(node: Path, tls: TlsSettings) -> Path | None:
    """The folder to name to the emulator; None if this node has no certificates."""
    wanted = {
        "ca-cert.pem": tls.ca,
        "server-cert.pem": tls.certificate,
        "server-key.pem": tls.key,
        "client-cert.pem": tls.certificate,
        "client-key.pem": tls.key,
    }
    if not all(path.exists() for path in wanted.values()):
        return None
    made = node / FOLDER
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, target in wanted.items():
        link = made / name
        if not link.is_symlink() or link.readlink() != target.absolute():
            temporary = made / f".{name}.{os.getpid()}"
            temporary.symlink_to(target.absolute())
            temporary.rename(link)
    return made
