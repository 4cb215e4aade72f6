"""What the remote API counts."""

from telemetry.metrics import Counter, Histogram

REQUESTS = Counter(
    "ganeti_rapi_requests_total", "Requests by method and status.", ("method", "status")
)
SECONDS = Histogram(
    "ganeti_rapi_request_seconds", "From a request until its answer, waiting for jobs included."
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


def answered(method: str, status: int, seconds: float) -> None:
    """A request was answered. What clients make up must not make up labels."""
    REQUESTS.add(1, method if method in METHODS else "other", str(status))
    SECONDS.see(seconds)
