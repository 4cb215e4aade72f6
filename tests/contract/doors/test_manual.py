"""Man pages, help and examples: made from the tables, complete, and fit to be read."""

import argparse
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from ganeti_backend.cli import examples, manual, option_texts, programs
from ganeti_backend.cli.running import main

ALL = [(program, command) for program in programs.every() for command in program.commands]
NAMES = [f"{program.name} {command.names[0]}" for program, command in ALL]


@pytest.mark.parametrize(("program", "command"), ALL, ids=NAMES)
def test_everything_is_explained(program, command):
    """A missing text belongs beside the option, or in option_texts if several commands have it."""
    parser = program.parser(command)
    silent = [a.option_strings or a.dest for a in parser.actions() if not option_texts.text(a)]
    assert silent == []
    assert command.help[:1].islower()
    assert not command.help.endswith(".")


@pytest.mark.parametrize(("program", "command"), ALL, ids=NAMES)
def test_examples_can_be_read(program, command):
    """A missing example belongs into examples.py."""
    text = examples.of(program.name, command.names[0])
    if text.startswith("eval"):
        return
    words = shlex.split(text)
    assert words[:2] == [program.name, command.names[0]]
    assert isinstance(program.parser(command).read(words[2:]), argparse.Namespace)


@pytest.mark.parametrize("name", programs.NAMES)
def test_pages_can_be_rendered(name, tmp_path):
    page = manual.page(programs.load(name))
    assert page.startswith(f'.TH {name.upper()} 8 ""')
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    words = ["groff", "-man", "-K", "utf8", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-o", "-P-u"]
    done = subprocess.run(words, input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    for command in programs.load(name).commands:
        assert f"{command.names[0]}" in done.stdout
    assert "EXIT STATUS" in done.stdout


def test_pages_are_written_and_help_shows_an_example(tmp_path, capsys):
    assert main(programs.load("gnt-cluster"), ["man", str(tmp_path / "man8")]) == 0
    written = {path.stem for path in (tmp_path / "man8").iterdir()}
    assert written == set(programs.NAMES)
    assert main(programs.load("gnt-job"), ["--man"]) == 0
    assert main(programs.load("gnt-job"), ["watch", "--help"]) == 0
    assert "for example: gnt-job watch 17" in capsys.readouterr().out


def test_every_program_is_installed():
    """What has a module has a launcher, and is known to the completion and the manual."""
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    modules = {path.stem for path in (root / "ganeti_backend/cli").glob("gnt_*.py")}
    assert {name.replace("_", "-") for name in modules} == set(programs.NAMES)
    for name in programs.NAMES:
        target = f"ganeti_backend.cli.{name.replace('-', '_')}:main"
        assert project["scripts"][name] == target


READS = ("list", "list-fields", "list-tags", "info", "verify", "diagnose", "version", "locks")
JOB_OPTIONS = {"--submit", "--print-jobid", "--dry-run", "--priority", "--reason", "--json"}


@pytest.mark.parametrize(("program", "command"), ALL, ids=NAMES)
def test_common_options(program, command):
    options = set(program.parser(command).option_names())
    assert {"-h", "--help", "-d", "--debug"} <= options
    if command.names[0] in READS:
        assert "--json" in options
    if "--submit" in options:
        assert options >= JOB_OPTIONS
    if command.names[0] == "list" and program.name != "gnt-os":
        assert {"-o", "-F", "--filter", "--no-headers", "--separator", "--units", "-v"} <= options
