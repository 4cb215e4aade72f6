"""What every doorbell promises."""

import os
import shutil
import subprocess
import threading
import uuid
from pathlib import Path

import pytest

from synnefo.doorbell import open_doorbell
from synnefo.ports import Ring


@pytest.fixture(scope="session")
def postgres():
    """A private PostgreSQL on a Unix socket, without TCP."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed")
    folder = Path("/tmp") / f"postgres-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    run_as = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        run_as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    control = [*run_as, str(programs[-1] / "pg_ctl"), "-D", str(folder / "data"), "-s", "-w"]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    started = False
    try:
        subprocess.run([*control, "-o", "-A trust -U tester -N", "initdb"], check=True, cwd=folder)
        log = str(folder / "log")
        subprocess.run([*control, "-l", log, "-o", options, "start"], check=True, cwd=folder)
        started = True
        yield f"postgresql://tester@/postgres?host={folder}"
    finally:
        if started:
            subprocess.run([*control, "-m", "fast", "stop"], check=True, cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["local", pytest.param("postgres", marks=pytest.mark.system)])
def doorbell(request, tmp_path):
    if request.param == "local":
        yield open_doorbell(f"local:{tmp_path}/bell")
    else:
        made = open_doorbell("postgres", request.getfixturevalue("postgres"))
        yield made
        made.close()


@pytest.fixture
def listen(doorbell):
    opened = []

    def listen(*topics):
        opened.append(doorbell.listen(topics))
        return opened[-1]

    yield listen
    for listening in opened:
        listening.close()


def test_a_ring_reaches_every_listener_of_its_topic(doorbell, listen):
    first, second, other = listen("changes"), listen("changes", "intents"), listen("intents")
    doorbell.ring("changes", {"kind": "server", "id": "1"})
    expected = Ring("changes", {"kind": "server", "id": "1"})
    assert first.get(5) == second.get(5) == expected
    assert other.get(0.01) is None


def test_rings_come_in_order(doorbell, listen):
    listening = listen("changes")
    for number in range(5):
        doorbell.ring("changes", {"n": number})
    assert [listening.get(5).payload["n"] for _ in range(5)] == list(range(5))


def test_nobody_listening_is_no_error(doorbell):
    doorbell.ring("intents", {})


def test_a_closed_listener_is_forgotten(doorbell, listen):
    listening = listen("intents")
    listening.close()
    doorbell.ring("intents", {})
    assert listening.get(5) is None
    listening.close()


def test_closing_ends_a_waiting_get(listen):
    listening = listen("intents")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(listening.get(60)))
    waiting.start()
    listening.close()
    waiting.join(10)
    assert answers == [None]


def test_a_ring_while_somebody_waits(doorbell, listen):
    listening = listen("intents")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(listening.get(60)))
    waiting.start()
    doorbell.ring("intents", {})
    waiting.join(10)
    assert answers == [Ring("intents", {})]


def test_ringing_never_raises(tmp_path):
    folder = tmp_path / "bell"
    bell = open_doorbell(f"local:{folder}")
    folder.rmdir()
    bell.ring("intents", {})
    open_doorbell("postgres", f"postgresql://nobody@/none?host={tmp_path}").ring("intents", {})


def test_sockets_of_the_dead_are_removed(tmp_path):
    bell = open_doorbell(f"local:{tmp_path}")
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from synnefo.doorbell.local import LocalDoorbell\n"
        "listening = LocalDoorbell(Path(sys.argv[1])).listen(['intents'])\n"
        "os._exit(0)\n"
    )
    subprocess.run(["python", "-c", program, str(tmp_path)], check=True)
    assert len(list(tmp_path.iterdir())) == 1
    bell.ring("intents", {})
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="not a doorbell"):
        open_doorbell("pigeon:/dir")
