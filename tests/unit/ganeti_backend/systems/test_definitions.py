"""Folders are read as Ganeti's manual describes them; what is wrong is said, never raised."""

from pathlib import Path

import pytest

from ganeti_backend.errors import OperatingSystemError
from ganeti_backend.os_definitions import definition
from tests.unit.ganeti_backend.systems.conftest import make, write

DEBIAN = Path("/usr/share/ganeti/os")


def test_everything_is_read(tmp_path):
    found = definition.read(make(tmp_path))
    assert found.problem == ""
    assert found.api_versions == (20, 15, 10)
    assert found.variants == ("default", "other")
    assert found.parameters == (
        ("dhcp", "Whether to enable dhcp"),
        ("root_size", "The size, in GiB"),
    )


def test_an_old_definition_needs_four_scripts_only(tmp_path):
    place = make(
        tmp_path, ganeti_api_version="5\n10\n", verify=None, variants_list=None,
        parameters_list=None,
    )  # fmt: skip
    found = definition.read(place)
    assert found.problem == ""
    assert (found.api_version, found.variants, found.parameters) == (10, (), ())


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"ganeti_api_version": None}, "'ganeti_api_version' not found"),
        ({"ganeti_api_version": "twenty\n"}, "not a number"),
        ({"ganeti_api_version": "25\n"}, "API version mismatch, there is 25"),
        ({"create": None}, "'create' not found"),
        ({"verify": None}, "'verify' not found"),
        ({"parameters_list": None}, "'parameters.list' not found"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, files, problem):
    assert problem in definition.read(make(tmp_path, **files)).problem


def test_a_script_must_be_executable(tmp_path):
    place = make(tmp_path)
    write(place, "rename", "#!/bin/sh\n", 0o644)
    assert "'rename'" in definition.read(place).problem


def test_variants_may_be_missing(tmp_path):
    place = make(tmp_path, variants_list=None)
    (place / "variants.list").symlink_to("/no/such/file")
    found = definition.read(place)
    assert (found.problem, found.variants) == ("", ())


def test_the_first_folder_counts(tmp_path):
    for folder in ("one", "two"):
        make(tmp_path / folder)
    folders = [tmp_path / "one", tmp_path / "two"]
    assert definition.find(folders, "small+other").folder == tmp_path / "one" / "small"
    assert [found.folder.parent.name for found in definition.diagnose(folders)] == ["one", "two"]


@pytest.mark.parametrize("name", ["nothing", "../small", "", "+default", "small/x"])
def test_a_name_must_be_known(tmp_path, name):
    make(tmp_path)
    with pytest.raises(OperatingSystemError):
        definition.find([tmp_path], name)


def test_those_that_come_along_are_valid():
    found = {item.name: item for item in definition.diagnose([definition.SHIPPED])}
    assert {name: item.problem for name, item in found.items()} == {"image": "", "noop": ""}


@pytest.mark.skipif(not (DEBIAN / "debootstrap").is_dir(), reason="Debian's package is not here")
def test_debians_debootstrap():
    found = definition.find([DEBIAN], "debootstrap+default")
    assert found.api_version == 20
    assert found.variants == ("default",)
    assert [name for name, _ in found.parameters] == ["filesystem"]


@pytest.mark.skipif(not (DEBIAN / "noop").is_dir(), reason="Debian's package is not here")
def test_debians_noop():
    assert definition.find([DEBIAN], "noop").api_version == 10
