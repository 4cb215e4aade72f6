from dataclasses import dataclass

import pytest

from ganeti_backend import errors
from ganeti_backend.queries import filters
from ganeti_backend.queries.fields import UNAVAILABLE, Field, Kind, Table, nice, ordinal


@dataclass
class Thing:
    name: str
    size: int | None = None
    tags: tuple[str, ...] = ()


TABLE = Table(
    [
        Field("name", "Name", Kind.TEXT, "", lambda thing, _: thing.name),
        Field(
            "size", "Size", Kind.UNIT, "", lambda t, _: UNAVAILABLE if t.size is None else t.size
        ),
        Field("tags", "Tags", Kind.OTHER, "", lambda thing, _: list(thing.tags)),
    ],
    bulk=("name", "size"),
)
THINGS = [Thing("a", 1, ("x",)), Thing("b", 20), Thing("c", None, ("x", "y"))]


@pytest.mark.parametrize(
    ("qfilter", "names"),
    [
        (None, "abc"),
        (["=", "name", "a"], "a"),
        (["!=", "name", "a"], "bc"),
        ([">", "size", 5], "b"),
        (["<=", "size", 20], "ab"),
        (["?", "size"], "ab"),
        (["!", ["?", "tags"]], "b"),
        (["=[]", "tags", "x"], "ac"),
        (["=", "tags", "y"], "c"),
        (["=~", "name", "^[bc]$"], "bc"),
        (["!=", "tags", "y"], "ab"),
        (["=[]", "tags", ["x"]], ""),
        (["<", "size", 20], "a"),
        ([">=", "size", 20], "b"),
        (["!", ["=~", "name", "(?i)^A"]], "bc"),
        (["&", ["?", "tags"], ["|", ["=", "name", "a"], ["=", "name", "b"]]], "a"),
    ],
)
def test_filter(qfilter, names):
    matches = filters.compile_filter(TABLE, qfilter)
    assert "".join(thing.name for thing in THINGS if matches(thing, None)) == names


def nested(depth):
    return ["!", nested(depth - 1)] if depth else ["?", "name"]


@pytest.mark.parametrize(
    "qfilter",
    ["name", [], ["~", "name", 1], ["=", "name"], ["=", ["x"], 1], ["!", 1, 2], ["=~", "name", "("],
     ["=~", "name", "x" * 1000], ["=", "nosuch", 1], nested(100), ["=~", "name", "(a+)+$"],
     ["=~", "name", "(a|a?)*b"], ["=~", "name", "a*a*a*a*b"], ["=~", "name", "a?" * 30],
     ["=~", "name", "(?=(x+)*)y"],
     ["=~", "name", "((a{17,})|b){20}"], ["=~", "name", "a{99999999999}"], ["=~", "name", 5],
     # What can never be true is said rather than answered with nothing.
     [">", "size", "text"], ["=", "size", True], ["=", "size", None], ["=", "name", 5],
     ["!=", "name", None], ["=[]", "name", "a"], ["=[]", "size", 1]],
)  # fmt: skip
def test_wrong_filter(qfilter):
    with pytest.raises(errors.OpPrereqError):
        filters.compile_filter(TABLE, qfilter)


@pytest.mark.parametrize(
    "pattern",
    ["^web.*\\.example\\.(org|com)$", "^(?s:web.*)\\Z", "^rack[0-9]{1,3}-.+$", "(ab){2,4}+"],
)
def test_patterns_that_end(pattern):
    filters.compile_filter(TABLE, ["=~", "name", pattern])


HOSTS = Table([Field("name", "Name", Kind.TEXT, "", lambda t, _: t.name, host=True)])


@pytest.mark.parametrize(
    ("qfilter", "found"),
    [
        (["=", "name", "web1"], True),
        (["==", "name", "web1.example.org"], True),
        (["=", "name", "web"], False),
        (["=", "name", "web1.example"], False),
        (["=", "name", ""], False),
        (["!=", "name", "web1"], False),
    ],
)
def test_names_of_hosts_need_no_domain(qfilter, found):
    matches = filters.compile_filter(HOSTS, qfilter)
    assert matches(Thing("web1.example.org"), None) is found


def test_wanted_keys():
    assert filters.wanted_keys(["=", "id", 5], "id") == [5]
    assert filters.wanted_keys(["|", ["=", "id", 5], ["==", "id", 6]], "id") == [5, 6]
    assert filters.wanted_keys(["|", ["=", "id", 5], ["?", "x"]], "id") is None
    assert filters.wanted_keys(["!", ["=", "id", 5]], "id") is None


def test_special_statuses():
    rows = TABLE.query([THINGS[2]], None, ["name", "size", "nosuch"])
    assert rows == [[[0, "c"], [3, None], [1, None]]]
    assert TABLE.show(THINGS[2], None) == {"name": "c", "size": None}


def test_order_and_ordinals():
    assert sorted(["node10", "node9", "node"], key=nice) == ["node", "node9", "node10"]
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 21)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "21st",
    ]  # fmt: skip
