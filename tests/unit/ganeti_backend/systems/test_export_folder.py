"""The folder of exports on a node: complete or not there, and never outside of itself."""

import pytest

from ganeti_backend.backups.folder import NEW, OLD, ExportFolder, compose
from ganeti_backend.errors import StorageError

SECTIONS = {
    "export": {"version": "0", "os": "noop"},
    "os": {"Camel": "100%", "json": '{"a": [1, 2]}', "lines": "one\ntwo"},
}


@pytest.fixture
def folder(tmp_path):
    return ExportFolder(tmp_path)


def complete(folder, name, data=b"x"):
    folder.begin(name)
    folder.write(name, "d", 0, data)
    folder.finish(name, SECTIONS)


def test_a_description_reads_back(folder):
    complete(folder, "vm1")
    assert folder.info("vm1") == SECTIONS
    assert b"Camel = 100%" in compose(SECTIONS)


def test_an_export_under_way_is_none(folder):
    folder.begin("vm1")
    folder.write("vm1", "d", 0, b"x")
    assert folder.names() == []
    folder.abort("vm1")
    with pytest.raises(StorageError, match="no export of vm1 is under way"):
        folder.finish("vm1", SECTIONS)


def test_the_earlier_one_stays_until_the_new_one_is_complete(folder):
    complete(folder, "vm1", b"first")
    folder.begin("vm1")
    folder.write("vm1", "d", 0, b"second")
    assert folder.read("vm1", "d", 0, 10) == b"first"
    folder.finish("vm1", SECTIONS)
    assert folder.read("vm1", "d", 0, 10) == b"second"
    folder.finish("vm1", SECTIONS)  # The answer was lost, the master asks again.
    assert [path.name for path in folder.folder.iterdir()] == ["vm1"]


def test_a_crash_between_the_two_renames_loses_nothing(folder):
    complete(folder, "vm1", b"first")
    (folder.folder / "vm1").rename(folder.folder / f"{OLD}vm1")
    (folder.folder / f"{NEW}vm1").mkdir()
    again = ExportFolder(folder.folder)
    assert again.names() == ["vm1"]
    assert again.read("vm1", "d", 0, 10) == b"first"


def test_a_dump_that_is_begun_anew_keeps_nothing_of_the_first_try(folder):
    folder.begin("vm1")
    folder.write("vm1", "d", 0, b"abc")
    folder.write("vm1", "d", 3, b"def")
    folder.write("vm1", "d", 0, b"xyz")
    folder.finish("vm1", SECTIONS)
    assert folder.read("vm1", "d", 0, 10) == b"xyz"


def test_zeros_take_up_no_room_and_are_there(folder):
    folder.begin("vm1")
    data = bytes(1 << 20) + b"x" + bytes((1 << 20) - 1)
    folder.write("vm1", "d", 0, data)
    folder.finish("vm1", SECTIONS)
    assert folder.size("vm1", "d") == 2 << 20
    assert folder.read("vm1", "d", 0, 2 << 20) == data
    assert (folder.folder / "vm1" / "d").stat().st_blocks * 512 <= 128 << 10


@pytest.mark.parametrize("name", ["../x", "", ".new-vm1", "a/b", "x\0y"])
def test_names_are_names(folder, name):
    for act in (folder.begin, folder.remove, folder.info, folder.abort):
        with pytest.raises((StorageError, ValueError)):
            act(name)
    folder.begin("vm1")
    with pytest.raises(StorageError):
        folder.write("vm1", name, 0, b"")


def test_a_path_must_be_of_this_folder(folder):
    complete(folder, "vm1")
    assert folder.name_of(str(folder.folder / "vm1")) == "vm1"
    with pytest.raises(StorageError, match="not below"):
        folder.info("/etc/passwd")


def test_a_description_that_is_no_ini_file_is_refused(folder):
    complete(folder, "vm1")
    (folder.folder / "vm1" / "config.ini").write_text("version = 0\n")
    with pytest.raises(StorageError, match="cannot be read"):
        folder.info("vm1")


def test_what_is_not_there(folder):
    assert folder.remove("vm1") is False
    with pytest.raises(StorageError, match="there is no export"):
        folder.info("vm1")
    complete(folder, "vm1")
    with pytest.raises(StorageError, match="there is no dump"):
        folder.read("vm1", "other", 0, 1)
