"""Parameters of queries: what the document lets in is taken, and what it does not is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator

from synnefo.api.openapi.parameters import IN_PATH, NO_CONTROL, NO_NUL
from tests.integration.api.client import Api
from tests.integration.api.test_authorisation import GUARDED, address
from tests.integration.api.test_openapi import DOCUMENT
from tests.integration.api.world import World

VALUES = (
    "", "x", "1", "-1", "true", " OFF ", "yes", "asc", "2026-01-31T00:00:00",
    "gt:2026-01-01T00:00:00Z",
    "9999999999", "ACTIVE", "none", "shared", "pending", "projects", "created_at",
    "created_at:asc,updated_at", "created_at:", "created_at:up", ",", ":asc", "\x01", "\x00",
)  # fmt: skip
BLANK = ("", "x", "\x01", "\x00")
# What tells nothing without more of a query.
NEEDING = (
    "os-simple-tenant-usage", "os-volume-manage", "os-snapshot-manage", "manageable_volumes",
    "manageable_snapshots",
)  # fmt: skip
# Refused for what they name, or by what else the query says.
NAMING = (
    "marker", "sort_key", "sort", "status", "user_id", "start", "end", "detailed", "nocatalog",
    "instance_uuid", "fixed_ips", "extra_specs", "metadata", "glance_metadata", "image_metadata",
    "vol_type_id",
)  # fmt: skip
PEOPLE = ("admin", "user")
# Checked where administrators filter by them, and dropped where others do.
FOR_ADMINISTRATORS = (
    "auto_disk_config", "config_drive", "created_at", "deleted", "launch_index", "launched_at",
    "power_state", "progress", "terminated_at",
)  # fmt: skip


def _told(path: str) -> dict[str, Any]:
    parameters = DOCUMENT["paths"][path]["get"]["parameters"]
    return {one["name"]: one["schema"] for one in parameters if one.get("in") == "query"}


def test_the_document_takes_what_the_service_takes(api: Api) -> None:
    walked, wrong = set(), []
    for name, route in GUARDED:
        noun, path = route.path.partition("/")[0], address(name, route)
        if route.method != "GET" or "{" in route.path or noun in NEEDING:
            continue
        for parameter, told in _told(path).items():
            free = parameter in NAMING and told in (NO_NUL, NO_CONTROL)
            if free or (name, noun, parameter) in walked:
                continue
            walked.add((name, noun, parameter))
            people = PEOPLE if name == "compute" else ("admin",)
            for value in BLANK if told in (NO_NUL, NO_CONTROL) else VALUES:
                valid, url = (
                    Draft202012Validator(told).is_valid(value),
                    f"{path}?{urlencode({parameter: value})}",
                )
                for person in ("user",) if parameter in FOR_ADMINISTRATORS else people:
                    got = api("GET", url, as_=person, openstack_api_version="volume 3.71")
                    if got.status == (400 if valid else 200):
                        wrong.append((person, url, got.status))
    assert wrong == []


def test_tags_in_paths(api: Api, world: World) -> None:
    places = {
        "compute": f"/compute/v2.1/servers/{world.server().uuid}/tags",
        "identity": f"/identity/v3/projects/{world.demo.id}/tags",
        "image": f"/image/v2/images/{world.picture('i', world.ops).uuid}/tags",
        "network": f"/network/v2.0/networks/{world.net('n', world.ops).uuid}/tags",
    }
    for service, path in places.items():
        told = Draft202012Validator(IN_PATH[service, "tag"])
        for tag in ("x", "a b", "a,b", "\x01", "x" * 60, "x" * 61, "x" * 255, "x" * 256):
            got = api("PUT", f"{path}/{quote(tag)}", b"", as_="admin", version="2.26")
            assert (got.status == 400) != told.is_valid(tag), (service, tag, got)


def test_the_header_that_names_a_token_is_told() -> None:
    for method in ("get", "delete"):
        told = DOCUMENT["paths"]["/identity/v3/auth/tokens"][method]["parameters"]
        assert any(one["name"] == "X-Subject-Token" and one["required"] for one in told)
