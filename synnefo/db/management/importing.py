"""Makes an instance that administrators made a server of a user: rows first, then its new name.

Broken off at any point it is taken up again by the same command: before the renaming by the
activity that names the old instance, after it by the new name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from synnefo import wiring
from synnefo.core import naming
from synnefo.core.faults import Fault
from synnefo.core.messages import FINAL_STATUSES, Origin
from synnefo.db.models import Backend, Server
from synnefo.dispatcher.networks import NetworkPreparer
from synnefo.intents.compute import imports
from synnefo.intents.network import cards
from synnefo.observations import servers
from synnefo.ports import Cluster, ClusterError, InstanceChange, InstanceReport, NotFound

PATIENCE = 600.0
LOOK_EVERY = 0.2


class Refused(Exception):  # noqa: N818  # The name says what happened.
    """The instance cannot become a server; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The server, and how many of its cards are in no network of ours."""

    server: Server
    unseen_cards: int


class Importing:
    """One import."""

    def __init__(self, backend: Backend, wish: imports.Wish, *, stop: bool) -> None:
        self._backend = backend
        self._wish = wish
        self._may_stop = stop
        self._cluster: Cluster = wiring.cluster(backend)
        self._reason = Origin(actor=wish.actor).text()

    def run(self, instance: str) -> Outcome:
        """To the end; Refused leaves the instance as it was."""
        try:
            return self._run(instance)
        except (ClusterError, Fault) as error:
            raise Refused(f"{instance}: {error}") from error

    def _run(self, instance: str) -> Outcome:
        prefix = settings.SYNNEFO_INSTANCE_PREFIX
        if naming.server_id(prefix, instance) is not None:
            raise Refused(f"{instance} is called as a server's instance already")
        server, ran = imports.begun(self._backend, instance) or (None, False)
        if server is None or not self._is_renamed(server, instance):
            report = self._cluster.instance(instance)
            self._check(report)
            ran = ran or bool(report.running)
            if server is None:
                server = imports.begin(self._backend, report, self._wish, ran, self._now())
            self._rename(server, report)
        return self._settle(server, start=ran)

    def _check(self, report: InstanceReport) -> None:
        if report.running is None:
            raise Refused(f"{report.name}: its node cannot be asked whether it runs")
        if report.running and not self._may_stop:
            raise Refused(f"{report.name} runs, and a new name needs it stopped: add --stop")

    def _is_renamed(self, server: Server, instance: str) -> bool:
        """The new name alone says nothing: it may be another's."""
        return self._is_there(_name_of(server)) and not self._is_there(instance)

    def _is_there(self, name: str) -> bool:
        try:
            self._cluster.instance(name)
        except NotFound:
            return False
        return True

    def _rename(self, server: Server, report: InstanceReport) -> None:
        try:
            if report.running:
                self._await(self._cluster.submit_shutdown(report.name, self._reason), "stop")
            job = self._cluster.submit_rename(report.name, _name_of(server), self._reason)
            self._await(job, "rename")
        except Refused:
            if self._is_renamed(server, report.name):
                return  # By an earlier job of ours, whose answer got lost.
            servers.vanished(server.pk, self._now())
            raise

    def _settle(self, server: Server, *, start: bool) -> Outcome:
        """Its cards and disks get their names; it runs again if it ran."""
        name = _name_of(server)
        networks = cards.networks_of(server.pk)
        preparer = NetworkPreparer(wiring.clock(), settings.SYNNEFO_INSTANCE_PREFIX)
        _until(
            lambda: preparer.ready(
                self._backend.pk, self._cluster, networks, Origin(actor=self._wish.actor)
            ),
            "its networks to be made",
        )
        report = self._cluster.instance(name)
        change = InstanceChange(
            name_nics=imports.cards(server, report),
            name_disks=imports.disks(server, report),
            hotplug=False,
        )
        if change.name_nics or change.name_disks:
            self._await(self._cluster.submit_set_params(name, change, self._reason), "change")
        if start:
            self._await(self._cluster.submit_startup(name, self._reason), "start")
        report = self._cluster.instance(name)
        imports.finish(server, report, self._now())
        server.refresh_from_db()
        return Outcome(server, len(report.nics) - len(change.name_nics))

    def _await(self, job_id: int, what: str) -> None:
        job = _until(lambda: self._ended(job_id), f"job {job_id} to {what} it")
        if job.status != "success":
            raise Refused(f"job {job_id} to {what} it: {job.status}: {job.ops[-1].result}")

    def _ended(self, job_id: int) -> Any:
        job = self._cluster.job(job_id)
        return job if job.status in FINAL_STATUSES else None

    @staticmethod
    def _now() -> Any:
        return wiring.clock().now()


def _name_of(server: Server) -> str:
    return naming.instance_name(settings.SYNNEFO_INSTANCE_PREFIX, server.pk)


def _until(condition: Callable[[], Any], what: str) -> Any:
    pause = threading.Event()
    for _ in range(int(PATIENCE / LOOK_EVERY)):
        if found := condition():
            return found
        pause.wait(LOOK_EVERY)
    raise Refused(f"after {PATIENCE:.0f} s still waiting for {what}; repeat the command")
