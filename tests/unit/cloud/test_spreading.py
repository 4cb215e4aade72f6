from collections import OrderedDict
from pathlib import Path

from tests.spreading import FIRST, LOTS, ByLot, lot

CHECKOUT = Path(__file__).parents[3]


class Node:
    """Remembers which tests it was given, by their numbers."""

    def __init__(self):
        self.given = []

    def send_runtest_some(self, numbers):
        self.given += numbers


def test_what_shares_a_real_part_is_one_lot():
    spine = lot("tests/system/test_spine.py::test_keypair[ours]")
    assert spine == lot("tests/conformance/test_hail.py::test_a")
    kills = lot("tests/system/test_kills.py::test_create_survives[api]")
    assert kills == lot("tests/browser/test_servers.py::test_b") != spine
    tempest = lot("tests/system/test_tempest.py::test_listed[x]")
    assert tempest == lot("tests/system/test_clients_libraries.py::test_c") not in {kills, spine}


def test_what_reads_the_source_is_one_lot():
    rules = lot("tests/architecture/test_rules.py::test_rule_holds[x]")
    assert rules == lot("tests/architecture/test_metrics_table.py::test_a")


def test_what_shares_nothing_goes_by_its_file():
    assert lot("tests/unit/a/test_b.py::Test::test_c[x::y]") == "tests/unit/a/test_b.py"


def test_what_takes_long_is_begun_first():
    """However few tests it has."""
    quick, long = "tests/unit/x.py", FIRST[-2]
    node, spread = Node(), ByLot.__new__(ByLot)
    spread.registered_collections = {node: [f"{quick}::a", f"{quick}::b", f"{long}::a"]}
    spread.assigned_work, spread.workqueue = {}, OrderedDict()
    for test in spread.registered_collections[node]:
        spread.workqueue.setdefault(lot(test), {})[test] = False
    spread._assign_work_unit(node)
    spread._assign_work_unit(node)
    assert node.given == [2, 0, 1]


def test_what_is_begun_first_is_there():
    for name in FIRST:
        assert name in LOTS or (CHECKOUT / name).is_file(), name
