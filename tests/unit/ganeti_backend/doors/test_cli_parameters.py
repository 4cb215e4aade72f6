import argparse

import pytest

from ganeti_backend.cli import parameters


@pytest.mark.parametrize(
    ("text", "mebibytes"),
    [("512", 512), ("512M", 512), ("1g", 1024), ("1.5G", 1536), ("2T", 2097152), ("0.1m", 1)],
)
def test_size(text, mebibytes):
    assert parameters.size(text) == mebibytes


@pytest.mark.parametrize("text", ["", "G", "-1", "1x", "1 2"])
def test_wrong_size(text):
    with pytest.raises(argparse.ArgumentTypeError):
        parameters.size(text)


def test_pairs():
    text = "a=1,flag,no_other,-gone,path=x\\,y,empty="
    expected = {"a": "1", "flag": True, "other": False, "gone": None, "path": "x,y", "empty": ""}
    assert parameters.pairs(text) == expected


def test_memory_stands_for_both_bounds():
    assert parameters.backend("memory=1G,vcpus=2,auto_balance=no") == {
        "minmem": 1024,
        "maxmem": 1024,
        "vcpus": 2,
        "auto_balance": False,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kvm:acpi=true", ("kvm", {"acpi": True})),
        ("fake", ("fake", {})),
        ("cpu_cores=2", (None, {"cpu_cores": 2})),
    ],
)
def test_hypervisor(text, expected):
    assert parameters.hypervisor(text) == expected


def test_disks_in_order():
    given = [parameters.indexed("1:size=2G"), parameters.indexed("0:size=1G")]
    assert parameters.in_order(given, "disk") == [{"size": 1024}, {"size": 2048}]
    given = [parameters.indexed("size=1G"), parameters.indexed("size=2G")]
    assert parameters.in_order(given, "disk") == [{"size": 1024}, {"size": 2048}]


@pytest.mark.parametrize("texts", [["0:size=1G", "0:size=2G"], ["1:size=1G"]])
def test_disks_with_gaps(texts):
    with pytest.raises(argparse.ArgumentTypeError):
        parameters.in_order([parameters.indexed(text) for text in texts], "disk")


def test_hardware_address_is_no_index():
    assert parameters.indexed("mac=aa:00:00:01:02:03") == ("", {"mac": "aa:00:00:01:02:03"})
    assert parameters.indexed("0:mac=aa:00:00:01:02:03,ip=pool") == (
        "0",
        {"mac": "aa:00:00:01:02:03", "ip": "pool"},
    )
    assert parameters.indexed("0") == ("0", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add", ["add", -1, {}]),
        ("add:size=1G", ["add", -1, {"size": 1024}]),
        ("1:add,size=1G", ["add", 1, {"size": 1024}]),
        ("remove", ["remove", -1, {}]),
        ("0:remove", ["remove", 0, {}]),
        ("-1:remove", ["remove", -1, {}]),
        ("0:ip=none", ["modify", 0, {"ip": "none"}]),
        ("root:mode=ro", ["modify", "root", {"mode": "ro"}]),
    ],
)
def test_modification(text, expected):
    assert parameters.modification(text) == expected


def test_modification_that_says_nothing():
    with pytest.raises(argparse.ArgumentTypeError):
        parameters.modification("size=1G")
