"""What the remote API answers without making a job. The table in `resources` says where."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ganeti_backend import errors
from ganeti_backend.doors import client_log
from ganeti_backend.node_rpc import calls
from ganeti_backend.opcodes import OpCode
from ganeti_backend.queries import nodes
from ganeti_backend.queries.reader import NODE, TABLES, Reader, Source, UnknownResourceError
from ganeti_backend.rapi.faults import HttpFault, bad_request, not_found
from ganeti_backend.rapi.requests import Request

API_VERSION = 2
FEATURES = (
    "instance-create-reqv1",
    "instance-reinstall-reqv1",
    "node-migrate-reqv1",
    "node-evac-res1",
    "synnefo-pause",
    "synnefo-suspend",
    "synnefo-save-disk",  # A disk becomes an image.
    "synnefo-move",  # Disks are copied to another node.
    "synnefo-volumes",  # Disks that are filled when they are added, and saved when removed.
)
LONGEST_WAIT = 10.0


class Master(Source, Protocol):
    """The part of the master that the remote API needs."""

    @property
    def nodes(self) -> calls.Nodes: ...
    def submit(self, ops: Sequence[OpCode]) -> int: ...
    def cancel(self, job_id: int, kill: bool = False) -> tuple[bool, str]: ...
    def wait_for_change(
        self,
        job_id: int,
        fields: Sequence[str],
        previous: list[Any] | None,
        previous_serial: int | None,
        timeout: float,
    ) -> dict[str, Any] | None: ...


class Doors:
    """What a read has at hand."""

    def __init__(self, master: Master, reader: Reader) -> None:
        self.master = master
        self.reader = reader


Read = Callable[[Request, Doors], Any]


def nothing(_request: Request, _doors: Doors) -> None:
    """The root says nothing but that it is there."""


def version(_request: Request, _doors: Doors) -> int:
    """The version of the remote API."""
    return API_VERSION


def features(_request: Request, _doors: Doors) -> list[str]:
    """What a client may rely on."""
    return list(FEATURES)


def empty(_request: Request, _doors: Doors) -> list[Any]:
    """A kind of object that this cluster manager does not have."""
    return []


def info(_request: Request, doors: Doors) -> dict[str, Any]:
    """The cluster as a whole."""
    return doors.reader.info()


def os_list(_request: Request, doors: Doors) -> list[str]:
    """The OS definitions that are offered, with their variants."""
    return doors.reader.systems()


def cluster_tags(_request: Request, doors: Doors) -> list[str]:
    """The cluster's tags."""
    return sorted(doors.reader.snapshot(live=False).cluster.tags)


def listing(resource: str, plural: str, key: str) -> Read:
    """A list of names with their addresses, or with ?bulk=1 of everything."""

    def read(request: Request, doors: Doors) -> list[dict[str, Any]]:
        if request.flag("bulk"):
            return doors.reader.bulk(resource)
        return [{key: n, "uri": f"/2/{plural}/{n}"} for n in doors.reader.names(resource)]

    return read


def one(resource: str) -> Read:
    """One object by its name."""

    def read(request: Request, doors: Doors) -> dict[str, Any]:
        found = doors.reader.one(resource, request.name)
        if found is None:
            raise not_found()
        if resource == NODE:
            found["secondary_ip"] = found["sip"]
        return found

    return read


def tags(resource: str) -> Read:
    """The tags of one object."""

    def read(request: Request, doors: Doors) -> list[str]:
        selected = doors.reader.query(resource, ["tags"], ["=", "name", request.name])["data"]
        if not selected:
            raise not_found()
        return list(selected[0][0][1])

    return read


def node_role(request: Request, doors: Doors) -> str:
    """A node's role in a word."""
    snapshot = doors.reader.snapshot(live=False)
    node = snapshot.nodes.get(request.name)
    if node is None:
        raise not_found()
    return nodes.ROLES[nodes.role(node, snapshot)]


def job_list(request: Request, doors: Doors) -> list[dict[str, Any]]:
    """The live jobs."""
    if request.flag("bulk"):
        return doors.reader.job_bulk()
    return [{"id": n, "uri": f"/2/jobs/{n}"} for n in sorted(doors.master.job_ids())]


def job(request: Request, doors: Doors) -> dict[str, Any]:
    """One job; one that nobody knows is answered with nulls, as Ganeti does."""
    return doors.reader.job_one(int(request.name))


def job_cancel(request: Request, doors: Doors) -> list[Any]:
    """Cancel a job: whether that could be done, and a sentence."""
    done, text = doors.master.cancel(int(request.name), request.flag("kill"))
    client_log.asked(int(request.name), "cancel", request.user, text)
    return [done, text]


def job_wait(request: Request, doors: Doors) -> dict[str, Any] | None:
    """Wait until a job differs from what the client knows of it; null after ten seconds."""
    body = request.fields_of_body()
    fields = body.get("fields")
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise bad_request("Missing or invalid 'fields' parameter")
    previous, serial = body.get("previous_job_info"), body.get("previous_log_serial")
    if previous is not None and not isinstance(previous, list):
        raise bad_request("Invalid 'previous_job_info' parameter")
    if serial is not None and not isinstance(serial, int):
        raise bad_request("Invalid 'previous_log_serial' parameter")
    job_id = int(request.name)
    if doors.master.job(job_id) is None:
        raise not_found()
    try:
        return doors.master.wait_for_change(job_id, fields, previous, serial, LONGEST_WAIT)
    except errors.JobLost as error:
        raise not_found() from error
    except errors.OpPrereqError as error:
        raise bad_request(error.message) from error


def query(request: Request, doors: Doors) -> dict[str, Any]:
    """Chosen fields of the objects that a filter lets through."""
    body = request.fields_of_body()
    fields = body.get("fields") or _split(request.text("fields"))
    if not isinstance(fields, list) or not fields:
        raise bad_request("Missing 'fields' query argument")
    if not all(isinstance(name, str) for name in fields):
        raise bad_request("The names of fields must be texts")
    try:
        return doors.reader.query(request.name, fields, body.get("qfilter", body.get("filter")))
    except UnknownResourceError as error:
        raise _unknown_resource(request.name) from error
    except errors.OpPrereqError as error:
        raise bad_request(error.message) from error


def query_fields(request: Request, doors: Doors) -> dict[str, Any]:
    """What fields there are."""
    try:
        return doors.reader.fields(request.name, _split(request.text("fields")) or None)
    except UnknownResourceError as error:
        raise _unknown_resource(request.name) from error


def console(request: Request, doors: Doors) -> dict[str, Any]:
    """Where an instance's console is."""
    found = _ask_node(request, doors, calls.INSTANCE_CONSOLE)
    if found is None:
        raise HttpFault(503, "Instance console unavailable")
    return {"instance": request.name, **found}


def console_output(request: Request, doors: Doors) -> dict[str, Any]:
    """The last `length` lines an instance wrote on its serial console. Not in Ganeti."""
    length = request.number("length")
    if length is not None and length < 0:
        raise bad_request("Invalid value for the 'length' parameter")
    return dict(_ask_node(request, doors, calls.CONSOLE_OUTPUT, length=length))


def _ask_node(request: Request, doors: Doors, call: calls.Call, **arguments: Any) -> Any:
    snapshot = doors.reader.snapshot(live=False)
    instance = snapshot.instances.get(request.name)
    if instance is None:
        raise not_found()
    try:
        return doors.master.nodes.call(instance.primary_node, call, name=instance.name, **arguments)
    except errors.NodeError as error:
        raise HttpFault(503, f"Instance console unavailable: {error.message}") from error


def _unknown_resource(name: str) -> HttpFault:
    known = ", ".join(sorted(TABLES))
    return HttpFault(502, f"Failed to parse request: '{name}' cannot be queried, only {known}")


def _split(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]
