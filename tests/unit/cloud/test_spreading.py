from tests.spreading import lot


def test_what_shares_a_real_part_is_one_lot():
    spine = lot("tests/system/test_spine.py::test_keypair[ours]")
    assert spine == lot("tests/conformance/test_hail.py::test_a")
    kills = lot("tests/system/test_kills.py::test_create_survives[api]")
    assert kills == lot("tests/browser/test_servers.py::test_b") != spine


def test_what_reads_the_source_is_one_lot():
    rules = lot("tests/architecture/test_rules.py::test_rule_holds[x]")
    assert rules == lot("tests/architecture/test_metrics_table.py::test_a")


def test_what_shares_nothing_goes_by_its_file():
    assert lot("tests/unit/a/test_b.py::Test::test_c[x::y]") == "tests/unit/a/test_b.py"
