"""Which roles somebody has who has some: rules say that one role implies another one."""

from collections.abc import Collection, Iterable, Mapping

Rules = Mapping[str, Collection[str]]


def expanded(roles: Iterable[str], rules: Rules) -> set[str]:
    """These roles and all that they imply, by however many steps."""
    found: set[str] = set()
    ahead = list(roles)
    while ahead:
        role = ahead.pop()
        if role not in found:
            found.add(role)
            ahead += rules.get(role, ())
    return found


def would_loop(prior: str, implied: str, rules: Rules) -> bool:
    """Whether a role would imply itself if `prior` implied `implied`."""
    return prior in expanded([implied], rules)
