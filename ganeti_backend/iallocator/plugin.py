"""Finds an allocator plug-in by its name, runs it with a question and reads its answer.

The plug-in gets one argument, the name of a file with the question, and as much time as `LIMIT`. An
answer that is not what the protocol says is an error that names what is wrong with it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ganeti_backend import errors
from ganeti_backend.programs import command

SEARCH_PATH = (
    Path("/usr/local/lib/ganeti/iallocators"),
    Path("/usr/lib/ganeti/iallocators"),
    Path("/usr/lib/ganeti/3.0/usr/lib/ganeti/iallocators"),
    Path("/usr/share/ganeti/iallocators"),
)
OWN_FOLDER = "iallocators"  # Of the cluster's data; looked at first.
LIMIT = 60.0
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
ENVIRONMENT = {"PATH": "/sbin:/bin:/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Answer:
    """What a plug-in said."""

    success: bool
    info: str
    result: Any


@dataclass(frozen=True)
class Moves:
    """What becomes of several instances: those that move with their new nodes, those that cannot
    with the reason, and the opcodes of each job that does it."""

    moved: Sequence[tuple[str, str, Sequence[str]]]
    failed: Sequence[tuple[str, str]]
    jobs: Sequence[Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Plugin:
    """One program."""

    name: str
    path: Path
    limit: float = LIMIT

    def output(self, question: Mapping[str, Any]) -> str:
        """What it prints; OpExecError if it fails or takes too long."""
        with tempfile.NamedTemporaryFile(prefix="iallocator-", suffix=".json") as file:
            file.write(orjson.dumps(question))
            file.flush()
            try:
                printed = command.run([self.path, file.name], timeout=self.limit, env=ENVIRONMENT)
            except errors.CommandError as error:
                text = f"Iallocator '{self.name}' failed: {error.message}"
                raise errors.OpExecError(text) from error
        return printed.text

    def ask(self, question: Mapping[str, Any]) -> Any:
        """The result; OpPrereqError with its words if it finds no way."""
        found = read(self.name, self.output(question))
        if not found.success:
            text = f"Can't compute nodes using iallocator '{self.name}': {found.info}"
            raise errors.OpPrereqError(text, errors.ECODE_NORES)
        return found.result


def find(name: str, data_dir: str, search_path: Sequence[Path] = SEARCH_PATH) -> Plugin:
    """The first of this name on the search path; OpPrereqError if there is none."""
    if NAME.fullmatch(name):
        for folder in (Path(data_dir) / OWN_FOLDER, *search_path):
            path = folder / name
            if path.is_file() and os.access(path, os.X_OK):
                return Plugin(name, path)
    raise errors.OpPrereqError(f"Iallocator '{name}' not found", errors.ECODE_INVAL)


def read(name: str, text: str) -> Answer:
    """The answer in a plug-in's output."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad(name, f"its output is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise _bad(name, "its output is not an object")
    for key, kinds in (("success", bool), ("info", str)):
        if not isinstance(found.get(key), kinds):
            raise _bad(name, f"'{key}' is missing or of the wrong type")
    result = found.get("result", found.get("nodes"))
    if found["success"] and not isinstance(result, list):
        raise _bad(name, "'result' is missing or not a list")
    return Answer(found["success"], found["info"], result)


def node_list(name: str, result: Any, count: int, known: Collection[str]) -> list[str]:
    """The nodes that were chosen, checked against how many were asked for and which there are."""
    if not _texts(result):
        raise _bad(name, "the result is not a list of node names")
    if len(result) != count:
        raise _bad(name, f"it chose {len(result)} nodes, {count} were asked for")
    if len(set(result)) != len(result):
        raise _bad(name, "it chose a node twice")
    for node in result:
        if node not in known:
            raise _bad(name, f"it chose node '{node}', which is not known or was not offered")
    return list(result)


def placements(name: str, result: Any) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """The answer to multi-allocate: instances with their nodes, and those without."""
    fine = (
        isinstance(result, list)
        and len(result) == 2
        and isinstance(result[0], list)
        and all(_placed(item) for item in result[0])
        and _texts(result[1])
    )
    if not fine:
        raise _bad(name, "the result is not [[[instance, nodes], …], [failed, …]]")
    return [(str(item[0]), list(item[1])) for item in result[0]], list(result[1])


def moves(name: str, result: Any) -> Moves:
    """The answer to node-evacuate and change-group."""
    if not isinstance(result, list) or len(result) != 3:
        raise _bad(name, "the result is not [moved, failed, jobs]")
    moved, failed, jobs = result
    if not _rows(moved, 3) or not all(_texts(item[2]) for item in moved):
        raise _bad(name, "moved is not a list of [instance, group, nodes]")
    if not _rows(failed, 2):
        raise _bad(name, "failed is not a list of [instance, reason]")
    if not isinstance(jobs, list) or not all(_job(job) for job in jobs):
        raise _bad(name, "jobs is not a list of lists of opcodes")
    return Moves(
        [(str(item[0]), str(item[1]), list(item[2])) for item in moved],
        [(str(item[0]), str(item[1])) for item in failed],
        jobs,
    )


def _placed(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and _texts(item[1])
        and bool(item[1])
    )


def _rows(value: Any, width: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, list) and len(item) == width for item in value
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _job(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(op, dict) and isinstance(op.get("OP_ID"), str) for op in value
    )


def _bad(name: str, text: str) -> errors.OpExecError:
    return errors.OpExecError(f"Can't parse the answer of iallocator '{name}': {text}")
