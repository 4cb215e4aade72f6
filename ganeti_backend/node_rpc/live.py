"""What the nodes say of themselves now: asked in parallel, kept for a second, not waited for long.

A node that kept us waiting in vain counts as silent, so that one hung machine does not slow every
list; a thread goes on knocking, and with the first answer the node counts again. Nothing is stored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Call, Nodes

MAX_AGE = 1.0
ANSWER_WITHIN = 5.0
SLOW = 1.0
KNOCK_EVERY = 0.2
Answers = dict[str, Any]


@dataclass(frozen=True)
class LiveData:
    """Answers by node name; None stands for a node that did not answer."""

    infos: Mapping[str, Mapping[str, Any] | None]
    running: Mapping[str, Mapping[str, Mapping[str, Any]] | None]

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Memory, processors and disk."""
        return self.infos.get(name)

    def instances(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """The instances the node runs, by name."""
        return self.running.get(name)


class Cached:
    """One call's answers of all nodes; while one thread asks, the others wait for its answer."""

    def __init__(self, ask: Callable[[], Answers]) -> None:
        self._ask = ask
        self._mutex = threading.Lock()
        self._answers: Answers = {}
        self._asked_at = float("-inf")
        self._changed_at = float("-inf")

    def get(self, max_age: float) -> Answers:
        if not self._fresh(max_age):
            with self._mutex:
                if not self._fresh(max_age):
                    # The moment before asking counts: what changes meanwhile may be missing.
                    begun = time.monotonic()
                    self._answers = self._ask()
                    self._asked_at = begun
        return self._answers

    def forget(self) -> None:
        """Something changed on the nodes: answers asked for before now are too old."""
        self._changed_at = time.monotonic()

    def _fresh(self, max_age: float) -> bool:
        return self._asked_at > max(time.monotonic() - max_age, self._changed_at)


class LiveReader:
    def __init__(self, nodes: Nodes, names: Callable[[], Sequence[str]]) -> None:
        self._nodes = nodes
        self._names = names
        # Two pools, because those who wait for a whole answer must not keep its parts from running.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="live")
        self._askers = ThreadPoolExecutor(32, thread_name_prefix="live-node")
        self._silent: set[str] = set()
        self._mutex = threading.Lock()
        self._closed = threading.Event()
        self._infos = Cached(lambda: self._ask_all(calls.NODE_INFO))
        self._running = Cached(lambda: self._ask_all(calls.INSTANCES_INFO))

    def live(self) -> LiveData:
        infos = self._threads.submit(self._infos.get, MAX_AGE)
        running = self._running.get(MAX_AGE)
        return LiveData(infos.result(), running)

    def infos(self, max_age: float = MAX_AGE) -> Mapping[str, Mapping[str, Any] | None]:
        """Only memory, processors and disk, for the allocator."""
        return self._infos.get(max_age)

    def forget_running(self) -> None:
        """After an opcode: who looks next sees what it did, not what was a second ago."""
        self._running.forget()

    def close(self) -> None:
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _ask_all(self, call: Call) -> Answers:
        names = list(self._names())
        others = [self._askers.submit(self._ask, name, call) for name in names[1:]]
        answers = {name: self._ask(name, call) for name in names[:1]}
        answers.update(zip(names[1:], (future.result() for future in others), strict=True))
        return answers

    def _ask(self, name: str, call: Call) -> Any:
        if name in self._silent:
            return None
        begun = time.monotonic()
        try:
            return self._nodes.call(name, call, timeout=ANSWER_WITHIN)
        except errors.NodeError:
            if time.monotonic() - begun > SLOW:
                self._count_as_silent(name)
            return None

    def _count_as_silent(self, name: str) -> None:
        with self._mutex:
            if name in self._silent:
                return
            self._silent.add(name)
        threading.Thread(target=self._knock, args=(name,), name="knock", daemon=True).start()

    def _knock(self, name: str) -> None:
        """Until the node answers, or refuses at once: then nobody waits for it in vain any more."""
        while not self._closed.wait(KNOCK_EVERY):
            begun = time.monotonic()
            try:
                self._nodes.call(name, calls.VERSION, timeout=ANSWER_WITHIN)
            except errors.NodeError:
                if time.monotonic() - begun > SLOW:
                    continue
            break
        self._silent.discard(name)
        self._infos.forget()
        self._running.forget()
