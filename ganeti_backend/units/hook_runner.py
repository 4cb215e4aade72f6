"""Runs hooks on the nodes around an opcode: a pre hook may stop it, a post hook cannot.

The scripts run on the nodes; here the environment is completed and answers are judged. A node that
cannot be reached does not stop an operation, as in Ganeti.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ganeti_backend import errors

Environment = Mapping[str, str]
Results = Sequence[Sequence[str]]  # [script, "success" | "error" | "timeout", output]
Run = Callable[[str, str, str, dict[str, str]], Results]  # node, hooks path, phase, environment

PRE = "pre"
POST = "post"
CONFIG_UPDATE = "config-update"
HOOKS_VERSION = "2"
HOOKS_COMMAND_PATH = "/sbin:/bin:/usr/sbin:/usr/bin"
SUCCESS = "success"

# Shared by all opcodes: making threads for each would cost more than most hooks. Nothing here waits
# for another task of the same pool.
THREADS = ThreadPoolExecutor(32, thread_name_prefix="hooks")


@dataclass(frozen=True)
class Occasion:
    """What the hooks are told beside the unit's own variables."""

    hooks_path: str
    opcode: str
    object_type: str
    cluster: str
    master: str
    data_dir: str

    def variables(self, phase: str, hooks_path: str) -> dict[str, str]:
        return {
            "PATH": HOOKS_COMMAND_PATH,
            "GANETI_CLUSTER": self.cluster,
            "GANETI_DATA_DIR": self.data_dir,
            "GANETI_HOOKS_PATH": hooks_path,
            "GANETI_HOOKS_PHASE": phase,
            "GANETI_HOOKS_VERSION": HOOKS_VERSION,
            "GANETI_MASTER": self.master,
            "GANETI_OBJECT_TYPE": self.object_type,
            "GANETI_OP_CODE": self.opcode,
        }


def prefixed(environment: Environment, prefix: str) -> dict[str, str]:
    return {f"{prefix}{name}": value for name, value in environment.items()}


class HookRunner:
    """The hooks of one opcode, from before to after. `warn` takes what people should read."""

    def __init__(self, run: Run, occasion: Occasion, warn: Callable[[str], None]) -> None:
        self._run = run
        self._occasion = occasion
        self._warn = warn

    def pre(self, nodes: Sequence[str], environment: Environment) -> None:
        """HooksAbort if a script refuses or takes too long."""
        variables = prefixed(environment, "GANETI_")
        refused = []
        for node, results in self._on_all(nodes, self._occasion.hooks_path, PRE, variables):
            for script, status, output in results:
                if status != SUCCESS:
                    refused.append((node, script, output or status))
        if refused:
            raise errors.HooksAbort(refused)

    def post(self, nodes: Sequence[str], before: Environment, after: Environment) -> None:
        variables = {**prefixed(before, "GANETI_"), **prefixed(after, "GANETI_POST_")}
        self._report(self._on_all(nodes, self._occasion.hooks_path, POST, variables))

    def config_update(self, environment: Environment) -> None:
        """On the master, after opcodes that change what the whole cluster shares."""
        variables = prefixed(environment, "GANETI_")
        self._report(self._on_all([self._occasion.master], CONFIG_UPDATE, POST, variables))

    def _report(self, answers: Sequence[tuple[str, Results]]) -> None:
        for node, results in answers:
            for script, status, output in results:
                if status != SUCCESS:
                    self._warn(f"post hook {script} on node {node}: {status}: {output.strip()}")

    def _on_all(
        self, nodes: Sequence[str], hooks_path: str, phase: str, variables: dict[str, str]
    ) -> list[tuple[str, Results]]:
        environment = {**self._occasion.variables(phase, hooks_path), **variables}

        def on_node(node: str) -> tuple[str, Results]:
            try:
                return node, self._run(node, hooks_path, phase, environment)
            except errors.NodeError as error:
                self._warn(f"hooks {hooks_path}-{phase} did not run: {error.message}")
                return node, []

        others = [THREADS.submit(on_node, node) for node in nodes[1:]]
        first = [on_node(node) for node in nodes[:1]]
        return [*first, *(future.result() for future in others)]
