"""One bus of each kind; the RabbitMQ is a private one that lives as long as the session."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology

FAST = (0.001, 0.001, 0.001)
BINARIES = Path("/usr/lib/rabbitmq/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A RabbitMQ node without systemd: own ports, cookie and state, all listeners on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.epmd, distribution = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        for name in ("log", "mnesia", "home"):
            (folder / name).mkdir(parents=True)
        (folder / "plugins").write_text("[].")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = false\n"
            "vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n"
        )
        cookie = folder / "home" / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(12))
        cookie.chmod(0o400)
        self.as_user: list[str] = []
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "rabbitmq:", str(folder)], check=True)
            self.as_user = ["setpriv", "--reuid=rabbitmq", "--regid=rabbitmq", "--init-groups"]
        self.environment = os.environ | {
            "HOME": str(folder / "home"),
            "RABBITMQ_NODENAME": f"rabbit{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"
            ),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "console").open("ab") as console:
            self.process = subprocess.Popen(
                [*self.as_user, str(BINARIES / "rabbitmq-server")],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        subprocess.run(
            [
                *(*self.as_user, str(BINARIES / "rabbitmqctl"), "-q"),
                *("wait", "--timeout", "60", str(self.folder / "pid")),
            ],
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(60)
            self.process = None

    def end(self) -> None:
        self.stop()
        subprocess.run(
            ["epmd", "-port", str(self.epmd), "-kill"],
            env=self.environment,
            check=False,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    if not (BINARIES / "rabbitmq-server").exists():
        pytest.skip("RabbitMQ is not installed")
    folder = Path("/tmp") / f"rabbitmq-{uuid.uuid4().hex[:8]}"
    made = Broker(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["memory", "spool", pytest.param("amqp", marks=pytest.mark.system)])
def bus(request, tmp_path):
    topology = Topology(f"t{uuid.uuid4().hex[:6]}")
    if request.param == "memory":
        made = MemoryBus(topology, FAST)
    elif request.param == "spool":
        made = SpoolBus(tmp_path / "spool", topology, FAST)
    else:
        from synnefo.bus.amqp import AmqpBus

        made = AmqpBus(request.getfixturevalue("broker").url, topology, FAST)
    made.topology = topology
    yield made
    made.close()
