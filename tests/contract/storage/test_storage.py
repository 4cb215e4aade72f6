"""What every disk driver promises; files and the fake are held to the same."""

import random
import subprocess
import uuid
from pathlib import Path

import pytest

from ganeti_backend import storage
from ganeti_backend.disk_templates import PRIMARY, SECONDARY, TEMPLATES
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Image
from ganeti_backend.storage.file import FileStorage

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


def driver_name(driver):
    return "file" if isinstance(driver, FileStorage) else "fake"


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
    again = storage.build(driver_name(driver), driver.folder)
    assert again.grow(disk, 1) == 5


def test_status_tells_the_size_and_whether_it_is_there(driver, disk):
    assert driver.status(disk) is None
    driver.create(disk)
    status = driver.status(disk)
    assert (status.size, status.sync_percent, status.degraded) == (4, None, False)
    driver.grow(disk, 2)
    assert driver.status(disk).size == 6


def test_disk_is_activated_and_let_go_of_and_both_may_be_repeated(driver, disk):
    driver.create(disk)
    for _ in range(2):
        assert driver.activate(disk, PRIMARY, None) == driver.path(disk)
    for _ in range(2):
        driver.deactivate(disk)
    driver.remove(disk)
    driver.deactivate(disk)
    with pytest.raises(StorageError, match="no disk"):
        driver.activate(disk, PRIMARY, None)


def test_snapshot_is_kept_and_brought_back_and_all_may_be_repeated(driver, disk, image):
    driver.create(disk)
    driver.fill(disk, image, no_progress)
    before = Path(driver.path(disk)).read_bytes()
    for _ in range(2):
        driver.snapshot(disk, "monday", no_progress)
    if isinstance(driver, FileStorage):
        Path(driver.path(disk)).write_bytes(bytes(5 * MIB))
    driver.snapshot(disk, "monday", no_progress)
    for _ in range(2):
        driver.revert(disk, "monday", no_progress)
    after = Path(driver.path(disk)).read_bytes()
    if isinstance(driver, FileStorage):
        assert after == before + bytes(MIB), "the disk that grew since keeps its size"
    for _ in range(2):
        driver.drop_snapshot(disk, "monday")
    with pytest.raises(StorageError, match="no snapshot monday"):
        driver.revert(disk, "monday", no_progress)


def test_snapshots_go_with_their_disk(driver, disk):
    driver.create(disk)
    driver.snapshot(disk, "monday", no_progress)
    driver.remove(disk)
    assert list(driver.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "", ".x", None, "a b"])
def test_snapshot_name_that_is_a_path_is_refused(driver, disk, name):
    driver.create(disk)
    with pytest.raises(StorageError, match="no snapshot"):
        driver.snapshot(disk, name, no_progress)


def test_interrupted_snapshot_does_not_count(tmp_path, disk, image):
    def stop(percent):
        raise StorageError("canceled")

    driver = storage.build("file", tmp_path)
    driver.create(disk)
    with pytest.raises(StorageError, match="canceled"):
        driver.snapshot(disk, "monday", stop)
    with pytest.raises(StorageError, match="no snapshot"):
        driver.revert(disk, "monday", no_progress)
    driver.snapshot(disk, "monday", no_progress)
    driver.remove(disk)
    assert [path for path in tmp_path.iterdir() if disk["uuid"] in path.name] == []


# What a node has together.


@pytest.fixture
def nodes(tmp_path):
    """Two nodes with the twins of all templates, and a folder that both see."""
    for name in ("one", "two", "shared"):
        (tmp_path / name).mkdir()
    return [
        storage.of_node(TEMPLATES, tmp_path / name, tmp_path / "shared", pretend=True)
        for name in ("one", "two")
    ]


def test_templates_of_one_folder_share_its_room(nodes, disk):
    node = nodes[0]
    before = node["plain"].space().free
    node["file"].create({**disk, "size": 1024})
    assert node["plain"].space().free == node["drbd"].space().free == before - 1024
    assert node["rbd"].space().free == before


@pytest.mark.parametrize("template", ["sharedfile", "rbd", "ext"])
def test_shared_disk_is_seen_by_other_nodes(nodes, disk, template):
    one, two = (node[template] for node in nodes)
    one.create(disk)
    assert two.status(disk).size == 4
    two.grow(disk, 2)
    assert one.status(disk).size == 6
    two.remove(disk)
    assert one.status(disk) is None


def test_mirrored_disk_synchronises_with_each_new_peer(nodes, disk):
    one, two = (node["drbd"] for node in nodes)
    for driver in (two, one):
        driver.create(disk)
    assert one.status(disk).degraded, "it has no peer yet"
    two.activate(disk, SECONDARY, "one")
    for _ in range(2):
        one.activate(disk, PRIMARY, "two")
    assert percents(one, disk) == [0.0, 50.0, 100.0, None]
    one.activate(disk, PRIMARY, "two")
    assert percents(one, disk) == [None]
    one.grow(disk, 4)
    assert percents(one, disk)[0] == 50.0
    one.activate(disk, PRIMARY, "three")
    assert percents(one, disk)[0] == 0.0


def percents(driver, disk):
    seen = [driver.status(disk).sync_percent]
    while seen[-1] is not None:
        seen.append(driver.status(disk).sync_percent)
    return seen


def test_disk_becomes_one_of_another_template_where_it_is(nodes, disk):
    node = nodes[0]
    node["plain"].create(disk)
    for _ in range(2):
        path = node["plain"].convert(disk, "drbd")
    assert path == node["drbd"].path(disk)
    assert node["plain"].status(disk) is None
    assert node["drbd"].status(disk).size == 4


def test_shared_files_are_real_where_guests_are(tmp_path, disk):
    (tmp_path / "shared").mkdir()
    driver = storage.of_node(["sharedfile"], tmp_path, tmp_path / "shared")["sharedfile"]
    assert Path(driver.create(disk)).parent == tmp_path / "shared"
    assert Path(driver.path(disk)).stat().st_size == 4 * MIB


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
    with pytest.raises(StorageError, match="file, sharedfile, diskless"):
        storage.build("drbd", tmp_path)


def test_pretended_disks_take_no_room(tmp_path, disk):
    driver = storage.build("file", tmp_path, pretend=True)
    assert Path(driver.create(disk)).stat().st_size < 100
