"""Rows about jobs."""

from ganeti_backend.rapi import reads
from ganeti_backend.rapi.table import WRITERS, Row

ROWS: tuple[Row, ...] = (
    Row("GET", "/2/jobs", reads.job_list),
    Row("GET", "/2/jobs/{id}", reads.job),
    Row("GET", "/2/jobs/{id}/wait", reads.job_wait, waits=True),
    Row("DELETE", "/2/jobs/{id}", reads.job_cancel, WRITERS),
)
