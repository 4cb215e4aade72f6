"""Passwords that must be readable again, such as those of backends: encrypted at rest."""

import base64
import hashlib
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def _key() -> "Fernet":
    """Loaded on use: most processes never open a seal."""
    from cryptography.fernet import Fernet

    digest = hashlib.sha256(b"synnefo sealing " + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(text: str) -> str:
    """The text in a form that only this installation can read."""
    return _key().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; cryptography's InvalidToken if another installation sealed it."""
    return _key().decrypt(sealed.encode()).decode()
