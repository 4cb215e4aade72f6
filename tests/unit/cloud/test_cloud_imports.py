"""`./cloud` runs before there is a virtual environment: it may import nothing but Python's own."""

import ast
import subprocess
import sys
from pathlib import Path

import synnefo.cloud

FOLDER = Path(synnefo.cloud.__file__).parent
CHECKOUT = FOLDER.parents[1]


def foreign_imports(text):
    """The names of imported modules that are neither Python's nor this package's."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module)
    known = {*sys.stdlib_module_names, "synnefo.cloud"}
    return [
        name for name in found if not {name.split(".")[0], ".".join(name.split(".")[:2])} & known
    ]


def test_standard_library_only():
    for path in [CHECKOUT / "cloud", *sorted(FOLDER.rglob("*.py"))]:
        assert foreign_imports(path.read_text()) == [], path


def test_the_rule_sees_a_breach():
    assert foreign_imports("import httpx") == ["httpx"]
    assert foreign_imports("from synnefo.core import naming") == ["synnefo.core"]


def test_help_works_with_nothing_installed():
    words = [sys.executable, "-I", "-S", str(CHECKOUT / "cloud"), "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "./cloud up" in shown.stdout


def test_selection_of_tests():
    from synnefo.cloud import testing

    fast = testing._selection(fast=True, arguments=["-x"])
    assert fast == [*testing.SPREAD_FAST, "-x", *(f"tests/{name}" for name in testing.FAST_FOLDERS)]
    whole = [*testing.SPREAD, "-m", "not hardware", testing.SLOWEST]
    assert testing._selection(fast=False, arguments=[]) == whole
    assert testing._selection(fast=False, arguments=["tests/unit/cloud"]) == ["tests/unit/cloud"]


def test_processes_of_the_tests_keep_what_they_compiled(tmp_path, monkeypatch):
    from synnefo.cloud import testing

    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in testing.Suite(tmp_path).environment


def test_fast_tests_are_in_memory_where_there_is_room(tmp_path, monkeypatch):
    from synnefo.cloud import testing

    monkeypatch.setattr(testing, "MEMORY", str(tmp_path))
    for needed, place in ((0, str(tmp_path)), (1 << 80, None)):
        monkeypatch.setattr(testing, "MEMORY_NEEDED", needed)
        assert testing._memory() == place
    monkeypatch.setattr(testing, "MEMORY", str(tmp_path / "none"))
    assert testing._memory() is None
