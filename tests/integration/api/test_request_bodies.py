"""How the body of a request is found, before anything is made of it."""

from __future__ import annotations

import io

import pytest
from django.http import HttpRequest

from synnefo.api.request import Request


@pytest.mark.parametrize("said", ["chunked", "Chunked", "gzip, CHUNKED"])
def test_a_body_without_a_length_is_read_however_its_coding_is_written(said: str) -> None:
    http = HttpRequest()
    http.META = {"wsgi.input": io.BytesIO(b"{}"), "HTTP_TRANSFER_ENCODING": said}
    assert Request(http, "").raw() == b"{}"


def test_without_either_there_is_no_body() -> None:
    http = HttpRequest()
    http.META = {"wsgi.input": io.BytesIO(b"of the next request")}
    assert Request(http, "").raw() == b""
