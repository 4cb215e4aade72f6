"""Paths against patterns: as a regular expression would say, but never for long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synnefo.core.path_patterns import matches

SERVERS = "/v2.1/servers"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        (SERVERS, SERVERS, True),
        (SERVERS, f"{SERVERS}/", False),
        (SERVERS, "/v2x1/servers", False),
        (f"{SERVERS}/*", f"{SERVERS}/4711", True),
        (f"{SERVERS}/*", f"{SERVERS}/4711/ips", False),
        (f"{SERVERS}/*", f"{SERVERS}/", False),
        (f"{SERVERS}/{{server_id}}/ips", f"{SERVERS}/4711/ips", True),
        (f"{SERVERS}/{{server_id}}/ips", f"{SERVERS}/4711/8/ips", False),
        ("/v2.1/**", SERVERS, True),
        ("/v2.1/**", "/v2.1/", True),
        ("/v2.1/**/ips", f"{SERVERS}/4711/ips", True),
        ("/v2.1/**/ips", f"{SERVERS}/4711/ip", False),
        ("/v2.1/ser*", SERVERS, True),
    ],
)
def test_paths(pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern, path) is fits


def _by_expression(pattern: str, path: str) -> bool:
    words = {"**": ".*", "*": "[^/]+", "{x}": "[^/]+"}
    pieces = re.split(r"(\*\*|\*|\{x\})", pattern)
    return re.fullmatch("".join(words.get(p, re.escape(p)) for p in pieces), path) is not None


@given(
    st.lists(st.sampled_from(["/", "a", "b", "*", "**", "{x}"]), max_size=6).map("".join),
    st.text("/ab", max_size=8),
)
def test_as_a_regular_expression(pattern: str, path: str) -> None:
    assert matches(pattern, path) == _by_expression(pattern, path)


@pytest.mark.parametrize("wild", ["**", "*", "{x}"])
def test_no_pattern_takes_long(wild: str) -> None:
    """The expression needed 46 seconds for ten wildcards and a path of 40 characters."""
    assert not matches("/" + f"{wild}a" * 60 + "b", "/" + "a" * 4000 + "c")
