import pytest

from ganeti_backend.cli import filter_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('status == "running"', ["=", "status", "running"]),
        ("be/vcpus > 1", [">", "be/vcpus", 1]),
        ("oper_state", ["?", "oper_state"]),
        ("not oper_state", ["!", ["?", "oper_state"]]),
        ("a = 1 and b = 2 or c = 3", ["|", ["&", ["=", "a", 1], ["=", "b", 2]], ["=", "c", 3]]),
        ("a = 1 and (b = 2 or c)", ["&", ["=", "a", 1], ["|", ["=", "b", 2], ["?", "c"]]]),
        ('"db" in tags', ["=[]", "tags", "db"]),
        ("'db' not in tags", ["!", ["=[]", "tags", "db"]]),
        ("pnode.group =~ m/^rack/", ["=~", "pnode.group", "^rack"]),
        ("name =~ m!a/b!i", ["=~", "name", "(?i)a/b"]),
        ("name !~ m/x/", ["!", ["=~", "name", "x"]]),
        ("nic.ip/0 == '10.0.0.1'", ["=", "nic.ip/0", "10.0.0.1"]),
        ("offline == false", ["=", "offline", False]),
    ],
)
def test_filter(text, expected):
    assert filter_text.parse(text) == expected


@pytest.mark.parametrize("text", ["", "a ==", "== 1", "(a", "a b", "a and", '"x" tags', "a $ b"])
def test_wrong_filter(text):
    with pytest.raises(filter_text.FilterError):
        filter_text.parse(text)


def test_names_and_patterns():
    assert filter_text.of_names([]) is None
    found = filter_text.of_names(["web1", "db*"])
    assert found[:2] == ["|", ["=", "name", "web1"]]
    assert found[2][:2] == ["=~", "name"]
