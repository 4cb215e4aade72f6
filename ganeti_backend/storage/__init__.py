"""Where disks live: a map from disk template to driver, and the images that fill them."""

from pathlib import Path

from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Storage
from ganeti_backend.storage.diskless import DisklessStorage
from ganeti_backend.storage.fake import FakeStorage
from ganeti_backend.storage.file import FileStorage

DRIVERS: dict[str, type[Storage]] = {
    "file": FileStorage,
    "diskless": DisklessStorage,
    "fake": FakeStorage,
}


def build(template: str, folder: Path, *, pretend: bool = False) -> Storage:
    """The driver of this disk template, working below `folder`.

    With `pretend` disks are only written down: guests of the fake hypervisor read none, and a
    thousand of them would fill the node with copies of an image.
    """
    if template not in DRIVERS:
        raise StorageError(f"unknown disk template {template!r}; there are {', '.join(DRIVERS)}")
    if pretend and template != "diskless":
        template = "fake"
    return DRIVERS[template](folder)
