"""The table of metrics in synnefo/telemetry/README.md, made from the source.

`python -m tests.architecture.metrics_table` prints it.
"""

import ast
from collections.abc import Iterable, Iterator

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR

from tests.architecture.source import Module, modules

KINDS = {
    "Counter": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "Histogram": "histogram",
}
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
    "synnefo/telemetry/": "each",
    "ganeti_backend/telemetry/": "each",
}
Row = tuple[str, ...]


def table(found: Iterable[Module], library: Iterable[Row] = ()) -> str:
    """All metrics, by process and name."""
    order = list(dict.fromkeys(PROCESSES.values()))
    rows = sorted(
        {row for module in found for row in _rows(module)} | {*library},
        key=lambda row: (order.index(row[0]), row[1].strip("`")),
    )
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def whole() -> str:
    """Of all modules, with what the library tells of each process."""
    return table(modules(), _library())


def _library() -> Iterator[Row]:
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        for family in collector.collect():
            sample = family.samples[0]
            labels = ", ".join(sample.labels)
            yield "each", f"`{sample.name}`", family.type, labels, family.documentation


def _rows(module: Module) -> Iterator[Row]:
    if not any(f"{kind}(" in module.text for kind in KINDS):
        return
    for node in module.nodes:
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in KINDS:
            continue
        if not (node.args and isinstance(node.args[0], ast.Constant)):
            continue
        name, text = (ast.literal_eval(argument) for argument in node.args[:2])
        kind, labels = KINDS[node.func.id], ", ".join(_labels(node))
        yield _process(module.path), f"`{name}`", kind, labels, text


def _labels(call: ast.Call) -> tuple[str, ...]:
    """A metric's third argument; a family's third one is its number, where it has no labels."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "labels"]
    third = [argument for argument in call.args[2:] if isinstance(argument, ast.Tuple)]
    return ast.literal_eval((named + third)[0]) if named or third else ()


def _process(path: str) -> str:
    return next(process for start, process in PROCESSES.items() if path.startswith(start))


if __name__ == "__main__":
    print(whole(), end="")
