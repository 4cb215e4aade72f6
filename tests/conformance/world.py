"""One cluster as a scenario sees it: asks it things and writes down what can be compared.

A scenario is a function of a World; it runs once on each cluster, and what it wrote down must be
equal but for the rows of `differences.py`.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.conformance.namespaces import wait_for
from tests.conformance.node_files import program
from tests.conformance.rapi import Answer, Rapi
from tests.conformance.shapes import shape

DOMAIN = "conf.test"
MARKUP = re.compile(r"^(Op\w+Error|\w+Error)$")
HOOK_VALUES = ("GANETI_OP_CODE", "GANETI_OBJECT_TYPE", "GANETI_HOOKS_VERSION")
SCENARIOS: "dict[str, Callable[[World], None]]" = {}
# Those that run beside the others: all hooks that are about no instance are the others'.
BESIDE: set[str] = set()
TARGET = "GANETI_OP_TARGET"


class Cluster(Protocol):
    nodes: list[str]
    hook_notes: Path

    @property
    def queue(self) -> Path: ...

    @property
    def hook_folders(self) -> list[Path]: ...

    def rapi(self) -> Rapi: ...

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]": ...


def scenario(function: "Callable[[World], None]") -> "Callable[[World], None]":
    """Put a function on the list.

    Scenarios of instances alone run beside those that change nodes, groups or networks.
    """
    assert function.__name__ not in SCENARIOS
    SCENARIOS[function.__name__] = function
    if function.__module__.rpartition(".")[2] in ("life", "changes", "refusals"):
        BESIDE.add(function.__name__)
    return function


class World:
    """One run of one scenario on one cluster."""

    def __init__(self, title: str, cluster: Cluster) -> None:
        self.title = title
        self.cluster = cluster
        self.rapi = cluster.rapi()
        self.nodes = cluster.nodes
        self.seen: dict[str, Any] = {}

    def name(self, suffix: str = "a") -> str:
        """An instance's name of this scenario's own."""
        return f"{self.title.replace('_', '-')}-{suffix}.{DOMAIN}"

    def creation(self, called: str | None = None, /, **more: Any) -> dict[str, Any]:
        """The body that makes an instance without disks on the first node."""
        return {
            "__version__": 1,
            "mode": "create",
            "instance_name": called or self.name(),
            "disk_template": "diskless",
            "disks": [],
            "nics": [],
            "os_type": "noop",
            "pnode": self.nodes[0],
            "name_check": False,
            "ip_check": False,
            "conflicts_check": False,
            "beparams": {"minmem": 16, "maxmem": 16, "vcpus": 1},
            **more,
        }

    def made(self, suffix: str = "a", **more: Any) -> str:
        """An instance that is there, and not what is looked at."""
        name = self.name(suffix)
        self.rapi.do("POST", "/2/instances", self.creation(name, **more))
        return name

    # What is written down.

    def note(self, step: str, value: Any) -> None:
        assert step not in self.seen, f"{self.title} notes {step} twice"
        self.seen[step] = value

    def read(self, step: str, path: str, *, values: bool = False, mine: bool = False) -> Any:
        """A request that answers with data; `values` compares it whole, `mine` the instances
        of this scenario only."""
        answer = self.rapi.ask("GET", path)
        self.note(f"{step}: HTTP", answer.status)
        body = answer.body
        if mine:
            body = [one for one in body if one["name"].startswith(self.title.replace("_", "-"))]
        self.note(f"{step}: body", body if values else shape(body))
        return body

    def refused(self, step: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """A request that the remote API itself turns down."""
        answer = self.rapi.ask(method, path, body, **more)
        self.note(f"{step}: HTTP", answer.status)
        said = answer.body
        self.note(f"{step}: body", shape(said))
        if isinstance(said, dict):
            self.note(f"{step}: fault", [said.get("code"), said.get("explain") is not None])
        return answer

    def job(
        self, step: str, method: str, path: str, body: Any = None, *, hooks: bool = True
    ) -> Any:
        """A request that makes a job, to the job's end, with its hooks.

        Without `hooks` where the job makes more jobs, whose hooks run when they will.
        """
        self._hooks()
        answer = self.rapi.ask(method, path, body)
        self.note(f"{step}: HTTP", answer.status)
        if answer.status != 200 or not isinstance(answer.body, int):
            self.note(f"{step}: body", shape(answer.body))
            return None
        return self.ended(step, answer.body, hooks=hooks)

    def ended(self, step: str, job_id: int, *, hooks: bool = True) -> Any:
        """Write down all about a job that ends by itself."""
        job = self.rapi.ended(job_id)
        self.note(f"{step}: status", [job["status"], job["opstatus"]])
        self.note(f"{step}: opcodes", [op["OP_ID"] for op in job["ops"]])
        self.note(f"{step}: summary", job["summary"])
        failed = job["status"] == "error"
        result = [error(one) for one in job["opresult"]] if failed else shape(job["opresult"])
        self.note(f"{step}: result", result)
        rest = {key: value for key, value in job.items() if key not in ("opresult", "oplog")}
        self.note(f"{step}: job", shape(rest))
        self.note(f"{step}: log", [sorted({line[2] for line in log}) for log in job["oplog"]])
        self.note(f"{step}: file", self._file(job_id))
        if hooks:
            self._note_hooks(step)
        return job

    def _file(self, job_id: int) -> Any:
        path = self.cluster.queue / f"job-{job_id}"
        if not path.exists():
            path = self.cluster.queue / "archive" / str(job_id // 10000) / f"job-{job_id}"
        stored = json.loads(path.read_text())
        for op in stored["ops"]:
            op.pop("result"), op.pop("log")
        return shape(stored)

    # Hooks.

    def break_hook(self, operation: str) -> None:
        """From now on a script before the operation fails."""
        for folder in self.cluster.hook_folders:
            program(folder / f"{operation}-pre.d" / "refuse", "#!/bin/sh\necho no\nexit 1\n")

    def mend_hook(self, operation: str) -> None:
        for folder in self.cluster.hook_folders:
            (folder / f"{operation}-pre.d" / "refuse").unlink()

    def _hooks(self) -> list[tuple[str, dict[str, str]]]:
        """What hooks left of operations on this scenario's objects, which is then gone."""
        found = []
        for path in self.cluster.hook_notes.iterdir():
            if path.name.endswith(".tmp"):
                continue
            try:
                text = path.read_text()
            except FileNotFoundError:
                continue  # Another scenario's, which has just taken it.
            variables = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
            if self._is_mine(variables.get(TARGET, "")):
                found.append((" ".join(path.name.split(".")[:2]), variables))
                path.unlink()
        return found

    def _is_mine(self, target: str) -> bool:
        others = [title.replace("_", "-") for title in SCENARIOS if title != self.title]
        mine = self.title.replace("_", "-")
        if re.fullmatch(rf"{mine}-\w+\.{DOMAIN}", target):
            return True
        if any(re.fullmatch(rf"{title}-\w+\.{DOMAIN}", target) for title in others):
            return False
        return self.title not in BESIDE

    def _note_hooks(self, step: str) -> None:
        runs: Counter[str] = Counter()
        for which, variables in self._hooks():
            runs[which] += 1
            if runs[which] == 1:
                self.note(f"{step}: hook {which}", _variables(variables))
        self.note(f"{step}: hooks", dict(sorted(runs.items())))


def _variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The names of what a hook is told, and the values that do not depend on the cluster."""
    return {
        name: value if name in HOOK_VALUES else "set"
        for name, value in sorted(variables.items())
        if name.startswith("GANETI_")
    }


def error(result: Any) -> Any:
    """An opcode's failure as [class, code]; of other results only the type."""
    if isinstance(result, list) and len(result) == 2 and MARKUP.match(str(result[0])):
        details = result[1]
        code = details[1] if isinstance(details, list) and len(details) > 1 else None
        return [result[0], code]
    return shape(result)


def wait_until_running(world: World, job_id: int) -> None:
    """The job has begun."""

    def begun() -> bool:
        return bool(world.rapi.get(f"/2/jobs/{job_id}")["status"] not in ("queued", "waiting"))

    wait_for(begun, f"job {job_id} runs")
