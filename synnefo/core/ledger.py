"""What the books say against what there is: quota and addresses, found in the database alone.

A server that is being built or exists holds its flavor's quota; one that failed or is gone holds
nothing. A project's usage is the sum of what its servers hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from synnefo.core import quota
from synnefo.core.server_states import ServerState

HOLDING = frozenset(ServerState) - {ServerState.ERROR, ServerState.DELETED}
Provisions = Mapping[str, int]


class Kind(StrEnum):
    """The kinds of mistakes in the books."""

    COMMISSION = "pending commission"  # Nobody is left who would accept or reject it.
    CHARGE = "charge differs"  # A server holds more or less than is due.
    USAGE = "usage differs"  # The sum of a project is not the sum of its parts.
    ADDRESS = "leaked address"  # A deleted server still holds ports.


@dataclass(frozen=True, slots=True)
class Account:
    """A server's part: `held` by commissions, of which some are `pending`; `due` by its flavor."""

    server_id: int
    state: ServerState
    busy: bool
    held: Provisions
    pending: bool
    due: Provisions
    ports: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """One entry that is wrong; of a server, or of a project's resource."""

    kind: Kind
    text: str
    server_id: int = 0
    project_id: str = ""


def due(account: Account) -> Provisions:
    """What the server ought to hold."""
    return account.due if account.state in HOLDING else {}


def of_servers(accounts: Iterable[Account]) -> list[Mistake]:
    """Whoever is under way, or waits for its build, is left alone."""
    found = []
    for one in accounts:
        if one.state is ServerState.DELETED and one.ports:
            text = f"it is deleted and holds {one.ports} ports"
            found.append(Mistake(Kind.ADDRESS, text, one.server_id))
        if one.busy or one.state is ServerState.BUILD:
            continue
        if one.pending:
            text = f"it is {one.state}, and its quota is still only reserved"
            found.append(Mistake(Kind.COMMISSION, text, one.server_id))
        elif wrong := quota.total([due(one), quota.negative(one.held)]):
            text = ", ".join(f"{name} {-wrong[name]:+d}" for name in sorted(wrong))
            found.append(
                Mistake(Kind.CHARGE, f"holds too much or too little: {text}", one.server_id)
            )
    return found


def of_projects(used: Mapping[str, Provisions], held: Mapping[str, Provisions]) -> list[Mistake]:
    """Usage by project against the sum of its commissions."""
    found = []
    for project in sorted(used.keys() | held.keys()):
        says, sums = used.get(project, {}), held.get(project, {})
        for resource in sorted(says.keys() | sums.keys()):
            if says.get(resource, 0) != sums.get(resource, 0):
                text = f"{resource}: {says.get(resource, 0)}, but {sums.get(resource, 0)} are held"
                found.append(Mistake(Kind.USAGE, text, project_id=project))
    return found
