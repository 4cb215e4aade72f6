"""What a project may use of each resource, and the arithmetic of it."""

from collections.abc import Iterable, Mapping

UNLIMITED = -1
LARGEST_LIMIT = 2**31 - 1
# What is in the ledger, and moves with servers; all else is counted where its rows are.
LEDGER = ("instances", "cores", "ram")
COMPUTE = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "key_pairs": 100,  # of one user
    "metadata_items": 128,
    "server_groups": 10,
    "server_group_members": 10,
    "injected_files": 5,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
}
NETWORK = {
    "network": 100,
    "subnet": 100,
    "subnetpool": UNLIMITED,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "rbac_policy": 10,
}
VOLUME = {
    "volumes": 10,
    "gigabytes": 1000,
    "snapshots": 10,
    "backups": 10,
    "backup_gigabytes": 1000,
    "per_volume_gigabytes": UNLIMITED,
    "groups": 10,
}
IMAGE = {
    "image_count_total": 1000,
    "image_count_uploading": 100,
    "image_size_total": 1 << 20,  # MiB, as all sizes of images
    "image_stage_total": 1 << 20,
}
DEFAULTS: dict[str, int] = COMPUTE | NETWORK | VOLUME | IMAGE


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
