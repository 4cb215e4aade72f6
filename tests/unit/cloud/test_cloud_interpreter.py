"""Which Python the environment is made of."""

import sys
from pathlib import Path

import pytest

from synnefo.cloud import debian, interpreter
from synnefo.cloud.errors import CloudError


def pretended(folder: Path, answer: str) -> Path:
    """A program that answers as that Python would."""
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\necho {answer}\n")
    python.chmod(0o755)
    return python


@pytest.fixture
def installed(monkeypatch):
    asked: list[list[str]] = []
    monkeypatch.setattr(debian, "install", lambda packages, purpose: asked.append(packages))
    return asked


def test_distribution_comes_first(tmp_path, installed):
    python = pretended(tmp_path, "3 12 1")
    assert interpreter.choose(python) == python
    assert installed == []


def test_distribution_is_completed(tmp_path, installed):
    python = pretended(tmp_path, "3 11 0")
    assert interpreter.choose(python) == python
    assert installed == [["python3.11-venv"]]


@pytest.mark.parametrize("answer", ["3 9 1", "2 7 1"])
def test_old_distribution_is_left_alone(tmp_path, installed, answer):
    assert interpreter.choose(pretended(tmp_path, answer)) == Path(sys.executable)


def test_absent_distribution(tmp_path, installed):
    assert interpreter.choose(tmp_path / "none") == Path(sys.executable)


def test_what_cannot_be_completed_is_said(tmp_path, monkeypatch, capsys):
    def refuse(packages, purpose):
        raise CloudError("as root, run apt-get install")

    monkeypatch.setattr(debian, "install", refuse)
    python = pretended(tmp_path, "3 11 0")
    assert interpreter.choose(python) == Path(sys.executable)
    assert f"{python} is not used: as root, run apt-get install" in capsys.readouterr().out


def test_a_real_one_answers(installed):
    """The question is understood by an interpreter, here the one that runs this."""
    assert interpreter.choose(Path(sys.executable)) == Path(sys.executable)
    assert installed == []
