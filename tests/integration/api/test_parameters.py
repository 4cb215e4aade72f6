"""Parameters of queries: what the document lets in is taken, and what it does not is refused."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator

from synnefo.api.openapi.parameters import IN_PATH, NO_CONTROL, NO_NUL, schema
from tests.integration.api.client import Api
from tests.integration.api.test_authorisation import GUARDED, address
from tests.integration.api.test_openapi import DOCUMENT
from tests.integration.api.world import World

VALUES = (
    "", "x", "1", "-1", "true", " OFF ", "yes", "asc", "2026-01-31T00:00:00",
    "gt:2026-01-01T00:00:00Z",
    "9999999999", "ACTIVE", "none", "shared", "pending", "projects", "\x01", "\x00",
)  # fmt: skip
BLANK = ("", "x", "\x01", "\x00")
# What tells nothing without more of a query.
NEEDING = ("os-simple-tenant-usage",)
# Refused for what they name, or by what else the query says.
NAMING = (
    "marker", "sort_key", "sort", "status", "user_id", "start", "end", "detailed", "nocatalog",
    "instance_uuid", "fixed_ips", "extra_specs", "metadata", "glance_metadata", "image_metadata",
    "vol_type_id",
)  # fmt: skip


def test_the_document_takes_what_the_service_takes(api: Api) -> None:
    walked, wrong = set(), []
    for name, route in GUARDED:
        noun = route.path.partition("/")[0]
        if route.method != "GET" or "{" in route.path or noun in NEEDING:
            continue
        for parameter in set(route.query) - set(NAMING):
            told = schema(name, route.path, parameter)
            key = (name, noun, parameter)
            values = BLANK if told in (NO_NUL, NO_CONTROL) else VALUES
            for value in () if key in walked else values:
                url = f"{address(name, route)}?{urlencode({parameter: value})}"
                got = api("GET", url, as_="admin", openstack_api_version="volume 3.70")
                if (got.status == 400) == Draft202012Validator(told).is_valid(value):
                    wrong.append((name, route.path, parameter, value, got.status))
            walked.add(key)
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
