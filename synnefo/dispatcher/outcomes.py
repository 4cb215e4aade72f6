"""What can come of an attempt to submit an intent, and how the log says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Submitted:
    """The backend has a job of it."""

    job_id: int

    def __str__(self) -> str:
        return f"it is job {self.job_id}"


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; `looks_needed` is 0 when it is certain that no job exists."""

    seconds: float
    looks_needed: int
    cause: str
    backend_away: bool = False

    def __str__(self) -> str:
        return f"again in {self.seconds:.1f} s: {self.cause}"


@dataclass(frozen=True, slots=True)
class Refused:
    """Never; the sentence is for the user."""

    sentence: str

    def __str__(self) -> str:
        return f"refused: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing to remove: the server is gone."""

    def __str__(self) -> str:
        return "it is gone"


Outcome = Submitted | Later | Refused | Gone
