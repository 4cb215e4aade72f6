"""Clients that send no end of a request's head, on a transport and a clock of the test's."""

import asyncio

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from synnefo.api.request_heads import LARGEST, SECONDS, BoundedHeads

LINE = b"GET / HTTP/1.1\r\n"
REQUEST = LINE + b"host: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab"


class Timer:
    def __init__(self, due, call):
        self.due, self.call, self.cancelled = due, call, False

    def cancel(self):
        self.cancelled = True


class Loop:
    """As much of an event loop as the protocol uses; time passes when the test says so."""

    def __init__(self):
        self.now, self.timers = 0.0, []

    def call_later(self, seconds, call):
        self.timers.append(Timer(self.now + seconds, call))
        return self.timers[-1]

    def call_soon(self, call):
        self.call_later(0.0, call)

    def create_task(self, coroutine, **_):
        coroutine.close()
        return self

    def add_done_callback(self, _):
        """Nothing is ever done here but by the test."""

    def pass_by(self, seconds):
        self.now += seconds
        due = [one for one in self.timers if one.due <= self.now and not one.cancelled]
        self.timers = [one for one in self.timers if one not in due]
        for one in due:
            one.call()


class Transport(asyncio.Transport):
    def __init__(self):
        super().__init__()
        self.written, self.closed, self.calls = b"", False, 0

    def write(self, data):
        self.written += data
        self.calls += 1

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        """What it has is enough for these tests."""


class Connection:
    """A client and what the protocol makes of it."""

    def __init__(self):
        self.loop, self.transport = Loop(), Transport()
        config = Config(lambda: None, http=BoundedHeads, timeout_keep_alive=5)
        self.protocol = BoundedHeads(config, ServerState(), {}, _loop=self.loop)
        self.protocol.connection_made(self.transport)

    def send(self, data, then=0.0):
        self.protocol.data_received(data)
        self.loop.pass_by(then)

    def answer(self):
        self.protocol.cycle.response_complete = True
        self.protocol.on_response_complete()

    def say(self, *messages):
        """What the application says in one turn of the loop; the answer's own coroutine runs."""
        for kind, more in messages:
            saying = self.protocol.cycle.send({"type": f"http.response.{kind}", **more})
            with pytest.raises(StopIteration):
                saying.send(None)

    @property
    def left(self):
        """The status that the client is left with; None while it is not left."""
        if not self.transport.closed:
            return None
        return self.transport.written.split(b" ")[1] if self.transport.written else b"no word"


@pytest.fixture
def connection():
    return Connection()


@pytest.mark.parametrize(
    "data", [b"", b"GE", LINE, LINE + b"host"], ids=["nothing", "letters", "a line", "some"]
)
def test_who_falls_silent_within_a_head_is_told_and_left(connection, data):
    connection.send(data, SECONDS - 1)
    assert connection.left is None
    connection.loop.pass_by(1)
    assert connection.left == b"408"


def test_a_line_now_and_then_is_no_excuse(connection):
    connection.send(LINE)
    for _ in range(int(SECONDS)):
        connection.send(b"a: b\r\n", 1)
    assert connection.left == b"408"


def test_a_head_without_end_is_refused_before_it_fills_the_memory(connection):
    connection.send(LINE)
    piece = b"a: " + b"b" * 1000 + b"\r\n"
    for sent in range(0, LARGEST, len(piece)):
        assert connection.left is None, sent
        connection.send(piece)
    assert connection.left == b"431"


def test_what_comes_after_a_head_has_its_own_time(connection):
    connection.send(POST, 10 * SECONDS)
    assert connection.left is None
    connection.send(b"cd", 10 * SECONDS)
    assert connection.left is None


def test_an_answer_may_take_longer_than_a_head(connection):
    connection.send(REQUEST + LINE, 2 * SECONDS)
    assert connection.left is None
    connection.answer()
    connection.send(b"a: b\r\n", SECONDS)
    assert connection.left == b"408"


def test_each_request_of_a_connection_has_the_whole_time(connection):
    for _ in range(3):
        connection.send(LINE, SECONDS - 1)
        connection.send(REQUEST.removeprefix(LINE))
        connection.answer()
    assert connection.left is None
    connection.loop.pass_by(5)
    assert connection.left == b"no word"  # A connection that is kept for nothing ends in silence.


def test_nothing_is_awaited_of_who_has_gone(connection):
    connection.send(LINE)
    connection.protocol.connection_lost(None)
    connection.loop.pass_by(SECONDS)
    assert connection.transport.written == b""


HEAD = ("start", {"status": 200, "headers": [(b"content-length", b"4")]})
STREAM = ("start", {"status": 200, "headers": []})


def test_an_answer_leaves_with_its_head(connection):
    connection.send(REQUEST)
    connection.say(HEAD, ("body", {"body": b"abcd"}))
    assert connection.transport.written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert connection.transport.written.endswith(b"\r\n\r\nabcd")
    assert connection.transport.calls == 1
    connection.send(REQUEST)  # The next one on the same connection, too.
    connection.say(HEAD, ("body", {"body": b"efgh"}))
    assert connection.transport.calls == 2
    assert connection.transport.written.endswith(b"\r\n\r\nefgh")


def test_a_head_does_not_wait_for_a_stream_to_flow(connection):
    connection.send(REQUEST)
    connection.say(STREAM)
    assert connection.transport.written == b""
    connection.loop.pass_by(0)
    assert connection.transport.written.endswith(b"\r\n\r\n")
    connection.say(("body", {"body": b"one", "more_body": True}))
    connection.say(("body", {"body": b"two", "more_body": True}))
    assert connection.transport.written.endswith(b"3\r\none\r\n3\r\ntwo\r\n")


def test_an_answer_without_a_body_is_sent(connection):
    connection.send(REQUEST.replace(b"GET", b"HEAD"))
    connection.say(HEAD, ("body", {}))
    assert connection.transport.written.endswith(b"content-length: 4\r\n\r\n")


def test_the_last_answer_is_sent_before_the_connection_ends(connection):
    connection.send(REQUEST.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    connection.say(HEAD, ("body", {"body": b"abcd"}))
    assert connection.transport.closed
    assert connection.transport.written.endswith(b"connection: close\r\n\r\nabcd")
