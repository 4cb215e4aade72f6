"""Patterns of whole numbers between two others, as texts: schemas know bounds of numbers only."""


def between(least: int, most: int) -> str:
    """A pattern of what is written in digits, without needless zeros, from `least` to `most`."""
    parts = _upwards(max(least, 0), most) if most >= 0 else []
    if least < 0:
        parts.append(f"-{_any(_upwards(max(-most, 1), -least))}")
    return _any(parts)


def _upwards(least: int, most: int) -> list[str]:
    """Numbers that are not negative: those of each length, the whole lengths at once."""
    shortest, longest = len(str(least)), len(str(most))
    if shortest == longest:
        return _span(str(least), str(most))
    found = _span(str(least), "9" * shortest)
    if longest - shortest > 1:
        found.append(f"[1-9][0-9]{{{shortest},{longest - 2}}}")
    return found + _span("1" + "0" * (longest - 1), str(most))


def _span(low: str, high: str) -> list[str]:
    """Numbers with as many digits as both have."""
    rest, first, last = len(low) - 1, int(low[0]), int(high[0])
    if first == last and rest:
        return [low[0] + _any(_span(low[1:], high[1:]))]
    found = []
    if low[1:].strip("0"):
        found.append(low[0] + _any(_span(low[1:], "9" * rest)))
        first += 1
    if high[1:].strip("9"):
        found.append(high[0] + _any(_span("0" * rest, high[1:])))
        last -= 1
    return found + ([_digit(first, last) + _digits(rest)] if first <= last else [])


def _any(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


def _digits(count: int) -> str:
    return {0: "", 1: "[0-9]"}.get(count, f"[0-9]{{{count}}}")
