"""Which processes make up a cloud, with which environment, and in which order they start."""

from __future__ import annotations

import os
from dataclasses import replace

from synnefo.cloud import full_parts, operator_settings
from synnefo.cloud.layout import CLUSTER, DISPATCHERS, NODES, Layout
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.supervised import Specification

ON_TABLES = ("api", "reconciler", *DISPATCHERS)


def base_environment(python: PythonEnvironment) -> dict[str, str]:
    """What every process gets: nothing of the terminal that happened to start the cloud."""
    home = os.environ.get("HOME", "/")
    return {
        "PATH": f"{python.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # Threads of glibc otherwise keep up to eight arenas each of memory that nobody uses.
        "MALLOC_ARENA_MAX": "2",
        # Large pieces go back to the system when they are freed. Left alone, glibc takes the first
        # one freed (19 MiB of a password's hash) as a sign to keep all up to that size.
        "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    }


def frontend_environment(layout: Layout, python: PythonEnvironment) -> dict[str, str]:
    """The settings of everything that loads Django."""
    state = layout.state
    decided = {
        **base_environment(python),
        "SYNNEFO_STATE": str(state),
        "SYNNEFO_DATABASE": database_url(layout),
        "SYNNEFO_BUS": bus_url(layout),
        "SYNNEFO_URL": layout.url,
        "SYNNEFO_SECRET_FILE": str(layout.secret_file),
        "SYNNEFO_IMAGES": str(state / "images"),
        "SYNNEFO_DOORBELL": "postgres" if layout.full else f"local:{state / 'doorbell'}",
        "SYNNEFO_INSTANCE_PREFIX": "snf",
    }
    return decided | operator_settings.read(state / "frontend.env", decided)


def database_url(layout: Layout) -> str:
    if layout.full:
        return full_parts.database_url(layout)
    return f"sqlite:///{layout.state / 'database' / 'cloud.sqlite3'}"


def bus_url(layout: Layout) -> str:
    return full_parts.bus_url(layout) if layout.full else f"spool:{layout.state / 'bus'}"


def specifications(layout: Layout, python: PythonEnvironment) -> list[Specification]:
    """In dependency order."""
    parts = full_parts.specifications(layout, base_environment(python)) if layout.full else []
    cluster = [] if layout.attached else _cluster(layout, python)
    return [observed(layout, one) for one in (*parts, *cluster, *_frontend(layout, python))]


def observed(layout: Layout, specification: Specification) -> Specification:
    """With the port of its metrics and the form of its logs, if it is one of ours."""
    if specification.name not in layout.observed:
        return specification
    port = layout.metrics_port(specification.name)
    owner = "GANETI" if specification.name in CLUSTER else "SYNNEFO"
    told = {f"{owner}_METRICS_PORT": str(port), f"{owner}_LOG": layout.choices.logs}
    return replace(specification, env=specification.env | told, metrics=port)


def _cluster(layout: Layout, python: PythonEnvironment) -> list[Specification]:
    common = {
        **base_environment(python),
        "SYNNEFO_STATE": str(layout.state),
        "GANETI_CONFIG": str(layout.cluster_settings),
    }
    program = str(python.python)
    nodes = [
        Specification(
            f"node{index}",
            (program, "-m", "ganeti_backend.daemons.node"),
            {**common, "GANETI_NODE": f"node{index}.local"},
            port=layout.node_ports[index - 1],
        )
        for index in range(1, NODES + 1)
    ]
    master = Specification(
        "master",
        (program, "-m", "ganeti_backend.daemons.master"),
        common,
        after=tuple(node.name for node in nodes),
        port=layout.rapi_port,
    )
    return [*nodes, master]


def _listeners(
    layout: Layout, python: PythonEnvironment, after: tuple[str, ...]
) -> list[Specification]:
    """The one eventd; of a cluster elsewhere it runs there, unless its queue is seen from here."""
    if layout.attached and not layout.choices.backend_queue:
        return []
    environment = {
        **base_environment(python),
        "SYNNEFO_STATE": str(layout.state),
        "SYNNEFO_BUS": bus_url(layout),
        "SYNNEFO_INSTANCE_PREFIX": "snf",
        "GANETI_QUEUE_DIR": str(layout.queue),
        "EVENTD_STATE": str(layout.state / "eventd"),
        "EVENTD_NOTES": str(layout.queue.parent / "hook-notes"),
    }
    if not layout.attached:
        environment["GANETI_CLUSTER_NAME"] = "cluster.local"
    program = (str(python.python), "-m", "eventd")
    return [Specification("eventd", program, environment, after=after)]


def _frontend(layout: Layout, python: PythonEnvironment) -> list[Specification]:
    program, environment = str(python.python), frontend_environment(layout, python)
    parts = ("postgres", *layout.brokers) if layout.full else ()
    behind = parts if layout.attached else (*parts, "master")
    server = [program, "-m", "uvicorn", "synnefo.asgi:application", "--host", "127.0.0.1"]
    server += ["--port", str(layout.choices.port), "--loop", "uvloop"]
    server += ["--http", "synnefo.api.request_heads:BoundedHeads"]
    server += ["--no-access-log", "--timeout-graceful-shutdown", "3"]
    # Large pieces in large pages: else each password's hash meets 4,865 faults, a quarter of it.
    hashing = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    return [
        *_listeners(layout, python, behind),
        *(
            Specification(name, (program, "-m", "synnefo.dispatcher"), environment, after=behind)
            for name in layout.dispatchers
        ),
        Specification(
            "reconciler",
            (program, "-m", "synnefo.reconciler"),
            environment,
            after=behind,
        ),
        Specification(
            "api",
            tuple(server),
            environment | hashing,
            # A broker takes its time, and users need none.
            after=("postgres",) if layout.full else (),
            port=layout.choices.port,
        ),
    ]
