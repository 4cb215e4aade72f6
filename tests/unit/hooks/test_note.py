"""The script that a shell runs, and its notes read back."""

import os
import shlex
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hooks import note

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ENVIRONMENTS = st.dictionaries(st.from_regex(r"\AGANETI_[A-Z0-9_]{1,9}\Z"), TEXT, max_size=5)
HARD = "it's `a` \"$HOME\" \\ \\$x \n# complete\nexport GANETI_X='forged'\n é"
SHELLS = [
    pytest.param(command, id=command[0], marks=pytest.mark.skipif(not there, reason="not here"))
    for command, there in (
        (["dash"], shutil.which("dash")),
        (["busybox", "sh"], shutil.which("busybox")),
        (["bash", "--posix"], shutil.which("bash")),
    )
]


def run(folder, environment, shell=("sh",)):
    script = folder.parent / "hook"
    script.write_text(note.script(folder, "instance-add"))
    # Without a path no program could be found: only builtins can have done the work.
    return subprocess.run(
        [shutil.which(shell[0]), *shell[1:], script],
        env={"PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "it's a $folder"
    made.mkdir()
    return made


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_shell_writes_is_read_back(folder, shell):
    given = {"GANETI_A": 'it\'s `a` "$HOME" \\ \\$x #', "GANETI_B": "", "OTHER": "secret"}
    if shell[0] != "bash":
        given["GANETI_C"] = HARD
    done = run(folder, given, shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (path,) = folder.iterdir()
    assert note.NAME.fullmatch(path.name)
    assert path.stat().st_mode & 0o777 == 0o600
    del given["OTHER"]
    assert note.read(path.read_bytes()) == given


@settings(max_examples=25, deadline=None)
@given(environment=ENVIRONMENTS)
@example(environment={"GANETI_A": HARD})
def test_any_environment(tmp_path_factory, environment):
    folder = tmp_path_factory.mktemp("notes") / "notes"
    folder.mkdir()
    run(folder, environment)
    (path,) = folder.iterdir()
    assert note.read(path.read_bytes()) == environment


@given(TEXT)
def test_it_agrees_with_the_standard_library(value):
    text = f"export GANETI_A={shlex.quote(value)}\n{note.END}"
    assert note.read(text.encode()) == {"GANETI_A": shlex.split(text)[1].partition("=")[2]}


def test_a_taken_name_is_left_alone(folder):
    script = f"""
        for again in 0 1; do echo mine > {shlex.quote(str(folder))}/instance-add.$$.$again; done
        . {shlex.quote(str(folder.parent / "hook"))}
    """
    (folder.parent / "hook").write_text(note.script(folder, "instance-add"))
    subprocess.run(["sh", "-c", script], check=True)
    names = sorted(path.name.rpartition(".")[2] for path in folder.iterdir())
    contents = [path.read_text() == "mine\n" for path in sorted(folder.iterdir())]
    assert (names, contents) == (["0", "1", "2"], [True, True, False])


def test_without_its_folder_a_hook_says_so_and_fails_nothing(folder):
    folder.rmdir()
    done = run(folder, {"GANETI_A": "x"})
    assert done.returncode == 0
    assert "hook" in done.stderr


def test_a_note_that_was_cut_anywhere_is_never_taken_for_whole(folder):
    run(folder, {"GANETI_A": HARD, "GANETI_B": "x"})
    whole = next(folder.iterdir()).read_bytes()
    for length in range(len(whole)):
        with pytest.raises((note.Unfinished, note.Damaged)):
            note.read(whole[:length])


@pytest.mark.parametrize(
    "line",
    [
        "export GANETI_A=$(reboot)",
        "export GANETI_A=`reboot`",
        'export GANETI_A="$(reboot)"',
        'export GANETI_A="`reboot`"',
        "export GANETI_A=x; reboot",
        "export GANETI_A=x reboot",
        "export GANETI_A=$'x'",
        "export GANETI_A='x",
        "GANETI_A=x",
        "reboot",
        "# comment",
        "",
        "export GANETI-A=x",
        "export GANETI_A='\0'",
        "export GANETI_A='\udcff'",
        "export GANETI_A='" + "x" * note.MOST_BYTES + "'",
    ],
)
def test_damage(line):
    with pytest.raises(note.Damaged):
        note.read(f"{line}\n{note.END}".encode(errors="surrogateescape"))


def test_an_unset_variable_is_none():
    assert note.read(f"export OLDPWD\nexport GANETI_A\n{note.END}".encode()) == {}


def test_a_long_note_is_read_quickly():
    line = "export GANETI_A='" + "'\"'\"'" * 40_000 + "'\n"
    before = os.times().user
    note.read(f"{line}{note.END}".encode())
    with pytest.raises(note.Damaged):
        note.read(f"{line[:-2]}\n{note.END}".encode())
    assert os.times().user - before < 2


def test_notes_that_nobody_takes_end_somewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(note, "MOST_NOTES", 3)
    script = tmp_path / "hook"
    folder = tmp_path / "with a space"
    folder.mkdir()
    script.write_text(note.script(folder, "instance-add"))
    for _ in range(6):
        subprocess.run(["sh", script], env={"GANETI_X": "1"}, check=True)
    assert len(list(folder.iterdir())) == 4
