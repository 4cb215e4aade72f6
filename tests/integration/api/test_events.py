"""Streams of events from within: what they let through, and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from synnefo.api import events
from synnefo.core.caller import Caller
from synnefo.core.faults import Unauthorized

Send = list[dict[str, Any]]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: a browser test may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work()).result(20)


class Broadcaster(events.Broadcaster):
    """One without a doorbell."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._subscribers = set()


async def stream(broadcaster: Broadcaster, threads: ThreadPoolExecutor, sent: Send) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"headers": [(b"x-auth-token", b"t")], "scheme": "http"}
    await events.Stream(broadcaster, threads).serve(scope, receive, send)


def text(sent: Send) -> str:
    return b"".join(message.get("body", b"") for message in sent).decode()


def caller(project: str, *roles: str) -> Caller:
    return Caller("u", "u", project, project, frozenset(roles), "")


def test_a_revoked_token_ends_also_a_busy_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    valid = True

    def identify(_token: str) -> Caller:
        if not valid:
            raise Unauthorized("no")
        return caller("p", "member")

    monkeypatch.setattr(events, "_identify", identify)

    async def work() -> None:
        nonlocal valid
        broadcaster, sent = Broadcaster(), []
        with ThreadPoolExecutor(1) as threads:
            task = asyncio.ensure_future(stream(broadcaster, threads, sent))
            for number in range(1000):
                valid = number < 20
                broadcaster._spread({"project": "p", "kind": "server", "id": str(number)})
                await asyncio.sleep(0.005)
                if task.done():
                    break
            assert task.done()

    run(work)


def test_projects_hear_of_their_own_and_of_what_is_everybodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def heard(who: Caller) -> str:
        monkeypatch.setattr(events, "_identify", lambda token: who)
        broadcaster, sent = Broadcaster(), []
        with ThreadPoolExecutor(1) as threads:
            task = asyncio.ensure_future(stream(broadcaster, threads, sent))
            while "hello" not in text(sent):
                await asyncio.sleep(0.005)
            for project in ("p", "q", None):
                broadcaster._spread({"project": project, "kind": "server", "id": f"of-{project}"})
            while "of-None" not in text(sent):
                await asyncio.sleep(0.005)
            broadcaster.closing.set()
            await task
        return text(sent)

    async def work() -> None:
        mine = await heard(caller("p", "member"))
        assert "of-p" in mine
        assert "of-q" not in mine
        assert "of-q" in await heard(caller("p", "admin"))

    run(work)
