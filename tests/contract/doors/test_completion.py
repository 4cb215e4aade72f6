"""What a shell is told when somebody presses the tabulator key."""

import subprocess
from pathlib import Path

import pytest
from fake_master import INSTANCE, NODE

from ganeti_backend.cli import gnt_cluster, gnt_instance, gnt_job, gnt_node


def completed(command, program, *words):
    """The candidates for the last word."""
    line = [program.name, *words]
    return command(program, "--complete", str(len(words)), *line)[1].split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sta",), {"start", "startup"}),
        (("start", "vm"), {INSTANCE}),
        (("start", "--force-m"), {"--force-multiple"}),
        (("start", "--node", ""), {NODE}),
        (("start", "--force-multiple", "--primary", "no"), {NODE}),
        (("start", "--priority", ""), {"low", "normal", "high"}),
        (("start", "--priority="), {f"--priority={word}" for word in ("low", "normal", "high")}),
        (("start", "--priority", "=", "h"), {"--priority=high"}),
        (("info", "--static", "vm"), {INSTANCE}),
        (("list", "-o", "be/v"), {"be/vcpus"}),
        (("list", "-F", "vm"), {INSTANCE}),
        (("migrate", "-n", "node1.gntlab.test", ""), {INSTANCE}),
        (("move", INSTANCE, ""), set()),
        (("batch-create", "/et"), {"//files//"}),
        (("nosuch", ""), set()),
        (("add-tags", "vm"), {INSTANCE}),
    ],
)
def test_candidates(command, words, found):
    assert set(completed(command, gnt_instance.PROGRAM, *words)) == found


def test_other_objects(command):
    assert completed(command, gnt_job.PROGRAM, "watch", "") == ["6"]
    assert completed(command, gnt_node.PROGRAM, "modify", "-C", "yes", "") == [NODE]


def test_without_a_master(command, monkeypatch, tmp_path):
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(tmp_path / "nobody"))
    assert completed(command, gnt_instance.PROGRAM, "start", "vm") == []
    assert completed(command, gnt_instance.PROGRAM, "--complete") == []
    assert command(gnt_instance.PROGRAM, "--complete")[0] == 0
    assert command(gnt_instance.PROGRAM, "--complete", "x", "y")[0] == 0


def test_bash_takes_the_script(command, tmp_path):
    """The script as bash runs it, with a stand-in that shows what it is asked."""
    script = command(gnt_cluster.PROGRAM, "completion", "bash")[1]
    stand_in = tmp_path / "gnt-instance"
    stand_in.write_text('#!/bin/sh\n[ "$1 $2" = "--complete 2" ] && echo "web1\nweb2"\n')
    stand_in.chmod(0o755)
    lines = f"""{script}
COMP_WORDS=({stand_in} start we)
COMP_CWORD=2
_gnt {stand_in} we start
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p gnt-instance
"""
    done = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["web1", "web2", "complete -F _gnt gnt-instance"]


def test_zsh_is_told_of_all_programs(command):
    script = command(gnt_cluster.PROGRAM, "completion", "zsh")[1]
    programs = Path(gnt_cluster.__file__).parent.glob("gnt_*.py")
    for program in programs:
        assert program.stem.replace("_", "-") in script.splitlines()[-1].split()
