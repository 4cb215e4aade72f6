"""What administrators make of quality of service: kept, shown and said of types of volumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import QosSpecs, VolumeType
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_types
from synnefo.intents.volume.volume_lookup import uuid_of
from synnefo.intents.volume.volume_rows import named


def find(qos_uuid: str, *, lock: bool = False) -> QosSpecs:
    """Specifications by their id."""
    rows = QosSpecs.objects.select_for_update() if lock else QosSpecs.objects.all()
    row = rows.filter(uuid=uuid_of(qos_uuid)).first()
    if row is None:
        raise NotFound(f"No such qos_specs {qos_uuid}.")
    return row


def create(name: str, consumer: str, specs: Mapping[str, str]) -> QosSpecs:
    """New ones."""
    with named("Qos specs", name):
        return QosSpecs.objects.create(
            name=name, consumer=consumer, specs=dict(specs), created_at=timezone.now()
        )


def change(qos_uuid: str, specs: Mapping[str, str]) -> QosSpecs:
    """Add or change some; `consumer` is among them."""
    with writing():
        row = find(qos_uuid, lock=True)
        wanted = dict(specs)
        row.consumer = wanted.pop("consumer", row.consumer)
        row.specs = {**row.specs, **wanted}
        row.save(update_fields=["consumer", "specs"])
        return row


def drop_keys(qos_uuid: str, keys: Iterable[str]) -> None:
    """Remove some."""
    with writing():
        row, wanted = find(qos_uuid, lock=True), set(keys)
        if missing := wanted - row.specs.keys():
            raise BadRequest(f"Qos specs {qos_uuid} has no specs with key {min(missing)}.")
        row.specs = {name: text for name, text in row.specs.items() if name not in wanted}
        row.save(update_fields=["specs"])


def delete(qos_uuid: str, *, force: bool) -> None:
    """Remove them; from types that have them with `force` only."""
    with writing():
        row = find(qos_uuid)
        if not force and VolumeType.objects.filter(qos_specs=row).exists():
            raise BadRequest(f"Qos specs {qos_uuid} is still associated with entities.")
        row.delete()


def associate(qos_uuid: str, type_uuid: str) -> None:
    """Give a type these."""
    with writing():
        volume_types.update(type_uuid, qos_specs=find(qos_uuid))


def disassociate(qos_uuid: str, type_uuid: str | None) -> None:
    """Take them from a type, or from all."""
    with writing():
        rows = VolumeType.objects.filter(qos_specs=find(qos_uuid))
        if type_uuid is not None:
            rows = rows.filter(uuid=volume_types.find(type_uuid).uuid)
        rows.update(qos_specs=None)
