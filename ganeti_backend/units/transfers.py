"""What both sides of a move between clusters have in common: how data is packed, and their keys."""

from __future__ import annotations

from typing import Any

from ganeti_backend.units import base

COMPRESSIONS = ("none", "gzip", "gzip-fast", "gzip-slow")


def problem_of(pem: str) -> str:
    """What is wrong with the other side's certificate; nothing if it is empty."""
    # Loaded here because most masters never see another cluster's certificate.
    from ganeti_backend.certificates import authority

    return authority.problem_of(pem)


def key_name(unit: base.Unit[Any]) -> str:
    """Of a job that runs again it is the same."""
    return f"x509-{unit.job.job_id}-{unit.job.op_index}"
