"""Notes of hooks over a folder of this test's, with the real inotify and the real scripts."""

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventd.notes import DAMAGED, MOST_DAMAGED, Notes
from eventd.outlet import Outlet
from hooks import note
from hooks.install import main as install
from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import parse

TOPOLOGY = Topology("snf")
PATIENCE = 20.0
SAMPLES = Path(__file__).parents[2] / "data/ganeti/hooks"


def sample(instance, **more):
    lines = (SAMPLES / "instance-add-post.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    for key in ("GANETI_INSTANCE_NAME", "GANETI_POST_INSTANCE_NAME"):
        environment[key] = instance
    return environment | more


class Node:
    """Hooks as a node runs them, what came of them on the bus, and eventd's reader."""

    def __init__(self, root):
        self.root = root
        self.folder = root / "notes"
        self.bus = MemoryBus(TOPOLOGY)
        self.overflow = SpoolBus(root / "overflow", TOPOLOGY, (0.001, 0.001, 0.001))
        self.told = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self.bus.consume, args=(TOPOLOGY.queues, self._hear, self._stop)
        )
        self._thread.start()
        install([str(root / "hooks"), "--notes", str(self.folder)])

    def close(self):
        self._stop.set()
        self.bus.wake()
        self._thread.join(PATIENCE)

    def _hear(self, delivery):
        with self._changed:
            self.told.append(parse(delivery.body))
            self._changed.notify_all()

    def hook(self, instance, path="instance-add", **more):
        script = self.root / "hooks" / f"{path}-post.d" / "50-synnefo"
        done = subprocess.run(
            [script], env=sample(instance, **more), cwd="/", capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")

    def leave(self, name, content, age=0.0):
        path = self.folder / name
        path.write_bytes(content)
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))

    @contextmanager
    def reading(self, node=None):
        outlet = Outlet(self.bus, self.overflow, TOPOLOGY)
        ended = threading.Event()
        notes = Notes(self.folder, outlet, ended.set, node)
        outlet.start()
        notes.start()
        try:
            yield ended
        finally:
            notes.stop()
            outlet.stop()

    def wait(self, instances):
        """Until all of these were told of; and all that came with them."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: set(instances) <= {one.instance for one in self.told}, PATIENCE
            )
        assert found, self.told
        return [one.instance for one in self.told]

    def notes(self):
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())

    def damaged(self):
        return sorted(path.name for path in (self.folder / DAMAGED).iterdir())


def wait_for(condition):
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to pass")


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.close()


def test_a_note_is_told_and_removed(node):
    with node.reading():
        node.hook("snf-1")
        assert node.wait({"snf-1"}) == ["snf-1"]
    (message,) = node.told
    assert (message.operation, message.nics[0]["ip"]) == ("OP_INSTANCE_CREATE", "192.0.2.3")
    assert message.event_time[0] > 1_600_000_000
    assert node.notes() == []


def test_the_folder_is_for_its_owner_only(node):
    assert node.folder.stat().st_mode & 0o777 == 0o700


def test_what_was_left_before_the_start_is_told(node):
    node.hook("snf-1")
    node.hook("snf-2")
    with node.reading():
        assert sorted(node.wait({"snf-1", "snf-2"})) == ["snf-1", "snf-2"]


def test_several_nodes_hooks_of_one_operation_are_told_once(node):
    for _ in range(2):
        node.hook("snf-1")
    with node.reading():
        for instance in ("snf-1", "snf-2", "snf-2", "snf-3"):
            node.hook(instance)
        told = node.wait({"snf-3"})
    assert told == ["snf-1", "snf-2", "snf-3"]


def test_there_and_back_is_told_three_times(node):
    with node.reading():
        for address in ("192.0.2.7", "192.0.2.8", "192.0.2.7"):
            node.hook("snf-1", GANETI_POST_INSTANCE_NIC0_IP=address)
        node.hook("snf-2")
        node.wait({"snf-2"})
    addresses = [one.nics[0]["ip"] for one in node.told]
    assert addresses == ["192.0.2.7", "192.0.2.8", "192.0.2.7", "192.0.2.3"]


def test_the_same_again_much_later_is_another_operation(node):
    node.hook("snf-1")
    (first,) = node.notes()
    os.utime(node.folder / first, (1_700_000_000, 1_700_000_000))
    node.hook("snf-1")
    node.hook("snf-2")
    with node.reading():
        node.wait({"snf-2"})
    assert sorted(one.instance for one in node.told) == ["snf-1", "snf-1", "snf-2"]


def test_of_several_eventds_the_masters_tells(node):
    with node.reading(node="node9"):
        node.hook("snf-1")
        node.hook("snf-2", GANETI_MASTER="node9")
        assert node.wait({"snf-2"}) == ["snf-2"]
    assert node.notes() == []


def test_other_objects_and_phases_are_removed_silently(node):
    with node.reading():
        node.hook("snf-1", GANETI_HOOKS_PHASE="pre")
        node.hook("snf-2")
        assert node.wait({"snf-2"}) == ["snf-2"]
    assert node.notes() == []


def test_damage_is_put_aside(node, caplog):
    end = note.END.encode()
    node.leave("instance-add.1.0", b"export GANETI_A=$(reboot)\n" + end)
    node.leave("instance-add.2.0", b"", age=3600)
    node.leave("instance-add.3.0", b"x" * (note.MOST_BYTES + 1))
    (node.folder / "instance-add.4.0").symlink_to("/etc/hostname")
    os.mkfifo(node.folder / "instance-add.5.0")
    node.hook("snf-1")
    with node.reading():
        assert node.wait({"snf-1"}) == ["snf-1"]
    assert node.damaged() == [f"instance-add.{number}.0" for number in range(1, 6)]
    assert "instance-add.1.0 is of no use" in caplog.text
    assert node.notes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_strangers_note_is_put_aside(node):
    node.leave("instance-add.1.0", b"export GANETI_A=1\n" + note.END.encode())
    os.chown(node.folder / "instance-add.1.0", 12345, -1)
    node.hook("snf-1")
    with node.reading():
        node.wait({"snf-1"})
    assert node.damaged() == ["instance-add.1.0"]


def test_damage_does_not_fill_the_disk(node):
    for number in range(MOST_DAMAGED + 10):
        node.leave(f"instance-add.{number}.0", b"", age=3600)
    with node.reading():
        wait_for(lambda: not node.notes())
    assert len(node.damaged()) == MOST_DAMAGED


def test_a_note_being_written_is_waited_for(node):
    node.hook("snf-1")
    (name,) = node.notes()
    whole = (node.folder / name).read_bytes()
    with (node.folder / name).open("wb", buffering=0) as stream:
        stream.write(whole[:100])
        with node.reading():
            node.hook("snf-2")
            assert node.wait({"snf-2"}) == ["snf-2"]
            stream.write(whole[100:])
            stream.close()
            node.wait({"snf-1"})
    assert (node.notes(), node.damaged()) == ([], [])


def test_files_that_are_no_notes_are_left_alone(node):
    (node.folder / "README").write_text("mine")
    with node.reading():
        node.hook("snf-1")
        node.wait({"snf-1"})
    assert node.notes() == ["README"]


def test_with_the_bus_away_it_overflows(node):
    node.bus.away = True
    with node.reading():
        for number in range(20):
            node.hook(f"snf-{number}")
        wait_for(lambda: not node.notes())
        node.bus.away = False
        node.wait({f"snf-{number}" for number in range(20)})


def test_with_bus_and_overflow_away_notes_stay(node):
    node.overflow = MemoryBus(TOPOLOGY)
    node.bus.away = node.overflow.away = True
    node.hook("snf-1")
    with node.reading():
        node.hook("snf-2")
        assert len(node.notes()) == 2
        node.bus.away = False
        node.wait({"snf-1", "snf-2"})
    assert node.notes() == []


def test_a_folder_that_vanishes_ends_the_daemon(node):
    with node.reading() as ended:
        shutil.rmtree(node.folder)
        assert ended.wait(PATIENCE)
