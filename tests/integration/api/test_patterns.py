"""Patterns that users filter by: what is refused before a database sees it, and that all else is
understood by the database at hand.
"""

import pytest

from synnefo.api.compute.patterns import lookup
from synnefo.core.faults import BadRequest
from synnefo.db.models import Server

GOOD = [
    "web.*", "^web-[0-9]+$", "w?b", "(web|db)-1", "a{2}", "a{2,}b{1,255}", "[^a-c]x", "[-a]x*",
    "[a-]x*", "a|", "()", r"\.x*", "a^b", "$|^", "ä+", "a b*",
]  # fmt: skip
BAD = [
    "(", ")", "[", "a{", "a}", "*", "+a", "?", "^*", "$+", "a**", "a*+", "a*?", "a{1}{2}", "a{,5}",
    "a{256}", "a{1,999}", "a{9999}", "a{3,2}", "(a)*", "(a+)+", "(?i)a", r"\d", r"\1", "a\\",
    "[[:alpha:]]", "[a[:x:]]", "[a[.b.]]", "[z-a]", "[a-c-e]", "[]", "[]a]", "[^]", ".*.*.*x",
    "(a", "a)", "((a)", "x" * 256,
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", GOOD)
def test_good(pattern: str) -> None:
    assert not Server.objects.filter(**lookup("name", pattern, "name")).exists()


@pytest.mark.parametrize("pattern", BAD)
def test_bad(pattern: str) -> None:
    with pytest.raises(BadRequest) as refused:
        lookup("name", pattern, "name")
    assert refused.value.field == "name"
