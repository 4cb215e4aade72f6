"""Where one cloud keeps what, and which port is whose: everything follows from folder and port."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from synnefo.cloud.errors import CloudError

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT_STATE = CHECKOUT / ".cloud"
DEFAULT_PORT = 8800
NODES = 3
# Whose metrics are answered at ports of their own, in their order.
CLUSTER = ("master", *(f"node{number}" for number in range(1, NODES + 1)))
OBSERVED = ("api", "dispatcher", "reconciler", "eventd", *CLUSTER)
FIRST_METRICS_PORT = 10
# What there may be several of in the full profile, and where the ports of the further ones begin.
BROKERS = ("rabbitmq", "rabbitmq2", "rabbitmq3")
DISPATCHERS = ("dispatcher", "dispatcher2", "dispatcher3", "dispatcher4")
MORE_BROKERS_PORT = 20
MORE_DISPATCHERS_PORT = 24
# Sockets below the folder must fit into the 107 bytes of a Unix address.
LONGEST_STATE = 72
FOLDERS = ("run", "log", "images", "database", "bus", "eventd", "doorbell", "hooks")
GENERATED = ("admin_password", "demo_password", "postgres_password", "rabbitmq_password")


@dataclass(frozen=True)
class Choices:
    """What was decided at the first `up` and holds for the life of the folder."""

    port: int = DEFAULT_PORT
    profile: str = "embedded"
    hypervisor: str = "fake"
    accelerator: str = "qemu"
    first_server: str = ""
    brokers: int = 1
    dispatchers: int = 1
    logs: str = ""  # As SYNNEFO_LOG: "json", "debug"; decided anew at each `up`.
    # The address of a cluster that exists already, without a password; "" for one of our own.
    backend: str = ""
    backend_ca: str = ""
    backend_fingerprint: str = ""
    backend_queue: str = ""
    broker_address: str = ""  # Where the eventds of other machines reach the broker.


class Layout:
    """The paths and ports of one cloud."""

    def __init__(self, state: Path, choices: Choices) -> None:
        self.state = state
        self.choices = choices

    def port(self, offset: int) -> int:
        """Ports in a row behind the public one."""
        return self.choices.port + offset

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.choices.port}"

    @property
    def rapi_port(self) -> int:
        return self.port(1)

    @property
    def node_ports(self) -> list[int]:
        return [self.port(2 + index) for index in range(NODES)]

    @property
    def brokers(self) -> tuple[str, ...]:
        """The names of RabbitMQ's nodes."""
        return BROKERS[: self.choices.brokers] if self.full else ()

    @property
    def dispatchers(self) -> tuple[str, ...]:
        return DISPATCHERS[: self.choices.dispatchers]

    def amqp_port(self, broker: str) -> int:
        return self._broker_port(broker, 5, 0)

    def erlang_port(self, broker: str) -> int:
        return self._broker_port(broker, 7, 1)

    def _broker_port(self, broker: str, first: int, more: int) -> int:
        number = BROKERS.index(broker)
        return self.port(MORE_BROKERS_PORT + 2 * (number - 1) + more if number else first)

    @property
    def epmd_port(self) -> int:
        return self.port(6)

    @property
    def postgres_port(self) -> int:
        return self.port(8)

    def ports(self) -> list[int]:
        """Every port this profile listens on."""
        last = 8 if self.full else 1 + NODES
        metrics = [self.metrics_port(name) for name in self.observed]
        brokers = [
            port(name) for name in self.brokers[1:] for port in (self.amqp_port, self.erlang_port)
        ]
        return [self.port(offset) for offset in range(last + 1)] + brokers + metrics

    @property
    def observed(self) -> tuple[str, ...]:
        """The processes that answer /metrics."""
        return (*OBSERVED, *self.dispatchers[1:])

    def metrics_port(self, name: str) -> int:
        """Where one of them does."""
        if name in OBSERVED:
            return self.port(FIRST_METRICS_PORT + OBSERVED.index(name))
        return self.port(MORE_DISPATCHERS_PORT + DISPATCHERS.index(name) - 1)

    def metrics_urls(self) -> list[str]:
        """What a scraper on this machine reads; of an attached cluster only the frontend's."""
        names = [name for name in self.observed if not (self.attached and name in CLUSTER)]
        return [f"http://127.0.0.1:{self.metrics_port(name)}/metrics" for name in names]

    @property
    def attached(self) -> bool:
        """Whether the cluster is somebody else's."""
        return bool(self.choices.backend)

    @property
    def full(self) -> bool:
        return self.choices.profile == "full"

    @property
    def cluster_settings(self) -> Path:
        return self.state / "cluster" / "cluster.json"

    @property
    def ca_file(self) -> Path:
        return self.state / "cluster" / "ssl" / "ca.pem"

    @property
    def queue(self) -> Path:
        if self.choices.backend_queue:
            return Path(self.choices.backend_queue)
        return self.state / "cluster" / "queue"

    @property
    def secret_file(self) -> Path:
        return self.state / "secret"

    def make_folders(self) -> None:
        """Nobody else on the machine may read a cloud's folder, unless it was made readable."""
        if not self.state.exists():
            self.state.mkdir(parents=True, mode=0o711)
        for name in FOLDERS:
            (self.state / name).mkdir(mode=0o700, exist_ok=True)

    def passwords(self) -> dict[str, str]:
        """The generated passwords, made at first use."""
        path = self.state / "passwords.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(12) for name in GENERATED}
            write_private(path, json.dumps(made, indent=1) + "\n")
        if not self.secret_file.exists():
            write_private(self.secret_file, secrets.token_urlsafe(48) + "\n")
        loaded: dict[str, str] = json.loads(path.read_text())
        return loaded

    def rapi_account(self) -> tuple[str, str]:
        """Name and password of the frontend's user of the cluster's remote API."""
        for line in (self.state / "cluster" / "rapi_users").read_text().splitlines():
            words = line.split()
            if len(words) >= 2 and not line.startswith("#"):
                return words[0], words[1]
        raise CloudError(f"{self.state}/cluster/rapi_users names no user")

    def save(self) -> None:
        write_private(self.state / "cloud.json", json.dumps(asdict(self.choices), indent=1) + "\n")


def load(state: Path) -> Choices | None:
    """What an earlier `up` decided, or None for a folder that is no cloud yet."""
    try:
        saved: dict[str, Any] = json.loads((state / "cloud.json").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise CloudError(f"{state}/cloud.json is damaged: {error}") from error
    known = {field.name for field in fields(Choices)}
    return Choices(**{name: value for name, value in saved.items() if name in known})


def existing(state: Path) -> Layout:
    """The layout of a cloud that was once up."""
    choices = load(state)
    if choices is None:
        raise CloudError(f"there is no cloud in {state}: run ./cloud up --state {state}")
    return Layout(state, choices)


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read."""
    partial = path.with_name(f".{path.name}.new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    partial.rename(path)


def cache_folder() -> Path:
    """What several clouds of a user share and can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "synnefo"
