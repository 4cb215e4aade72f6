"""`./cloud up`: from a checkout to a running cloud, or nothing at all.

Every step may be repeated: the second `up` finds most of them done. What this run began is undone
when a later step fails; data of an earlier run is never touched.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from synnefo.cloud import (
    attached,
    busy,
    credentials,
    debian,
    down,
    first_server,
    full_parts,
    guests,
    probe,
    processes,
    setup,
    supervisor_client,
)
from synnefo.cloud.errors import CloudError
from synnefo.cloud.guest_image import builder
from synnefo.cloud.layout import (
    CHECKOUT,
    LONGEST_STATE,
    Choices,
    Layout,
    cache_folder,
    load,
)
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.steps import Step, Steps
from synnefo.cloud.waiting import until
from synnefo.cloud.wishes import Wishes

READY_SECONDS = 60
NO_FIRST_SERVER = "none"


class Up:
    """One run of `./cloud up`."""

    def __init__(self, state: Path, wishes: Wishes) -> None:
        self.state = state
        self.wishes = wishes
        self.python = PythonEnvironment(CHECKOUT)
        self.steps = Steps()
        self.saved = load(state)
        self.layout = Layout(state, wishes.choices(state, self.saved))
        self.image: builder.GuestImage | None = None

    def run(self) -> bool:
        """Bring everything up and print how to reach it; False when it was up already."""
        check_state_folder(self.state)
        if self._runs_already():
            print(f"The cloud in {self.state} is running already.")
            summary(self.layout, self.python)
            return False
        with self._undo_on_failure():
            self._check_machine()
            with self.steps.step("Python environment") as step:
                step.note = self.python.ensure()
            if not self.layout.attached:
                self._choose_hypervisor()
            self.layout.make_folders()
            self.layout.save()
            self._prepare()
            self._start()
        print(f"\nThe cloud is up after {self.steps.total():.1f} s.")
        summary(self.layout, self.python)
        return True

    # Before anything is made

    def _runs_already(self) -> bool:
        """An `up` that was killed half-way leaves processes that wait for a start in vain."""
        rows = supervisor_client.processes(self.state)
        if rows is None or any(row["state"] == "stopped" for row in rows):
            return False
        if self.saved and self.layout.choices.port != self.saved.port:
            raise CloudError(
                f"the cloud in {self.state} is running on port {self.saved.port}:"
                " ./cloud down stops it, then --port can change"
            )
        return True

    def _check_machine(self) -> None:
        with self.steps.step("Ports and disk space"):
            supervisor_client.stop(self.state)
            down.end_leftovers(self.state)
            probe.ports_free(self.layout.ports(), self.layout.choices.port)
            probe.space_free(self.state)
        if self.layout.full:
            with self.steps.step("RabbitMQ and PostgreSQL") as step:
                step.note = full_parts.ensure_programs()

    @contextmanager
    def _undo_on_failure(self) -> Iterator[None]:
        """Leave no processes of a failed start, and no folder that this run made."""
        fresh = not (self.state / "cloud.json").exists()
        empty = not self.state.exists() or not any(self.state.iterdir())
        with busy.alone(self.state), interruptible(), ExitStack() as undo:
            if fresh and empty:
                undo.callback(shutil.rmtree, self.state, ignore_errors=True)
            undo.callback(down.stop_everything, self.layout)
            try:
                yield
            except CloudError as error:
                raise CloudError(self._with_kept_logs(str(error), fresh and empty)) from error
            undo.pop_all()

    def _with_kept_logs(self, message: str, going: bool) -> str:
        """The folder of a failed first start goes away, but not what explains the failure."""
        logs = self.state / "log"
        if not going or not list(logs.glob("*.log")):
            return message
        target = Path(tempfile.mkdtemp(prefix="cloud-up-"))
        shutil.copytree(logs, target, dirs_exist_ok=True)
        if str(logs) in message:
            return message.replace(str(logs), str(target))
        return f"{message} (see {target})"

    # What runs the guests

    def _choose_hypervisor(self) -> None:
        """Once per folder: its instances belong to the hypervisor that they were made on."""
        wished = self.wishes.hypervisor
        if self.saved and wished == "auto":
            wished = self.saved.hypervisor
        missing = None if wished == "fake" else probe.hypervisor_missing(self.python.python)
        if missing and wished == "libvirt":
            with self.steps.step("QEMU and libvirt"):
                debian.install(probe.HYPERVISOR_PACKAGES, "the hypervisor libvirt")
                self.python.ensure()
            missing = probe.hypervisor_missing(self.python.python)
            if missing:
                raise CloudError(f"the hypervisor libvirt cannot be used: {missing}")
        if missing or wished == "fake":
            self._choose(replace(self.layout.choices, hypervisor="fake"))
            if missing:
                _say_pretended(missing)
        else:
            self._prepare_real_guests(required=wished == "libvirt")

    def _prepare_real_guests(self, *, required: bool) -> None:
        try:
            with self.steps.step("Guest image") as step:
                self.image = builder.ensure(cache_folder())
                step.note = f"{self.image.disk.stat().st_size >> 20} MiB"
        except CloudError as error:
            if required:
                raise
            self._choose(replace(self.layout.choices, hypervisor="fake"))
            _say_pretended(f"the guest image cannot be built ({error})")
            return
        with self.steps.step("Trial boot with KVM") as step:
            accelerator = probe.accelerator(self.image, cache_folder())
            step.note = "works" if accelerator == "kvm" else "not usable, QEMU emulates"
        self._choose(replace(self.layout.choices, hypervisor="libvirt", accelerator=accelerator))

    def _choose(self, choices: Choices) -> None:
        self.layout = Layout(self.state, choices)

    # Making and starting it

    def _prepare(self) -> None:
        with self.steps.step("Cluster settings"):
            self.layout.passwords()
            if not self.layout.attached:
                setup.cluster(self.layout, self.python)
                setup.hooks(self.layout, self.python)
            credentials.write(self.layout)

    def _start(self) -> None:
        """What needs no tables starts while they are made: a broker takes its seconds."""
        specifications = processes.specifications(self.layout, self.python)
        everything = [specification.name for specification in specifications]
        early = [name for name in everything if name not in processes.ON_TABLES]
        with self.steps.step("Database"):
            supervisor_client.start(self.state, specifications, only=early)
            self._wait_ready([name for name in early if name == "postgres"])
            setup.tables(self.layout, self.python)
        facts = self._attach() if self.layout.attached else None
        with self.steps.step("Users, flavors, network and image"):
            disk = self.image.disk if self.image else None
            setup.database(self.layout, self.python, setup.image_file(self.layout, disk), facts)
        with self.steps.step("Processes") as step:
            supervisor_client.ask(self.state, "start")
            self._wait_ready(everything)
            until(
                lambda: first_server.healthy(self.layout.url),
                timeout=READY_SECONDS,
                what=f"{self.layout.url}/healthz",
                interval=0.05,
            )
            step.note = f"{len(everything)} under the supervisor"
        self._start_guests()

    def _attach(self) -> dict[str, Any]:
        """Look at the cluster and, if its guests are real ones, make an image for them."""
        with self.steps.step("Cluster that is there") as step:
            facts = attached.attach(self.layout, self.python, self.wishes.cluster)
            step.note = f"{facts['name']}, Ganeti {facts['version']}, {facts['hypervisor']}"
        attached.say_what_is_missing(facts, self.layout)
        self._choose(replace(self.layout.choices, hypervisor=facts["hypervisor"]))
        self.layout.save()
        return facts

    def _wait_ready(self, names: list[str]) -> None:
        """Until all of them are ready; a process that cannot start is named with its last words."""

        def ready() -> bool:
            rows = supervisor_client.processes(self.state)
            if rows is None:
                raise CloudError(f"the supervisor ended: see {self.state}/log/supervisor.log")
            mine = [row for row in rows if row["name"] in names]
            for row in mine:
                if row["restarts"] >= 4:
                    raise CloudError(_last_words(row["name"], Path(row["log"])))
            return all(row["state"] == "running" for row in mine)

        until(ready, timeout=READY_SECONDS, what=f"{', '.join(names)} to start", interval=0.03)

    def _start_guests(self) -> None:
        if self.saved and self.layout.choices.hypervisor == "libvirt":
            with self.steps.step("Guests that were running") as step:
                step.note = str(guests.bring_back(self.layout, self.python))
        if not self.wishes.first_server and not self.layout.choices.first_server:
            self._choose(replace(self.layout.choices, first_server=NO_FIRST_SERVER))
            self.layout.save()
        if not self.layout.choices.first_server:
            with self.steps.step(f"First server {first_server.NAME}") as step:
                self._boot_first(step)

    def _boot_first(self, step: Step) -> None:
        server = first_server.boot(self.layout)
        step.note = "ACTIVE, its console says GUEST-READY" if self.image else "ACTIVE, pretended"
        self._choose(replace(self.layout.choices, first_server=server))
        self.layout.save()


@contextmanager
def interruptible() -> Iterator[None]:
    """A closed terminal or a polite kill undoes what was begun, as Ctrl-C does."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def check_state_folder(state: Path) -> None:
    """Raise when no cloud can live at this path."""
    if len(str(state)) > LONGEST_STATE:
        raise CloudError(
            f"the path of the state folder is longer than {LONGEST_STATE} characters, too long for"
            " Unix sockets: choose a shorter one with --state"
        )
    if state.exists() and not state.is_dir():
        raise CloudError(f"{state} is not a folder: choose another with --state")
    foreign = state.exists() and any(state.iterdir()) and not (state / "cloud.json").exists()
    if foreign:
        raise CloudError(f"{state} holds other files: choose an empty folder with --state")


def _last_words(name: str, log: Path) -> str:
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        lines = []
    return f"{name} does not start: {lines[-1] if lines else 'it printed nothing'}"


def _say_pretended(why: str) -> None:
    packages = " ".join(probe.HYPERVISOR_PACKAGES)
    print(f"          Guests are pretended: {why}. For real ones: apt-get install {packages}")


def summary(layout: Layout, python: PythonEnvironment) -> None:
    """The lines that a user copies from."""
    password = layout.passwords()["demo_password"]
    print(f"\n  Web     {layout.url}/\n  Login   demo\n  Password {password}\n")
    print(credentials.exports(credentials.client(layout)), end="")
    state = "" if layout.state == CHECKOUT / ".cloud" else f" --state {layout.state}"
    if not python.has_client() and shutil.which("openstack") is None:
        print("\nThe openstack command is not installed yet: ./cloud client does it.", end="")
    print(f'\nNext: eval "$(./cloud env{state})" and openstack server list', flush=True)


def stay(state: Path) -> None:
    """Keep the terminal: print what changes, until Ctrl-C or the end of the cloud."""
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    # Before it is offered: who presses Ctrl-C at once must not interrupt this instead.
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    print("\nCtrl-C stops the cloud and keeps its data.", flush=True)
    known: dict[str, tuple[str, int]] = {}
    while signal.sigtimedwait(ending, 1.0) is None:
        rows = supervisor_client.processes(state)
        if rows is None:
            return
        for row in rows:
            now = (row["state"], row["restarts"])
            if known.get(row["name"], now) != now:
                print(f"{row['name']}: {row['state']}, {row['restarts']} restarts", flush=True)
            known[row["name"]] = now
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)
    down.Down(state).run(purge=False)
