"""What a project may use of each resource, and the arithmetic of it."""

from collections.abc import Iterable, Mapping

UNLIMITED = -1
DEFAULTS: dict[str, int] = {"instances": 10, "cores": 20, "ram": 51200}
MOST_KEYPAIRS = 100  # of one user; they cost nothing, so nobody has other limits


def provisions(vcpus: int, ram: int, count: int = 1) -> dict[str, int]:
    """What servers of one size take; ram in MiB."""
    return {"instances": count, "cores": vcpus * count, "ram": ram * count}


def fits(limit: int, used: int, amount: int) -> bool:
    """Whether a project may have `amount` more."""
    return limit == UNLIMITED or used + amount <= limit


def refusal(resource: str, amount: int, used: int, limit: int) -> str:
    """Nova's sentence for what did not fit."""
    return (
        f"Quota exceeded for {resource}: Requested {amount},"
        f" but already used {used} of {limit} {resource}"
    )


def total(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of some provisions; resources that cancel out are left out."""
    summed: dict[str, int] = {}
    for part in parts:
        for resource, amount in part.items():
            summed[resource] = summed.get(resource, 0) + amount
    return {resource: amount for resource, amount in summed.items() if amount}


def negative(some: Mapping[str, int]) -> dict[str, int]:
    """The provisions that undo these."""
    return {resource: -amount for resource, amount in some.items()}
