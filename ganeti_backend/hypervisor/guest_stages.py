"""What a node can have of a guest that goes from one node to another.

Node calls carry these words; drivers report them and the master decides by them.
"""

from enum import StrEnum


class Stage(StrEnum):
    """What one node has of a guest."""

    ABSENT = "absent"
    HERE = "here"  # It runs here, or is paused as an administrator wished.
    SENDING = "sending"  # It still runs here while its state is being sent.
    SENT = "sent"  # All of it was sent: it stands still here, and must not go on by itself.
    FAILED = "failed"  # Sending came to nothing: the guest is here.
    ARRIVING = "arriving"  # Waits for a state, or has a part of it.
    ARRIVED = "arrived"  # Has all of it and stands still.


class Verdict(StrEnum):
    """Where a guest is that was on its way when something broke."""

    SOURCE = "source"
    TARGET = "target"
    NOWHERE = "nowhere"
    TWICE = "twice"


STILL_THERE = frozenset({Stage.HERE, Stage.SENDING, Stage.SENT, Stage.FAILED})


def decide(source: Stage, target: Stage) -> Verdict:
    """Where the one guest goes on. What the other node has is dropped first, then this one kept."""
    if target is Stage.HERE:
        # A source that has sent everything stands still and may be dropped.
        moved = source in (Stage.SENT, Stage.ABSENT, Stage.ARRIVING, Stage.ARRIVED)
        return Verdict.TARGET if moved else Verdict.TWICE
    if target is Stage.ARRIVED and source in (Stage.SENT, Stage.ABSENT):
        return Verdict.TARGET
    return Verdict.SOURCE if source in STILL_THERE else Verdict.NOWHERE
