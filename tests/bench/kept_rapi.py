"""The tests' RAPI client as a benchmark needs it: kept connections, and no polling of jobs.

A server that closes its connections, as the real Ganeti's does, costs a new one per request: so
it is for every client of it.
"""

import http.client
import json
import threading
from typing import Any

from tests.conformance.rapi import FINAL, Answer, Rapi

WAIT = {"fields": ["status"], "previous_job_info": None, "previous_log_serial": 10**9}


class KeptRapi(Rapi):
    """One connection for each thread."""

    def __init__(self, other: Rapi) -> None:
        super().__init__(other.address, other.user, other.password, other._connect)
        self._own = threading.local()

    def ask(self, method: str, path: str, body: Any = None, *_: Any, **__: Any) -> Answer:
        """One request, its body as JSON."""
        sent = {"Authorization": self.authorization(self.user, self.password)}
        if body is not None:
            sent["Content-Type"] = "application/json"
        text = None if body is None else json.dumps(body)
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self.connection()
        try:
            connection.request(method, path, body=text, headers=sent)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._own.connection = None
            raise
        return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())

    def ended(self, job_id: int, seconds: float = 120) -> Any:
        """The job when it is over; the server says when."""
        known = None
        while True:
            asked = WAIT | {"previous_job_info": known}
            answer = self.ask("GET", f"/2/jobs/{job_id}/wait", asked).body
            if answer is not None:
                known = answer["job_info"]
            if known is not None and known[0] in FINAL:
                return self.get(f"/2/jobs/{job_id}")
