"""Asking a cluster while the user waits, which only consoles do.

A cluster that does not answer holds a few of these requests, and the next ones are refused at once.
`asgi.py` gives them threads of their own: whatever clusters do, all other requests are answered.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from synnefo.core.faults import ServiceUnavailable
from synnefo.db.models import Backend

AT_ONCE_PER_BACKEND = 3
PATH = re.compile(r"/servers/[^/]+/(action|remote-consoles)$")
ACTIONS = re.compile(rb'"os-get(?:ConsoleOutput|(?:VNC|SPICE|RDP|Serial)Console)"')

_lock = threading.Lock()
_asking: Counter[int] = Counter()


def is_asking(path: str, body: bytes) -> bool:
    """Whether a request is going to ask a cluster."""
    match = PATH.search(path)
    return match is not None and (match[1] != "action" or ACTIONS.search(body) is not None)


@contextmanager
def asking(backend: Backend) -> Iterator[None]:
    """One of the few that may ask this backend at a time."""
    with _lock:
        if _asking[backend.pk] >= AT_ONCE_PER_BACKEND:
            raise ServiceUnavailable("The cluster of this server has enough to answer just now.")
        _asking[backend.pk] += 1
    try:
        yield
    finally:
        with _lock:
            _asking[backend.pk] -= 1
