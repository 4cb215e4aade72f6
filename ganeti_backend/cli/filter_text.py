"""The filter language of --filter: status == "running" and be/vcpus > 1, pnode =~ m/^node[12]/ …

It becomes the nested lists that queries take; nothing is evaluated here.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

COMMAND_CHARACTERS = frozenset("()=/!~'\"\\ \t")
COMPARISONS = ("==", "=", "!=", "<", "<=", ">", ">=")


@cache
def _token() -> re.Pattern[str]:
    """One word of the language; not compiled by commands that have no filter to read."""
    return re.compile(
        r"""\s*(?:
          (?P<pattern>m(?P<mark>[/#^|,!~])(?P<body>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<flags>[si]*))
        | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
        | (?P<number>-?\d+(?:\.\d+)?(?![\w./]))
        | (?P<operator>==|!=|<=|>=|=~|!~|=\*|!\*|<|>|=|\(|\)|!)
        | (?P<word>[A-Za-z_][\w./-]*)
        )""",
        re.VERBOSE,
    )


class FilterError(Exception):
    """The filter cannot be understood; the text says where."""


def parse(text: str) -> list[Any]:
    """The filter as nested lists."""
    parser = _Parser(_tokens(text))
    found = parser.either()
    if parser.left():
        raise FilterError(f"unexpected '{parser.peek()[1]}'")
    return found


def looks_like_filter(text: str) -> bool:
    """Whether a word of the command line is a filter: names hold nothing of its signs."""
    return any(character in COMMAND_CHARACTERS for character in text)


def is_pattern(name: str) -> bool:
    """Whether a name stands for many, as in the shell."""
    return any(character in name for character in "*?[")


def of_names(names: Sequence[str], field: str = "name") -> list[Any] | None:
    """The filter for objects given by name or shell pattern; None for no names at all."""
    if not names:
        return None
    parts = [
        ["=~", field, glob(name)] if is_pattern(name) else ["=", field, name] for name in names
    ]
    return ["|", *parts]


def glob(pattern: str) -> str:
    """A shell pattern as a regular expression that is anchored at both ends."""
    import fnmatch

    return "^" + fnmatch.translate(pattern)


def _tokens(text: str) -> list[tuple[str, Any]]:
    tokens: list[tuple[str, Any]] = []
    place = 0
    while text[place:].strip():
        match = _token().match(text, place)
        if match is None or match.end() == place:
            raise FilterError(f"cannot read '{text[place:]}'")
        place = match.end()
        kind = match.lastgroup or ""
        if match["pattern"] is not None:
            flags = f"(?{match['flags']})" if match["flags"] else ""
            tokens.append(("pattern", flags + match["body"]))
        elif match["text"] is not None:
            tokens.append(("value", re.sub(r"\\(.)", r"\1", match["text"][1:-1])))
        elif match["number"] is not None:
            number = match["number"]
            tokens.append(("value", float(number) if "." in number else int(number)))
        else:
            tokens.append((kind, match[kind]))
    return tokens


class _Parser:
    """Recursive descent: either → both → not → comparison."""

    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._tokens = tokens
        self._place = 0

    def left(self) -> bool:
        return self._place < len(self._tokens)

    def peek(self) -> tuple[str, Any]:
        return self._tokens[self._place] if self.left() else ("end", "the end")

    def take(self) -> tuple[str, Any]:
        token = self.peek()
        self._place += 1
        return token

    def accept(self, *words: str) -> bool:
        kind, value = self.peek()
        found = kind in ("word", "operator") and value in words
        self._place += found
        return found

    def either(self) -> list[Any]:
        parts = [self.both()]
        while self.accept("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else ["|", *parts]

    def both(self) -> list[Any]:
        parts = [self.negation()]
        while self.accept("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else ["&", *parts]

    def negation(self) -> list[Any]:
        if self.accept("not", "!"):
            return ["!", self.negation()]
        if self.accept("("):
            inner = self.either()
            if not self.accept(")"):
                raise FilterError("a closing parenthesis is missing")
            return inner
        return self.comparison()

    def comparison(self) -> list[Any]:
        kind, left = self.take()
        if kind == "value":
            negated = self.accept("not")
            if not self.accept("in"):
                raise FilterError(f"'in' and a field must follow {left!r}")
            contains = ["=[]", self._field(), left]
            return ["!", contains] if negated else contains
        if kind != "word":
            raise FilterError(f"a field is missing before '{left}'")
        for operator in COMPARISONS:
            if self.accept(operator):
                return ["=" if operator == "==" else operator, left, self._value()]
        for operator, matcher, negated in (
            ("=~", str, False), ("!~", str, True), ("=*", glob, False), ("!*", glob, True),
        ):  # fmt: skip
            if self.accept(operator):
                match = ["=~", left, matcher(str(self._value()))]
                return ["!", match] if negated else match
        return ["?", left]

    def _field(self) -> str:
        kind, value = self.take()
        if kind != "word":
            raise FilterError(f"a field is missing before '{value}'")
        return str(value)

    def _value(self) -> Any:
        kind, value = self.take()
        if kind == "word" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if kind not in ("value", "pattern", "word"):
            raise FilterError(f"a value is missing before '{value}'")
        return value
