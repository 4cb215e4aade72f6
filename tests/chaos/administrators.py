"""Administrators who use gnt-* on the cluster behind the frontend's back.

They start, stop, reboot, tag and remove users' instances and have instances of their own. What a
command answers while the cluster is being broken says nothing; the audit looks at the jobs.
"""

import random
import subprocess
import threading
from collections.abc import Iterator

from tests.chaos.journal import Journal
from tests.chaos.machine import Machine
from tests.chaos.schedule import Step

MIX = {
    "shutdown": 4,
    "startup": 5,
    "reboot": 3,
    "remove": 1,
    "add-tags": 2,
    "own add": 2,
    "own remove": 2,
    "list": 3,
    "jobs": 1,
}
PATIENCE = 60.0


class Administrator:
    """One person at one terminal, in one thread."""

    def __init__(self, machine: Machine, name: str, journal: Journal) -> None:
        self.name = name
        self._machine = machine
        self._journal = journal
        self._own: list[str] = []
        self._made = 0

    def live(self, steps: Iterator[Step], stop: threading.Event) -> None:
        """Step after step until told to stop."""
        for step in steps:
            if stop.wait(2 * self._machine.pace * step.pause):
                return
            self.take(step)

    def take(self, step: Step) -> None:
        """One command."""
        if step.word == "jobs":
            self._run("gnt-job list", "gnt-job", "list")
        elif step.word == "own add":
            self._add()
        elif step.word == "own remove":
            if self._own:
                name = self._own.pop(step.pick % len(self._own))
                self._run("gnt-instance remove own", "gnt-instance", "remove", "-f", name)
        else:
            self._on_instance(step)

    def _add(self) -> None:
        self._made += 1
        name = f"{self.name}-{self._made}"
        words = ["-t", "diskless", "-o", "image", "--no-install", "--no-nics", "--no-start"]
        words += ["--no-name-check", "--no-ip-check"]
        self._run("gnt-instance add own", "gnt-instance", "add", *words, name)
        self._own.append(name)

    def _on_instance(self, step: Step) -> None:
        shown = self._run("gnt-instance list", "gnt-instance", "list", "--no-headers", "-o", "name")
        names = [line.strip() for line in shown.splitlines() if line.startswith("snf-")]
        if step.word == "list" or not names:
            return
        words = {
            "remove": ["remove", "-f", "NAME"],
            "add-tags": ["add-tags", "NAME", f"seen{step.pick % 7}"],
        }.get(step.word, [step.word, "NAME"])
        name = random.Random(step.pick).choice(names)
        line = [name if word == "NAME" else word for word in words]
        self._run(f"gnt-instance {step.word}", "gnt-instance", *line)

    def _run(self, what: str, *line: str) -> str:
        try:
            ran = self._machine.terminal(line, PATIENCE)
        except subprocess.TimeoutExpired:
            self._journal.count(what, "given up")
            return ""
        self._journal.count(what, "failed" if ran.returncode else "done")
        return ran.stdout
