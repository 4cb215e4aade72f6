"""Counters, gauges and histograms of one process, printed in Prometheus' text format.

Not the usual client library: that takes three to eleven megabytes in each process, of which an
embedded cloud has eight. Its parser reads what is printed here in the tests.
"""

from __future__ import annotations

import bisect
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

log = logging.getLogger(__name__)

Values = tuple[str, ...]
# What a line says: what follows the name, the labels' names and values, and the number.
Sample = tuple[str, Values, Values, float]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metric:
    """A name with its meaning; what it counts is the business of its kind."""

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self._lock = threading.Lock()

    def samples(self) -> Iterator[Sample]:
        """What is to be printed now."""
        raise NotImplementedError

    def _checked(self, values: Values) -> Values:
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {values}")
        return values


class _Numbers(Metric):
    """One number for each set of labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, text, labels)
        self._numbers: dict[Values, float] = {}

    def replace(self, numbers: Mapping[Values, float]) -> None:
        """These are all there are now."""
        for values in numbers:
            self._checked(values)
        with self._lock:
            self._numbers = dict(numbers)

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            numbers = sorted(self._numbers.items())
        yield from (("", self.labels, values, number) for values, number in numbers)


class Counter(_Numbers):
    """Only grows, until the process ends."""

    kind = "counter"

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, text, labels)
        if not labels:
            self._numbers[()] = 0.0

    def add(self, amount: float, *values: str) -> None:
        """Count `amount` more of these labels."""
        with self._lock:
            before = self._numbers.get(values)
            if before is None:
                self._checked(values)
                before = 0.0
            self._numbers[values] = before + amount


class Gauge(_Numbers):
    """Goes up and down; what it no longer knows it does not show."""

    kind = "gauge"

    def set(self, number: float, *values: str) -> None:
        """It is this now."""
        with self._lock:
            self._numbers[self._checked(values)] = number

    def forget(self, label: str, value: str) -> None:
        """Nothing is known any more of what has this label."""
        place = self.labels.index(label)
        with self._lock:
            kept = {v: number for v, number in self._numbers.items() if v[place] != value}
            self._numbers = kept


class Histogram(Metric):
    """How often something took how long."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        bounds: Sequence[float] = SECONDS,
    ) -> None:
        super().__init__(name, text, labels)
        self._bounds = tuple(bounds)
        self._counts: dict[Values, list[int]] = {}
        self._sums: dict[Values, float] = {}

    def see(self, number: float, *values: str) -> None:
        """One more."""
        place = bisect.bisect_left(self._bounds, number)
        with self._lock:
            counts = self._counts.get(values)
            if counts is None:
                counts = self._counts[self._checked(values)] = [0] * (len(self._bounds) + 1)
                self._sums[values] = 0.0
            counts[place] += 1
            self._sums[values] += number

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            found = [(v, list(counts), self._sums[v]) for v, counts in sorted(self._counts.items())]
        names = (*self.labels, "le")
        for values, counts, total in found:
            so_far = 0
            for bound, count in zip((*map(repr, self._bounds), "+Inf"), counts, strict=True):
                so_far += count
                yield "_bucket", names, (*values, bound), so_far
            yield "_sum", self.labels, values, total
            yield "_count", self.labels, values, so_far


class Registry:
    """The metrics of one process, and who has to be asked before they are printed."""

    def __init__(self, *metrics: Metric) -> None:
        self._metrics: dict[str, Metric] = {}
        self._questions: list[tuple[Callable[[], None], tuple[_Numbers, ...]]] = []
        for metric in metrics:
            self.add(metric)

    def add(self, *metrics: Metric) -> None:
        """These belong to it too."""
        for metric in metrics:
            if self._metrics.setdefault(metric.name, metric) is not metric:
                raise ValueError(f"there are two metrics {metric.name}")

    def ask(self, question: Callable[[], None], *metrics: _Numbers) -> None:
        """Before printing, `question` sets these. If it fails they are left out: what was true a
        while ago is no answer.
        """
        self.add(*metrics)
        self._questions.append((question, metrics))

    def metrics(self) -> list[Metric]:
        """All, by name."""
        return [self._metrics[name] for name in sorted(self._metrics)]

    def text(self) -> str:
        """What `/metrics` answers."""
        for question, metrics in self._questions:
            for metric in metrics:
                metric.replace({})
            try:
                question()
            except Exception:  # It may ask anything; the other metrics are shown all the same.
                log.warning("no answer for %s", metrics[0].name, exc_info=True)
                for metric in metrics:
                    metric.replace({})
        return "".join(line for metric in self.metrics() for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    # In this format only backslashes and line ends of a help text are special.
    text = metric.text.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {metric.name} {text}\n# TYPE {metric.name} {metric.kind}\n"
    for suffix, names, values, number in metric.samples():
        labels = ",".join(
            f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)
        )
        yield f"{metric.name}{suffix}{'{' + labels + '}' if labels else ''} {float(number)!r}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
