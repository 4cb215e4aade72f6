"""The life of volumes by python-cinderclient; run as a program, which says "done" at its end."""

from typing import Any

from cinderclient import client, exceptions

from tests.system.clients.signed_in import signed_in
from tests.system.cloud import wait_until


def until(manager: Any, row: Any, status: str) -> Any:
    """The row once it has this status."""

    def arrived() -> Any:
        now = manager.get(row.id)
        assert not now.status.startswith("error"), now.to_dict()
        return now if now.status == status else None

    return wait_until(arrived, f"{row.id} is {status}")


def gone(manager: Any, row: Any) -> None:
    """Wait until the row is no more."""

    def absent() -> bool:
        try:
            manager.get(row.id)
        except exceptions.NotFound:
            return True
        return False

    wait_until(absent, f"{row.id} is gone")


def kinds(admin: Any) -> Any:
    """A type with what an administrator says of it."""
    kind = admin.volume_types.create("cinder-type", description="d", is_public=True)
    kind.set_keys({"speed": "some"})
    assert kind.get_keys() == {"speed": "some"}
    spec = admin.qos_specs.create("cinder-qos", {"consumer": "back-end", "read_iops_sec": "100"})
    admin.qos_specs.set_keys(spec.id, {"write_iops_sec": "50"})
    admin.qos_specs.associate(spec, kind.id)
    assert [one.name for one in admin.qos_specs.get_associations(spec)] == ["cinder-type"]
    admin.qos_specs.disassociate_all(spec)
    admin.qos_specs.delete(spec)
    return kind


def changes(mine: Any, kind: Any) -> Any:
    """A volume that is described, made larger, set back and changed in many ways."""
    volume = mine.volumes.create(1, name="cinder", volume_type=kind.name, metadata={"a": "b"})
    until(mine.volumes, volume, "available")
    mine.volumes.update(volume, name="cinder-volume", description="d")
    mine.volumes.set_metadata(volume, {"c": "d"})
    mine.volumes.delete_metadata(volume, ["a"])
    mine.volumes.set_bootable(volume, True)
    mine.volumes.update_readonly_flag(volume, True)
    mine.volumes.extend(volume, 2)
    wait_until(lambda: mine.volumes.get(volume.id).size == 2, "the volume is larger")
    shown = until(mine.volumes, volume, "available")
    assert (shown.name, shown.bootable, shown.volume_type) == ("cinder-volume", "true", kind.name)
    assert shown.metadata == {"c": "d", "readonly": "True"}
    mine.volumes.update_readonly_flag(volume, False)
    assert [one.id for one in mine.volumes.list(search_opts={"name": "cinder-volume"})]
    assert mine.volumes.summary(False)["volume-summary"]["total_count"] >= 1
    return volume


def copies(mine: Any, volume: Any) -> None:
    """Snapshots and backups, and volumes that are made of them."""
    snapshot = mine.volume_snapshots.create(volume.id, name="cinder-snapshot", metadata={"e": "f"})
    until(mine.volume_snapshots, snapshot, "available")
    mine.volume_snapshots.update(snapshot, description="kept")
    twin = mine.volumes.create(2, snapshot_id=snapshot.id, name="cinder-twin")
    until(mine.volumes, twin, "available")
    mine.volumes.revert_to_snapshot(volume, snapshot)
    until(mine.volumes, volume, "available")
    backup = mine.backups.create(volume.id, name="cinder-backup")
    until(mine.backups, backup, "available")
    restored = mine.restores.restore(backup.id, name="cinder-restored")
    one = mine.volumes.get(restored.volume_id)
    assert until(mine.volumes, one, "available").size == 2
    for manager, row in (
        (mine.backups, backup), (mine.volume_snapshots, snapshot), (mine.volumes, twin),
        (mine.volumes, one),
    ):  # fmt: skip
        manager.delete(row)
        gone(manager, row)


def groups(mine: Any, admin: Any, kind: Any) -> None:
    """Volumes that are kept together."""
    of = admin.group_types.create("cinder-group-type")
    group = mine.groups.create(of.id, kind.id, name="cinder-group")
    until(mine.groups, group, "available")
    member = mine.volumes.create(1, name="cinder-member", group_id=group.id, volume_type=kind.name)
    until(mine.volumes, member, "available")
    kept = mine.group_snapshots.create(group.id, name="cinder-group-snapshot")
    until(mine.group_snapshots, kept, "available")
    assert mine.groups.get(group.id, list_volume=True).volumes == [member.id]
    mine.group_snapshots.delete(kept)
    gone(mine.group_snapshots, kept)
    mine.groups.delete(group, delete_volumes=True)
    gone(mine.groups, group)
    admin.group_types.delete(of)


def hands(mine: Any, admin: Any, volume: Any) -> None:
    """It is reserved for somebody, and given away."""
    held = mine.attachments.create(volume.id, {})
    assert until(mine.volumes, volume, "reserved").id == volume.id
    assert [one.id for one in mine.attachments.list(search_opts={"volume_id": volume.id})]
    mine.attachments.delete(held["id"])
    until(mine.volumes, volume, "available")
    offer = mine.transfers.create(volume.id, name="cinder-offer")
    assert until(mine.volumes, volume, "awaiting-transfer").id == volume.id
    assert mine.transfers.get(offer.id).name == "cinder-offer"
    admin.transfers.accept(offer.id, offer.auth_key)
    assert until(admin.volumes, volume, "available").id == volume.id
    try:
        mine.volumes.get(volume.id)
    except exceptions.NotFound:
        admin.volumes.delete(volume)
        gone(admin.volumes, volume)
        return
    raise AssertionError("what was given away is still shown")


def main() -> None:
    """All of it."""
    mine, admin = (
        client.Client("3.71", session=signed_in(person), region_name="RegionOne")
        for person in ("demo", "admin")
    )
    kind = kinds(admin)
    volume = changes(mine, kind)
    copies(mine, volume)
    groups(mine, admin, kind)
    hands(mine, admin, volume)
    absolute = {one.name: one.value for one in mine.limits.get().absolute}
    assert absolute["maxTotalVolumes"] > 0
    assert mine.quotas.get(mine.client.get_project_id()).volumes == absolute["maxTotalVolumes"]
    assert [one.binary for one in admin.services.list() if one.status == "enabled"]
    assert mine.messages.list() == []
    admin.volume_types.delete(kind)
    print("done")


if __name__ == "__main__":
    main()
