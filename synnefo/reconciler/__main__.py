"""Starts the reconciler: configuration, wiring, loop. SIGTERM ends it cleanly."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import django

log = logging.getLogger("synnefo.reconciler")
EVERY = 30.0


def main() -> int:
    """Run until stopped."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
    django.setup()
    from synnefo import wiring
    from synnefo.reconciler import metrics
    from synnefo.reconciler.loop import Reconciler
    from synnefo.telemetry import logs
    from synnefo.telemetry.metrics import open_port

    logs.catch_strays()
    stop = threading.Event()
    every = float(os.environ.get("SYNNEFO_RECONCILE_EVERY", EVERY))
    reconciler = Reconciler(wiring.cluster, wiring.clock(), every)
    listening = wiring.doorbell().listen(["doubts"])
    thread = threading.Thread(target=reconciler.run, args=(listening, stop), name="loop")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread.start()
    asked = metrics.asked(wiring.bus(), wiring.clock())
    open_port(os.environ.get("SYNNEFO_METRICS_PORT"), *asked)
    log.info("reconciler is ready")
    while thread.is_alive() and not stop.wait(5):
        pass
    failed = not stop.is_set()
    stop.set()
    listening.close()
    thread.join()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
