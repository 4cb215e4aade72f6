"""Starts the dispatcher: configuration, wiring, threads. SIGTERM ends it cleanly."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

import django

log = logging.getLogger("synnefo.dispatcher")


class _Threads:
    """Ends when told to, or when one of them fails: the supervisor starts the process anew."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.failed = False
        self._running: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run it in a thread of its own."""
        thread = threading.Thread(target=self._guarded, args=(name, work), name=name)
        self._running.append(thread)
        thread.start()

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # Whatever it was: the process ends, and its supervisor starts it anew.
            log.exception("%s failed", name)
            self.failed = True
        finally:
            self.stop.set()

    def join(self) -> int:
        """Wait for all; the exit code."""
        for thread in self._running:
            thread.join()
        return 1 if self.failed else 0


def main() -> int:
    """Run until stopped."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
    django.setup()
    from django.conf import settings

    from synnefo import wiring
    from synnefo.dispatcher.consumer import Consumer, shares
    from synnefo.dispatcher.submission import Submitter
    from synnefo.telemetry import logs
    from synnefo.telemetry.metrics import open_port

    logs.catch_strays()
    threads = _Threads()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threads.stop.set())
    bus, clock = wiring.bus(), wiring.clock()
    listening = wiring.doorbell().listen(["intents"])
    submitter = Submitter(wiring.cluster, clock, settings.SYNNEFO_INSTANCE_PREFIX)
    threads.start("submission", lambda: submitter.run(listening, threads.stop))
    for number_of, queues in enumerate(shares(wiring.topology().queues)):
        consumer = Consumer(clock)
        threads.start(f"consumer-{number_of}", partial(consumer.run, bus, queues, threads.stop))
    open_port(os.environ.get("SYNNEFO_METRICS_PORT"))
    log.info("dispatcher is ready")
    while not threads.stop.wait(60):
        pass
    listening.close()
    bus.wake()
    code = threads.join()
    bus.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
