from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.queue import jobs
from ganeti_backend.queue.jobs import FINALIZED, JobStatus

Q, W, R = JobStatus.QUEUED, JobStatus.WAITING, JobStatus.RUNNING
S, E, C, G = JobStatus.SUCCESS, JobStatus.ERROR, JobStatus.CANCELED, JobStatus.CANCELING

# The keys of Ganeti 3.0.2's job files, as captured from a real cluster.
QUEUED_KEYS = {"id", "ops", "received_timestamp", "start_timestamp", "end_timestamp"}
STARTED_KEYS = QUEUED_KEYS | {"livelock", "process_id"}
OP_KEYS = {
    "input",
    "status",
    "result",
    "log",
    "priority",
    "start_timestamp",
    "exec_timestamp",
    "end_timestamp",
}
CREATE_INPUT_KEYS = """
    instance_name force_variant wait_for_sync name_check ignore_ipolicy opportunistic_locking
    beparams disks disk_template group_name file_driver file_storage_dir hvparams hypervisor
    iallocator identify_defaults ip_check conflicts_check mode nics no_install osparams
    osparams_private osparams_secret os_type pnode pnode_uuid snode snode_uuid source_handshake
    source_instance_name source_shutdown_timeout source_x509_ca src_node src_node_uuid src_path
    compress start forthcoming commit tags instance_communication helper_startup_timeout
    helper_shutdown_timeout dry_run debug_level priority depends comment reason OP_ID
"""
SHUTDOWN_INPUT_KEYS = """
    instance_name instance_uuid force ignore_offline_nodes timeout no_remember
    admin_state_source dry_run debug_level priority depends comment reason OP_ID
"""


def words(text: str) -> set[str]:
    return set(text.split())


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Q], Q),
        ([W], W),
        ([R], R),
        ([S], S),
        ([Q, Q], Q),
        ([S, Q], Q),
        ([S, W], W),
        ([S, R], R),
        ([R, Q], R),
        ([S, S], S),
        ([S, E], E),
        ([E, E], E),
        ([S, C], C),
        ([C, E], C),
        ([S, G], G),
        ([G, Q], G),
        ([], Q),
    ],
)
def test_status_is_computed_from_the_opcodes(
    statuses: list[JobStatus], expected: JobStatus
) -> None:
    assert jobs.calculate_status(statuses) == expected


def make(*ops: opcodes.OpCode) -> jobs.Job:
    return jobs.new_job(6, ops or [opcodes.OpTestDelay(duration=1.0)], 1795210941152431000)


def test_a_queued_job_has_exactly_ganetis_keys() -> None:
    data = make(opcodes.OpInstanceCreate(instance_name="vm1")).to_dict()
    assert set(data) == QUEUED_KEYS
    assert set(data["ops"][0]) == OP_KEYS
    assert set(data["ops"][0]["input"]) == words(CREATE_INPUT_KEYS)


def test_a_started_job_also_names_its_process() -> None:
    job = make(opcodes.OpInstanceShutdown(instance_name="vm1")).replace(
        process_id=1, livelock="lock"
    )
    assert set(job.to_dict()) == STARTED_KEYS
    assert set(job.to_dict()["ops"][0]["input"]) == words(SHUTDOWN_INPUT_KEYS)


def test_the_queue_adds_itself_to_the_reason_trail() -> None:
    op = opcodes.OpInstanceCreate(instance_name="vm1", reason=[["gnt:user", "because", 1]])
    assert make(op).ops[0].input.reason == [
        ["gnt:user", "because", 1],
        ["gnt:opcode:instance_create", "job=6;index=0", 1795210941152431000],
    ]


def test_timestamps_are_seconds_and_microseconds() -> None:
    assert make().received_timestamp == (1795210941, 152431)


def test_a_job_survives_being_written_and_read() -> None:
    job = make(opcodes.OpTestDelay(), opcodes.OpTestDelay())
    job = job.logged(0, (1, 2), "message", "one").logged(1, (1, 3), "message", "two")
    assert job.log_serial == 2
    assert jobs.Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job


def test_ops_after_a_failed_one_end_the_same_way_without_running() -> None:
    job = make(opcodes.OpTestDelay(), opcodes.OpTestDelay(), opcodes.OpTestDelay())
    job = job.ended(0, (5, 0), S, None)
    assert job.end_timestamp is None
    job = job.ended(1, (6, 0), E, ["OpExecError", ["no"]])
    assert [op.status for op in job.ops] == [S, E, E]
    assert job.ops[2].exec_timestamp is None
    assert job.end_timestamp == (6, 0)
    assert job.status in FINALIZED


def test_a_job_is_as_urgent_as_its_most_urgent_open_opcode() -> None:
    job = make(opcodes.OpTestDelay(priority=-10), opcodes.OpTestDelay(priority=10))
    assert job.priority == -10
    assert job.ended(0, (1, 0), S, None).priority == 10


def test_fields_come_in_the_order_asked_for() -> None:
    job = make(opcodes.OpInstanceCreate(instance_name="vm1"))
    assert jobs.field_values(job, ["summary", "id", "status"]) == [
        ["INSTANCE_CREATE(vm1)"],
        6,
        "queued",
    ]
    with pytest.raises(errors.OpPrereqError, match="Unknown output fields selected: nosuch"):
        jobs.field_values(job, ["nosuch"])


def test_secrets_do_not_reach_the_job_file(tmp_path: Path) -> None:
    op = opcodes.OpInstanceCreate(instance_name="vm1", osparams_secret={"password": "hush"})
    assert "hush" not in json.dumps(make(op).to_dict())
