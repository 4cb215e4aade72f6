"""One run: people at work, faults, calm, judgement."""

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from synnefo.cloud.layout import CHECKOUT
from tests.chaos import administrators, facts, faults, people, schedule
from tests.chaos.audit import Violation, audit, complaints_of_rules
from tests.chaos.journal import Journal
from tests.chaos.machine import Machine
from tests.chaos.spilled import spilled

USERS = ("ada", "bob", "eve")
ADMINISTRATORS = ("root1", "root2")
READER = "ada"
SETTLE_LOOKS = 2.0


@dataclass
class Outcome:
    """What a run found; `settled_after` is None when it never became calm."""

    plan: tuple[schedule.Fault, ...]
    journal: Journal
    facts: facts.Facts
    violations: list[Violation]
    settled_after: float | None
    lasted: float = 0.0
    notes: list[str] = field(default_factory=list)


class Run:
    """All of it on one machine that is up."""

    def __init__(self, machine: Machine, seed: int, seconds: float, patience: float) -> None:
        self._machine = machine
        self._seed = seed
        self._seconds = seconds
        self._patience = patience
        self._journal = Journal()
        self._stop = threading.Event()
        self._users: list[people.User] = []
        self._secrets: dict[str, str] = {}

    def go(self) -> Outcome:
        """Break it for the time, wait until it is calm, judge."""
        self._users = self._make_users()
        every = schedule.EVERY_FULL if self._machine.layout.full else schedule.EVERY
        plan = schedule.plan(self._seed, self._seconds, faults.targets(self._machine), every)
        begun = time.monotonic()
        threads = self._people()
        try:
            injector = faults.Injector(self._machine, self._journal, self._seed)
            injector.run(plan, self._seconds, self._stop)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        self._machine.wait_running()
        lasted = time.monotonic() - begun
        with self._reader() as read:
            settled, found = self._settle(read)
            again = threading.Event()
            for user in self._users:
                user.repeat_all(again)
            if settled is not None:
                found = read()
        violations = audit(found, self._journal)
        violations += [Violation(9, text) for text in spilled(self._machine.state, self._secrets)]
        return Outcome(plan, self._journal, found, violations, settled, lasted)

    # --- people

    def _make_users(self) -> list[people.User]:
        passwords = {name: secrets.token_urlsafe(12) for name in USERS}
        subprocess.run(
            [sys.executable, "-m", "tests.chaos.accounts"], input=json.dumps(passwords), text=True,
            env=self._machine.frontend(), cwd=CHECKOUT, check=True,
        )  # fmt: skip
        url = self._machine.cloud.url
        users = [people.User(url, name, passwords[name], self._journal) for name in USERS]
        self._secrets = self._machine.secrets()
        for user in users:
            self._secrets[f"{user.name}'s password"] = passwords[user.name]
            self._secrets[f"{user.name}'s token"] = user.sign_in()
            user.strangers = [other for other in users if other is not user]
        self._onlooker = people.User(url, READER, passwords[READER], self._journal)
        self._onlooker.sign_in()
        return users

    def _people(self) -> list[threading.Thread]:
        lives: list[Callable[[], None]] = [partial(self._onlooker.read, self._stop)]
        for user in self._users:
            steps = schedule.steps(self._seed, user.name, people.MIX)
            lives.append(partial(user.live, steps, self._machine.pace, self._stop))
        for name in ADMINISTRATORS:
            person = administrators.Administrator(self._machine, name, self._journal)
            steps = schedule.steps(self._seed, name, administrators.MIX)
            lives.append(partial(person.live, steps, self._stop))
        threads = [threading.Thread(target=life) for life in lives]
        for thread in threads:
            thread.start()
        return threads

    # --- judgement

    def _settle(self, read: Callable[[], facts.Facts]) -> tuple[float | None, facts.Facts]:
        """Until nothing is under way and nothing differs, or the patience is over."""
        begun, pause = time.monotonic(), threading.Event()
        while True:
            found = read()
            took = time.monotonic() - begun
            if not any(one.invariant in CALM for one in complaints_of_rules(found, self._journal)):
                return took, found
            if took > self._patience:
                return None, found
            pause.wait(SETTLE_LOOKS)

    @contextmanager
    def _reader(self) -> Iterator[Callable[[], facts.Facts]]:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.facts_reader"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=self._machine.frontend(), cwd=CHECKOUT,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None

            def read() -> facts.Facts:
                told = self._told(process)
                return facts.from_json(told)

            yield read
            process.stdin.close()

    def _told(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        """A cloud that has just been broken may not answer at once."""
        deadline, pause = time.monotonic() + self._patience, threading.Event()
        while True:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            told: dict[str, Any] = json.loads(process.stdout.readline())
            if "error" not in told:
                return told
            if time.monotonic() > deadline:
                raise RuntimeError(f"the cloud cannot be read: {told['error']}")
            pause.wait(SETTLE_LOOKS)


CALM = {1, 2, 3, 6, 7}  # What time can still mend; the others are over when the faults are.


def keep(folder: Path, machine: Machine, outcome: Outcome | None) -> None:
    """Everything that explains what was found, or why nothing could be."""
    words = ["cp", "-r", str(machine.state / "log"), str(machine.layout.queue), str(folder)]
    subprocess.run(words, check=False)
    if outcome is None:
        return
    (folder / "facts.json").write_text(json.dumps(asdict(outcome.facts), indent=1))
    (folder / "journal.json").write_text(json.dumps(outcome.journal.as_json(), indent=1))
    (folder / "plan.json").write_text(json.dumps([asdict(one) for one in outcome.plan], indent=1))
