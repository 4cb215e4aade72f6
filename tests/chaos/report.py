"""Says what a run did and found, in words and numbers."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.audit import HOLD_UP_READERS, HOLD_UP_WRITERS, INVARIANTS, counts, fair_windows
from tests.chaos.run import Outcome


def text(outcome: Outcome, heading: str) -> str:
    """The whole report; Markdown, so that it can be kept as it is."""
    return "\n".join([f"# {heading}", "", *_numbers(outcome), *_judgement(outcome)]) + "\n"


def _numbers(outcome: Outcome) -> Iterator[str]:
    journal = outcome.journal
    done = Counter(window.kind for window in journal.windows)
    where: dict[str, Counter[str]] = {}
    for window in journal.windows:
        where.setdefault(window.kind, Counter())[window.target] += 1
    yield f"Faults injected: {done.total()} of {len(outcome.plan)} planned."
    yield ""
    for kind in sorted(done):
        targets = ", ".join(f"{name} {times}" for name, times in sorted(where[kind].items()))
        yield f"* {kind}: {done[kind]} ({targets})"
    if journal.skipped:
        missed = ", ".join(f"{kind} {n}" for kind, n in sorted(journal.skipped.items()))
        yield f"* found nothing to hit, as it was down already: {missed}"
    touched = ", ".join(f"{n} {word}" for word, n in sorted(journal.messages.items()))
    yield f"* messages touched: {touched or 'none'}"
    yield ""
    yield f"Operations: {journal.operations.total()} in {outcome.lasted:.0f} s."
    yield ""
    for word in sorted({name.rpartition(" ")[0] for name in _short(journal.operations)}):
        outcomes = [
            f"{name.rpartition(' ')[2]} {times}"
            for name, times in sorted(_short(journal.operations).items())
            if name.rpartition(" ")[0] == word
        ]
        yield f"* {word}: {', '.join(outcomes)}"
    yield ""


def _short(operations: Counter[str]) -> Counter[str]:
    """The last word is the outcome."""
    found: Counter[str] = Counter()
    for name, times in operations.items():
        if name.endswith("broken off"):
            found[name.removesuffix("broken off") + "broken-off"] += times
        elif name.endswith("given up"):
            found[name.removesuffix("given up") + "given-up"] += times
        elif " answered " in name:
            found[name.replace(" answered ", " ")] += times
        else:
            found[name] += times
    return found


def _judgement(outcome: Outcome) -> Iterator[str]:
    journal, facts = outcome.journal, outcome.facts
    if outcome.settled_after is None:
        yield "It did not become calm in time."
    else:
        yield f"Calm {outcome.settled_after:.0f} s after the last fault was undone."
    reads = len(list(fair_windows(journal, HOLD_UP_READERS, journal.reads)))
    writes = len(list(fair_windows(journal, HOLD_UP_WRITERS, journal.writes)))
    yield (
        f"Audited: {len(facts.servers)} servers, {len(facts.intents)} intents, {len(facts.jobs)}"
        f" jobs, {len(facts.instances)} instances, {len(facts.commissions)} commissions,"
        f" {len(facts.addresses)} addresses, {len(journal.accepted)} accepted wishes; reads looked"
        f" at in {reads} and writes in {writes} stand-stills of the cluster."
    )
    yield ""
    for number, violations in counts(outcome.violations).items():
        yield f"invariant {number}: {violations}  ({INVARIANTS[number]})"
    yield ""
    yield from (f"VIOLATED {one.invariant}: {one.text}" for one in outcome.violations)
