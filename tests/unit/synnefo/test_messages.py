"""The bus messages: bytes and back, what is refused, and the order of events."""

import json
import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synnefo.core.messages import (
    STATUS_RANK,
    BadMessage,
    ClusterStatus,
    Heartbeat,
    ImageProgress,
    NetStatus,
    NetworkStatus,
    OpStatus,
    Origin,
    origin_of,
    parse,
)

texts = st.text(max_size=20)
numbers = st.integers(min_value=0, max_value=2**53)
times = st.tuples(numbers, st.integers(0, 999_999))
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, json_values, max_size=3)
pairs = st.lists(objects, max_size=3).map(tuple)
trails = st.lists(st.tuples(texts, texts, numbers), max_size=3).map(tuple)
maybe = st.none

job = {
    "event_time": times,
    "cluster": texts,
    "job_id": numbers,
    "status": st.sampled_from(sorted(STATUS_RANK)),
    "operation": texts,
    "op_index": numbers,
    "logmsg": maybe() | texts,
    "log_serial": numbers,
    "result": json_values,
    "job_fields": maybe() | objects,
    "intent": maybe() | texts,
    "request": maybe() | texts,
    "actor": maybe() | texts,
    "reason": trails,
}
messages = st.one_of(
    st.builds(
        OpStatus,
        **job,
        instance=texts,
        tags=maybe() | st.lists(texts, max_size=3).map(tuple),
        nics=maybe() | pairs,
        disks=maybe() | pairs,
        hvparams=maybe() | objects,
    ),
    st.builds(NetworkStatus, **job, network=texts),
    st.builds(ClusterStatus, **job),
    st.builds(
        ImageProgress,
        event_time=times,
        instance=texts,
        progress=st.floats(0, 100),
        position=numbers,
        total=numbers,
        job_id=numbers,
        log_serial=numbers,
    ),
    st.builds(NetStatus, instance=texts, nics=pairs, disks=pairs, memory=maybe() | numbers),
    st.builds(Heartbeat, cluster=texts, job_id=maybe() | numbers),
)


@given(messages)
def test_what_is_written_is_read(message):
    assert parse(message.encode()) == message


@given(messages, objects)
def test_unknown_fields_are_ignored(message, extra):
    wire = {f"x-{key}": value for key, value in extra.items()} | json.loads(message.encode())
    assert parse(json.dumps(wire).encode()) == message


@given(st.binary(max_size=50))
def test_no_bytes_raise_anything_but_bad_message(body):
    with pytest.raises(BadMessage):
        parse(body)


@given(messages, st.data())
def test_no_damaged_field_raises_anything_but_bad_message(message, data):
    wire = json.loads(message.encode())
    wire[data.draw(st.sampled_from(sorted(wire)))] = data.draw(json_values)
    with suppress(BadMessage):
        parse(json.dumps(wire).encode())


def test_the_historic_form_is_understood():
    historic = {
        "type": "ganeti-op-status",
        "event_time": [1795210941, 152431],
        "operation": "OP_INSTANCE_CREATE",
        "status": "success",
        "cluster": "c",
        "logmsg": None,
        "result": ["node1"],
        "jobId": 6,
        "instance": "snf-42",
        "instance_nics": [{"name": "snf-nic-1", "ip": "192.0.2.3"}],
    }
    message = parse(json.dumps(historic).encode())
    assert isinstance(message, OpStatus)
    assert (message.instance, message.job_id, message.op_index) == ("snf-42", 6, 0)
    assert message.nics == ({"name": "snf-nic-1", "ip": "192.0.2.3"},)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "unknown version 2"),
        ({"type": "gossip"}, "unknown type"),
        ({"type": ["ganeti-op-status"]}, "unknown type"),
        ({"status": "cancelled"}, "unknown status"),
        ({"status": ["success"]}, "status"),
        ({"jobId": None}, "lacks the field 'jobId'"),
        ({"jobId": "six"}, "job_id"),
        ({"instance": 7}, "instance"),
        ({"instance_nics": [7]}, "nics"),
        ({"event_time": [1]}, "event_time"),
    ],
)
def test_what_is_refused_says_why(change, why):
    wire = json.loads(
        OpStatus(job_id=6, status="running", operation="OP_X", instance="snf-1").encode()
    )
    with pytest.raises(BadMessage, match=why):
        parse(json.dumps(wire | change).encode())


def test_events_are_ordered_by_job_opcode_status_and_log():
    def event(job_id, op_index, status, serial=0):
        return OpStatus(
            job_id=job_id,
            op_index=op_index,
            status=status,
            operation="OP_X",
            instance="snf-1",
            log_serial=serial,
        )

    history = [
        event(1, 0, "queued"),
        event(1, 0, "waiting"),
        event(1, 0, "canceling"),
        event(1, 0, "running", 3),
        ImageProgress(instance="snf-1", progress=50, job_id=1, log_serial=4),
        event(1, 0, "success", 9),
        event(1, 1, "queued"),
        event(2, 0, "error"),
    ]
    orders = [one.order for one in history]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(orders)


safe = st.text(string.printable, min_size=1, max_size=30)


@given(safe, safe, safe)
def test_who_caused_a_job_is_read_from_its_trail(intent, request, actor):
    origin = Origin(intent, request, actor)
    trail = [["gnt:user", origin.text(), 1], ["gnt:library:rlib2:instances", "", 2]]
    assert origin_of(trail) == origin


def test_an_administrators_tool_is_the_actor():
    trail = [["gnt:client:gnt-instance", "shutdown", 1], ["gnt:opcode:x", "job=1;index=0", 2]]
    assert origin_of(trail) == Origin(actor="gnt-instance")
    assert origin_of([]) == Origin()
