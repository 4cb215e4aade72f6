"""Jobs as such: lists, dependencies, cancelling, waiting for a change."""

from typing import Any

from tests.conformance.shapes import shape
from tests.conformance.world import World, scenario


def _submit(world: World, method: str, path: str, body: Any = None) -> int:
    answer = world.rapi.ask(method, path, body)
    assert answer.status == 200, answer.text
    assert isinstance(answer.body, int), answer.text
    return answer.body


@scenario
def job_lists(world: World) -> None:
    done = world.rapi.do("POST", "/2/instances", world.creation(start=False))
    listed = world.rapi.get("/2/jobs")
    world.note("list", shape(listed))
    bulk = [job for job in world.rapi.get("/2/jobs?bulk=1") if job["id"] == done["id"]]
    # Which opcodes have run is not the same on both; what they look like is compared elsewhere.
    varied = ("[].opresult", "[].oplog", "[].ops[]")
    same = {path: kind for path, kind in shape(bulk).items() if not path.startswith(varied)}
    world.note("bulk", same)


@scenario
def job_that_is_unknown(world: World) -> None:
    world.read("read", "/2/jobs/99999999")
    answer = world.rapi.ask("DELETE", "/2/jobs/99999999")
    world.note("cancel", [answer.status, shape(answer.body)])
    world.refused("name", "GET", "/2/jobs/abc")


@scenario
def job_that_is_over(world: World) -> None:
    name = world.made(start=False)
    job = world.rapi.do("PUT", f"/2/instances/{name}/startup", {})
    answer = world.rapi.ask("DELETE", f"/2/jobs/{job['id']}")
    world.note("cancel", [answer.status, answer.body[0]])
    body = {"fields": ["status"], "previous_job_info": None, "previous_log_serial": None}
    answer = world.rapi.ask("GET", f"/2/jobs/{job['id']}/wait", body)
    world.note("wait", [answer.status, answer.body])


@scenario
def job_changes_are_waited_for(world: World) -> None:
    job_id = _submit(world, "POST", "/2/instances", world.creation(nics=[{}]))
    known, serial, statuses = None, 0, []
    for _ in range(60):
        body = {"fields": ["status"], "previous_job_info": known, "previous_log_serial": serial}
        answer = world.rapi.ask("GET", f"/2/jobs/{job_id}/wait", body)
        assert answer.status == 200, answer.text
        if answer.body is None:
            continue
        known = answer.body["job_info"]
        logged = answer.body["log_entries"] or []
        serial = max([serial, *(entry[0] for entry in logged)])
        statuses.append(known[0])
        if known[0] in ("success", "error"):
            break
    world.note("ends", statuses[-1])
    # Whether lines came with the last change is a matter of moments.
    kept = [] if isinstance(answer.body["log_entries"], list) else None
    world.note("answer", shape({**answer.body, "log_entries": kept}))
    world.note("saw its log", serial > 0)


@scenario
def job_waits_for_another(world: World) -> None:
    name = world.name()
    first = _submit(world, "POST", "/2/instances", world.creation(start=False))
    body = {"depends": [[first, ["success"]]]}
    second = _submit(world, "PUT", f"/2/instances/{name}/startup", body)
    world.ended("second", second)


@scenario
def job_whose_dependency_failed(world: World) -> None:
    name = world.made(start=False)
    failing = _submit(world, "PUT", "/2/instances/nosuch.conf.test/startup", {})
    body = {"depends": [[failing, ["success"]]]}
    world.ended("second", _submit(world, "PUT", f"/2/instances/{name}/startup", body))
    body = {"depends": [[failing, ["error"]]]}
    world.ended("third", _submit(world, "PUT", f"/2/instances/{name}/startup", body))
    body = {"depends": [[failing, []]]}
    world.ended("any end", _submit(world, "PUT", f"/2/instances/{name}/shutdown", body))


@scenario
def job_with_bad_dependencies(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/startup"
    world.job("unknown job", "PUT", path, {"depends": [[99999999, ["success"]]]})
    world.job("unknown status", "PUT", path, {"depends": [[1, ["nosuch"]]]})
    world.job("no list", "PUT", path, {"depends": "all"})
    world.job("relative to nothing", "PUT", path, {"depends": [[-1, ["success"]]]})


@scenario
def job_that_is_canceled(world: World) -> None:
    name = world.made(start=False)
    # Waits for a job that takes a while, so there is time to cancel it.
    disks = [{"size": 16}]
    body = world.creation(world.name("slow"), disk_template="file", disks=disks)
    first = _submit(world, "POST", "/2/instances", body)
    body = {"depends": [[first, ["success"]]]}
    second = _submit(world, "PUT", f"/2/instances/{name}/startup", body)
    answer = world.rapi.ask("DELETE", f"/2/jobs/{second}")
    world.note("cancel", [answer.status, answer.body[0]])
    world.ended("canceled", second, hooks=False)
    world.rapi.ended(first)


@scenario
def job_with_a_priority(world: World) -> None:
    name = world.made(start=False)
    path = f"/2/instances/{name}/startup"
    world.job("high", "PUT", path, {"priority": -10})
    world.job("out of range", "PUT", path, {"priority": 99})
    world.job("with a comment", "PUT", path, {"comment": "hello", "debug_level": 1})


@scenario
def job_for_a_queue_that_is_drained(world: World) -> None:
    world.cluster.command("gnt-cluster", "queue", "drain")
    try:
        world.refused("create", "POST", "/2/instances", world.creation())
        world.note("drain file", (world.cluster.queue / "drain").exists())
    finally:
        world.cluster.command("gnt-cluster", "queue", "undrain")
    world.job("then", "POST", "/2/instances", world.creation(start=False))


@scenario
def job_queries(world: World) -> None:
    name = world.made(start=False)
    job = world.rapi.do("PUT", f"/2/instances/{name}/startup", {})
    fields = "id,status,priority,ops,opresult,opstatus,oplog,summary,opstart,opexec,opend"
    fields += ",received_ts,start_ts,end_ts"
    body = {"fields": fields.split(","), "qfilter": ["=", "id", job["id"]]}
    answer = world.rapi.ask("PUT", "/2/query/job", body)
    world.note("HTTP", answer.status)
    world.note("one", shape(answer.body))
