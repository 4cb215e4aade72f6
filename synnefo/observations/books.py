"""Puts the books right: quota and addresses of one server or one project, looked at again first.

What was found without a lock may have been on its way; under the server's lock, or the project's,
it either is a mistake or is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from synnefo.core import ledger, quota, server_modes
from synnefo.core.server_states import ServerState
from synnefo.db.models import Commission, Intent, Port, QuotaUsage, Server
from synnefo.db.transactions import writing
from synnefo.observations import quota as settling

HELD = (Commission.State.ISSUED, Commission.State.ACCEPTED)


def accounts(only: Iterable[int] | None = None) -> list[ledger.Account]:
    """Each server's part of the books; of deleted ones only those that still hold something."""
    commissions = Commission.objects.filter(state__in=HELD, server__isnull=False)
    ports = Port.objects.filter(server__state=ServerState.DELETED)
    servers, unfinished = Server.objects.all(), Intent.objects.filter(state__in=Intent.UNFINISHED)
    if only is not None:
        wanted = list(only)
        commissions, ports = commissions.filter(server__in=wanted), ports.filter(server__in=wanted)
        servers, unfinished = servers.filter(pk__in=wanted), unfinished.filter(server__in=wanted)
    busy = set(unfinished.values_list("server_id", flat=True))
    parts: dict[int, list[dict[str, int]]] = {}
    pending = set()
    for server, provisions, state in commissions.values_list("server_id", "provisions", "state"):
        parts.setdefault(server, []).append(provisions)
        if state == Commission.State.ISSUED:
            pending.add(server)
    leaked: dict[int, int] = {}
    for server in ports.values_list("server_id", flat=True):
        leaked[server] = leaked.get(server, 0) + 1
    columns = (
        "pk",
        "state",
        "flavor__vcpus",
        "flavor__ram",
        "old_flavor__vcpus",
        "old_flavor__ram",
    )
    return [
        ledger.Account(
            pk, ServerState(state), pk in busy, quota.total(parts.get(pk, ())), pk in pending,
            _due(*sizes), leaked.get(pk, 0),
        )
        for pk, state, *sizes in servers.values_list(*columns)
        if state != ServerState.DELETED or pk in parts or pk in leaked
    ]  # fmt: skip


def _due(vcpus: int, ram: int, old_vcpus: int | None, old_ram: int | None) -> dict[str, int]:
    """Of two sizes the larger."""
    before = None if old_vcpus is None else quota.provisions(old_vcpus, old_ram or 0)
    return server_modes.charged(quota.provisions(vcpus, ram), before)


def usage(only: Iterable[str] | None = None) -> list[ledger.Mistake]:
    """Mistakes in the sums of projects."""
    rows, parts = QuotaUsage.objects.all(), Commission.objects.filter(state__in=HELD)
    if only is not None:
        wanted = list(only)
        rows, parts = rows.filter(project__in=wanted), parts.filter(project__in=wanted)
    used: dict[str, dict[str, int]] = {}
    for project, resource, amount in rows.values_list("project_id", "resource", "used"):
        used.setdefault(project, {})[resource] = amount
    held: dict[str, list[dict[str, int]]] = {}
    for project, provisions in parts.values_list("project_id", "provisions"):
        held.setdefault(project, []).append(provisions)
    return ledger.of_projects(used, {one: quota.total(some) for one, some in held.items()})


def confirmed(mistake: ledger.Mistake, now: datetime, *, repair: bool) -> bool:
    """Look again under the lock, and put it right if asked; whether it was a mistake."""
    with writing():
        if mistake.kind is ledger.Kind.USAGE:
            return _confirmed_usage(mistake.project_id, mistake.text, repair=repair)
        server = Server.objects.select_for_update().filter(pk=mistake.server_id).first()
        if server is None:
            return False
        mine = accounts([server.pk])
        if mistake.kind not in {one.kind for one in ledger.of_servers(mine)}:
            return False
        if repair:
            _settle(server, mine[0], mistake.kind, now)
        return True


def _settle(server: Server, account: ledger.Account, kind: ledger.Kind, now: datetime) -> None:
    if kind is ledger.Kind.ADDRESS:
        Port.objects.filter(server=server).delete()
        return
    if account.pending and account.state in ledger.HOLDING:
        settling.accept(server.pk, now)
    elif account.pending:
        settling.reject(server, now)
    settling.charge_difference(server, ledger.due(account), now)


def _confirmed_usage(project_id: str, text: str, *, repair: bool) -> bool:
    """Whoever reserves or gives back locks the same rows before it writes commissions."""
    rows = QuotaUsage.objects.select_for_update().filter(project_id=project_id)
    used = dict(rows.order_by("pk").values_list("resource", "used"))
    if text not in {one.text for one in usage([project_id])}:
        return False
    if repair:
        parts = Commission.objects.filter(project_id=project_id, state__in=HELD)
        held = quota.total(parts.values_list("provisions", flat=True))
        for resource in used.keys() | held.keys():
            amount = max(0, held.get(resource, 0))
            QuotaUsage.objects.update_or_create(
                project_id=project_id, resource=resource, defaults={"used": amount}
            )
    return True
