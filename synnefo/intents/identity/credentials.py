"""What users ask of credentials that other services verify: EC2 keys and the like."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import orjson

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.db import sealing
from synnefo.db.models import Credential, User
from synnefo.db.transactions import writing
from synnefo.intents.identity import identity_rows, projects, users

EC2 = "ec2"
MOST = 200  # of one user


def get(key: str) -> Credential:
    """The credential; NotFound if there is none."""
    return identity_rows.found(Credential.objects.all(), key, "credential")


def blob_of(row: Credential) -> str:
    """What was kept."""
    return sealing.unseal(row.blob_encrypted)


def id_of(access: str) -> str:
    """Where the EC2 key with this public part is."""
    return hashlib.sha256(access.encode()).hexdigest()


def _keys(blob: str) -> dict[str, Any]:
    try:
        keys = orjson.loads(blob)
    except orjson.JSONDecodeError:
        keys = None
    if not isinstance(keys, dict) or not isinstance(keys.get("access"), str):
        raise BadRequest(
            "Invalid blob in credential: an object in JSON with access and secret is expected.",
            field="credential.blob",
        )
    return keys


def create(caller: Caller, wish: Mapping[str, Any]) -> Credential:
    """Keep a credential."""
    if caller.delegated:
        raise Forbidden("A credential or a trust cannot make keys, which would outlive it.")
    users.get(wish["user_id"])
    kind, blob, project_id = wish["type"], wish["blob"], wish.get("project_id")
    row = Credential(
        user_id=wish["user_id"], project_id=project_id, type=kind, blob_encrypted=sealing.seal(blob)
    )
    if project_id is not None:
        projects.get(project_id)
    if kind == EC2:
        row.id = id_of(_keys(blob)["access"])
        if project_id is None:
            raise BadRequest(
                "Invalid value for project_id: an EC2 key belongs to a project.",
                field="credential.project_id",
            )
    return _inserted(row)


def _inserted(row: Credential) -> Credential:
    with writing():
        User.objects.select_for_update().get(pk=row.user_id)
        if Credential.objects.filter(pk=row.pk).exists():
            raise Conflict(
                "Conflict occurred attempting to store credential - this key exists already.",
                field="credential.blob",
            )
        if Credential.objects.filter(user_id=row.user_id).count() >= MOST:
            raise Forbidden(f"A user may have at most {MOST} credentials.")
        row.save(force_insert=True)
    return row


def create_ec2(caller: Caller, user_id: str, project_id: str) -> Credential:
    """A new EC2 key of a user for a project."""
    keys = {"access": secrets.token_hex(16), "secret": secrets.token_hex(16)}
    wish = {"user_id": user_id, "project_id": project_id, "type": EC2}
    return create(caller, {**wish, "blob": orjson.dumps(keys).decode()})


def key_of(access: str) -> tuple[Credential, str] | None:
    """The EC2 key with this public part, and its secret."""
    row = (
        Credential.objects.filter(pk=id_of(access), type=EC2)
        .select_related("user__domain", "project__domain")
        .first()
    )
    return None if row is None else (row, str(_keys(blob_of(row)).get("secret", "")))


def update(caller: Caller, row: Credential, wish: Mapping[str, Any]) -> Credential:
    """Change a credential; its id and its user stay."""
    if caller.delegated:
        raise Forbidden("A credential or a trust cannot change keys, which would outlive it.")
    if wish.get("user_id", row.user_id) != row.user_id:
        raise BadRequest("The user of a credential cannot be changed.", field="credential.user_id")
    row.type = wish.get("type", row.type)
    if "project_id" in wish:
        if wish["project_id"] is not None:
            projects.get(wish["project_id"])
        row.project_id = wish["project_id"]
    if "blob" in wish:
        row.blob_encrypted = sealing.seal(wish["blob"])
    if row.type == EC2:
        _keys(blob_of(row))
        if row.project_id is None:
            raise BadRequest("An EC2 key belongs to a project.", field="credential.project_id")
    with writing():
        row.save()
    return row


def delete(row: Credential) -> None:
    """Forget a credential."""
    with writing():
        row.delete()
