"""Calls nodes over HTTPS with mutual TLS, on pooled connections that stay open between calls.

Nothing is repeated here: whether a call may run twice is known only by the unit that makes it.
"""

import logging
import ssl
from typing import Any

import httpx
import orjson

from ganeti_backend.errors import NodeCallError, NodeUnreachable
from ganeti_backend.node_rpc.calls import Call
from ganeti_backend.settings import Settings, TlsSettings

# One line for each call would drown what the master has to say.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_TIMEOUT = 5.0
# Shorter than the server's, so that the client is always the one that closes an idle connection.
KEEP_ALIVE = 240.0
HEADERS = {"content-type": "application/json"}


class NodeClient:
    """The master's line to all nodes; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._urls = {n.name: f"https://{n.address}:{n.port}" for n in settings.nodes}
        self._http = httpx.Client(
            verify=client_context(settings.tls),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=64, keepalive_expiry=KEEP_ALIVE
            ),
        )

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        """Run a call on a node; see `calls.Nodes`."""
        bound, seconds = bind(call, timeout, arguments)
        if node not in self._urls:
            raise NodeUnreachable(node, "no such node in the settings")
        try:
            response = self._http.post(
                f"{self._urls[node]}/{call.name}",
                content=orjson.dumps(bound),
                headers=HEADERS,
                timeout=httpx.Timeout(seconds, connect=CONNECT_TIMEOUT),
            )
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise NodeUnreachable(node, f"{call.name}: {reason}") from error
        return _result(node, call, response)

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()


def bind(
    call: Call, timeout: float | None, arguments: dict[str, Any]
) -> tuple[dict[str, Any], float]:
    """The arguments to send and the seconds to wait for the answer."""
    if timeout is not None and ("timeout" in call.required or "timeout" in call.defaults):
        arguments, timeout = {**arguments, "timeout": timeout}, None
    bound = call.bind(arguments)
    waits = float(bound[call.waits] or 0) if call.waits else 0.0
    return bound, call.timeout + waits if timeout is None else timeout


def client_context(tls: TlsSettings) -> ssl.SSLContext:
    """Trust the cluster's authority only and show the node certificate."""
    context = ssl.create_default_context(cafile=str(tls.ca))
    context.load_cert_chain(str(tls.certificate), str(tls.key))
    return context


def _result(node: str, call: Call, response: httpx.Response) -> Any:
    if response.status_code != httpx.codes.OK:
        text = f"HTTP {response.status_code}: {response.text[:200]}"
        raise NodeCallError(node, call.name, text)
    answer = orjson.loads(response.content)
    if "error" in answer:
        raise NodeCallError(node, call.name, str(answer["error"]["message"]))
    return answer["result"]
