"""The command line of `./cloud`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from synnefo.cloud import attached, credentials, down, processes, report, testing, up
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import (
    CHECKOUT,
    DEFAULT_PORT,
    DEFAULT_STATE,
    DISPATCHERS,
    Layout,
    existing,
)
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.steps import Steps
from synnefo.cloud.wishes import Wishes

EXAMPLES = """\
examples:
  ./cloud up                                   a cloud on http://127.0.0.1:8800
  ./cloud up --detach --profile full --state /tmp/c2 --port 9900
  eval "$(./cloud env)"; openstack server list; gnt-instance list
  ./cloud logs dispatcher -f
  ./cloud down                                 stop it, keep its data
  ./cloud test --fast                          what to run before every commit
"""


TAKES_MORE = ("test", "bench", "chaos", "manage")


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="./cloud", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the cloud's folder"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_folder_commands(commands, common)
    commands.add_parser("client", help="install the openstack command into .venv")
    tests = commands.add_parser("test", help="run the checks and tests; more goes to pytest")
    tests.add_argument("--fast", action="store_true", help="only what needs no real parts")
    commands.add_parser(
        "chaos", help="break a cloud of its own and count what does not hold", add_help=False
    )
    bench = commands.add_parser("bench", help="measure; more goes to the benchmark")
    bench.add_argument("name", choices=["api", "spine", "backend", "commands", "events", "truth"])
    return top


def _add_folder_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """Those about one cloud."""
    _up_options(
        commands.add_parser("up", parents=[common], help="start a cloud, or say where it is")
    )
    ending = commands.add_parser("down", parents=[common], help="stop it and keep its data")
    ending.add_argument("--purge", action="store_true", help="remove its data too")
    shown = commands.add_parser("status", parents=[common], help="show its processes")
    shown.add_argument("--json", action="store_true", dest="as_json", help="for programs")
    logs = commands.add_parser("logs", parents=[common], help="print the log of a process")
    logs.add_argument("name", nargs="?", help="of the process; without it, which logs there are")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as it grows")
    commands.add_parser("env", parents=[common], help="print exports for users and administrators")
    commands.add_parser("openrc", parents=[common], help="print the classic OS_… exports")
    commands.add_parser(
        "manage", parents=[common], add_help=False, help="run an operators' command (manage.py)"
    )


def _up_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=_port, help=f"the public port, others follow it ({DEFAULT_PORT})"
    )
    command.add_argument(
        "--profile", choices=["embedded", "full"], help="full: with RabbitMQ and PostgreSQL"
    )
    command.add_argument(
        "--brokers", type=int, choices=[1, 3], help="nodes of RabbitMQ in the full profile (1)"
    )
    command.add_argument(
        "--dispatchers",
        type=int,
        choices=range(1, len(DISPATCHERS) + 1),
        help="how many share the work (1)",
    )
    command.add_argument(
        "--hypervisor",
        choices=["auto", "fake", "libvirt"],
        default="auto",
        help="auto: real guests (libvirt) where QEMU is installed, else pretended ones (fake)",
    )
    command.add_argument("--detach", action="store_true", help="return when it is ready")
    command.add_argument(
        "--no-first-server", action="store_false", dest="first_server", help="start empty"
    )
    command.add_argument(
        "--json-logs", action="store_true", help="one JSON object a line; as SYNNEFO_LOG=json"
    )
    _cluster_options(command)


def _cluster_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("a cluster that exists already, Ganeti 3.0 or newer")
    group.add_argument("--backend", metavar="ganeti://USER@HOST:5080", dest="address")
    group.add_argument(
        "--backend-password-file", type=Path, metavar="FILE", dest="password_file",
        help=f"else from {attached.PASSWORD}, or asked for",
    )  # fmt: skip
    group.add_argument(
        "--backend-ca", type=Path, metavar="FILE", dest="ca", help="who signed its certificate"
    )
    group.add_argument(
        "--backend-fingerprint", metavar="SHA256", dest="fingerprint", help="of its certificate"
    )
    group.add_argument(
        "--backend-queue", type=Path, metavar="DIR", dest="queue",
        help="its job queue, if it can be seen from here; else eventd runs on its masters",
    )  # fmt: skip
    group.add_argument(
        "--broker-address", metavar="IP",
        help="of this machine, for those eventds; with --profile full",
    )  # fmt: skip


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65500:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65500")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a CloudError is one line and its exit code."""
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command not in TAKES_MORE:
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return _dispatch(options, rest)
    except CloudError as error:
        sys.stderr.write(f"cloud: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("cloud: interrupted\n")
        return 130
    except PermissionError as error:
        sys.stderr.write(
            f"cloud: this user may not touch {error.filename}: be its owner, or choose another"
            " folder with --state\n"
        )
        return 1
    except BrokenPipeError:
        # The reader of a pipe had enough; nothing can be said to it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"cloud: {where}{error.strerror or error}\n")
        return 1


def _dispatch(options: argparse.Namespace, rest: list[str]) -> int:
    if options.command == "test":
        return testing.Suite(CHECKOUT).run(fast=options.fast, arguments=rest)
    if options.command == "bench":
        return _run_module(f"tests.bench.{options.name}", rest)
    if options.command == "chaos":
        return _run_module("tests.chaos", rest)
    if options.command == "client":
        return _client()
    return _on_folder(options.state.absolute(), options, rest)


def _on_folder(state: Path, options: argparse.Namespace, rest: list[str]) -> int:
    """The commands that are about one cloud."""
    if options.command == "up":
        return _up(state, options)
    if options.command == "down":
        down.Down(state).run(purge=options.purge)
        return 0
    layout = existing(state)
    if options.command == "manage":
        return _manage(layout, rest)
    if options.command == "status":
        return report.status(layout, as_json=options.as_json)
    if options.command == "logs":
        report.logs(layout, options.name, follow=options.follow)
    elif options.command == "env":
        print(credentials.environment(layout, PythonEnvironment(CHECKOUT)), end="")
    else:
        print(credentials.openrc(layout), end="")
    return 0


def _up(state: Path, options: argparse.Namespace) -> int:
    cluster = attached.Wish(
        options.address,
        options.password_file,
        options.ca,
        options.fingerprint,
        options.queue,
        options.broker_address,
    )
    wishes = Wishes(
        options.port,
        options.profile,
        options.hypervisor,
        options.first_server,
        cluster=cluster,
        json_logs=options.json_logs,
        brokers=options.brokers,
        dispatchers=options.dispatchers,
    )
    started = up.Up(state, wishes).run()
    # Whoever only looks at a cloud that runs already must not end it with the next Ctrl-C.
    if started and not options.detach:
        up.stay(state)
    return 0


def _manage(layout: Layout, rest: list[str]) -> int:
    """With the settings of this cloud, which the terminal has not."""
    python = PythonEnvironment(CHECKOUT)
    environment = processes.frontend_environment(layout, python)
    if attached.PASSWORD in os.environ:
        environment[attached.PASSWORD] = os.environ[attached.PASSWORD]
    words = [str(python.python), str(CHECKOUT / "manage.py"), *rest]
    return subprocess.run(words, env=environment, check=False).returncode


def _client() -> int:
    python, steps = PythonEnvironment(CHECKOUT), Steps()
    with steps.step("openstack command") as step:
        step.note = python.ensure("requirements-client.lock")
    print('\nNext: eval "$(./cloud env)" and openstack server list')
    return 0


def _run_module(name: str, rest: list[str]) -> int:
    """What is no part of a cloud runs in the environment of the tests."""
    python = PythonEnvironment(CHECKOUT)
    python.ensure("requirements-test.lock")
    words = [str(python.python), "-m", name, *rest]
    return subprocess.run(words, cwd=CHECKOUT, check=False).returncode
