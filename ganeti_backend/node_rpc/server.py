"""Serves the table of calls over HTTPS: a plain ASGI application, each call in a thread.

Only a client with a certificate of the cluster's authority gets as far as HTTP. What a call does is
not known here: the handlers are passed in by the node daemon.
"""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import uvicorn

from ganeti_backend.errors import GenericError
from ganeti_backend.node_rpc import metrics
from ganeti_backend.node_rpc.calls import CALLS
from ganeti_backend.settings import NodeSettings, TlsSettings

log = logging.getLogger(__name__)

Handler = Callable[..., Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# A guest's shutdown holds a thread while it waits, so there are more of them than cores.
THREADS = 64
KEEP_ALIVE = 300
MAX_BODY = 4 << 20


class NodeServer:
    """The ASGI application: POST /CALL with a JSON body of arguments."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        missing = sorted(set(CALLS) - set(handlers))
        if missing:
            raise TypeError(f"no handler for {', '.join(missing)}")
        self._handlers = dict(handlers)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="call")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = CALLS.get(scope["path"].lstrip("/"))
        if call is None or scope["method"] != "POST":
            await _answer(send, 404, b'{"error":{"class":"LookupError","message":"no such call"}}')
            return
        body = await _body(receive)
        if body is None:
            await _answer(send, 413, b'{"error":{"class":"ValueError","message":"too long"}}')
            return
        loop = asyncio.get_running_loop()
        content = await loop.run_in_executor(self._threads, self._run, call.name, body)
        await _answer(send, 200, content)

    def _run(self, name: str, body: bytes) -> bytes:
        begun, outcome = time.monotonic(), "failed"
        try:
            arguments = CALLS[name].bind(orjson.loads(body or b"{}"))
            answer = orjson.dumps({"result": self._handlers[name](**arguments)})
            outcome = "done"
            return answer
        except Exception as error:  # Whatever fails belongs to the caller.
            log.warning("%s failed: %s", name, error, exc_info=not isinstance(error, GenericError))
            text = error.message if isinstance(error, GenericError) else str(error)
            return orjson.dumps(
                {"error": {"class": type(error).__name__, "message": text or repr(error)}}
            )
        finally:
            metrics.CALLS.labels(name, outcome).inc()
            metrics.TAKEN.labels(name).observe(time.monotonic() - begun)


class PromptServer(uvicorn.Server):
    """Ends idle connections without the TLS farewell, for which a silent client would be waited."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            # Typed as a protocol without these two by uvicorn; both of its HTTP/1.1 ones have them.
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)


def build(application: NodeServer, node: NodeSettings, tls: TlsSettings) -> uvicorn.Server:
    """The web server of one node; `run` serves until SIGTERM."""
    config = uvicorn.Config(
        application,
        host=node.address,
        port=node.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=2,
        server_header=False,
        date_header=False,
        ssl_certfile=str(tls.certificate),
        ssl_keyfile=str(tls.key),
        ssl_ca_certs=str(tls.ca),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    return PromptServer(config)


async def _body(receive: Receive) -> bytes | None:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Send, status: int, content: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
