"""Where disks live: a map from disk template to driver, and the images that fill them."""

from collections.abc import Iterable
from pathlib import Path

from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Storage
from ganeti_backend.storage.diskless import DisklessStorage
from ganeti_backend.storage.fake import FakeStorage
from ganeti_backend.storage.fake_book import Book
from ganeti_backend.storage.file import FileStorage

DRIVERS: dict[str, type[Storage]] = {
    "file": FileStorage,
    "sharedfile": FileStorage,
    "diskless": DisklessStorage,
    "fake": FakeStorage,
}


def build(template: str, folder: Path, *, pretend: bool = False) -> Storage:
    """The driver of this disk template, working below `folder`.

    With `pretend` disks are only written down: guests of the fake hypervisor read none, and a
    thousand of them would fill the node with copies of an image.
    """
    if pretend and template in TEMPLATES and template != "diskless":
        return FakeStorage(folder, template)
    if template not in DRIVERS:
        raise StorageError(f"unknown disk template {template!r}; there are {', '.join(DRIVERS)}")
    return DRIVERS[template](folder)


def of_node(
    templates: Iterable[str], own: Path, shared: Path, *, pretend: bool = False
) -> dict[str, Storage]:
    """All drivers of a node: `own` is its folder, `shared` the one that every node sees.

    Twins of one folder share a book, as volumes of one group share its room.
    """
    books: dict[Path, Book] = {}
    drivers: dict[str, Storage] = {}
    for template in templates:
        row = TEMPLATES.get(template)
        common = row is not None and row.reach is Reach.SHARED
        folder = shared if common else own
        if pretend and row is not None and row.reach is not Reach.NOTHING:
            book = books.setdefault(folder, Book(folder, shared=common))
            drivers[template] = FakeStorage(folder, template, book)
        else:
            drivers[template] = build(template, folder)
    return drivers
