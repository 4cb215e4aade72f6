"""The words of the API for states and tags, as conditions of the database."""

from collections.abc import Iterator

from django.db.models import Q

from synnefo.core.faults import BadRequest
from synnefo.core.server_states import (
    MODE_VIEW,
    NOVA_VIEW,
    WORDS_DURING,
    ServerState,
)
from synnefo.db.models import ServerTag

NEVER = Q(pk__in=())
MOST_TAGS = 50
LONGEST_TAG = 60


def _views() -> Iterator[tuple[Q, str, str]]:
    """Each state and each mode, with its vm_state and its usual status."""
    for state, (word, _, status) in NOVA_VIEW.items():
        yield Q(mode=None, state=state), word, status
    for mode, (word, status) in MODE_VIEW.items():
        yield Q(mode=mode) & ~Q(state=ServerState.DELETED), word, status
        yield Q(mode=mode, state=ServerState.DELETED), "deleted", "DELETED"


def _by_status() -> dict[str, Q]:
    found: dict[str, Q] = {}
    for base, word, usual in _views():
        during = WORDS_DURING.get(word, {})
        other = [task for task, status in during.items() if status != usual]
        condition = base & (Q(task=None) | ~Q(task__in=other)) if other else base
        found[usual] = found.get(usual, NEVER) | condition
        for status in set(during.values()) - {usual}:
            tasks = [task for task, shown in during.items() if shown == status]
            found[status] = found.get(status, NEVER) | (base & Q(task__in=tasks))
    return found


def _by_vm_state() -> dict[str, Q]:
    found: dict[str, Q] = {}
    for base, word, _ in _views():
        found[word] = found.get(word, NEVER) | base
    return found


BY_STATUS = _by_status()
BY_VM_STATE = _by_vm_state()


def by_power_state(number: int) -> Q:
    """The servers of this power_state."""
    return Q(state__in=[state for state, (_, power, _) in NOVA_VIEW.items() if power == number])


def chosen_tags(values: list[str], parameter: str, *, every: bool) -> Q:
    """The servers with all of these tags, or with any of them; they are parted by commas."""
    wanted = list(dict.fromkeys(tag for value in values for tag in value.split(",") if tag))
    if len(wanted) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in wanted):
        raise BadRequest(f"{parameter} has too many tags, or too long ones.", field=parameter)
    if not every:
        return Q(pk__in=ServerTag.objects.filter(tag__in=wanted).values("server_id"))
    condition = Q()
    for tag in wanted:
        condition &= Q(pk__in=ServerTag.objects.filter(tag=tag).values("server_id"))
    return condition
