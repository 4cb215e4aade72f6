"""What the operator asks of a new installation; each step may be repeated without harm."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F, Q
from django.utils import timezone

from synnefo.core import addresses
from synnefo.core.caller import Caller
from synnefo.db import sealing
from synnefo.db.models import (
    Backend,
    Domain,
    Flavor,
    Image,
    ImpliedRole,
    Network,
    Project,
    QuotaLimit,
    Role,
    RoleAssignment,
    Subnet,
    SubnetPool,
    Token,
    User,
)
from synnefo.db.transactions import writing
from synnefo.intents.image import image_files, images

CHAIN = ("admin", "manager", "member", "reader")
ROLES = (*CHAIN, "service")
DEFAULT_POOL = "10.64.0.0/10"
FLAVORS: tuple[tuple[str, str, int, int, int], ...] = (
    ("1", "m1.tiny", 1, 128, 1),
    ("2", "m1.small", 1, 512, 1),
    ("3", "m1.medium", 2, 2048, 10),
    ("4", "m1.large", 4, 4096, 20),
)
DEMO_QUOTA = {
    "instances": 1000,
    "cores": 2000,
    "ram": 2_000_000,
    "port": 2000,
    "volumes": 1000,
    "gigabytes": 100_000,
}
CHUNK = 1 << 20


def domain() -> Domain:
    """The domain everybody is in."""
    with writing():
        return Domain.objects.get_or_create(id="default", defaults={"name": "Default"})[0]


def roles() -> dict[str, Role]:
    """The roles by name, each of CHAIN implying the next one, and no domain's own ones."""
    with writing():
        known = {name: Role.objects.get_or_create(name=name, domain=None)[0] for name in ROLES}
        for prior, implied in pairwise(CHAIN):
            ImpliedRole.objects.get_or_create(prior=known[prior], implied=known[implied])
    return known


def account(name: str, password: str, in_roles: tuple[str, ...]) -> User:
    """A user with a project of the same name, in which it has these roles."""
    known, home = roles(), domain()
    with writing():
        project, _ = Project.objects.get_or_create(domain=home, name=name)
        user = User.objects.filter(domain=home, name=name).first()
        if user is None:
            user = User(domain=home, name=name, default_project=project)
        if not user.password or not check_password(password, user.password):
            user.password, user.password_changed_at = make_password(password), timezone.now()
            # Whoever signed in with the old one, perhaps its thief, has to sign in again.
            Token.objects.filter(user__domain=home, user__name=name).delete()
        user.save()
        for role in in_roles:
            RoleAssignment.objects.get_or_create(user=user, project=project, role=known[role])
    return user


def admits(user: User, project_name: str, role: str) -> None:
    """Give a user a role in another project."""
    with writing():
        project = Project.objects.get(domain_id=user.domain_id, name=project_name)
        RoleAssignment.objects.get_or_create(user=user, project=project, role=roles()[role])


def rules_the_system(user: User) -> None:
    """Make a user an administrator of the whole system, too."""
    with writing():
        RoleAssignment.objects.get_or_create(
            user=user, group=None, project=None, domain=None, role=roles()["admin"]
        )


def demo_quota(project_name: str = "demo") -> None:
    """Enough to try things; limits that somebody changed stay."""
    project = Project.objects.get(domain=domain(), name=project_name)
    with writing():
        for resource, limit in DEMO_QUOTA.items():
            QuotaLimit.objects.get_or_create(
                project=project, resource=resource, defaults={"limit": limit}
            )


def flavors(disk_template: str = "file") -> None:
    """The usual sizes; those that are there keep their disk template."""
    with writing():
        for flavor_id, name, vcpus, ram, disk in FLAVORS:
            # Nor does one come back that an administrator has deleted.
            if not Flavor.ever.filter(Q(flavor_id=flavor_id) | Q(name=name)).exists():
                Flavor.objects.create(
                    flavor_id=flavor_id,
                    name=name,
                    vcpus=vcpus,
                    ram=ram,
                    disk=disk,
                    disk_template=disk_template,
                )


def public_network(wanted: Mapping[str, Any]) -> Network:
    """The network that every project may use, with one subnet to take addresses from."""
    owner, now = Project.objects.get(domain=domain(), name="admin"), timezone.now()
    with writing():
        network, is_new = Network.objects.get_or_create(
            name=str(wanted.get("name", "public")),
            public=True,
            defaults={
                "project": owner,
                "mode": str(wanted.get("mode", "bridged")),
                "link": str(wanted.get("link", "br0")),
                "external": True,
                "is_default": True,
                "created_at": now,
                "updated_at": now,
            },
        )
        # Those of earlier releases led out where everybody could use them.
        Network.objects.filter(external=None).update(external=F("public"))
        _public_subnet(network, wanted, now)
        if is_new and not SubnetPool.objects.filter(is_default=True, ip_version=4).exists():
            _default_pool(owner, now)
    return network


def _default_pool(owner: Project, now: datetime) -> None:
    """What networks that are made unasked have their ranges from."""
    SubnetPool.objects.create(
        project=owner,
        name="default",
        ip_version=4,
        prefixes=[DEFAULT_POOL],
        min_prefixlen=16,
        default_prefixlen=24,
        max_prefixlen=30,
        is_default=True,
        public=True,
        created_at=now,
        updated_at=now,
    )


def _public_subnet(network: Network, wanted: Mapping[str, Any], now: datetime) -> None:
    cidr = str(wanted["cidr"])
    first, last, gateway = addresses.pool_bounds(cidr)
    Subnet.objects.get_or_create(
        network=network,
        cidr=cidr,
        defaults={
            "name": f"{network.name}-v4",
            "gateway": str(wanted.get("gateway") or gateway),
            "pool_start": str(wanted.get("pool_start") or first),
            "pool_end": str(wanted.get("pool_end") or last),
            "dns_nameservers": list(wanted.get("dns_nameservers", ())),
            "created_at": now,
            "updated_at": now,
        },
    )


def backend(wanted: Mapping[str, Any]) -> Backend:
    """A cluster with its credentials; what changed since the last time is written."""
    with writing():
        row = described_backend(wanted)
        row.save()
    return row


def described_backend(wanted: Mapping[str, Any]) -> Backend:
    """The same, but not stored, for trying it first."""
    password = str(wanted["password"])
    # By its address, too: an administrator may have renamed the cluster since.
    same = Q(name=wanted["name"]) | Q(url=str(wanted["url"])) if wanted["name"] else Q(name="")
    row = Backend.objects.filter(same).first() or Backend(name=wanted["name"])
    row.url = str(wanted["url"])
    row.username = str(wanted.get("user", "synnefo"))
    row.ca_file = str(wanted.get("ca_file", ""))
    row.fingerprint = str(wanted.get("fingerprint", ""))
    if not _is_sealed(row.password_encrypted, password):
        row.password_encrypted = sealing.seal(password)
    return row


def _is_sealed(sealed: str, password: str) -> bool:
    return bool(sealed) and sealing.unseal(sealed) == password


def image(wanted: Mapping[str, Any]) -> Image:
    """A public image from a file, which is linked into the images folder where that is possible."""
    name, path = str(wanted["name"]), Path(wanted["path"])
    known = Image.objects.filter(name=name, visibility="public", status="active").first()
    if known is not None and image_files.path_of(known).exists():
        return known
    operator = _operator()
    row = images.create(
        operator,
        {
            "name": name,
            "visibility": "public",
            "disk_format": wanted.get("disk_format", "raw"),
            "container_format": wanted.get("container_format", "bare"),
            "min_ram": int(wanted.get("min_ram", 0)),
            "min_disk": int(wanted.get("min_disk", 0)),
            "properties": dict(wanted.get("properties", {})),
        },
    )
    with path.open("rb") as file:
        stored = images.store_file(operator, str(row.uuid), iter(lambda: file.read(CHUNK), b""))
    _share_bytes(path, image_files.path_of(stored))
    return stored


def _share_bytes(source: Path, stored: Path) -> None:
    """One copy on the disk instead of two, if both are on one file system."""
    if os.stat(source).st_dev == os.stat(stored).st_dev:
        link = stored.with_suffix(".link")
        link.unlink(missing_ok=True)
        os.link(source, link)
        os.replace(link, stored)


def _operator() -> Caller:
    project = Project.objects.get(domain=domain(), name="admin")
    user = User.objects.get(domain=domain(), name="admin")
    return Caller(user.id, user.name, project.id, project.name, frozenset({"admin"}), "req-setup")


def folders() -> None:
    """Where bytes go."""
    Path(settings.SYNNEFO_IMAGES).mkdir(parents=True, exist_ok=True)
