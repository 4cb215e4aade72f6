"""What can come of an attempt to submit an intent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Submitted:
    """The backend has a job of it."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; `looks_needed` is 0 when it is certain that no job exists."""

    seconds: float
    looks_needed: int
    cause: str
    backend_away: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Never; the sentence is for the user."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing to remove: the server is gone."""


Outcome = Submitted | Later | Refused | Gone
