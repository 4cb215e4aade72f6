"""A small client of the remote API for the tests: one connection a request, nothing hidden."""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.namespaces import wait_for

FINAL = frozenset({"success", "error", "canceled"})
Connect = Callable[..., socket.socket]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


class Rapi:
    def __init__(
        self,
        address: tuple[str, int],
        user: str,
        password: str,
        connect: Connect = socket.create_connection,
    ) -> None:
        self.address = address
        self.user, self.password = user, password
        self._connect = connect
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = (),  # type: ignore[assignment]
    ) -> Answer:
        """One request, its body as JSON. With `headers` it is sent as it stands;
        `login=None` sends no credentials."""
        sent = {}
        user = (self.user, self.password) if login == () else login
        if user:
            sent["Authorization"] = self.authorization(*user)
        if body is not None and headers is None:
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read().decode())
        finally:
            connection.close()

    @staticmethod
    def authorization(user: str, password: str) -> str:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def connection(self) -> http.client.HTTPSConnection:
        """A new one, not yet open."""
        made = http.client.HTTPSConnection(*self.address, context=self._tls, timeout=120)
        made._create_connection = self._connect  # type: ignore[attr-defined]
        return made

    def get(self, path: str) -> Any:
        return self.ask("GET", path).body

    def reachable(self) -> bool:
        try:
            return self.ask("GET", "/2/info").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def ended(self, job_id: int, seconds: float = 120) -> Any:
        """The job when it is over."""

        def over() -> Any:
            job = self.get(f"/2/jobs/{job_id}")
            return job if job["status"] in FINAL else None

        return wait_for(over, f"job {job_id} is over", seconds)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """A job that must succeed."""
        answer = self.ask(method, path, body)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.text}")
        job = self.ended(answer.body)
        if job["status"] != "success":
            raise RuntimeError(f"{method} {path}: {job['status']} {job['opresult']}")
        return job
