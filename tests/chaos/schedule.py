"""Which fault comes when, and what each user and administrator does: pure functions of the seed.

What a fault meets is decided by the machine's own timing; what is repeated by a seed is the plan.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

EVERY = 3.5  # Seconds from one fault to the next, on average …
EVERY_FULL = 5.0  # … and where a broker and a database have to come back in between.
QUIET_AT_THE_END = 5.0
STALL = "stall"
# Before and during every second stall nothing else happens: only then can it be judged whether a
# cluster that stands still holds up anybody.
QUIET_BEFORE_A_STALL = 30.0  # More than what a process that was hit needs to be itself again.

Targets = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Kind:
    """How long a fault of one kind lasts; one that has no length happens and is over."""

    shortest: float = 0.0
    longest: float = 0.0


KINDS: dict[str, Kind] = {
    "kill": Kind(),
    "outage": Kind(),
    "freeze": Kind(1.0, 6.0),
    STALL: Kind(17.0, 24.0),  # Longer than a client of the cluster waits for an answer.
    "strand": Kind(1.0, 4.0),
    "stop": Kind(2.0, 8.0),
    "cut": Kind(2.0, 8.0),
    "duplicate": Kind(),
    "reorder": Kind(),
    "lose": Kind(),
    "delay": Kind(2.0, 10.0),
    "fill": Kind(2.0, 6.0),
    "clock": Kind(),
}


@dataclass(frozen=True)
class Fault:
    """One line of the plan: `at` and `seconds` from the beginning; `size` is for clocks."""

    at: float
    kind: str
    target: str
    seconds: float
    size: float


def plan(seed: int, seconds: float, targets: Targets, every: float = EVERY) -> tuple[Fault, ...]:
    """Every kind on every target in turn, in an order of the seed's, until the time is over."""
    chance = random.Random(f"faults {seed}")
    last = seconds - QUIET_AT_THE_END
    found: list[Fault] = []
    at, stalls = chance.uniform(1.0, every), 0
    for kind, target in _turns(chance, targets):
        stalls += kind == STALL
        alone = kind == STALL and stalls % 2 == 0
        if alone:
            at = max(at, _end(found) + QUIET_BEFORE_A_STALL)
        if at >= last:
            break
        lasting = min(chance.uniform(KINDS[kind].shortest, KINDS[kind].longest), last - at)
        size = round(chance.uniform(-3600.0, 3600.0), 1)
        found.append(Fault(round(at, 2), kind, target, round(lasting, 2), size))
        at += chance.uniform(0.5 * every, 1.5 * every) + (lasting if alone else 0.0)
    return tuple(found)


def _end(faults: Sequence[Fault]) -> float:
    """When the last of them is over."""
    return max((fault.at + fault.seconds for fault in faults), default=0.0)


def _turns(chance: random.Random, targets: Targets) -> Iterator[tuple[str, str]]:
    pairs = [(kind, target) for kind in sorted(targets) for target in sorted(targets[kind])]
    while True:
        chance.shuffle(pairs)
        yield from pairs


@dataclass(frozen=True)
class Step:
    """What a person does next, to which of what is there (`pick` of as many), after which pause."""

    word: str
    pick: int
    pause: float


def steps(seed: int, who: str, mix: Mapping[str, int]) -> Iterator[Step]:
    """An endless row of steps of one person, each word as often as its weight says."""
    chance = random.Random(f"steps {seed} {who}")
    words, weights = list(mix), list(mix.values())
    while True:
        word = chance.choices(words, weights)[0]
        yield Step(word, chance.randrange(1 << 16), chance.uniform(0.05, 0.5))
