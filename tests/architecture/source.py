"""Reads the project's own source for the rules of this folder; imports nothing of it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("synnefo", "ganeti_backend", "eventd", "hooks", "dhcpd")


@dataclass(frozen=True)
class Module:
    """One file: its path relative to the checkout and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree, for the many that look through it."""
        return list(ast.walk(self.tree))

    def imported(self) -> Iterator[tuple[str, int]]:
        """Every imported module name with its line."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno


@cache
def modules() -> list[Module]:
    """Every Python file of the shipped packages."""
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text())
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
