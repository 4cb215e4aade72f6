"""How many requests somebody may make: a bucket that fills steadily and holds so many at once."""

import math
import threading
from collections import OrderedDict


class Rates:
    """Buckets by key, kept in memory; of too many, the one longest unused is forgotten, full."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, now: float, per_minute: int) -> int:
        """Take one request: 0, or the whole seconds after which there is one again."""
        rate = per_minute / 60
        with self._lock:
            left, then = self._buckets.pop(key, (float(per_minute), now))
            left = min(float(per_minute), left + max(0.0, now - then) * rate)
            wait = 0 if left >= 1 else math.ceil((1 - left) / rate)
            self._buckets[key] = (left - (0 if wait else 1), now)
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        return wait
