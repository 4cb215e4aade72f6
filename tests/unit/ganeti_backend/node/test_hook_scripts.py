import time

import pytest

from ganeti_backend.errors import GenericError
from ganeti_backend.node import hook_scripts


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "instance-start-pre.d").mkdir()
    return tmp_path


def put(folder, name, text, mode=0o755):
    path = folder / "instance-start-pre.d" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)


def run(folder, env=None, **more):
    return hook_scripts.run(folder, "instance-start", "pre", env or {}, **more)


def test_scripts_run_in_order_and_report(folder):
    put(folder, "20-second", "echo bad >&2; exit 1")
    put(folder, "10-first", "echo good")
    first, second = run(folder)
    assert first == ["instance-start-pre.d/10-first", "success", "good\n"]
    assert second[:2] == ["instance-start-pre.d/20-second", "error"]
    assert "bad" in second[2]


@pytest.mark.parametrize(("name", "mode"), [("x.bak", 0o755), ("plain", 0o644), (".x", 0o755)])
def test_what_run_parts_would_skip_is_skipped(folder, name, mode):
    put(folder, name, "echo", mode)
    assert run(folder) == []


def test_environment_is_ganetis_only(folder, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    put(folder, "show", "env | sort; pwd")
    found = run(folder, {"GANETI_OP_CODE": "OP", "LD_PRELOAD": "/evil", "GANETI_N": 3})[0][2]
    names = {line.split("=")[0] for line in found.splitlines()}
    assert names <= {"PATH", "PWD", "SHLVL", "_", "/", "GANETI_OP_CODE", "GANETI_N"}
    assert "GANETI_N=3" in found


def test_hanging_script_is_a_timeout(folder):
    put(folder, "hang", "exec sleep 100")
    assert run(folder, timeout=0.2)[0][1] == "timeout"


def test_no_folder_is_no_hooks(tmp_path):
    assert hook_scripts.run(tmp_path, "nothing", "post", {}) == []


@pytest.mark.parametrize(("path", "phase"), [("../x", "pre"), ("a/b", "pre"), ("x", "mid")])
def test_hooks_path_is_a_name(tmp_path, path, phase):
    with pytest.raises(GenericError, match="no hooks"):
        hook_scripts.run(tmp_path, path, phase, {})


def test_a_hook_that_leaves_a_process_behind_does_not_hold_the_node(folder):
    put(folder, "leaver", "setsid sleep 60 & echo left")
    begun = time.monotonic()
    assert run(folder)[0][1:] == ["success", "left\n"]
    assert time.monotonic() - begun < 20


def test_hanging_scripts_share_a_limit(folder):
    for name in ("1", "2", "3"):
        put(folder, name, "exec sleep 100")
    found = run(folder, timeout=0.3, budget=0.4)
    assert [row[1] for row in found] == ["timeout"] * 3
    assert "not run" in found[2][2]


def test_what_a_failed_script_says_is_passed_on_as_it_is(folder):
    put(folder, "says", "echo first; echo no room >&2; exit 7")
    put(folder, "says-nothing", "exit 7")
    put(folder, "shot", "kill -9 $$")
    found = [row[1:] for row in run(folder)]
    assert found == [
        ["error", "first\nno room"],
        ["error", "ended with exit 7 and said nothing"],
        ["error", "ended with signal 9 and said nothing"],
    ]


def test_a_broken_script_is_an_error(folder):
    path = folder / "instance-start-pre.d" / "broken"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    ((_, status, output),) = run(folder)
    assert status == "error"
    assert "No such file" in output


def test_endless_output_is_cut(folder):
    put(folder, "chatty", "yes | head -c 50000000; echo end")
    ((_, status, output),) = run(folder)
    assert status == "success"
    assert len(output) == hook_scripts.SHOWN_OUTPUT
    assert output.endswith("end\n")


def test_the_watchers_scripts_have_a_folder_without_phase(folder):
    (folder / "watcher").mkdir()
    script = folder / "watcher" / "00-probe"
    script.write_text("#!/bin/sh\necho fine\n")
    script.chmod(0o755)
    found = hook_scripts.run(folder, "watcher", "", {})
    assert found == [["watcher/00-probe", "success", "fine\n"]]
    with pytest.raises(GenericError):
        hook_scripts.run(folder, "instance-start", "", {})
