"""What users ask of key pairs."""

from __future__ import annotations

import base64
import binascii
import hashlib

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, NotFound, QuotaExceeded
from synnefo.core.quota import MOST_KEYPAIRS
from synnefo.db.models import Keypair, User
from synnefo.db.transactions import writing


def create(
    caller: Caller, name: str, public_key: str | None, *, kind: str = "ssh"
) -> tuple[Keypair, str | None]:
    """Import a public key, or make a pair: then the private half is the second value, given once.

    Conflict if the name is taken, BadRequest if the key is none.
    """
    private_key = None
    if public_key is None:
        public_key, private_key = _new_pair()
    row = Keypair(
        user_id=caller.user_id,
        name=name,
        public_key=public_key,
        fingerprint=_fingerprint(public_key),
        type=kind,
        created_at=timezone.now(),
    )
    try:
        with writing():
            # Locked, so that of several creations at once each counts the others.
            User.objects.select_for_update().get(pk=caller.user_id)
            if Keypair.objects.filter(user_id=caller.user_id).count() >= MOST_KEYPAIRS:
                raise QuotaExceeded("Quota exceeded, too many key pairs.", limit=MOST_KEYPAIRS)
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(f"Key pair '{name}' already exists.", field="name") from taken
    return row, private_key


def delete(caller: Caller, name: str) -> None:
    """Forget a key; NotFound if there is none."""
    with writing():
        gone, _ = Keypair.objects.filter(user_id=caller.user_id, name=name).delete()
    if not gone:
        raise NotFound(f"Keypair {name} not found for user {caller.user_id}")


def _new_pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return f"{public.decode()} Generated-by-Synnefo", private.decode()


def _fingerprint(public_key: str) -> str:
    """MD5 in pairs of digits, as Nova shows it; of X.509 keys over the whole text."""
    parts = public_key.split()
    try:
        if public_key.startswith("-----BEGIN"):
            blob = public_key.encode()
        else:
            blob = base64.b64decode(parts[1], validate=True)
            if len(blob) < 8 or parts[0].encode() not in blob:
                raise ValueError("the key's type is not in it")
    except (IndexError, ValueError, binascii.Error) as error:
        raise BadRequest("Keypair data is invalid: no public key.", field="public_key") from error
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))
