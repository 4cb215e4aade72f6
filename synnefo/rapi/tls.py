"""How a cluster proves that it is itself: by an authority's certificate, or by its own, pinned.

A Ganeti makes its certificate itself and names no host in it; so one knows it by its fingerprint,
as one knows a host of SSH. There is no way to trust whoever answers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOK_WITHIN = 10.0
DEFAULT_PORT = 5080
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Pinned(ssl.SSLContext):
    """Accepts one certificate only, before a byte of a request is sent."""

    digest = ""

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """Shake hands, then compare."""
        connected = super().wrap_socket(*arguments, **options)
        shown = digest_of(connected.getpeercert(binary_form=True) or b"")
        if not hmac.compare_digest(shown, self.digest):
            connected.close()
            raise ssl.SSLCertVerificationError(
                1, f"the certificate has the fingerprint {readable(shown)}, not the one expected"
            )
        return connected


def context(proof: Path | str | None) -> ssl.SSLContext:
    """What connections are checked with: an authority's file, a fingerprint, or the machine's
    authorities.
    """
    if not isinstance(proof, str):
        return ssl.create_default_context(cafile=str(proof) if proof else None)
    made = Pinned(ssl.PROTOCOL_TLS_CLIENT)
    made.digest = normalized(proof)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # Whose authority signed it and for which name says nothing beyond that it is this very one.
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def normalized(fingerprint: str) -> str:
    """The digest of what openssl prints (`sha256 Fingerprint=AB:CD:…`); ValueError for others."""
    digest = fingerprint.rpartition("=")[2].strip().replace(":", "").lower()
    if not _DIGEST.fullmatch(digest):
        raise ValueError(
            "a fingerprint is 64 hexadecimal digits, with or without colons:"
            " openssl x509 -noout -fingerprint -sha256 -in /var/lib/ganeti/rapi.pem prints it"
        )
    return digest


def readable(digest: str) -> str:
    """As openssl prints it."""
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)).upper()


def is_mistrust(error: BaseException | None) -> bool:
    """Whether a failure to connect comes down to a certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def digest_of(certificate: bytes) -> str:
    """The SHA-256 of a certificate in its binary form."""
    return hashlib.sha256(certificate).hexdigest()


def shown_by(url: str) -> str:
    """The fingerprint of whoever answers there, for a person to compare; OSError if nobody does."""
    parts = urlsplit(url)
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE
    address = (parts.hostname or "", parts.port or DEFAULT_PORT)
    with (
        socket.create_connection(address, timeout=LOOK_WITHIN) as plain,
        looking.wrap_socket(plain) as connected,
    ):
        return readable(digest_of(connected.getpeercert(binary_form=True) or b""))
