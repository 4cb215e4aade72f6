"""RabbitMQ and PostgreSQL of the full profile: Debian's programs, private instances.

Each keeps its data below the state folder, listens on loopback only, asks for a generated password
and runs in the foreground under the supervisor.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path

from synnefo.cloud import commands, debian
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import Layout, write_private
from synnefo.cloud.supervised import Specification

RABBITMQ = Path("/usr/lib/rabbitmq/bin")
POSTGRES = Path("/usr/lib/postgresql")
# One scheduler that does not spin: this broker serves a handful of connections.
ERLANG = (
    "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
)


def ensure_programs() -> str:
    """Install what is missing; says what was done."""
    missing = []
    if not (RABBITMQ / "rabbitmq-server").exists():
        missing.append("rabbitmq-server")
    if _postgres_bin() is None:
        missing.append("postgresql")
    if missing:
        debian.install(missing, "the full profile")
    return f"installed {' and '.join(missing)}" if missing else "installed already"


def specifications(layout: Layout, base: dict[str, str]) -> list[Specification]:
    """Prepare both data folders and say how the servers are run."""
    brokers = [_rabbitmq(layout, base, name) for name in layout.brokers]
    return [_postgres(layout, base), *brokers]


def database_url(layout: Layout) -> str:
    password = layout.passwords()["postgres_password"]
    return f"postgresql://synnefo:{password}@127.0.0.1:{layout.postgres_port}/synnefo"


def bus_url(layout: Layout, host: str = "127.0.0.1") -> str:
    """Every broker: whoever loses one goes to the next."""
    account = f"synnefo:{layout.passwords()['rabbitmq_password']}"
    ports = [layout.amqp_port(name) for name in layout.brokers]
    return ",".join(f"amqp://{account}@{host}:{port}/" for port in ports)


# PostgreSQL


def _postgres_bin() -> Path | None:
    versions = [path for path in POSTGRES.glob("*/bin") if (path / "initdb").exists()]
    return max(versions, key=lambda path: int(path.parent.name)) if versions else None


def _postgres(layout: Layout, base: dict[str, str]) -> Specification:
    programs = _postgres_bin()
    if programs is None:
        raise CloudError("PostgreSQL is not installed: as root, run apt-get install postgresql")
    folder = layout.state / "postgres"
    prefix = _as_another_user("postgres", folder)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _initialise(layout, programs, prefix, data)
    settings = {
        "port": str(layout.postgres_port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_buffers": "32MB",
        "max_connections": "100",
        "log_line_prefix": "%m [%p] ",
    }
    words = [*prefix, str(programs / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    return Specification(
        "postgres",
        tuple(words),
        {**base, "HOME": str(folder)},
        port=layout.postgres_port,
        # The fast shutdown: it does not wait for clients that forgot to hang up.
        stop_signal=signal.SIGINT,
    )


def _initialise(layout: Layout, programs: Path, prefix: list[str], data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    # The password goes in through a file: arguments are visible to the whole machine.
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix="password") as password:
        password.write(layout.passwords()["postgres_password"] + "\n")
        password.flush()
        if os.geteuid() == 0 and prefix[:1] == ["setpriv"]:
            shutil.chown(password.name, "postgres")
        words = [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "synnefo"]
        words += ["-A", "scram-sha-256", "--pwfile", password.name, "-E", "UTF8"]
        commands.run([*words, "--locale=C.UTF-8"], cwd=data.parent, timeout=120)
    # Single-user mode makes the database before the server exists, so nobody needs to log in.
    _create_database(programs, prefix, data)


def _create_database(programs: Path, prefix: list[str], data: Path) -> None:
    script = data.parent / "create.sql"
    script.write_text("CREATE DATABASE synnefo\n")
    script.chmod(0o644)
    words = [*prefix, "sh", "-c", 'exec "$1" --single -D "$2" postgres < "$3"', "create"]
    commands.run([*words, programs / "postgres", data, script], cwd=data.parent, timeout=60)
    script.unlink()


# RabbitMQ


def _rabbitmq(layout: Layout, base: dict[str, str], broker: str) -> Specification:
    folder = layout.state / broker
    prefix = _as_another_user("rabbitmq", folder)
    for name in ("mnesia", "log", "home"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "plugins").write_text("[].\n")
    write_private(folder / "rabbitmq.conf", _rabbitmq_settings(layout, broker))
    if len(layout.brokers) > 1:
        _share_cookie(layout, folder / "home" / ".erlang.cookie")
    # The others join the first one; once they have, all of them start together and wait for each
    # other, for whoever stopped last has to be there first.
    joined = any((folder / "mnesia").iterdir())
    _give_away(folder, prefix)
    words = (*prefix, str(RABBITMQ / "rabbitmq-server"))
    return Specification(
        broker,
        words,
        _rabbitmq_environment(layout, base, broker, folder),
        after=() if joined or broker == layout.brokers[0] else layout.brokers[:1],
        port=layout.amqp_port(broker),
        stop_seconds=30.0,
    )


def _rabbitmq_environment(
    layout: Layout, base: dict[str, str], broker: str, folder: Path
) -> dict[str, str]:
    return {
        **base,
        "HOME": str(folder / "home"),
        "RABBITMQ_NODENAME": _node_name(layout, broker),
        "RABBITMQ_DIST_PORT": str(layout.erlang_port(broker)),
        "ERL_EPMD_PORT": str(layout.epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        # Makes the start script become the server instead of watching it, so that the process
        # that the supervisor knows is the one that listens.
        "RUNNING_UNDER_SYSTEMD": "true",
    }


def _node_name(layout: Layout, broker: str) -> str:
    return f"rabbit{layout.amqp_port(broker)}@localhost"


def _share_cookie(layout: Layout, path: Path) -> None:
    """By this secret the nodes of a cluster know each other."""
    if not path.exists():
        secret = hashlib.sha256(layout.passwords()["rabbitmq_password"].encode()).hexdigest()
        write_private(path, secret)
        path.chmod(0o400)


def _listener_for_others(layout: Layout, broker: str) -> str:
    """For eventds on the machines of a cluster that is not ours."""
    address = layout.choices.broker_address
    return f"listeners.tcp.2 = {address}:{layout.amqp_port(broker)}\n" if address else ""


def _rabbitmq_settings(layout: Layout, broker: str) -> str:
    return (
        _cluster_settings(layout)
        + f"""\
listeners.tcp.1 = 127.0.0.1:{layout.amqp_port(broker)}
{_listener_for_others(layout, broker)}default_user = synnefo
default_pass = {layout.passwords()["rabbitmq_password"]}
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
total_memory_available_override_value = 1GB
log.console = true
log.console.level = warning
"""
    )


def _cluster_settings(layout: Layout) -> str:
    """Of several nodes, those that see no majority stop serving instead of going on alone."""
    if len(layout.brokers) == 1:
        return ""
    lines = ["cluster_formation.peer_discovery_backend = classic_config"]
    for number, broker in enumerate(layout.brokers, 1):
        lines.append(
            f"cluster_formation.classic_config.nodes.{number} = {_node_name(layout, broker)}"
        )
    lines.append("cluster_partition_handling = pause_minority")
    return "\n".join(lines) + "\n"


def stop_port_mapper(layout: Layout) -> None:
    """Erlang leaves its port mapper running; ours serves only this cloud."""
    epmd = commands.find("epmd")
    if epmd is None:
        return
    environment = {**os.environ, "ERL_EPMD_ADDRESS": "127.0.0.1"}
    try:
        commands.run([epmd, "-port", str(layout.epmd_port), "-kill"], env=environment, timeout=10)
    except CloudError:
        return  # It was not running.


# Users


def _as_another_user(user: str, folder: Path) -> list[str]:
    """Make the folder theirs; the words that run a program as them when we are root.

    PostgreSQL refuses root. Where the folder lies inside one that only root may enter, a user
    namespace makes root look like the user instead.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise CloudError(f"the user {user} is missing: reinstall its Debian package") from None
    if _reachable(folder, account):
        os.chown(folder, account.pw_uid, account.pw_gid)
        return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
    return ["unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"]


def _reachable(folder: Path, account: pwd.struct_passwd) -> bool:
    """Whether this user may walk down to the folder."""
    for parent in folder.parents:
        status = parent.stat()
        allowed = status.st_mode & 0o001
        allowed = allowed or (status.st_gid == account.pw_gid and status.st_mode & 0o010)
        allowed = allowed or (status.st_uid == account.pw_uid and status.st_mode & 0o100)
        if not allowed:
            return False
    return True


def _give_away(folder: Path, prefix: list[str]) -> None:
    if prefix[:1] == ["setpriv"]:
        account = pwd.getpwnam(prefix[1].partition("=")[2])
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
