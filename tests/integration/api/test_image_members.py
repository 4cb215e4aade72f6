"""Sharing images: who sees them when, and who says what about it."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Image, ImageMember
from synnefo.intents.image import image_members
from tests.integration.api.client import Api
from tests.integration.api.world import World

IMAGES = "/image/v2/images"


@pytest.fixture
def shared(world: World) -> str:
    image = world.picture("shared", world.demo, "shared")
    return f"{IMAGES}/{image.uuid}"


def names(api: Api, query: str = "", as_: str = "stranger") -> list[str]:
    return [one["name"] for one in api.get(f"{IMAGES}{query}", as_=as_)["images"]]


def add(api: Api, world: World, path: str) -> str:
    answer = api("POST", f"{path}/members", {"member": world.other.id})
    assert answer.status == 200
    assert answer.body["status"] == "pending"
    return f"{path}/members/{world.other.id}"


def test_from_a_stranger_to_a_member(api: Api, world: World, shared: str) -> None:
    assert api("GET", shared, as_="stranger").status == 404
    member = add(api, world, shared)
    # A member finds it by its id, and in lists once it has accepted.
    assert api("GET", shared, as_="stranger").status == 200
    assert names(api) == ["tiny"]
    assert names(api, "?visibility=shared&member_status=pending") == ["shared"]
    assert names(api, "?visibility=shared&member_status=all") == ["shared"]
    body = {"member": world.other.id, "status": "accepted"}
    accepted = api("PUT", member, body, as_="stranger")
    assert (accepted.status, accepted.body["status"]) == (200, "accepted")
    assert names(api, "?sort=name:asc") == ["shared", "tiny"]
    assert api("PUT", member, {"status": "rejected"}, as_="stranger").status == 200
    assert names(api) == ["tiny"]
    assert api("DELETE", member).status == 204
    assert api("GET", shared, as_="stranger").status == 404
    assert api("DELETE", member).status == 404


def test_who_says_what(api: Api, world: World, shared: str) -> None:
    member = add(api, world, shared)
    assert api("PUT", member, {"status": "accepted"}).status == 403
    assert api("PUT", member, {"status": "maybe"}, as_="stranger").status == 400
    assert api("PUT", member, {"status": "accepted"}, as_="admin").status == 200
    # A member sees itself, and can neither invite others nor change the image.
    assert api.get(member, as_="stranger")["member_id"] == world.other.id
    assert len(api.get(f"{shared}/members", as_="stranger")["members"]) == 1
    assert api("POST", f"{shared}/members", {"member": "x"}, as_="stranger").status == 403
    assert api("DELETE", member, as_="stranger").status == 403
    assert api("DELETE", shared, as_="stranger").status == 403
    assert api("POST", f"{shared}/members", {"member": "third"}).status == 200
    assert len(api.get(f"{shared}/members", as_="stranger")["members"]) == 1
    assert api("GET", f"{shared}/members/third", as_="stranger").status == 404
    assert len(api.get(f"{shared}/members")["members"]) == 2
    assert api("GET", f"{shared}/members", as_="reader").status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"member": ""}, 400),
        ({"member": 5}, 400),
        ({"member": "x" * 256}, 400),
        ({"member": "a\n"}, 400),
        ({}, 400),
        ([], 400),
        ({"member": "twice"}, 409),
    ],
    ids=repr,
)
def test_bad_members(api: Api, shared: str, body: Any, status: int) -> None:
    assert api("POST", f"{shared}/members", {"member": "twice"}).status == 200
    assert api("POST", f"{shared}/members", body).status == status
    assert ImageMember.objects.count() == 1


def test_how_many_members(api: Api, shared: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(image_members, "MOST", 1)
    assert api("POST", f"{shared}/members", {"member": "one"}).status == 200
    assert api("POST", f"{shared}/members", {"member": "two"}).status == 413


def test_only_shared_images_have_members(api: Api, world: World) -> None:
    private = f"{IMAGES}/{world.picture('p', world.demo, 'private').uuid}"
    assert api("POST", f"{private}/members", {"member": "x"}).status == 403
    assert api("GET", f"{private}/members").status == 403
    assert api("GET", f"{IMAGES}/{world.image.uuid}/members").status == 403
    assert api("GET", f"{IMAGES}?member_status=blue").status == 400


def test_members_boot_from_it(api: Api, world: World, shared: str) -> None:
    body = {"name": "s", "flavorRef": "1", "imageRef": shared[-36:], "networks": "none"}
    refused = api("POST", "/compute/v2.1/servers", {"server": body}, as_="stranger", version="2.37")
    assert refused.status == 400
    add(api, world, shared)
    made = api("POST", "/compute/v2.1/servers", {"server": body}, as_="stranger", version="2.37")
    assert made.status == 202, made


def test_the_owner_is_for_administrators_to_say(api: Api, world: World) -> None:
    made = api("POST", IMAGES, {"owner": "f" * 32, "visibility": "private"}, as_="admin")
    path = f"{IMAGES}/{made.body['id']}"
    assert (made.status, made.body["owner"]) == (201, "f" * 32)
    patch = [{"replace": "/owner", "value": world.demo.id}]
    kind = "application/openstack-images-v2.0-json-patch"
    assert api("GET", path).status == 404
    assert api("PATCH", path, patch, kind=kind, as_="admin").status == 200
    assert api.get(path)["owner"] == world.demo.id
    assert api("PATCH", path, [{"replace": "/owner", "value": "x"}], kind=kind).status == 403
    assert api("POST", IMAGES, {"owner": world.demo.id}).status == 201
    assert Image.objects.filter(project=world.demo).count() == 2
