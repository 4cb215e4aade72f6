"""The API's real process on a database of its own, for tests and measurements."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30.0
PASSWORD = "correct horse"

FILL = """
import json, sys
import django
django.setup()
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.integration.api.world import World
from synnefo.db.models import User
world = World()
User.objects.update(password=make_password(sys.argv[2]))
world.quota(world.demo, instances=100000, cores=100000, ram=1 << 40)
servers = world.servers(int(sys.argv[1]))
print(json.dumps({
    "token": world.tokens["user"],
    "stranger": world.tokens["stranger"],
    "image": str(world.image.uuid),
    "network": str(world.network.uuid),
    "server": str(servers[0].uuid) if servers else "",
    "project": world.demo.id,
    "password": sys.argv[2],
}))
"""

# As `python -m uvicorn synnefo.asgi:application …`, whose --fd takes every socket for a Unix one.
SERVE = """
import socket, sys
import uvicorn
config = uvicorn.Config("synnefo.asgi:application", loop="uvloop", access_log=False,
                        http="synnefo.api.request_heads:BoundedHeads")
uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


def environment(state: Path) -> dict[str, str]:
    secret = state / "secret"
    secret.write_text("a secret of the tests")
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "synnefo.settings",
        "SYNNEFO_STATE": str(state),
        "SYNNEFO_DATABASE": f"sqlite:///{state / 'cloud.sqlite3'}",
        "SYNNEFO_BUS": f"spool:{state / 'bus'}",
        "SYNNEFO_DOORBELL": f"local:{state / 'doorbell'}",
        "SYNNEFO_IMAGES": str(state / "images"),
        "SYNNEFO_SECRET_FILE": str(secret),
        "PYTHONPATH": str(ROOT),
    }


def _listening() -> socket.socket:
    """The server is handed an open socket, so that no other test can take its port."""
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    own.listen(64)
    return own


@contextmanager
def running(state: Path, *, servers: int = 0) -> Iterator[tuple[str, dict[str, str]]]:
    """Fill a database, run the API on it; yields its address and what is in the database."""
    state.mkdir(parents=True, exist_ok=True)
    env = environment(state)
    filled = subprocess.run(
        [sys.executable, "-c", FILL, str(servers), PASSWORD],
        env=env, cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    facts = json.loads(filled.stdout) | {"state": str(state)}
    with started(env) as (url, process):
        yield url, facts | {"pid": str(process.pid)}


@contextmanager
def started(env: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The API's process; it must end in order when it is told to."""
    with _listening() as own:
        url = f"http://127.0.0.1:{own.getsockname()[1]}"
        command = [sys.executable, "-c", SERVE, str(own.fileno())]
        process = subprocess.Popen(
            command, cwd=ROOT, pass_fds=[own.fileno()], text=True,
            env=env | {"SYNNEFO_URL": url}, stderr=subprocess.PIPE,
        )  # fmt: skip
    log: list[str] = []
    ready = threading.Event()
    assert process.stderr is not None
    reader = threading.Thread(target=_read, args=(process.stderr, log, ready), daemon=True)
    reader.start()
    try:
        assert ready.wait(START_SECONDS), "".join(log)
        httpx.get(f"{url}/healthz").raise_for_status()
        yield url, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        reader.join(5)
        process.stderr.close()
    assert code == 0, (code, "".join(log)[-4000:])
    assert "Traceback" not in "".join(log), "".join(log)[-4000:]


def _read(stream: object, log: list[str], ready: threading.Event) -> None:
    for line in stream:  # type: ignore[attr-defined]
        log.append(line)
        if "Application startup complete" in line or "Uvicorn running" in line:
            ready.set()
    ready.set()
