import pytest

from ganeti_backend.cli import instance_console, listing, report, wording


@pytest.mark.parametrize(
    ("shown", "text", "expected"),
    [
        ("", "boot\n", "boot\n"),
        ("boot\n", "boot\nready\n", "ready\n"),
        ("boot\nready\n", "boot\nready\n", ""),
        ("boot\nready\n", "ready\nlogin\n", "ready\nlogin\n"),
        ("x" * 5000 + "end", "x" * 3000 + "end\nmore", "\nmore"),
    ],
)
def test_news_of_a_console(shown, text, expected):
    assert instance_console.news(shown, text) == expected


@pytest.mark.parametrize(
    ("size", "unit", "text"),
    [(16, "h", "16M"), (1536, "h", "1.5G"), (1536, "m", "1536"), (3 * 1024 * 1024, "h", "3.0T"),
     (512, "g", "0.5")],
)  # fmt: skip
def test_units(size, unit, text):
    assert listing.in_units(size, unit) == text


def test_columns():
    lines = listing.align([["Name", "Mem"], ["a", "1.0G"]], [False, True], None)
    assert lines == ["Name  Mem", "a    1.0G"]
    assert listing.align([["a", "b"]], [False, True], ";") == ["a;b"]


def test_report():
    value = [{"Name": "a", "Nodes": [{"primary": "n1"}, {"secondaries": None}], "Empty": {}}]
    assert list(report.lines(value)) == [
        "- Name: a",
        "  Nodes:",
        "    - primary: n1",
        "    - secondaries: -",
        "  Empty:",
    ]


def test_errors_in_words():
    text = wording.describe("HooksAbort", [[["node1", "50-check", ""], ["node2", "60-x", "no\n"]]])
    assert text == (
        "Failure: hooks execution failed:\n"
        "  node: node1, script: 50-check, output: (no output)\n"
        "  node: node2, script: 60-x, output: no"
    )
    assert wording.describe("OpExecError", ["it broke"]) == (
        "Failure: command execution error:\nit broke"
    )
    assert "argument" not in wording.describe_result("plain text")
