"""Runs tests of tempest in parallel and writes one JSON line for each; runs in tempest's Python.

    python worker.py CONFIGURATION RESULTS WORKERS [--list] < patterns

The patterns are regular expressions, one a line; a line that is the whole id of a test chooses that
one. It prefers the standard library: nothing of this project is importable here.
"""

import importlib
import json
import multiprocessing
import os
import pkgutil
import re
import sys
import time
import traceback
import unittest
from pathlib import Path

LOG_TAIL = 12_000
WHOLE_ID = re.compile(r"tempest\.[\w.]+\.[A-Z]\w*\.test_\w+")
GROUPS = (
    "tempest.api.compute",
    "tempest.api.identity",
    "tempest.api.image",
    "tempest.api.network",
    "tempest.api.volume",
    "tempest.scenario",
    "tempest.serial_tests",
)


class Results(unittest.TestResult):
    """Appends what became of each test; a broken class counts for all of its tests."""

    def __init__(self, path, names):
        super().__init__()
        self.path, self.names, self.begun = path, names, {}

    def startTest(self, test):  # noqa: N802
        super().startTest(test)
        self.begun[test.id()] = time.monotonic()

    def addSuccess(self, test):  # noqa: N802
        self._tell(test, "passed")

    def addError(self, test, err=None, details=None):  # noqa: N802
        self._tell(test, "failed", *_told(err, details))

    def addFailure(self, test, err=None, details=None):  # noqa: N802
        self._tell(test, "failed", *_told(err, details))

    def addExpectedFailure(self, test, err=None, details=None):  # noqa: N802
        self._tell(test, "passed")

    def addUnexpectedSuccess(self, test, details=None):  # noqa: N802
        self._tell(test, "failed", "unexpected success", "")

    def addSkip(self, test, reason=None, details=None):  # noqa: N802
        if reason is None and details:
            reason = details["reason"].as_text()
        self._tell(test, "skipped", str(reason), "")

    def _tell(self, test, outcome, why="", log=""):
        seconds = time.monotonic() - self.begun.get(test.id(), time.monotonic())
        whole_class = re.match(r"(setUp|tearDown)Class \((.*)\)", test.id())
        names = self.names if whole_class and whole_class[1] == "setUp" else [_name(test.id())]
        for name in names:
            row = {"test": name, "outcome": outcome, "seconds": round(seconds, 2)}
            if why:
                row |= {"why": why, "log": log[-LOG_TAIL:]}
            _append(self.path, row)


def _told(err, details):
    if details:
        texts = {key: content.as_text() for key, content in details.items()}
        logs = "\n".join(text for key, text in texts.items() if key.startswith("pythonlogging"))
        why = "\n".join(text for key, text in sorted(texts.items()) if key.startswith("traceback"))
        return why or str(texts), logs
    return "".join(traceback.format_exception(*err)), ""


def _append(path, row):
    # One write of one line: the workers share the file.
    with open(path, "ab", buffering=0) as file:
        file.write(json.dumps(row).encode() + b"\n")


def _name(test_id):
    return test_id.partition("[")[0]


def _modules(patterns):
    if _whole(patterns):
        return [importlib.import_module(name) for name in {p.rsplit(".", 2)[0] for p in patterns}]
    return list(_all_modules())


def _whole(patterns):
    return all(WHOLE_ID.fullmatch(pattern) for pattern in patterns)


def _all_modules():
    for group in GROUPS:
        package = importlib.import_module(group)
        for module in pkgutil.walk_packages(package.__path__, f"{group}."):
            if module.name.rsplit(".", 1)[-1].startswith("test_"):
                yield importlib.import_module(module.name)


def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def chosen(patterns):
    """The tests that match any pattern, by class."""
    wanted = re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or ".")
    exact, whole = set(patterns), _whole(patterns)
    by_class = {}
    for module in _modules(patterns):
        for case in _cases(unittest.defaultTestLoader.loadTestsFromModule(module)):
            # A base class that is imported by many modules belongs to its own one.
            if type(case).__module__ != module.__name__:
                continue
            name = _name(case.id())
            if name in exact if whole else wanted.search(name):
                by_class.setdefault(type(case), {})[name] = case
    return [list(cases.values()) for cases in by_class.values()]


def _serve(number, classes, following, path):
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    while True:
        with following.get_lock():
            index, following.value = following.value, following.value + 1
        if index >= len(classes):
            return
        cases = classes[index]
        result = Results(path, [_name(case.id()) for case in cases])
        try:
            unittest.TestSuite(cases).run(result)
        except Exception:  # noqa: BLE001 - whatever a suite throws is the end of that class only
            for name in result.names:
                row = {"test": name, "outcome": "failed", "seconds": 0}
                _append(path, row | {"why": traceback.format_exc(), "log": ""})


def main():
    configuration, path, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.environ["TEMPEST_CONFIG_DIR"] = str(configuration.parent)
    os.environ["TEMPEST_CONFIG"] = configuration.name
    os.environ.setdefault("OS_LOG_CAPTURE", "1")
    os.environ["OS_TEST_TIMEOUT"] = "300"
    patterns = [line.strip() for line in sys.stdin if line.strip()]
    classes = chosen(patterns)
    if "--list" in sys.argv:
        print("\n".join(_name(case.id()) for cases in classes for case in cases))
        return
    # The slow ones first, so that the workers end together.
    classes.sort(key=len, reverse=True)
    following = multiprocessing.Value("i", 0)
    forked = multiprocessing.get_context("fork")
    crew = [
        forked.Process(target=_serve, args=(number, classes, following, path))
        for number in range(min(workers, len(classes)))
    ]
    for worker in crew:
        worker.start()
    for worker in crew:
        worker.join()


if __name__ == "__main__":
    main()
