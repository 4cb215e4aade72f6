"""A stand-in for the cloud, so that the web console can be tried without one.

Run `python -m tests.browser.stand_in --port 8765` and open it; sign in as demo with password demo.
It answers only what the console asks for. It is no reference for the API: the real one is.
"""

import argparse
import asyncio
import mimetypes
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn

from tests.browser.stand_in_cloud import FLAVORS, IMAGES, NETWORKS, QUOTA, Cloud, RefusedError
from tests.browser.stand_in_screen import screen

UI = Path(__file__).resolve().parents[2] / "ui"
PASSWORD = "demo"
SERVICES = {
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "image": "/image",
    "network": "/network",
}
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
Answer = tuple[int, Any, dict[str, str]]
UUID = r"(?P<id>[\w-]+)"


class StandIn:
    """The ASGI application; one per test session."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.tokens: set[str] = set()
        self.tickets: set[str] = set()
        self.stop = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._console(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _console(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        ticket = parse_qs(scope["query_string"].decode()).get("token", [""])[0]
        if ticket in self.tickets:
            self.tickets.discard(ticket)
            await screen(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        if path == "/events":
            await self._events(headers, receive, send)
            return
        if method == "GET" and (file := _file(path)):
            await _respond(send, 200, file.read_bytes(), {"Content-Type": _type(file)})
            return
        body = await _body(receive)
        try:
            status, answer, extra = self._api(method, path, headers, body)
        except RefusedError as refused:
            fault = {"code": refused.status, "message": str(refused)}
            status, answer, extra = refused.status, {"computeFault": fault}, {}
        extra = {"Content-Type": "application/json", "X-Openstack-Request-Id": "req-1", **extra}
        await _respond(send, status, b"" if answer is None else orjson.dumps(answer), extra)

    def _api(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        if path == "/identity/v3/auth/tokens" and method == "POST":
            return self._sign_in(body)
        if headers.get("x-auth-token") not in self.tokens:
            raise RefusedError(401, "The request you have made requires authentication.")
        for verb, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                return handler(self, body, headers, **match.groupdict())
        raise RefusedError(404, f"Not here: {method} {path}")

    def _sign_in(self, body: Any) -> Answer:
        auth = body["auth"]
        by_password = auth["identity"].get("password")
        if by_password and by_password["user"]["password"] != PASSWORD:
            raise RefusedError(401, "The request you have made requires authentication.")
        token = secrets.token_hex(16)
        self.tokens.add(token)
        answer: dict[str, Any] = {"user": {"id": "u1", "name": "demo"}, "expires_at": "2099"}
        if "scope" in auth:
            answer["project"] = {"id": "p1", "name": "demo"}
            answer["catalog"] = [_service(kind, url) for kind, url in SERVICES.items()]
        return 201, {"token": answer}, {"X-Subject-Token": token}

    async def _events(self, headers: dict[str, str], receive: Any, send: Any) -> None:
        if headers.get("x-auth-token") not in self.tokens:
            await _respond(send, 401, b"", {})
            return
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.cloud.listeners.add(queue)
        kind = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        queue.put_nowait(b"event: hello\ndata: {}\n\n")
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            while not gone.done():
                taken = asyncio.ensure_future(queue.get())
                await asyncio.wait({gone, taken}, return_when=asyncio.FIRST_COMPLETED)
                if taken.done():
                    await send(
                        {"type": "http.response.body", "body": taken.result(), "more_body": True}
                    )
                else:
                    taken.cancel()
        finally:
            gone.cancel()
            self.cloud.listeners.discard(queue)

    # --- the answers ---------------------------------------------------------------------------

    def revoke(self, _body: Any, headers: dict[str, str]) -> Answer:
        self.tokens.discard(headers.get("x-subject-token", ""))
        return 204, None, {}

    def projects(self, _body: Any, _headers: dict[str, str]) -> Answer:
        return 200, {"projects": [{"id": "p1", "name": "demo"}]}, {}

    def list_servers(self, _body: Any, _headers: dict[str, str]) -> Answer:
        return 200, {"servers": list(self.cloud.servers.values())[::-1]}, {}

    def create_server(self, body: Any, headers: dict[str, str]) -> Answer:
        made = self.cloud.create(body["server"], headers["idempotency-key"])
        return 202, {"server": {"id": made}}, {}

    def show_server(self, _body: Any, _headers: dict[str, str], id: str) -> Answer:
        return 200, {"server": self.cloud.found(id)}, {}

    def delete_server(self, _body: Any, _headers: dict[str, str], id: str) -> Answer:
        self.cloud.delete(id)
        return 204, None, {}

    def act(self, body: Any, _headers: dict[str, str], id: str) -> Answer:
        (action,) = body
        if action == "os-getConsoleOutput":
            name = self.cloud.found(id)["name"]
            return 200, {"output": f"[    0.000000] Linux 6.1\nGUEST-READY host={name}\n"}, {}
        self.cloud.act(id, action)
        return 202, None, {}

    def console(self, _body: Any, _headers: dict[str, str], id: str) -> Answer:
        self.cloud.found(id)
        ticket = secrets.token_hex(8)
        self.tickets.add(ticket)
        address = (
            f"http://cloud.invalid/console/vnc.html?path=console/websockify%3Ftoken%3D{ticket}"
        )
        return 200, {"remote_console": {"protocol": "vnc", "type": "novnc", "url": address}}, {}

    def list_keys(self, _body: Any, _headers: dict[str, str]) -> Answer:
        return 200, {"keypairs": [{"keypair": key} for key in self.cloud.keys.values()]}, {}

    def import_key(self, body: Any, _headers: dict[str, str]) -> Answer:
        key = body["keypair"]
        if not key["public_key"].startswith("ssh-"):
            raise RefusedError(400, "Keypair data is invalid: public_key is no SSH key.")
        self.cloud.keys[key["name"]] = key
        return 200, {"keypair": key}, {}

    def limits(self, _body: Any, _headers: dict[str, str]) -> Answer:
        used = len(self.cloud.servers)
        absolute = {
            "maxTotalInstances": QUOTA,
            "totalInstancesUsed": used,
            "maxTotalCores": 20,
            "totalCoresUsed": used,
            "maxTotalRAMSize": 20480,
            "totalRAMUsed": 512 * used,
        }
        return 200, {"limits": {"absolute": absolute}}, {}


def _fixed(answer: dict[str, Any]) -> Callable[..., Answer]:
    return lambda _self, _body, _headers: (200, answer, {})


def _images() -> list[dict[str, Any]]:
    return [{**image, "status": "active", "visibility": "public"} for image in IMAGES]


COMPUTE = SERVICES["compute"]
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("DELETE", "/identity/v3/auth/tokens", StandIn.revoke),
    ("GET", "/identity/v3/auth/projects", StandIn.projects),
    ("GET", f"{COMPUTE}/servers/detail", StandIn.list_servers),
    ("POST", f"{COMPUTE}/servers", StandIn.create_server),
    ("GET", f"{COMPUTE}/servers/{UUID}", StandIn.show_server),
    ("DELETE", f"{COMPUTE}/servers/{UUID}", StandIn.delete_server),
    ("POST", f"{COMPUTE}/servers/{UUID}/action", StandIn.act),
    ("POST", f"{COMPUTE}/servers/{UUID}/remote-consoles", StandIn.console),
    ("GET", f"{COMPUTE}/os-keypairs", StandIn.list_keys),
    ("POST", f"{COMPUTE}/os-keypairs", StandIn.import_key),
    ("GET", f"{COMPUTE}/limits", StandIn.limits),
    ("GET", f"{COMPUTE}/flavors/detail", _fixed({"flavors": FLAVORS})),
    ("GET", "/image/v2/images", _fixed({"images": _images()})),
    ("GET", "/network/v2.0/networks", _fixed({"networks": NETWORKS})),
]


def _service(kind: str, url: str) -> dict[str, Any]:
    # Another host on purpose: the console must keep to the origin it came from.
    endpoint = {"interface": "public", "region": "RegionOne", "url": f"http://cloud.invalid{url}"}
    return {"type": kind, "name": kind, "endpoints": [endpoint]}


def _file(path: str) -> Path | None:
    named = {
        "/": UI / "templates/index.html",
        "/console/vnc.html": UI / "static/ui/console.html",
    }
    file = named.get(path, (UI / path.lstrip("/")).resolve())
    inside = file.is_relative_to(UI / "static") or path in named
    return file if inside and file.is_file() else None


def _type(file: Path) -> str:
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


async def _body(receive: Any) -> Any:
    text = b""
    more = True
    while more:
        message = await receive()
        text += message.get("body", b"")
        more = message.get("more_body", False)
    return orjson.loads(text) if text else None


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(send: Any, status: int, body: bytes, headers: dict[str, str]) -> None:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", **headers}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def application(step: float = 0.15) -> StandIn:
    return StandIn(Cloud(step=step))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--step", type=float, default=0.6, help="seconds between steps of a build")
    options = parser.parse_args()
    uvicorn.run(application(options.step), port=options.port, log_level="warning")
