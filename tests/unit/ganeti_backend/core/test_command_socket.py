"""The door of the commands: no mistake is silent, and nobody else's files change by its opening."""

import json
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from ganeti_backend.daemons import command_socket
from ganeti_backend.daemons.command_socket import CommandSocket, answer


def test_an_answer_that_no_json_can_hold_is_an_error_to_its_caller(caplog) -> None:
    told = json.loads(answer({"Look": object}, b'{"method": "Look"}\n'))
    assert told["success"] is False
    assert "JSON" in str(told["result"])
    assert "a request failed" in caplog.text


@pytest.fixture
def made(tmp_path: Path, monkeypatch) -> CommandSocket:
    class Silent:
        def __init__(self, _master: object) -> None:
            pass

        def methods(self) -> dict[str, object]:
            return {"Ping": lambda: "pong"}

    monkeypatch.setattr(command_socket, "Commands", Silent)
    door = CommandSocket(None, tmp_path / "door", {})
    yield door
    door.stop()


def test_it_is_its_owners_alone(made: CommandSocket) -> None:
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


def test_other_threads_make_their_files_as_ever(tmp_path: Path, monkeypatch) -> None:
    """A mask for new files is the whole process's: nobody could enter folders made meanwhile."""
    seen: list[int] = []
    monkeypatch.setattr(os, "umask", lambda mask: seen.append(mask) or 0o022)
    monkeypatch.setattr(command_socket.Commands, "methods", lambda _self: {})
    monkeypatch.setattr(command_socket.Commands, "__init__", lambda _self, _master: None)
    CommandSocket(None, tmp_path / "door", {}).stop()
    assert seen == []


def test_a_mistake_in_a_handler_is_in_the_log(made: CommandSocket, monkeypatch, caplog) -> None:
    ended = threading.Event()

    def broken(_methods: object, _line: bytes) -> bytes:
        raise ValueError("a mistake")

    def told(self: object, request: object) -> None:
        original(self, request)
        ended.set()

    original = command_socket._Server.shutdown_request
    monkeypatch.setattr(command_socket._Server, "shutdown_request", told)
    monkeypatch.setattr(command_socket, "answer", broken)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(made.path))
        client.sendall(b"{}\n")
        assert ended.wait(10)
    assert "a mistake" in caplog.text
