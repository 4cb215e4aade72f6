"""What a changed job file has to say: pure, from the last told state and the job to messages.

A message for each opcode whose status changed, and one for each new progress entry of its log.
The same (job, opcode, status, log serial) is never told twice, since the told state moves along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synnefo.core.messages import (
    FINAL_STATUSES,
    AnyMessage,
    ClusterStatus,
    ImageProgress,
    NetworkStatus,
    OpStatus,
    origin_of,
)

Job = Mapping[str, Any]

RENAME = "OP_CLUSTER_RENAME"
_PROGRESS = re.compile(r"^image-copy-progress (?P<instance>\S+) (?P<percent>\d+(\.\d+)?)")
# Changes that a reader of the message may want to know without asking the cluster. Parameters of
# the operating system may hold secrets and stay where they are.
_TOLD_FIELDS = ("nics", "disks", "beparams", "hvparams", "tags", "dry_run")
_NETWORK_FIELDS = (
    "network", "gateway", "add_reserved_ips", "remove_reserved_ips", "group_name",
)  # fmt: skip
_CLUSTER_FIELDS = ("name",)
_SECRET_FIELDS = frozenset({"osparams", "osparams_private", "osparams_secret", "reason"})


class Told(NamedTuple):
    """What was already told of an opcode: its status and the serial of its last log entry."""

    status: str
    log_serial: int


def told_by(job: Job) -> tuple[Told, ...]:
    """The state that is told once all messages of this job are published."""
    return tuple(Told(op["status"], _log_serial(op)) for op in job["ops"])


def is_final(told: Sequence[Told]) -> bool:
    """Whether nothing more can be said about a job."""
    return all(one.status in FINAL_STATUSES for one in told)


def notifications(before: Sequence[Told], job: Job, cluster: str) -> list[AnyMessage]:
    """The messages between the told state and the job's present one, in order of events."""
    found: list[AnyMessage] = []
    for index, op in enumerate(job["ops"]):
        known = before[index] if index < len(before) else Told("", 0)
        found += _progress(job, index, op, known, cluster)
        if op["status"] != known.status:
            found += _status(job, index, op, cluster)
    return found


def new_names(before: Sequence[Told], job: Job) -> list[str]:
    """What the cluster is called since this job, if the job renamed it."""
    found = []
    for index, op in enumerate(job["ops"]):
        known = before[index].status if index < len(before) else ""
        if op["status"] == "success" != known and op["input"]["OP_ID"] == RENAME:
            found.append(str(op["input"]["name"]))
    return found


def _status(job: Job, index: int, op: Mapping[str, Any], cluster: str) -> list[AnyMessage]:
    given, opcode = op["input"], op["input"]["OP_ID"]
    common = _common(job, index, op, cluster)
    if opcode.startswith("OP_INSTANCE_") and isinstance(given.get("instance_name"), str):
        fields = _instance_fields(op)
        return [OpStatus(**common, instance=given["instance_name"], job_fields=fields)]
    if opcode.startswith("OP_TAGS_") and given.get("kind") == "instance":
        if op["status"] not in FINAL_STATUSES:
            return []
        tags = tuple(given.get("tags") or ())
        return [OpStatus(**common, instance=given["name"], tags=tags)]
    if opcode.startswith("OP_NETWORK_") and isinstance(given.get("network_name"), str):
        fields = _chosen(given, _NETWORK_FIELDS)
        return [NetworkStatus(**common, network=given["network_name"], job_fields=fields)]
    if opcode in {RENAME, "OP_CLUSTER_SET_PARAMS"}:
        return [ClusterStatus(**common, job_fields=_chosen(given, _CLUSTER_FIELDS))]
    return []


def _common(job: Job, index: int, op: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    trail = [entry for entry in op["input"].get("reason") or () if len(entry) == 3]
    origin = origin_of(trail)
    last = op["log"][-1] if op.get("log") else None
    return {
        "event_time": _event_time(job, op),
        "cluster": cluster,
        "job_id": int(job["id"]),
        "op_index": index,
        "operation": op["input"]["OP_ID"],
        "status": op["status"],
        "logmsg": _text(last[3]) if last else None,
        "log_serial": _log_serial(op),
        "result": op.get("result"),
        "intent": origin.intent,
        "request": origin.request,
        "actor": origin.actor,
        "reason": tuple((str(s), str(t or ""), int(when)) for s, t, when in trail),
    }


def _instance_fields(op: Mapping[str, Any]) -> dict[str, Any] | None:
    """A failed creation is told completely, so that it can be judged and repeated."""
    given = op["input"]
    if given["OP_ID"] == "OP_INSTANCE_CREATE" and op["status"] == "error":
        return {key: value for key, value in given.items() if key not in _SECRET_FIELDS}
    return _chosen(given, _TOLD_FIELDS)


def _chosen(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any] | None:
    return {name: given[name] for name in names if given.get(name)} or None


def _progress(
    job: Job, index: int, op: Mapping[str, Any], known: Told, cluster: str
) -> Iterator[ImageProgress]:
    for serial, when, kind, text in op.get("log") or ():
        if serial <= known.log_serial or kind != "message":
            continue
        if match := _PROGRESS.match(_text(text)):
            percent = float(match["percent"])
            yield ImageProgress(
                event_time=(int(when[0]), int(when[1])),
                cluster=cluster,
                instance=match["instance"],
                progress=percent,
                position=int(percent),
                total=100,
                job_id=int(job["id"]),
                op_index=index,
                log_serial=int(serial),
            )


def _log_serial(op: Mapping[str, Any]) -> int:
    return int(op["log"][-1][0]) if op.get("log") else 0


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def _event_time(job: Job, op: Mapping[str, Any]) -> tuple[int, int]:
    """The moment the status was reached; by the cluster's clock, for people."""
    match op["status"]:
        case "queued":
            found = job.get("received_timestamp")
        case "waiting" | "canceling":
            found = op.get("start_timestamp") or job.get("end_timestamp")
        case "running":
            found = op.get("exec_timestamp") or job.get("end_timestamp")
        case _:
            found = op.get("end_timestamp") or job.get("end_timestamp")
    return (int(found[0]), int(found[1])) if found else (0, 0)
