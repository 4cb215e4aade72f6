import io
import json
import logging
import sys
import threading
import warnings

import pytest

from telemetry import logs


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


def test_a_json_line_says_what_it_is_about(written):
    logger, handler, read = written
    handler.setFormatter(logs.formatter("json"))
    with logs.following(request="req-1", server=None):
        with logs.following(intent="i-1"):
            logger.info("submitted as %d", 7, extra=logs.about(job=7, backend=None))
        logger.info("two\nlines")
    logger.info("elsewhere")
    first, second, third = (json.loads(line) for line in read().splitlines())
    assert {k: first[k] for k in ("message", "request", "intent", "job", "level", "logger")} == {
        "message": "submitted as 7",
        "request": "req-1",
        "intent": "i-1",
        "job": 7,
        "level": "INFO",
        "logger": "test.telemetry",
    }
    assert first["time"].endswith("Z")
    assert (second["message"], second["request"]) == ("two\nlines", "req-1")
    assert "backend" not in first
    assert "intent" not in second
    assert "request" not in third


def test_facts_never_hide_the_line_itself(written):
    logger, handler, read = written
    handler.setFormatter(logs.formatter("json"))
    logger.info("told", extra=logs.about(message="other", level="other"))
    line = json.loads(read())
    assert (line["message"], line["level"]) == ("told", "INFO")


def test_a_trace_is_part_of_its_line(written):
    logger, handler, read = written
    handler.setFormatter(logs.formatter("json"))
    try:
        raise RuntimeError("no way to amqp://user:secret@host/")
    except RuntimeError:
        logger.exception("failed")
    (line,) = read().splitlines()
    assert "RuntimeError: no way to amqp://user:***@host/" in json.loads(line)["trace"]


def test_lines_for_people_name_the_same_facts(written):
    logger, handler, read = written
    handler.setFormatter(logs.formatter(""))
    with logs.following(request="req-1"):
        logger.info("submitted", extra=logs.about(job=7))
    assert read().rstrip().endswith("INFO test.telemetry submitted [request=req-1 job=7]")


def test_what_users_name_cannot_look_like_more_lines_or_facts(written):
    logger, handler, read = written
    handler.setFormatter(logs.formatter(""))
    logger.info("made", extra=logs.about(user="x job=7\n2026 ERROR", server="é"))
    assert read().endswith('made [user="x job=7\\n2026 ERROR" server=é]\n')


def test_strays_become_lines(monkeypatch, caplog):
    for owner, name in ((sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    logs.catch_strays()
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
    finally:
        logging.captureWarnings(False)
    assert "died of ZeroDivisionError" in caplog.text
    assert "DeprecationWarning: old" in caplog.text


@pytest.mark.parametrize("wishes", ["", "json"])
@pytest.mark.parametrize(
    "address",
    ["postgresql://me:s3cret@h:5/db", "amqp://a:s3cret@h,amqp://b:s3cret@i", "https://:s3cret@h/"],
)
def test_passwords_in_addresses_are_never_written(written, wishes, address):
    logger, handler, read = written
    handler.setFormatter(logs.formatter(wishes))
    logger.error("cannot reach %s", address, extra=logs.about(url=address))
    text = read()
    assert "s3cret" not in text
    assert logs.HIDDEN in text
    assert "@h" in text


@pytest.mark.parametrize(
    ("wishes", "level", "kind"),
    [
        (None, "INFO", logs.Lines),
        ("", "INFO", logs.Lines),
        ("warning", "WARNING", logs.Lines),
        ("json", "INFO", logs.JsonLines),
        ("JSON, debug", "DEBUG", logs.JsonLines),
    ],
)
def test_wishes(wishes, level, kind):
    assert logs.level(wishes) == level
    assert type(logs.formatter(wishes)) is kind


def test_configure_replaces_what_was_there(monkeypatch, capsys):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers])
    monkeypatch.setattr(logs, "catch_strays", lambda: None)
    before = root.level
    try:
        logs.configure("json")
        logs.configure("json")
        logging.getLogger("x").info("once")
    finally:
        root.setLevel(before)
    assert json.loads(capsys.readouterr().err)["message"] == "once"
