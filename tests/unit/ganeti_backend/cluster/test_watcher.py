from __future__ import annotations

from pathlib import Path

import pytest

from ganeti_backend import opcodes
from ganeti_backend.daemons.watcher import SOURCE, Watcher
from ganeti_backend.node_rpc import calls
from ganeti_backend.queue.jobs import JobStatus
from ganeti_backend.watcher import watcher_files, watching
from tests.unit.ganeti_backend.core.conftest import Lab


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watcher(lab: Lab, clock: Clock) -> Watcher:
    return Watcher(lab.master, clock=clock)


def create(lab: Lab, name: str = "web1", **values: object) -> None:
    lab.succeed(
        opcodes.OpInstanceCreate(
            instance_name=name,
            disk_template="diskless",
            disks=[],
            nics=[],
            pnode="node1.local",
            mode="create",
            os_type="image",
            no_install=True,
            **values,
        )
    )


def kill(lab: Lab, name: str = "web1") -> None:
    """As if the guest had crashed."""
    del lab.nodes.nodes["node1.local"].guests[name]
    lab.master._live.forget_running()


def done(lab: Lab) -> None:
    """Wait for all jobs."""
    for job_id in lab.master.job_ids():
        lab.wait(job_id)
    lab.master._live.forget_running()


def test_a_guest_that_is_gone_comes_back(lab: Lab, watcher: Watcher) -> None:
    create(lab)
    assert watcher.round() == []
    kill(lab)
    (line,) = watcher.round()
    assert line.endswith("starting instance web1 again (try 1 of 5)")
    done(lab)
    job = lab.master.job(max(lab.master.job_ids()))
    assert job is not None
    assert job.status == JobStatus.SUCCESS
    assert job.ops[0].input.reason[0][0] == SOURCE
    assert watcher.round() == ["instance web1 runs again"]
    assert "web1" in lab.nodes.nodes["node1.local"].guests


def test_one_that_does_not_start_is_left_after_five_tries(lab: Lab, watcher: Watcher) -> None:
    create(lab)
    kill(lab)
    lab.nodes.fail(calls.INSTANCE_START, "no such luck")
    for _ in range(watching.MAX_TRIES):
        assert "starting instance web1 again" in watcher.round()[0]
        done(lab)
    assert watcher.round() == ["instance web1 does not stay up: left alone after 5 restarts"]
    assert watcher.info()["given_up"] == ["web1"]
    # A new watcher, after a restart of the master, does not begin to count anew.
    assert "left alone" in Watcher(lab.master, clock=watcher._clock).round()[0]


def test_one_that_was_stopped_by_command_stays_so(lab: Lab, watcher: Watcher) -> None:
    create(lab)
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="web1"))
    assert watcher.round() == []


def test_a_stop_that_overtakes_the_watcher_counts(lab: Lab) -> None:
    create(lab)
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="web1"))
    start = opcodes.OpInstanceStartup(instance_name="web1", reason=[[SOURCE, "", 0]])
    assert lab.fail(start)[1][1] == "wrong_state"
    assert not lab.nodes.nodes["node1.local"].guests


def test_a_pause_is_honoured(lab: Lab, watcher: Watcher, clock: Clock) -> None:
    create(lab)
    kill(lab)
    assert watcher.pause(clock.now + 60) == clock.now + 60
    assert watcher.round()[0].startswith("The watcher is paused until")
    assert lab.succeed(opcodes.OpClusterConfigQuery(output_fields=["cluster_name"]))
    assert "starting" in watcher.round(ignore_pause=True)[0]
    done(lab)
    kill(lab)
    clock.now += 61
    assert "starting" in watcher.round()[0]


def test_a_pause_ends_by_command(lab: Lab, watcher: Watcher, clock: Clock) -> None:
    watcher.pause(clock.now + 60)
    assert watcher.pause(None) is None
    assert watcher.round() == []


def test_a_silent_node_carries_a_tag_until_it_answers(lab: Lab, watcher: Watcher) -> None:
    lab.nodes.nodes["node3.local"].reachable = False
    lab.master._live.forget_running()
    assert "node node3.local does not answer" in watcher.round()[0]
    watcher.round()
    done(lab)
    node = lab.master.config.node("node3.local")
    assert node is not None
    assert watching.MARK in node.tags
    assert list(watcher.info()["silent"]) == ["node3.local"]
    lab.nodes.nodes["node3.local"].reachable = True
    done(lab)
    watcher.round()
    done(lab)
    node = lab.master.config.node("node3.local")
    assert node is not None
    assert watching.MARK not in node.tags


def test_a_user_may_stop_from_inside(lab: Lab, watcher: Watcher) -> None:
    hvparams = {"fake": {"user_shutdown": True}}
    lab.succeed(opcodes.OpClusterSetParams(enabled_user_shutdown=True, hvparams=hvparams))
    create(lab)
    lab.nodes.show_shutdown = True
    lab.nodes.nodes["node1.local"].guests["web1"]["state"] = "shutdown"
    lab.master._live.forget_running()
    assert "was stopped by its user" in watcher.round()[0]
    done(lab)
    instance = lab.master.config.instance("web1")
    assert instance is not None
    assert (instance.admin_state, instance.admin_state_source) == ("down", "user")


def test_scripts_of_the_watcher_run_on_all_nodes(lab: Lab, watcher: Watcher) -> None:
    lab.nodes.hook_results[("watcher", "")] = [["watcher/00-probe", "error", "no disk"]]
    assert "watcher/00-probe on node node1.local: error: no disk" in watcher.round()
    assert len([a for _, a in lab.calls("hooks_run") if a["hooks_path"] == "watcher"]) == 3


def test_a_damaged_memory_begins_anew(lab: Lab, watcher: Watcher) -> None:
    (Path(lab.settings.data_dir) / watcher_files.STATE).write_text('{"tries": {"web1": 3}}')
    assert watcher.round() == []
    (Path(lab.settings.data_dir) / watcher_files.STATE).write_text("{")
    assert watcher.round() == []


def test_a_full_queue_is_told_and_the_try_counts(lab: Lab, watcher: Watcher) -> None:
    create(lab)
    kill(lab)
    lab.master.set_drained(True)
    assert "not possible now" in watcher.round()[0]
    lab.master.set_drained(False)
