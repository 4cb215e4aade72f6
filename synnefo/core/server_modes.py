"""The rules of modes: what only the frontend knows of a server, laid over the backend's state.

A mode begins and ends with a wish of a user. A backend never reports one, but what it reports may
contradict one: then an administrator of the cluster decided otherwise, and the mode ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from synnefo.core import quota
from synnefo.core.server_states import ServerMode, ServerState

# The guest does not run while the server is in one of these.
RESTING = frozenset({ServerMode.SHELVED, ServerMode.SHELVED_OFFLOADED, ServerMode.SOFT_DELETED})


def contradicts(mode: ServerMode | None, state: ServerState) -> bool:
    """Whether a server in this mode cannot have come to this state by its own wishes."""
    if mode is ServerMode.MARKED:
        return True  # It was marked as failed; whatever is heard of it since is news.
    return mode in RESTING and state in {ServerState.ACTIVE, ServerState.PAUSED}


def charged(now: Mapping[str, int], before: Mapping[str, int] | None) -> dict[str, int]:
    """What a server holds of the quota: of two sizes the larger, until one is given up."""
    if before is None:
        return dict(now)
    return {name: max(now.get(name, 0), before.get(name, 0)) for name in now.keys() | before.keys()}


def growth(now: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """What another size needs beyond what is held now."""
    more = quota.total([charged(wanted, now), quota.negative(now)])
    return {name: amount for name, amount in more.items() if amount > 0}
