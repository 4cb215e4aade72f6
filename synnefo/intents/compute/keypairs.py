"""What users ask of key pairs."""

from __future__ import annotations

import base64
import binascii
import hashlib

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, NotFound, QuotaExceeded
from synnefo.core.quota import UNLIMITED
from synnefo.db.models import Keypair, User
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.compute import certificates


def create(
    caller: Caller, name: str, public_key: str | None, *, kind: str = "ssh"
) -> tuple[Keypair, str | None]:
    """Import a public key, or make a pair: then the private half is the second value, given once.

    Conflict if the name is taken, BadRequest if the key is none.
    """
    private_key = None
    if public_key is None:
        public_key, private_key = MAKERS[kind](caller)
    row = Keypair(
        user_id=caller.user_id,
        name=name,
        public_key=public_key,
        fingerprint=_fingerprint(public_key) if kind == "ssh" else _of_certificate(public_key),
        type=kind,
        created_at=timezone.now(),
    )
    try:
        with writing():
            # Locked, so that of several creations at once each counts the others.
            User.objects.select_for_update().get(pk=caller.user_id)
            _check_quota(caller)
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(f"Key pair '{name}' already exists.", field="name") from taken
    return row, private_key


def _check_quota(caller: Caller) -> None:
    """The project's limit is for each of its users; Nova answers 403 with these words."""
    most = quota.limits(caller.project_id)["key_pairs"]
    if most != UNLIMITED and Keypair.objects.filter(user_id=caller.user_id).count() >= most:
        raise QuotaExceeded("Quota exceeded, too many key pairs.", limit=most)


def delete(caller: Caller, name: str) -> None:
    """Forget a key; NotFound if there is none."""
    with writing():
        gone, _ = Keypair.objects.filter(user_id=caller.user_id, name=name).delete()
    if not gone:
        raise NotFound(f"Keypair {name[:80]} not found for user {caller.user_id}")


def _new_pair(_caller: Caller) -> tuple[str, str]:
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


MAKERS = {"ssh": _new_pair, "x509": certificates.new_pair}


def _fingerprint(public_key: str) -> str:
    """MD5 in pairs of digits, as Nova shows it."""
    parts = public_key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
        length = int.from_bytes(blob[:4], "big")
        if blob[4 : 4 + length] != parts[0].encode() or len(blob) < 8 + length:
            raise ValueError("the key's type is not in it")
    except (IndexError, ValueError, binascii.Error) as error:
        raise BadRequest("Keypair data is invalid: no public key.", field="public_key") from error
    return _pairs(hashlib.md5(blob, usedforsecurity=False).hexdigest())


def _of_certificate(public_key: str) -> str:
    """SHA-1 of the certificate, as Nova shows it."""
    return _pairs(hashlib.sha1(certificates.der(public_key), usedforsecurity=False).hexdigest())


def _pairs(digest: str) -> str:
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
