"""The supervisor with small real processes: start, restart, leftovers, end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from synnefo.cloud import down, supervisor_client
from synnefo.cloud.errors import CloudError
from synnefo.cloud.supervised import Specification, Supervised, start_ticks

ENVIRONMENT = {"PATH": os.environ["PATH"]}
LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1], "w").write(str(listener.getsockname()[1]))
listener.accept()
"""


def specification(name, *argv, **options):
    return Specification(name, argv, ENVIRONMENT, **options)


def sleeper(name, **options):
    return specification(name, "sleep", "600", **options)


@pytest.fixture
def state(tmp_path):
    for name in ("run", "log"):
        (tmp_path / name).mkdir()
    yield tmp_path
    supervisor_client.stop(tmp_path)
    down.end_leftovers(tmp_path)


def rows(state):
    return {row["name"]: row for row in supervisor_client.processes(state)}


def wait_for(condition, seconds=10):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(0.001)


def written(log):
    """A process makes its log itself, a moment after it was started."""
    return log.read_text() if log.exists() else ""


def test_runs_what_it_is_told_and_reports_it(state):
    supervisor_client.start(state, [specification("speaker", "sh", "-c", "echo hello; sleep 600")])
    wait_for(lambda: "hello" in written(state / "log" / "speaker.log"))
    row = rows(state)["speaker"]
    assert row["state"] == "running"
    assert row["restarts"] == 0
    assert start_ticks(row["pid"]) is not None
    assert set(row) == {"name", "pid", "state", "since", "restarts", "metrics", "log"}


def test_restarts_within_100_ms(state):
    supervisor_client.start(state, [sleeper("one")])
    wait_for(lambda: rows(state)["one"]["pid"])
    before = rows(state)["one"]["pid"]
    killed = time.monotonic()
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: rows(state)["one"]["pid"] not in (before, None))
    assert time.monotonic() - killed < 0.1
    assert rows(state)["one"]["restarts"] == 1


def test_backs_off_from_what_cannot_live(state):
    supervisor_client.start(state, [specification("broken", "false")])
    wait_for(lambda: rows(state)["broken"]["restarts"] >= 3)
    assert rows(state)["broken"]["state"] in {"restarting", "running"}
    started = (state / "log" / "supervisor.log").read_text().count("broken ended")
    threading.Event().wait(0.3)
    assert (state / "log" / "supervisor.log").read_text().count("broken ended") <= started + 1


def test_what_a_dead_process_started_dies_with_it(state):
    script = f"sleep 600 & echo $! > {state}/child; wait"
    supervisor_client.start(state, [specification("parent", "sh", "-c", script)])
    wait_for(lambda: (state / "child").exists() and (state / "child").read_text().strip())
    child = int((state / "child").read_text())
    os.kill(rows(state)["parent"]["pid"], signal.SIGKILL)
    wait_for(lambda: start_ticks(child) is None)


def test_waits_until_what_it_needs_is_ready(state):
    first = specification("first", sys.executable, "-c", LISTENER, f"{state}/port", port=1)
    supervisor_client.start(state, [first, sleeper("second", after=("first",))])
    wait_for((state / "port").exists)
    assert rows(state)["first"]["state"] == "starting"
    assert rows(state)["second"]["state"] == "waiting"


def test_stops_in_reverse_order(state):
    script = (
        f"cd {state}; trap 'echo $0 >> order; exit' TERM; touch $0; while :; do sleep 0.01; done"
    )
    base = specification("base", "sh", "-c", script, "base")
    top = specification("top", "sh", "-c", script, "top", after=("base",))
    supervisor_client.start(state, [base, top])
    wait_for(lambda: (state / "base").exists() and (state / "top").exists())
    assert supervisor_client.stop(state)
    assert (state / "order").read_text().split() == ["top", "base"]
    assert supervisor_client.processes(state) is None
    assert not list((state / "run").glob("*.pid"))


def test_a_supervisor_that_ends_under_a_question_is_none(state):
    """Closing with an unread question resets the connection: so it looks to whoever asks last."""

    def hang_up(listener):
        connection, _ = listener.accept()
        connection.recv(1, socket.MSG_PEEK)
        connection.close()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(state / "run" / "supervisor.sock"))
        listener.listen()
        thread = threading.Thread(target=hang_up, args=(listener,))
        thread.start()
        assert supervisor_client.processes(state) is None
        thread.join()
    (state / "run" / "supervisor.sock").unlink()


def test_a_supervisor_that_does_not_get_ready_is_ended(state, monkeypatch):
    """Ctrl-C while it starts: nobody could find it later."""
    spawned, spawn = [], supervisor_client._spawn

    def remember(*arguments):
        spawned.append(spawn(*arguments))
        return spawned[0]

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(supervisor_client, "_spawn", remember)
    monkeypatch.setattr(supervisor_client, "until", interrupt)
    with pytest.raises(KeyboardInterrupt):
        supervisor_client.start(state, [sleeper("one")])
    assert start_ticks(spawned[0]) is None


def test_another_may_start_as_soon_as_the_end_is_told(state):
    for _ in range(5):
        supervisor_client.start(state, [sleeper("one")])
        assert supervisor_client.stop(state)


def test_kills_what_ignores_the_signal(state):
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    deaf = specification("deaf", "sh", "-c", script, stop_seconds=0.1)
    supervisor_client.start(state, [deaf])
    wait_for(lambda: "ready" in written(state / "log" / "deaf.log"))
    pid = rows(state)["deaf"]["pid"]
    assert supervisor_client.stop(state)
    assert start_ticks(pid) is None


def test_stops_and_starts_single_processes(state):
    supervisor_client.start(state, [sleeper("one"), sleeper("two")])
    wait_for(lambda: rows(state)["two"]["pid"])
    supervisor_client.stop(state, ["one"])
    assert rows(state)["one"]["state"] == "stopped"
    assert rows(state)["two"]["state"] == "running"
    supervisor_client.ask(state, "start", ["one"])
    wait_for(lambda: rows(state)["one"]["state"] == "running")


def test_starts_only_some_until_told(state):
    supervisor_client.start(state, [sleeper("part"), sleeper("later")], only=["part"])
    wait_for(lambda: rows(state)["part"]["state"] == "running")
    assert rows(state)["later"]["state"] == "stopped"
    supervisor_client.ask(state, "start")
    wait_for(lambda: rows(state)["later"]["state"] == "running")


def _end_supervisor(state):
    pid = supervisor_client.ask(state, "status")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: start_ticks(pid) is None)


def test_leftovers_are_ended(state):
    supervisor_client.start(state, [sleeper("one")])
    wait_for(lambda: rows(state)["one"]["pid"])
    pid = rows(state)["one"]["pid"]
    _end_supervisor(state)
    down.end_leftovers(state)
    assert start_ticks(pid) is None


def test_leftovers_end_by_the_signal_that_they_want(state):
    """PostgreSQL would wait for its clients otherwise, be killed, and leave its lock file."""
    script = (
        "trap '' TERM; trap 'echo interrupted; exit' INT; echo ready; while :; do sleep 0.05; done"
    )
    polite = Specification("one", ("/bin/sh", "-c", script), {}, stop_signal=signal.SIGINT)
    supervisor_client.start(state, [polite])
    log = state / "log" / "one.log"
    wait_for(lambda: log.exists() and "ready" in log.read_text())
    _end_supervisor(state)
    down.end_leftovers(state)
    assert "interrupted" in log.read_text()


def test_who_was_started_by_a_supervisor_that_died_of_it_is_found(tmp_path, monkeypatch):
    """It notes its number itself: nobody else lives to do it."""

    class Killed(Exception):  # noqa: N818 - It stands for a SIGKILL.
        pass

    def note(self, pid):
        if pid != os.getpid():
            raise Killed
        whole(self, pid)

    whole = Supervised._note
    monkeypatch.setattr(Supervised, "_note", note)
    process = Supervised(sleeper("one"), tmp_path, tmp_path)
    with pytest.raises(Killed):
        process.start()
    wait_for((tmp_path / "one.pid").exists)
    left = json.loads((tmp_path / "one.pid").read_text())
    assert start_ticks(left["pid"]) == left["ticks"]
    os.kill(left["pid"], signal.SIGKILL)
    os.waitpid(left["pid"], 0)


def test_a_reused_process_id_is_not_taken_for_ours(state):
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        left = {"pid": stranger.pid, "ticks": start_ticks(stranger.pid) - 1}
        (state / "run" / "one.pid").write_text(json.dumps(left))
        down.end_leftovers(state)
        assert stranger.poll() is None
        stranger.kill()


def test_one_supervisor_per_folder(state):
    supervisor_client.start(state, [sleeper("one")])
    first = supervisor_client.ask(state, "status")["pid"]
    with pytest.raises(CloudError, match="the supervisor ended"):
        supervisor_client.start(state, [sleeper("one")])
    assert supervisor_client.ask(state, "status")["pid"] == first
    assert "another supervisor runs here" in (state / "log" / "supervisor.log").read_text()


def test_needs_little_memory(state):
    supervisor_client.start(state, [sleeper("one")])
    pid = supervisor_client.ask(state, "status")["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) < 15 * 1024


def test_nonsense_gets_an_answer(state):
    supervisor_client.start(state, [sleeper("one")])
    with pytest.raises(CloudError, match="not understood"):
        supervisor_client.ask(state, "dance")
    with pytest.raises(CloudError, match="not understood"):
        supervisor_client.ask(state, "start", ["nobody"])


def test_logs_rotate_under_a_writing_process(tmp_path):
    process = Supervised(sleeper("one"), tmp_path, tmp_path)
    process.log.write_bytes(b"x" * 2000)
    process.rotate(limit=1000)
    assert process.log.read_bytes() == b""
    assert (tmp_path / "one.log.1").read_bytes() == b"x" * 2000


LEADERLESS = """
import ctypes, threading
threading.Thread(target=threading.Event().wait).start()
print("ready", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_lives_as_long_as_a_thread_of_it():
    with subprocess.Popen([sys.executable, "-c", LEADERLESS], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        stat = Path(f"/proc/{process.pid}/stat")
        wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
        assert start_ticks(process.pid) is not None
        process.kill()
        wait_for(lambda: start_ticks(process.pid) is None)
