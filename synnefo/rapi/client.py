"""The port Cluster over Ganeti's RAPI. The only place that knows its paths and who says what how.

Connections are kept and shared by threads. Reads are tried twice, writes once: whether a write
whose answer got lost was accepted is for the caller to look up by its reason.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from synnefo.ports import (
    ClusterBusy,
    ClusterDenied,
    ClusterError,
    ClusterInfo,
    ClusterRefused,
    ClusterUnreachable,
    ClusterUntrusted,
    ConsoleReport,
    InstanceChange,
    InstanceReport,
    InstanceSpec,
    JobReport,
    NetworkReport,
    NetworkSpec,
    NodeReport,
    NotFound,
)
from synnefo.rapi import payloads, tls

CONNECT_WITHIN = 5.0
ANSWER_WITHIN = 30.0
CONNECTIONS = 32
# Seconds that a guest gets to shut down before it is removed.
LAST_WORDS = 3
# Beyond what any queue will ever number.
NO_JOB = 999_999_999_999
# Shorter than the five seconds after which uvicorn closes an idle connection.
KEEP_IDLE = 3.0
# Of whoever stands before the cluster: timeout, too early, too many requests.
_COME_AGAIN = {408, 425, 429}
# Lingering for no time: what was not delivered when a connection is given up, also by the death of
# the process, is not delivered later by the kernel, when the job may have been asked for again.
FORGET_AT_CLOSE = struct.pack("ii", 1, 0)
_REFUSING_JOBS = re.compile(r"drain|queue.*full|needs archiving", re.IGNORECASE)


class RapiCluster:
    """One cluster behind its RAPI address (https://host:port)."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        proof: Path | str | None = None,
        *,
        answer_within: float = ANSWER_WITHIN,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`proof` is the file of its authority, or the fingerprint of its certificate."""
        self._http = httpx.Client(
            base_url=url,
            auth=(user, password),
            timeout=httpx.Timeout(answer_within, connect=CONNECT_WITHIN),
            transport=transport or _transport(proof),
            trust_env=False,
        )

    # --- looking

    def info(self) -> ClusterInfo:
        """Who the cluster is and what it can do."""
        return payloads.cluster_info(self._get("/2/info"), self._get("/2/features"))

    def instances(self) -> list[InstanceReport]:
        """All instances, in one request."""
        return [payloads.instance(one) for one in self._get("/2/instances", bulk=1)]

    def instance(self, name: str) -> InstanceReport:
        """One instance."""
        return payloads.instance(self._get(f"/2/instances/{quote(name)}"))

    def nodes(self) -> list[NodeReport]:
        """All nodes with their capacity, in one request."""
        return [payloads.node(one) for one in self._get("/2/nodes", bulk=1)]

    def groups(self) -> list[str]:
        """The names of the node groups."""
        return [str(one["name"]) for one in self._get("/2/groups")]

    def networks(self) -> list[NetworkReport]:
        """All networks, in one request."""
        return [payloads.network(one) for one in self._get("/2/networks", bulk=1)]

    def job(self, job_id: int) -> JobReport:
        """One job, also an archived one."""
        found = self._get(f"/2/jobs/{job_id}")
        # Ganeti answers a question after a job that it does not know with nulls all over.
        if found["status"] is None:
            raise NotFound(f"Job {job_id} not found")
        return payloads.job(found)

    def find_job_by_reason(self, text: str, since_job: int) -> int | None:
        """Looks at the queue first and, as Ganeti lists those only when asked, at the archive."""
        for fields in (["id", "ops"], ["id", "ops", "archived"]):
            body = {"fields": fields, "qfilter": [">", "id", since_job]}
            rows = self._read("PUT", "/2/query/job", body)["data"]
            found = payloads.jobs_with_reason(rows, text, since_job)
            if found:
                return min(found)
        return None

    def operating_systems(self) -> list[str]:
        """The names of the OS definitions that all nodes have."""
        return [str(name) for name in self._get("/2/os")]

    def console(self, name: str) -> ConsoleReport:
        """How to reach an instance's console."""
        return payloads.console(self._get(f"/2/instances/{quote(name)}/console"))

    def console_output(self, name: str, length: int | None = None) -> str:
        """What our backend adds to RAPI; a Ganeti without it keeps no output."""
        query = {} if length is None else {"length": length}
        try:
            answer = self._get(f"/2/instances/{quote(name)}/console-output", **query)
        except NotFound:
            # An unknown path and an unknown instance look alike; the instance tells them apart.
            self.instance(name)
            return ""
        return str(answer["output"])

    # --- wishing

    def submit_create(self, spec: InstanceSpec, reason: str) -> int:
        """Make an instance."""
        return self._submit("POST", "/2/instances", reason, payloads.create(spec))

    def submit_remove(self, name: str, reason: str) -> int:
        """Remove an instance with its disks; nobody waits long for a guest that is to go."""
        body = {"shutdown_timeout": LAST_WORDS}
        return self._submit("DELETE", f"/2/instances/{quote(name)}", reason, body)

    def submit_startup(self, name: str, reason: str) -> int:
        """Start an instance."""
        return self._submit("PUT", f"/2/instances/{quote(name)}/startup", reason, {})

    def submit_shutdown(self, name: str, reason: str, timeout: int | None = None) -> int:
        """Stop an instance; after `timeout` seconds by force."""
        body = {} if timeout is None else {"timeout": timeout}
        return self._submit("PUT", f"/2/instances/{quote(name)}/shutdown", reason, body)

    def submit_reboot(
        self, name: str, reason: str, kind: Literal["soft", "hard", "full"] = "hard"
    ) -> int:
        """Restart an instance."""
        path = f"/2/instances/{quote(name)}/reboot"
        return self._submit("POST", path, reason, {}, type=kind)

    def submit_set_params(self, name: str, change: InstanceChange, reason: str) -> int:
        """Change an instance's size, cards or disks."""
        path = f"/2/instances/{quote(name)}/modify"
        return self._submit("PUT", path, reason, payloads.modify(change))

    def submit_hold(
        self, name: str, what: Literal["pause", "unpause", "suspend", "resume"], reason: str
    ) -> int:
        """What our backend adds to RAPI."""
        return self._submit("PUT", f"/2/instances/{quote(name)}/{what}", reason, {})

    def submit_reinstall(self, name: str, os: str, osparams: Mapping[str, str], reason: str) -> int:
        """One job that stops the instance and installs it."""
        body = {"os": os, "start": False, "osparams": dict(osparams)}
        return self._submit("POST", f"/2/instances/{quote(name)}/reinstall", reason, body)

    def submit_grow_disk(self, name: str, disk: int, size: int, reason: str) -> int:
        """By the size that it is to have, so that asking twice does no harm."""
        body = {"amount": size, "absolute": True, "wait_for_sync": False}
        return self._submit("POST", f"/2/instances/{quote(name)}/disk/{disk}/grow", reason, body)

    def submit_save_disk(
        self, name: str, disk: str, file: str, reason: str, *, sums: bool = True
    ) -> int:
        """What our backend adds to RAPI."""
        body = {"disk": disk, "file": file, "sums": sums}
        return self._submit("POST", f"/2/instances/{quote(name)}/save-disk", reason, body)

    def submit_migrate(self, name: str, live: bool, node: str | None, reason: str) -> int:
        """Without a node, the cluster chooses."""
        body = {"mode": "live" if live else "non-live"} | ({"target_node": node} if node else {})
        return self._submit("PUT", f"/2/instances/{quote(name)}/migrate", reason, body)

    def submit_failover(self, name: str, node: str | None, reason: str) -> int:
        """Without a node, the cluster chooses."""
        body = {"target_node": node} if node else {}
        return self._submit("PUT", f"/2/instances/{quote(name)}/failover", reason, body)

    def submit_move(self, name: str, node: str, reason: str) -> int:
        """What our backend adds to RAPI."""
        body = {"target_node": node}
        return self._submit("PUT", f"/2/instances/{quote(name)}/move", reason, body)

    def submit_rename(self, name: str, new_name: str, reason: str) -> int:
        """Give an instance that is stopped another name, which nobody has to resolve."""
        body = {"new_name": new_name, "ip_check": False, "name_check": False}
        return self._submit("PUT", f"/2/instances/{quote(name)}/rename", reason, body)

    def submit_node_role(self, name: str, role: str, reason: str) -> int:
        """Make a node regular, drained or offline; the body is the bare word."""
        return self._submit("PUT", f"/2/nodes/{quote(name)}/role", reason, role)

    def submit_cluster_tag(self, tag: str, reason: str) -> int:
        """Put a tag on the cluster itself."""
        return self._submit("PUT", "/2/tags", reason, {}, tag=tag)

    def submit_network_add(self, spec: NetworkSpec, reason: str) -> int:
        """Make a network."""
        return self._submit("POST", "/2/networks", reason, payloads.network_add(spec))

    def submit_network_connect(
        self, name: str, group: str, mode: str, link: str, reason: str, after: int | None = None
    ) -> int:
        """Connect a network to a node group."""
        body = {
            "group_name": group,
            "network_mode": mode,
            "network_link": link,
            "conflicts_check": False,
        }
        if after is not None:
            body["depends"] = [[after, ["success"]]]
        return self._submit("PUT", f"/2/networks/{quote(name)}/connect", reason, body)

    def submit_network_disconnect(self, name: str, group: str, reason: str) -> int:
        """Disconnect a network from a node group."""
        path = f"/2/networks/{quote(name)}/disconnect"
        return self._submit("PUT", path, reason, {"group_name": group})

    def submit_network_remove(self, name: str, reason: str) -> int:
        """Remove a network."""
        return self._submit("DELETE", f"/2/networks/{quote(name)}", reason)

    def check_rights(self) -> None:
        """ClusterDenied unless we may write: asks to cancel a job that there is not."""
        self._request("DELETE", f"/2/jobs/{NO_JOB}")

    def cancel(self, job_id: int) -> bool:
        """Take a job that has not begun out of the queue."""
        answer = self._request("DELETE", f"/2/jobs/{job_id}")
        return bool(answer[0])

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # --- talking

    def _get(self, path: str, **query: Any) -> Any:
        return self._read("GET", path, None, **query)

    def _read(self, method: str, path: str, body: Mapping[str, Any] | None, **query: Any) -> Any:
        """Twice, since a kept connection may have been closed by the other end just now."""
        try:
            return self._request(method, path, body, **query)
        except ClusterUnreachable as first:
            if not first.perhaps_done:
                raise
            try:
                return self._request(method, path, body, **query)
            except ClusterUnreachable as second:
                raise ClusterUnreachable(str(second)) from second

    def _submit(
        self,
        method: str,
        path: str,
        reason: str,
        body: Mapping[str, Any] | str | None = None,
        **query: Any,
    ) -> int:
        answer = self._request(method, path, body, reason=reason, **query)
        try:
            return int(answer)
        except (TypeError, ValueError) as error:
            message = f"{method} {path} answered no job id: {answer!r}"
            raise ClusterUnreachable(message, perhaps_done=True) from error

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | str | None = None, **query: Any
    ) -> Any:
        what = f"{method} {path}"
        try:
            response = self._http.request(method, path, json=body, params=query or None)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            kind = ClusterUntrusted if tls.is_mistrust(error) else ClusterUnreachable
            raise kind(f"{what}: {error!r}") from error
        except httpx.TransportError as error:
            silent = isinstance(error, httpx.TimeoutException)
            message = f"{what}: {error!r}"
            raise ClusterUnreachable(message, perhaps_done=True, silent=silent) from error
        if response.is_success:
            return self._decode(what, response)
        raise _error(what, response)

    @staticmethod
    def _decode(what: str, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError as error:
            message = f"{what}: answered no JSON"
            raise ClusterUnreachable(message, perhaps_done=True) from error


def _transport(proof: Path | str | None) -> httpx.HTTPTransport:
    return httpx.HTTPTransport(
        verify=tls.context(proof),
        limits=httpx.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEEP_IDLE,
        ),
        socket_options=[(socket.SOL_SOCKET, socket.SO_LINGER, FORGET_AT_CLOSE)],
        trust_env=False,
    )


def _error(what: str, response: httpx.Response) -> ClusterError:
    code, message = response.status_code, _explanation(response)
    if code in {401, 403}:
        return ClusterDenied(code, message)
    if code == 404:
        return NotFound(message)
    if code >= 500 and _REFUSING_JOBS.search(message):
        return ClusterBusy(code, message)
    if code in _COME_AGAIN or (code >= 500 and code != 501):
        # 504 says that somebody on the way stopped waiting, not that the cluster gave up.
        sentence = f"{what}: {code} {message}"
        return ClusterUnreachable(sentence, perhaps_done=True, silent=code == 504)
    return ClusterRefused(code, message)


def _explanation(response: httpx.Response) -> str:
    """The sentence for people in Ganeti's error body {"code", "message", "explain"}."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:500] or response.reason_phrase
    if not isinstance(body, dict):
        return str(body)[:500]
    parts = (str(body.get(key) or "") for key in ("message", "explain"))
    return ": ".join(part for part in parts if part)
