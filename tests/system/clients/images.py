"""The life of images by python-glanceclient; run as a program, which says "done" at its end."""

import hashlib
import io
import os
from collections.abc import Callable
from typing import Any

from glanceclient import client, exc

from tests.system.clients.signed_in import signed_in
from tests.system.cloud import wait_until

BYTES = os.urandom(300_000)


def refused(kind: type[Exception], call: Callable[[], Any]) -> None:
    """It has to be refused in this way."""
    try:
        call()
    except kind:
        return
    raise AssertionError(f"that was to be refused with {kind.__name__}")


def uploaded(mine: Any) -> Any:
    """An image whose bytes came in one go, described and changed."""
    made = mine.images.create(
        name="glance", disk_format="raw", container_format="bare", min_ram=5, colour="blue"
    )
    assert (made.status, made.colour) == ("queued", "blue")
    mine.images.upload(made.id, io.BytesIO(BYTES))
    shown = mine.images.get(made.id)
    assert (shown.status, shown.size) == ("active", len(BYTES))
    assert shown.os_hash_value == hashlib.sha512(BYTES).hexdigest()
    mine.images.update(made.id, remove_props=["colour"], name="glance-image", os_distro="debian")
    mine.image_tags.update(made.id, "small")
    found = list(mine.images.list(filters={"tag": ["small"], "os_distro": "debian"}))
    assert [one.id for one in found] == [made.id]
    mine.image_tags.delete(made.id, "small")
    refused(exc.HTTPConflict, lambda: mine.images.upload(made.id, io.BytesIO(b"more")))
    mine.images.update(made.id, protected=True)
    refused(exc.HTTPForbidden, lambda: mine.images.delete(made.id))
    mine.images.update(made.id, protected=False)
    return made


def downloaded(mine: Any, image: Any) -> None:
    """All bytes, some of them, and none of those that there are not."""
    assert b"".join(mine.images.data(image.id)) == BYTES
    session, path = signed_in("demo"), f"/v2/images/{image.id}/file"
    for asked, status, expected, shown in (
        ("bytes=10-19", 206, BYTES[10:20], f"bytes 10-19/{len(BYTES)}"),
        ("bytes=-5", 206, BYTES[-5:], f"bytes {len(BYTES) - 5}-{len(BYTES) - 1}/{len(BYTES)}"),
        (f"bytes={len(BYTES)}-", 416, None, None),
    ):
        answer = session.get(
            path, endpoint_filter={"service_type": "image"}, headers={"Range": asked},
            raise_exc=False,
        )  # fmt: skip
        assert (answer.status_code, answer.headers.get("Content-Range")) == (status, shown), asked
        assert expected is None or answer.content == expected, asked


def shared(mine: Any, admin: Any, image: Any) -> None:
    """Another project takes part, and no more."""
    other = signed_in("admin").get_project_id()
    mine.images.update(image.id, visibility="shared")
    assert mine.image_members.create(image.id, other).status == "pending"
    assert admin.image_members.update(image.id, other, "accepted").status == "accepted"
    ids = [one.id for one in admin.images.list(filters={"visibility": "shared"})]
    assert image.id in ids
    assert [one.member_id for one in mine.image_members.list(image.id)] == [other]
    mine.image_members.delete(image.id, other)
    admin.images.deactivate(image.id)
    refused(exc.HTTPForbidden, lambda: list(mine.images.data(image.id)))
    admin.images.reactivate(image.id)


def imported(mine: Any) -> Any:
    """An image whose bytes were staged first."""
    made = mine.images.create(name="glance-staged", disk_format="raw", container_format="bare")
    mine.images.stage(made.id, io.BytesIO(BYTES))
    assert mine.images.get(made.id).status == "uploading"
    mine.images.image_import(made.id, method="glance-direct")
    wait_until(lambda: mine.images.get(made.id).status == "active", "it is imported")
    assert b"".join(mine.images.data(made.id)) == BYTES
    (task,) = mine.images.get_associated_image_tasks(made.id)["tasks"]
    assert task["status"] == "success"
    methods = mine.images.get_import_info()["import-methods"]["value"]
    assert "glance-direct" in methods
    assert [one["id"] for one in mine.images.get_stores_info()["stores"]] == ["local"]
    return made


def described(admin: Any) -> None:
    """Definitions of metadata."""
    space = admin.metadefs_namespace.create(namespace="glance-space", visibility="public")
    admin.metadefs_property.create("glance-space", name="p", title="P", type="string")
    admin.metadefs_object.create("glance-space", name="o")
    admin.metadefs_tag.create("glance-space", "t")
    assert [one.name for one in admin.metadefs_property.list("glance-space")] == ["p"]
    assert [one.name for one in admin.metadefs_object.list("glance-space")] == ["o"]
    assert [one.name for one in admin.metadefs_tag.list("glance-space")] == ["t"]
    admin.metadefs_namespace.delete(space.namespace)


def main() -> None:
    """All of it."""
    mine, admin = (client.Client("2", session=signed_in(who)) for who in ("demo", "admin"))
    image = uploaded(mine)
    downloaded(mine, image)
    shared(mine, admin, image)
    staged = imported(mine)
    described(admin)
    assert mine.schemas.get("image").name == "image"
    assert {one.id for one in mine.images.list(limit=50, page_size=1)} >= {image.id, staged.id}
    for one in (image, staged):
        mine.images.delete(one.id)
        refused(exc.HTTPNotFound, lambda key=one.id: mine.images.get(key))
    print("done")


if __name__ == "__main__":
    main()
