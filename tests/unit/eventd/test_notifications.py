"""What a changed job file has to say, on files of a real Ganeti."""

import json
from pathlib import Path

import pytest

from eventd.notifications import Told, is_final, notifications, told_by
from synnefo.core.messages import ImageProgress, NetworkStatus, OpStatus, parse

SAMPLES = Path(__file__).parents[2] / "data/ganeti/queue"
INTENT = "6f1c0c35-5f0a-4f51-9d3c-0a8c7f6a3a11"


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def op(opcode, status="success", log=(), **given):
    return {
        "input": {"OP_ID": opcode, "reason": [], **given},
        "status": status,
        "result": None,
        "log": list(log),
        "end_timestamp": [9, 9],
    }


def job(*ops, job_id=5):
    return {"id": job_id, "ops": list(ops), "received_timestamp": [1, 1]}


def test_a_creation_that_succeeded():
    (message,) = notifications((), sample("job-create-success"), "c")
    assert isinstance(message, OpStatus)
    assert (message.job_id, message.op_index, message.instance) == (6, 0, "vm1.gntlab.test")
    assert (message.operation, message.status) == ("OP_INSTANCE_CREATE", "success")
    assert message.event_time == (1795210942, 613440)
    assert message.logmsg == "* running the instance OS create scripts..."
    assert message.result == ["node1.gntlab.test"]
    assert message.job_fields["nics"] == [{"ip": "pool", "name": "nic0", "network": "net1"}]
    assert parse(message.encode()) == message


def test_a_creation_that_failed_is_told_completely_but_for_secrets():
    (message,) = notifications((), sample("job-create-error"), "c")
    assert message.status == "error"
    assert message.result[0] == "OpExecError"
    assert message.job_fields["instance_name"] == "vm2.gntlab.test"
    assert not [key for key in message.job_fields if "osparams" in key]


def test_secrets_are_never_told():
    given = {"instance_name": "snf-1", "osparams": {"p": "s3cret"}, "osparams_secret": {"k": "s3c"}}
    for status in ("queued", "running", "error"):
        found = notifications((), job(op("OP_INSTANCE_CREATE", status, **given)), "c")
        assert b"s3c" not in found[0].encode()


def test_a_canceled_job():
    (message,) = notifications((), sample("job-canceled"), "c")
    assert (message.status, message.event_time) == ("canceled", (1795210953, 489348))


def test_a_queued_job_has_the_time_of_its_arrival():
    (message,) = notifications((), sample("job-waiting-on-dependency"), "c")
    assert (message.status, message.event_time) == ("queued", (1795210952, 843472))


def test_jobs_on_nothing_of_ours_say_nothing():
    assert notifications((), sample("job-running"), "c") == []


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_nothing_is_told_twice(name):
    found = sample(name)
    assert notifications(told_by(found), found, "c") == []


def test_only_the_opcodes_that_changed_are_told():
    first = op("OP_INSTANCE_SHUTDOWN", "success", instance_name="snf-1")
    second = op("OP_INSTANCE_STARTUP", "running", instance_name="snf-1")
    before = (Told("success", 0), Told("queued", 0))
    (message,) = notifications(before, job(first, second), "c")
    assert (message.op_index, message.status) == (1, "running")
    assert not is_final(told_by(job(first, second)))


def test_progress_is_told_once_and_before_the_end():
    log = [
        [1, [1, 0], "message", "* creating disks"],
        [2, [2, 0], "message", "image-copy-progress snf-1 40"],
        [3, [3, 0], "message", "image-copy-progress snf-1 100"],
        [4, [4, 0], "message", {"not": "text"}],
        [5, [5, 0], "remote", "image-copy-progress snf-1 7"],
    ]
    running = job(op("OP_INSTANCE_CREATE", "running", log[:2], instance_name="snf-1"))
    found = notifications((), running, "c")
    assert [type(one) for one in found] == [ImageProgress, OpStatus]
    assert (found[0].progress, found[0].log_serial, found[0].job_id) == (40.0, 2, 5)
    ended = job(op("OP_INSTANCE_CREATE", "success", log, instance_name="snf-1"))
    found = notifications(told_by(running), ended, "c")
    assert [getattr(one, "progress", one.__class__) for one in found] == [100.0, OpStatus]


def test_a_status_that_did_not_change_is_not_told_for_its_log():
    entry = [1, [1, 0], "message", "x"]
    running = job(op("OP_INSTANCE_CREATE", "running", [entry], instance_name="snf-1"))
    assert notifications((Told("running", 0),), running, "c") == []


def test_networks():
    given = {"network_name": "snf-net-3", "group_name": "default", "network_mode": "bridged"}
    (message,) = notifications((), job(op("OP_NETWORK_CONNECT", **given)), "c")
    assert isinstance(message, NetworkStatus)
    assert (message.network, message.job_fields) == ("snf-net-3", {"group_name": "default"})


def test_tags_of_instances_at_their_end():
    given = {"kind": "instance", "name": "snf-1", "tags": ["a"]}
    assert notifications((), job(op("OP_TAGS_SET", "running", **given)), "c") == []
    (message,) = notifications((), job(op("OP_TAGS_SET", "canceled", **given)), "c")
    assert (message.instance, message.tags) == ("snf-1", ("a",))
    assert notifications((), job(op("OP_TAGS_SET", kind="node", name="n")), "c") == []


def test_who_wished_it():
    reason = [["gnt:user", f"synnefo:intent={INTENT};request=req-1;actor=demo", 1]]
    (message,) = notifications(
        (), job(op("OP_INSTANCE_STARTUP", instance_name="snf-1", reason=reason)), "c"
    )
    assert (message.intent, message.request, message.actor) == (INTENT, "req-1", "demo")
