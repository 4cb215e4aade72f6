"""What the lines of both sides have in common; what only the frontend's can do comes last."""

import io
import json
import logging
import sys
import threading
import warnings

import pytest

from ganeti_backend.telemetry import logs as clusters
from synnefo.telemetry import logs as frontends

BOTH = pytest.mark.parametrize("logs", [frontends, clusters], ids=["frontend", "cluster"])


@pytest.fixture
def written():
    """A logger of its own, and a function that reads what it wrote since."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("test.telemetry")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.handlers[:] = [handler]

    def read():
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    return logger, handler, read


@BOTH
def test_a_json_line_says_what_it_is_about(logs, written):
    logger, handler, read = written
    handler.setFormatter(logs.JsonLines())
    logger.info("submitted as %d\nat once", 7, extra=logs.about(job=7, backend=None))
    logger.info("elsewhere")
    first, second = (json.loads(line) for line in read().splitlines())
    assert {k: first[k] for k in ("message", "job", "level", "logger")} == {
        "message": "submitted as 7\nat once",
        "job": 7,
        "level": "INFO",
        "logger": "test.telemetry",
    }
    assert first["time"].endswith("Z")
    assert "backend" not in first
    assert "job" not in second


@BOTH
def test_facts_never_hide_the_line_itself(logs, written):
    logger, handler, read = written
    handler.setFormatter(logs.JsonLines())
    logger.info("told", extra=logs.about(message="other", level="other"))
    line = json.loads(read())
    assert (line["message"], line["level"]) == ("told", "INFO")


@BOTH
def test_a_trace_is_part_of_its_line(logs, written):
    logger, handler, read = written
    handler.setFormatter(logs.JsonLines())
    try:
        raise RuntimeError("no way to amqp://user:secret@host/")
    except RuntimeError:
        logger.exception("failed")
    (line,) = read().splitlines()
    assert "RuntimeError: no way to amqp://user:***@host/" in json.loads(line)["trace"]


@BOTH
def test_lines_for_people_name_the_same_facts(logs, written):
    logger, handler, read = written
    handler.setFormatter(logs.Lines())
    logger.info("submitted", extra=logs.about(backend=1, job=7))
    assert read().rstrip().endswith("INFO test.telemetry submitted [backend=1 job=7]")


@BOTH
def test_what_users_name_cannot_look_like_more_lines_or_facts(logs, written):
    logger, handler, read = written
    handler.setFormatter(logs.Lines())
    logger.info("made", extra=logs.about(user="é job=7\n2026 ERROR"))
    (line,) = read().splitlines()
    assert line.split(" ", 4)[4].startswith('made [user="')
    assert line.endswith(' job=7\\n2026 ERROR"]')


@BOTH
@pytest.mark.parametrize("kind", ["Lines", "JsonLines"])
@pytest.mark.parametrize(
    "address",
    ["postgresql://me:s3cret@h:5/db", "amqp://a:s3cret@h,amqp://b:s3cret@i", "https://:s3cret@h/"],
)
def test_passwords_in_addresses_are_never_written(logs, written, kind, address):
    logger, handler, read = written
    handler.setFormatter(getattr(logs, kind)())
    logger.error("cannot reach %s", address, extra=logs.about(url=address))
    text = read()
    assert "s3cret" not in text
    assert "***" in text
    assert "@h" in text


@pytest.fixture
def unconfigured(monkeypatch):
    """What `configure` sets is put back."""
    root, level = logging.getLogger(), logging.getLogger().level
    monkeypatch.setattr(root, "handlers", [*root.handlers])
    for owner in (sys, threading):
        monkeypatch.setattr(owner, "excepthook", owner.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    yield
    logging.captureWarnings(False)
    root.setLevel(level)


@BOTH
@pytest.mark.parametrize(
    ("wishes", "level", "kind"),
    [
        (None, "INFO", "Lines"),
        ("", "INFO", "Lines"),
        ("warning", "WARNING", "Lines"),
        ("json", "INFO", "JsonLines"),
        ("JSON, debug", "DEBUG", "JsonLines"),
    ],
)
def test_wishes(logs, wishes, level, kind, unconfigured):
    logs.configure("debug")
    logs.configure(wishes)
    (handler,) = logging.getLogger().handlers  # It replaces what was there.
    assert logging.getLogger().level == logging.getLevelNamesMapping()[level]
    assert type(handler.formatter) is getattr(logs, kind)


@BOTH
def test_strays_become_lines(logs, unconfigured, capsys):
    logs.configure("json")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    died, warned = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert died["message"] == "died of ZeroDivisionError"
    assert "ZeroDivisionError" in died["trace"]
    assert "DeprecationWarning: old" in warned["message"]


def test_what_is_followed_stands_in_all_lines_for_a_while(written):
    logger, handler, read = written
    handler.setFormatter(frontends.formatter("json"))
    with frontends.following(request="req-1", server=None):
        with frontends.following(intent="i-1"):
            logger.info("inside", extra=frontends.about(job=7))
        logger.info("outside")
    logger.info("elsewhere")
    first, second, third = (json.loads(line) for line in read().splitlines())
    assert (first["request"], first["intent"], first["job"]) == ("req-1", "i-1", 7)
    assert second["request"] == "req-1"
    assert "server" not in second
    assert "intent" not in second
    assert "request" not in third
