"""The `openstack` command as the tests call it: words in, its JSON out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.system.cloud import Cloud

SCRIPT = Path(__file__).with_name("command_line.py")


class CommandError(AssertionError):
    """A command of the client ended with an error."""


class OpenStack:
    """One person's command line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *words: str, check: bool = True) -> Any:
        """The JSON of a command; its errors where it fails and may."""
        assert self._process.stdin
        assert self._process.stdout
        shown = words[-1:] != ("--plain",)
        line = [*words, "-f", "json"] if shown else list(words[:-1])
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if answer["code"] and check:
            raise CommandError(f"openstack {' '.join(words)}\n{answer['out']}{answer['err']}")
        if answer["code"]:
            return answer["err"]
        return json.loads(answer["out"]) if shown and answer["out"].strip() else None


@contextmanager
def openstack(cloud: Cloud, person: str = "demo") -> Iterator[OpenStack]:
    """The command line of `demo` or `admin`."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OS_")
    } | {
        "OS_CLOUD": person,
        "OS_CLIENT_CONFIG_FILE": str(cloud.state / "clouds.yaml"),
        "OS_COMPUTE_API_VERSION": "2.90",
        "OS_VOLUME_API_VERSION": "3",
    }
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(SCRIPT)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield OpenStack(process)
        finally:
            process.terminate()
