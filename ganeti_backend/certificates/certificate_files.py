"""Certificates and keys in files that are replaced while they are in use (standard library only).

A new key waits beside the old one until the certificate that belongs to it is in place, so that a
crash in between leaves a pair that can be made whole.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from ganeti_backend.durable import SECRET_MODE, replace, sync_folder
from ganeti_backend.settings import TlsSettings

NEXT = ".next"


def next_key(key: Path) -> Path:
    """Where the key waits."""
    return key.with_name(key.name + NEXT)


def install(certificate: Path, key: Path, content: bytes) -> None:
    """Put the certificate of the waiting key in place, and then the key; ValueError if alien."""
    waiting = next_key(key)
    candidate = certificate.with_name(certificate.name + NEXT)
    replace(candidate, content, SECRET_MODE)
    if not fits(candidate, waiting):
        candidate.unlink()
        raise ValueError("the certificate does not belong to the key that waits for one")
    candidate.rename(certificate)
    waiting.rename(key)
    sync_folder(certificate.parent)


def finish(certificate: Path, key: Path) -> None:
    """After a crash: take the waiting key if the certificate is its own already."""
    waiting = next_key(key)
    if not waiting.exists():
        return
    if fits(certificate, waiting):
        waiting.rename(key)
    else:
        waiting.unlink()


def fits(certificate: Path, key: Path) -> bool:
    """Whether the two belong together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        return False
    return True


def reload(context: ssl.SSLContext, tls: TlsSettings) -> None:
    """Show and trust from the next connection on what the files hold now.

    What the context trusted before it trusts on, until the daemon starts anew.
    """
    context.load_cert_chain(tls.certificate, tls.key)
    context.load_verify_locations(tls.ca)
