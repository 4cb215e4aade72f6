"""The table of metrics in telemetry/README.md, made from the source.

`python -m tests.architecture.metrics_table` prints it.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.source import Module, modules

KINDS = ("Counter", "Gauge", "Histogram")
HEAD = "| process | metric | kind | labels | what it says |\n| --- | --- | --- | --- | --- |\n"
# Who shows what a module declares.
PROCESSES = {
    "synnefo/api/": "api",
    "synnefo/dispatcher/": "dispatcher",
    "synnefo/reconciler/": "reconciler",
    "eventd/": "eventd",
    "ganeti_backend/daemons/master": "master",
    "ganeti_backend/doors/": "master",
    "ganeti_backend/rapi/": "master",
    "ganeti_backend/node_rpc/": "node daemon",
    "telemetry/": "each",
}


def table(found: Iterable[Module]) -> str:
    """All metrics, by process and name."""
    order = list(dict.fromkeys(PROCESSES.values()))
    rows = sorted(
        (row for module in found for row in _rows(module)),
        key=lambda row: (order.index(row[0]), row[1].strip("`")),
    )
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(module: Module) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in KINDS:
            continue
        if not (node.args and isinstance(node.args[0], ast.Constant)):
            continue
        name, text, *labels = (ast.literal_eval(argument) for argument in node.args)
        shown = ", ".join(labels[0]) if labels else ""
        yield _process(module.path), f"`{name}`", node.func.id.lower(), shown, text


def _process(path: str) -> str:
    return next(process for start, process in PROCESSES.items() if path.startswith(start))


if __name__ == "__main__":
    print(table(modules()), end="")
