"""The rules of the house as functions from modules to complaints; an empty answer means kept.

What import-linter can say stands in pyproject.toml; here is what it cannot.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter

from tests.architecture.source import Module

OWNERS = {
    "pika": ["synnefo/bus/amqp*.py"],
    "httpx": ["synnefo/rapi/client.py", "ganeti_backend/node_rpc/client.py"],
    "libvirt": ["ganeti_backend/hypervisor/libvirt*.py"],
    "netfilterqueue": ["dhcpd/nfqueue.py"],
    "rados": ["ganeti_backend/storage/rbd.py"],
    "rbd": ["ganeti_backend/storage/rbd.py"],
    "pyinotify": ["eventd/watch.py", "dhcpd/watch.py"],
    # What is counted is declared together, where the table for operators finds it.
    "prometheus_client": ["*metrics.py", "ganeti_backend/doors/client_log.py"],
}
SHAPELESS_NAMES = {"utils", "helpers", "common", "misc", "util", "helper", "tools", "lib"}
LONGEST_DOCSTRING = 10
LONGEST_MODULE = 400
LONGEST_FUNCTION = 34  # lines of code with the signature, without docstring, comments and gaps
WRITERS = ("synnefo/intents/*", "synnefo/observations/*")
# Calls on a manager or an instance that write rows.
WRITING_CALLS = {
    "save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete",
    "update",
}  # fmt: skip


def the_rules_stand_alone(modules: Iterable[Module]) -> Iterator[str]:
    """What decides needs the standard library and its own room: it is tested on data alone."""
    for module in modules:
        if not module.path.startswith("synnefo/core/"):
            continue
        for name, line in module.imported():
            known = name.split(".")[0] in sys.stdlib_module_names
            if not known and not name.startswith("synnefo.core"):
                yield f"{module.path}:{line} imports {name}; core knows the standard library only"


def one_owner_per_library(modules: Iterable[Module]) -> Iterator[str]:
    """Each outside library that does I/O is imported by its owner only."""
    for module in modules:
        for name, line in module.imported():
            owners = OWNERS.get(name.split(".")[0])
            if owners is not None and not any(fnmatch(module.path, owner) for owner in owners):
                yield f"{module.path}:{line} imports {name}; only {', '.join(owners)} may"


def no_shapeless_names(modules: Iterable[Module]) -> Iterator[str]:
    """A module is called after its noun."""
    for module in modules:
        for part in module.path.removesuffix(".py").split("/"):
            if part in SHAPELESS_NAMES:
                yield f"{module.path}: '{part}' says nothing; name the concept"


def every_module_says_what_it_is_for(modules: Iterable[Module]) -> Iterator[str]:
    """A docstring of one to ten lines opens every module with content."""
    for module in modules:
        if not module.text.strip() or "/migrations/" in module.path:
            continue
        docstring = ast.get_docstring(module.tree)
        if docstring is None:
            yield f"{module.path} has no docstring"
        elif len(docstring.splitlines()) > LONGEST_DOCSTRING:
            yield f"{module.path}: a docstring of {len(docstring.splitlines())} lines; write less"


def no_module_is_too_long_to_read(modules: Iterable[Module]) -> Iterator[str]:
    """What has grown beyond this hides a second concept, which wants a name."""
    for module in modules:
        length = module.text.count("\n")
        if length > LONGEST_MODULE and "/migrations/" not in module.path:
            yield f"{module.path} has {length} lines; name the concept that it hides"


def no_function_is_too_long_to_read(modules: Iterable[Module]) -> Iterator[str]:
    """The same of functions; what is a table stands beside them."""
    for module in modules:
        lines = module.text.splitlines()
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _lines_of_code(node, lines)
                if length > LONGEST_FUNCTION and "/migrations/" not in module.path:
                    yield f"{module.path}: {node.name} has {length} lines; name what it hides"


def _lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    numbers = set(range(function.lineno, (function.end_lineno or 0) + 1))
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        numbers -= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    code = (lines[number - 1].strip() for number in numbers)
    return sum(1 for line in code if line and not line.startswith("#"))


def no_rooms_need_each_other(modules: Iterable[Module]) -> Iterator[str]:
    """Whoever changes a folder need not know one that knows it; what is below it is part of it."""
    found = list(modules)
    folders = {module.path.rpartition("/")[0] for module in found}
    needs: dict[str, set[str]] = {folder: set() for folder in folders}
    for module in found:
        own = module.path.rpartition("/")[0]
        for name, _ in module.imported():
            path = name.replace(".", "/")
            other = path if path in folders else path.rpartition("/")[0]
            if other in folders and not _one_holds_the_other(own, other):
                needs[own].add(other)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        yield f"rooms need each other: {' and '.join(error.args[1])}"


def _one_holds_the_other(room: str, other: str) -> bool:
    return f"{room}/".startswith(f"{other}/") or f"{other}/".startswith(f"{room}/")


def only_the_two_paths_write(modules: Iterable[Module]) -> Iterator[str]:
    """Rows are written by what users asked and by what backends reported, nowhere else."""
    for module in modules:
        if not module.path.startswith("synnefo/") or module.path.startswith("synnefo/cloud/"):
            continue  # The entry command has no Django and no rows.
        if "/migrations/" in module.path:
            continue  # They bring rows of earlier releases along, once.
        if any(fnmatch(module.path, writer) for writer in WRITERS):
            continue
        for node in module.nodes:
            if _writes_a_model(node):
                yield f"{module.path}:{node.lineno} writes rows; intents/ and observations/ do"


def _writes_a_model(node: ast.AST) -> bool:
    """Whether this is `X.objects….create(…)` and the like, or `.save(` on anything."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr == "save":
        return True
    return node.func.attr in WRITING_CALLS and ".objects" in ast.unparse(node.func.value)


def nothing_is_swallowed(modules: Iterable[Module]) -> Iterator[str]:
    """Who takes every exception raises it again, or says beside that why it may end there."""
    for module in modules:
        lines = module.text.splitlines()
        for node in module.nodes:
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            if not broad or isinstance(node.body[-1], ast.Raise):
                continue
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            _, _, why = lines[node.lineno - 1].partition("  # ")
            if silent or not re.sub(r"noqa(: \w+)?", "", why).strip():
                yield f"{module.path}:{node.lineno} takes every exception and does not say why"


def no_waiting_for_a_duration(modules: Iterable[Module]) -> Iterator[str]:
    """Waiting is for a condition; a Clock or an event is taken, never the machine's sleep."""
    for module in modules:
        for found in re.finditer(r"\btime\.sleep\(|shell=True|verify=False", module.text):
            line = module.text.count("\n", 0, found.start()) + 1
            yield f"{module.path}:{line} has {found.group()}"


RULES = (
    the_rules_stand_alone,
    one_owner_per_library,
    no_shapeless_names,
    every_module_says_what_it_is_for,
    no_module_is_too_long_to_read,
    no_function_is_too_long_to_read,
    no_rooms_need_each_other,
    only_the_two_paths_write,
    nothing_is_swallowed,
    no_waiting_for_a_duration,
)
