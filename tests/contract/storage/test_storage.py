"""What every disk driver promises; files and the fake are held to the same."""

import random
import subprocess
import uuid
from pathlib import Path

import pytest

from ganeti_backend import storage
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Image

MIB = 1 << 20


@pytest.fixture(params=["file", "fake"])
def driver(request, tmp_path):
    (tmp_path / "disks").mkdir()
    return storage.build(request.param, tmp_path / "disks")


@pytest.fixture
def disk():
    return {"uuid": str(uuid.uuid4()), "size": 4, "template": "file", "mode": "rw"}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image"
    with path.open("wb") as file:
        file.write(random.Random(1).randbytes(MIB))
        file.seek(2 * MIB)
        file.write(b"end")
        file.truncate(3 * MIB)
    return Image(path, "raw")


def no_progress(percent):
    pass


def test_created_disk_is_where_it_says(driver, disk):
    assert driver.create(disk) == driver.path(disk)
    assert Path(driver.path(disk)).exists()


def test_creating_twice_keeps_the_disk(driver, disk, image):
    driver.create(disk)
    driver.fill(disk, image, no_progress)
    before = Path(driver.path(disk)).read_bytes()
    driver.create(disk)
    assert Path(driver.path(disk)).read_bytes() == before


def test_removed_disk_is_gone_and_may_be_removed_again(driver, disk):
    driver.create(disk)
    driver.remove(disk)
    driver.remove(disk)
    assert not Path(driver.path(disk)).exists()


def test_room_is_taken_by_promise_not_by_content(driver, disk):
    before = driver.space()
    driver.create({**disk, "size": 1024})
    # Others write to the same file system while a test runs.
    assert abs(before.free - 1024 - driver.space().free) < 512
    assert driver.space().total == before.total > 0


def test_grown_disk_is_larger_and_growing_may_be_repeated(driver, disk):
    driver.create(disk)
    assert driver.grow(disk, 2) == 6
    assert driver.grow(disk, 2) == 6


def test_disk_that_does_not_fit_is_refused(driver, disk):
    with pytest.raises(StorageError, match="does not fit"):
        driver.create({**disk, "size": 1 << 30})
    assert not Path(driver.path(disk)).exists()


def test_fill_reports_from_nothing_to_all(driver, disk, image):
    seen = []
    driver.create(disk)
    driver.fill(disk, image, seen.append)
    assert seen[0] == 0
    assert seen[-1] == 100
    assert seen == sorted(seen)


def test_fill_stops_when_progress_raises(driver, disk, image):
    def stop(percent):
        raise StorageError("canceled")

    driver.create(disk)
    with pytest.raises(StorageError, match="canceled"):
        driver.fill(disk, image, stop)


def test_image_larger_than_the_disk_is_refused(driver, disk, image):
    driver.create({**disk, "size": 2})
    with pytest.raises(StorageError, match="2 MiB"):
        driver.fill(disk, image, no_progress)


@pytest.mark.parametrize("do", ["grow", "fill"])
def test_unknown_disk_is_refused(driver, disk, image, do):
    arguments = (2,) if do == "grow" else (image, no_progress)
    with pytest.raises(StorageError, match="no disk"):
        getattr(driver, do)(disk, *arguments)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", ".x", None, "x" * 200])
def test_uuid_that_is_a_path_is_refused(driver, disk, name):
    with pytest.raises(StorageError, match="no disk"):
        driver.create({**disk, "uuid": name})


@pytest.mark.parametrize("size", [0, -1, None, "1", 1.5])
def test_size_must_be_a_number_of_mebibytes(driver, disk, size):
    with pytest.raises(StorageError, match="no valid size"):
        driver.create({**disk, "size": size})


def test_disks_outlive_the_driver(driver, disk):
    driver.create(disk)
    again = type(driver)(driver.folder)
    assert again.grow(disk, 1) == 5


def test_file_is_filled_sparsely_with_the_image_and_zeros(tmp_path, disk, image):
    driver = storage.build("file", tmp_path)
    path = Path(driver.create(disk))
    path.write_bytes(b"old!" * MIB)
    driver.fill(disk, image, no_progress)
    assert path.read_bytes() == image.path.read_bytes() + bytes(MIB)
    assert path.stat().st_blocks * 512 < 2 * MIB


def test_qcow2_is_converted(tmp_path, disk, image):
    if not Path("/usr/bin/qemu-img").exists():
        pytest.skip("qemu-img is not installed")
    packed = tmp_path / "packed"
    words = ["qemu-img", "convert", "-O", "qcow2", image.path, packed]
    subprocess.run(words, check=True)
    driver = storage.build("file", tmp_path)
    path, seen = Path(driver.create(disk)), []
    driver.fill(disk, Image(packed, "qcow2"), seen.append)
    assert path.read_bytes() == image.path.read_bytes() + bytes(MIB)
    assert seen[-1] == 100


def test_qcow2_that_names_another_file_is_refused(tmp_path, disk, image):
    """Its backing file would be any file of the node, read by the tenant."""
    if not Path("/usr/bin/qemu-img").exists():
        pytest.skip("qemu-img is not installed")
    evil = tmp_path / "evil"
    words = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.path, evil]
    subprocess.run(words, check=True)
    driver = storage.build("file", tmp_path)
    driver.create(disk)
    with pytest.raises(StorageError, match="other files"):
        driver.fill(disk, Image(evil, "qcow2"), no_progress)


def test_diskless_refuses_what_needs_a_disk(tmp_path, disk, image):
    driver = storage.build("diskless", tmp_path)
    for act in (lambda: driver.create(disk), lambda: driver.fill(disk, image, no_progress)):
        with pytest.raises(StorageError, match="diskless"):
            act()
    driver.remove(disk)


def test_unknown_template_names_those_there_are(tmp_path):
    with pytest.raises(StorageError, match="file, diskless"):
        storage.build("drbd", tmp_path)


def test_pretended_disks_take_no_room(tmp_path, disk):
    driver = storage.build("file", tmp_path, pretend=True)
    assert Path(driver.create(disk)).stat().st_size < 100
