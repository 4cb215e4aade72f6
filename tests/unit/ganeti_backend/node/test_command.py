import os
import select
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ganeti_backend.errors import CommandError
from ganeti_backend.programs import command


def test_output_is_returned():
    assert command.run(["printf", "%s", "a b"]).text == "a b"


def test_input_and_environment_are_passed():
    script = ["sh", "-c", 'cat; printf "%s" "$WORD"; pwd']
    found = command.run(script, stdin=b"in ", env={"WORD": "env ", "PATH": "/bin"}, cwd=Path("/"))
    assert found.text == "in env /\n"


def test_failure_tells_program_code_and_output():
    with pytest.raises(CommandError, match="sh: exit 3: what went wrong"):
        command.run(["sh", "-c", "echo what went wrong >&2; exit 3"])


def test_missing_program_is_named():
    with pytest.raises(CommandError, match="no-such-program cannot be run: No such file"):
        command.run(["no-such-program"])


def test_words_are_not_read_by_a_shell():
    assert command.run(["printf", "%s", "$(id); `id`"]).text == "$(id); `id`"


def test_late_program_is_ended_with_its_children(tmp_path):
    pid_file = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {pid_file}; wait"
    with pytest.raises(command.CommandTimeoutError, match=r"longer than 0\.3 s"):
        command.run(["sh", "-c", script], timeout=0.3)
    with suppress(ProcessLookupError):
        child = os.pidfd_open(int(pid_file.read_text()))
        with os.fdopen(child):
            assert select.select([child], [], [], 10)[0]


def test_stream_passes_on_what_comes():
    parts = []
    command.stream(["sh", "-c", "echo one; echo two >&2"], parts.append)
    assert sorted("".join(parts).split()) == ["one", "two"]


def test_stream_failure_shows_the_end():
    with pytest.raises(CommandError, match="exit 1: bad"):
        command.stream(["sh", "-c", "echo bad; exit 1"], lambda _: None)


def test_stream_ends_the_program_when_the_listener_raises():
    seen = threading.Event()

    def stop(text):
        seen.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        command.stream(["sh", "-c", "echo x; exec sleep 100"], stop)
    assert seen.is_set()


def test_stream_gives_up_after_the_timeout():
    with pytest.raises(command.CommandTimeoutError):
        command.stream(["sleep", "100"], lambda _: None, timeout=0.2)


def test_what_a_program_leaves_behind_is_not_waited_for():
    begun = time.monotonic()
    found = command.run(["sh", "-c", "setsid sleep 30 & echo done"], timeout=20)
    assert found.text == "done\n"
    assert time.monotonic() - begun < 10


def test_a_late_program_whose_heirs_keep_the_pipes_is_given_up():
    script = "setsid sh -c 'trap : TERM; sleep 30' & exec sleep 30"
    with pytest.raises(command.CommandTimeoutError):
        command.run(["sh", "-c", script], timeout=0.2)


def test_only_the_end_of_long_output_is_kept():
    found = command.run(["sh", "-c", "yes x | head -c 3000000; echo end"], keep=1000)
    assert len(found.stdout) == 1000
    assert found.text.endswith("x\nend\n")


def test_output_left_in_the_pipe_is_read_after_the_end():
    text = command.run(["sh", "-c", "head -c 60000 /dev/zero | tr '\\0' a"]).text
    assert text == "a" * 60000


def test_a_program_need_not_read_its_input():
    assert command.run(["true"], stdin=b"x" * 10_000_000).text == ""


def test_it_works_where_the_system_does_not_tell_of_a_programs_end(monkeypatch):
    def missing(_pid):
        raise OSError("not here")

    monkeypatch.setattr("os.pidfd_open", missing)
    assert command.run(["cat"], stdin=b"x" * 300_000).stdout == b"x" * 300_000
    with pytest.raises(command.CommandTimeoutError):
        command.run(["sleep", "100"], timeout=0.2)
