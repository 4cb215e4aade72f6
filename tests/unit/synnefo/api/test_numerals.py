"""Patterns of numbers: what lies between two bounds matches, and nothing else."""

from __future__ import annotations

import re

import pytest

from synnefo.api.numerals import between

BOUNDS = (
    (0, 0), (1, 96), (0, 255), (68, 65535), (-1, 255), (-20, -3), (-31, 31), (7, 123456),
    (0, 2**31 - 1), (-(2**31), 2**31 - 1),
)  # fmt: skip


@pytest.mark.parametrize(("least", "most"), BOUNDS)
def test_what_lies_between_matches_and_nothing_else(least: int, most: int) -> None:
    pattern = re.compile(between(least, most))
    powers = [
        sign * 10**size + step for size in range(12) for step in (-1, 0, 1) for sign in (-1, 1)
    ]
    bounds = [bound + step for bound in (least, most) for step in (-10, -1, 0, 1, 10)]
    for number in [*range(-300, 300), *range(60000, 70000, 7), *powers, *bounds]:
        assert bool(pattern.fullmatch(str(number))) == (least <= number <= most), number
    for text in ("", "-", "x", "1.0", "00", "+1"):
        assert not pattern.fullmatch(text)
