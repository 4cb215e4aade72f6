"""Who may use the remote API: Ganeti's users file and HTTP basic authentication.

A line is `name password [option,…]`; the password may be `{HA1}md5(name:realm:password)` or
`{cleartext}password`; options are `read` and `write`. The file is read again when it changes, so a
password is withdrawn without a restart.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from ganeti_backend.rapi.faults import REALM, HttpFault

READ = "read"
WRITE = "write"
HASHED = "{ha1}"
CLEARTEXT = "{cleartext}"


@dataclass(frozen=True)
class User:
    """One line of the users file."""

    name: str
    secret: str
    hashed: bool
    options: frozenset[str]

    def accepts(self, password: str) -> bool:
        """Compare in a time that does not depend on how much of the password is right."""
        given = password
        if self.hashed:
            given = hashlib.md5(f"{self.name}:{REALM}:{password}".encode()).hexdigest()
        return hmac.compare_digest(given.encode(), self.secret.encode())


# Compared with when the name is unknown, so that names cannot be found out by timing.
NOBODY = User("", "\0", hashed=False, options=frozenset())


def parse_users(text: str) -> dict[str, User]:
    """The users of a users file; blank lines, comments and lines without a password are skipped."""
    users = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 2 or fields[0].startswith("#"):
            continue
        name, secret = fields[:2]
        options = frozenset(",".join(fields[2:]).split(",")) if fields[2:] else frozenset()
        users[name] = _user(name, secret, options)
    return users


def _user(name: str, secret: str, options: frozenset[str]) -> User:
    lowered = secret.lower()
    if lowered.startswith(HASHED):
        return User(name, secret[len(HASHED) :].lower(), hashed=True, options=options)
    if lowered.startswith(CLEARTEXT):
        secret = secret[len(CLEARTEXT) :]
    return User(name, secret, hashed=False, options=options)


class Users:
    """The users file, read again whenever it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._users: dict[str, User] = {}

    def authenticate(self, authorization: str | None) -> User:
        """The user that these credentials belong to; raises HttpFault 401."""
        name, password = _credentials(authorization)
        user = self._current().get(name, NOBODY)
        if not user.accepts(password) or user is NOBODY:
            raise HttpFault(401)
        return user

    def _current(self) -> dict[str, User]:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            if stamp != self._stamp:
                self._users = parse_users(self._path.read_text())
                self._stamp = stamp
        except FileNotFoundError:
            self._users, self._stamp = {}, None
        return self._users


def authorize(user: User, allowed: frozenset[str] | None) -> None:
    """Refuse with 403 unless the user has one of the options; None means that any user may."""
    if allowed is not None and not allowed & user.options:
        raise HttpFault(403)


def _credentials(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise HttpFault(401)
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise HttpFault(401) from error
    if not colon:
        raise HttpFault(401)
    return name, password
