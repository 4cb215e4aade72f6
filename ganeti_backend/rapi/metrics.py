"""What the remote API counts."""

from prometheus_client import Counter, Histogram

from ganeti_backend.telemetry import metrics

REQUESTS = Counter(
    "ganeti_rapi_requests_total", "Requests by method and status.", ("method", "status")
)
TAKEN = Histogram(
    "ganeti_rapi_request_seconds",
    "From a request until its answer, waiting for jobs included.",
    buckets=metrics.SECONDS,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


def answered(method: str, status: int, seconds: float) -> None:
    """A request was answered. What clients make up must not make up labels."""
    REQUESTS.labels(method if method in METHODS else "other", status).inc()
    TAKEN.observe(seconds)
