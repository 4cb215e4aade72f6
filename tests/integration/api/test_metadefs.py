"""Metadata definitions, and the schemas of everything in the image service."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.db.models import MetadefItem, MetadefNamespace
from tests.integration.api.client import Api
from tests.integration.api.world import World

BASE = "/image/v2/metadefs"
SPACES = f"{BASE}/namespaces"
COLOUR = {"name": "colour", "title": "Colour", "type": "string", "enum": ["red", "blue"]}


def make(api: Api, name: str = "ns", **more: Any) -> dict[str, Any]:
    body = {"namespace": name, "visibility": "public", **more}
    answer = api("POST", SPACES, body, as_="admin")
    assert answer.status == 201, answer
    assert isinstance(answer.body, dict)
    return answer.body


def test_a_namespace_and_what_it_holds(api: Api) -> None:
    made = make(
        api,
        display_name="NS",
        properties={"colour": {k: v for k, v in COLOUR.items() if k != "name"}},
        objects=[{"name": "thing", "required": ["colour"], "properties": {}}],
        tags=[{"name": "one"}],
        resource_type_associations=[{"name": "OS::Nova::Flavor", "prefix": "hw:"}],
    )
    assert made["self"] == "/v2/metadefs/namespaces/ns"
    shown = api.get(f"{SPACES}/ns")
    assert shown["properties"]["colour"]["enum"] == ["red", "blue"]
    assert shown["objects"][0]["required"] == ["colour"]
    assert shown["tags"] == [{"name": "one"}]
    assert shown["resource_type_associations"][0]["prefix"] == "hw:"
    (listed,) = api.get(f"{SPACES}?resource_types=OS::Nova::Flavor")["namespaces"]
    assert listed["resource_type_associations"][0]["name"] == "OS::Nova::Flavor"
    assert api.get(f"{SPACES}?resource_types=OS::Nothing")["namespaces"] == []


def test_protection_and_changes(api: Api) -> None:
    make(api, protected=True)
    assert api("DELETE", f"{SPACES}/ns", as_="admin").status == 403
    body = {"namespace": "ns", "protected": False, "visibility": "private", "description": "d"}
    changed = api("PUT", f"{SPACES}/ns", body, as_="admin")
    assert (changed.status, changed.body["visibility"]) == (200, "private")
    assert api("GET", f"{SPACES}/ns").status == 404
    assert api("DELETE", f"{SPACES}/ns", as_="admin").status == 204
    assert api("DELETE", f"{SPACES}/ns", as_="admin").status == 404


def test_names_are_given_once(api: Api) -> None:
    make(api)
    make(api, "other")
    assert api("POST", SPACES, {"namespace": "ns"}, as_="admin").status == 409
    assert api("PUT", f"{SPACES}/other", {"namespace": "ns"}, as_="admin").status == 409
    for plural, body in (("properties", COLOUR), ("objects", {"name": "thing"})):
        assert api("POST", f"{SPACES}/ns/{plural}", body, as_="admin").status == 201
        assert api("POST", f"{SPACES}/ns/{plural}", body, as_="admin").status == 409
    twice = {"tags": [{"name": "t"}, {"name": "t"}]}
    assert api("POST", f"{SPACES}/ns/tags", twice, as_="admin").status == 409


@pytest.mark.parametrize(
    ("plural", "body", "renamed"),
    [
        ("properties", COLOUR, COLOUR | {"name": "hue", "title": "Hue"}),
        ("objects", {"name": "thing"}, {"name": "item", "description": "d"}),
    ],
)
def test_items(api: Api, plural: str, body: dict[str, Any], renamed: dict[str, Any]) -> None:
    make(api)
    path = f"{SPACES}/ns/{plural}"
    made = api("POST", path, body, as_="admin")
    assert (made.status, made.body["name"]) == (201, body["name"])
    assert api.get(f"{path}/{body['name']}")["name"] == body["name"]
    changed = api("PUT", f"{path}/{body['name']}", renamed, as_="admin")
    assert (changed.status, changed.body["name"]) == (200, renamed["name"])
    assert api("GET", f"{path}/{body['name']}").status == 404
    assert len(api.get(path)[plural]) == 1
    assert api("DELETE", f"{path}/{renamed['name']}", as_="admin").status == 204
    assert api("DELETE", f"{path}/{renamed['name']}", as_="admin").status == 404
    assert api("DELETE", path, as_="admin").status == 204


def test_tags(api: Api) -> None:
    make(api)
    path = f"{SPACES}/ns/tags"
    assert api("POST", path, {"tags": [{"name": "a"}, {"name": "b"}]}, as_="admin").status == 201
    assert api("POST", f"{path}/c", as_="admin").status == 201
    assert api.get(path)["tags"] == [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    more = api("POST", path, {"tags": [{"name": "d"}]}, as_="admin", x_openstack_append="True")
    assert more.status == 201
    assert len(api.get(path)["tags"]) == 4
    assert api("POST", path, {"tags": [{"name": "e"}]}, as_="admin").status == 201
    assert api.get(path)["tags"] == [{"name": "e"}]
    assert api("PUT", f"{path}/e", {"name": "f"}, as_="admin").body["name"] == "f"
    assert api.get(f"{path}/f")["created_at"]
    assert api("DELETE", path, as_="admin").status == 204
    assert api.get(path)["tags"] == []


def test_resource_types(api: Api) -> None:
    make(api)
    types = [one["name"] for one in api.get(f"{BASE}/resource_types")["resource_types"]]
    assert "OS::Glance::Image" in types
    path = f"{SPACES}/ns/resource_types"
    body = {"name": "OS::Own::Thing", "prefix": "own_"}
    assert api("POST", path, body, as_="admin").status == 201
    assert api.get(path)["resource_type_associations"][0]["prefix"] == "own_"
    known = [one["name"] for one in api.get(f"{BASE}/resource_types")["resource_types"]]
    assert "OS::Own::Thing" in known
    assert api("DELETE", f"{path}/OS::Own::Thing", as_="admin").status == 204


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {}, 400),
        ("", {"namespace": ""}, 400),
        ("", {"namespace": "x" * 81}, 400),
        ("", {"namespace": 5}, 400),
        ("", {"namespace": "x", "visibility": "shared"}, 400),
        ("", {"namespace": "x", "protected": "perhaps"}, 400),
        ("", {"namespace": "x", "unknown": 1}, 400),
        ("", {"namespace": "x", "created_at": "now"}, 403),
        ("", {"namespace": "x", "properties": {"p": {"type": "string"}}}, 400),
        ("/ns/properties", {"name": "p", "title": "P"}, 400),
        ("/ns/properties", COLOUR | {"type": "colour"}, 400),
        ("/ns/properties", COLOUR | {"minimum": "low"}, 400),
        ("/ns/properties", COLOUR | {"default": [{}]}, 400),
        ("/ns/properties", COLOUR | {"default": "x" * 5000}, 400),
        ("/ns/objects", {"name": "x" * 81}, 400),
        ("/ns/tags", {"tags": [{}]}, 400),
        ("/ns/tags", {"tags": "x"}, 400),
        ("/ns/resource_types", {"prefix": "x"}, 400),
        ("/nothing/tags", {"tags": []}, 404),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_bad_definitions(api: Api, path: str, body: Any, status: int) -> None:
    make(api)
    assert api("POST", f"{SPACES}{path}", body, as_="admin").status == status
    assert (MetadefNamespace.objects.count(), MetadefItem.objects.count()) == (1, 0)


def test_private_ones_are_their_owners(api: Api, world: World) -> None:
    make(api, "mine", visibility="private", owner=world.demo.id)
    assert [one["namespace"] for one in api.get(SPACES)["namespaces"]] == ["mine"]
    assert api.get(SPACES, as_="stranger")["namespaces"] == []
    for path in ("", "/tags", "/objects", "/properties", "/resource_types"):
        assert api("GET", f"{SPACES}/mine{path}", as_="stranger").status == 404
    assert api("PUT", f"{SPACES}/mine", {"namespace": "mine"}).status == 403


def test_pages_and_queries(api: Api) -> None:
    for number in range(3):
        make(api, f"ns{number}", resource_type_associations=[{"name": "OS::Nova::Flavor"}])
    page = api.get(f"{SPACES}?limit=2&sort_key=namespace&sort_dir=asc")
    assert [one["namespace"] for one in page["namespaces"]] == ["ns0", "ns1"]
    (last,) = api.get(f"/image{page['next']}")["namespaces"]
    assert last["namespace"] == "ns2"
    with CaptureQueriesContext(
        connection,
    ) as few:
        api.get(f"{SPACES}?limit=1")
    with CaptureQueriesContext(connection) as many:
        api.get(SPACES)
    assert len(few) == len(many)


@pytest.mark.parametrize(
    "name",
    ["image", "images", "member", "members", "task", "tasks"]
    + [
        f"metadefs/{name}"
        for name in (
            "namespace", "namespaces", "resource_type", "resource_types", "property",
            "properties", "object", "objects", "tag", "tags",
        )
    ],
)  # fmt: skip
def test_schemas(api: Api, name: str) -> None:
    schema = api.get(f"/image/v2/schemas/{name}")
    assert schema["properties"]
    names = {
        "resource_type": "resource_type_association",
        "resource_types": "resource_type_associations",
    }
    last = name.rpartition("/")[2]
    assert schema["name"] == names.get(last, last)
    assert api("GET", f"/image/v2/schemas/{name}x").status == 404


def test_an_image_has_what_its_schema_says(api: Api, world: World) -> None:
    known = api.get("/image/v2/schemas/image")["properties"]
    assert api.get(f"/image/v2/images/{world.image.uuid}").keys() <= known.keys()
