"""What clusters of one domain sign for each other, so that whoever carries it can change nothing.

The forms are Ganeti's: an HMAC over a salt and the text, beside both. Who has the same secret can
check it. Whoever moves an instance hands it all from one cluster to the other.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ganeti_backend import errors

VERSION = 0
GREETING = f"{VERSION}:Hi, I'm Ganeti"
HEADER = "X-Ganeti-Signature: "
BEGIN = "-----BEGIN CERTIFICATE-----"

Value = TypeVar("Value")


def new_secret() -> str:
    return secrets.token_hex(20)


def wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)


class DomainSecret:
    """The secret that clusters of one domain share."""

    def __init__(self, secret: str) -> None:
        """OpPrereqError if there is none."""
        if not secret:
            text = "This cluster has no domain secret; 'gnt-cluster renew-crypto"
            text += " --new-cluster-domain-secret' makes one"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        self._key = secret.encode()

    def sign(self, text: str) -> list[str]:
        """Digest and salt."""
        salt = secrets.token_hex(8)
        return [self._digest(text, salt), salt]

    def signs(self, text: str, digest: Any, salt: Any) -> bool:
        wanted = self._digest(text, str(salt))
        return hmac.compare_digest(wanted.encode(), str(digest).encode(errors="replace"))

    def _digest(self, text: str, salt: str) -> str:
        return hmac.new(self._key, (salt + text).encode(errors="replace"), "sha1").hexdigest()

    # The handshake: that both have the same secret.

    def handshake(self) -> list[Any]:
        return [VERSION, *self.sign(GREETING)]

    def check_handshake(self, given: Sequence[Any]) -> None:
        """OpPrereqError unless the other cluster has the same secret and speaks as we do."""
        version, digest, salt = _taken("Invalid handshake: ", given, 3)
        if not self.signs(GREETING, digest, salt):
            text = "Hash didn't match, clusters don't share the same domain secret"
            raise wrong(f"Invalid handshake: {text}")
        if version != VERSION:
            raise wrong(f"Invalid handshake: Version {version} is not known, only {VERSION} is")

    # Names of keys.

    def key_name(self, name: str) -> list[str]:
        return [name, *self.sign(name)]

    def checked_key_name(self, given: Sequence[Any]) -> str:
        name, digest, salt = _taken("Invalid data for X509 key name: ", given, 3)
        if not self.signs(str(name), digest, salt):
            raise wrong("HMAC for X509 key name is wrong")
        return str(name)

    # Certificates.

    def certificate(self, pem: str) -> str:
        digest, salt = self.sign(pem)
        return f"{HEADER}{salt}/{digest}\n\n{pem}"

    def checked_certificate(self, signed: str, check: Callable[[str], str], whose: str) -> str:
        """The certificate itself; `check` says what else is wrong with it."""
        head, begin, rest = signed.partition(BEGIN)
        if not head.startswith(HEADER):
            raise errors.GenericError("X509 certificate signature is missing")
        salt, _, digest = head.removeprefix(HEADER).partition("\n")[0].partition("/")
        pem = begin + rest
        if problem := check(pem):
            raise wrong(f"Unable to load {whose} X509 CA ({problem})")
        if not self.signs(pem, digest.strip(), salt):
            raise errors.GenericError("X509 certificate signature is invalid")
        return pem

    # Where a disk goes.

    def place(self, index: int, host: str, port: int, magic: str) -> list[Any]:
        return [host, port, magic, *self.sign(f"{index}:{host}:{port}:{magic}")]

    def checked_place(self, index: int, given: Any) -> tuple[str, int, str]:
        """Host, port and what to say there first."""
        what = f"Target info for disk {index}: "
        host, port, magic, digest, salt = _taken(f"{what}Invalid data: ", given, 5)
        if not self.signs(f"{index}:{host}:{port}:{magic}", digest, salt):
            raise wrong(f"{what}HMAC is wrong")
        if not isinstance(port, int) or not 0 < port < 65536:
            raise wrong(f"{what}There is no port {port}")
        return str(host), port, str(magic)


def _taken(what: str, given: Any, count: int) -> Sequence[Any]:
    if not isinstance(given, (list, tuple)) or len(given) != count:
        found = len(given) if isinstance(given, (list, tuple)) else 1
        raise wrong(f"{what}{count} values are expected, and there are {found}")
    return given
