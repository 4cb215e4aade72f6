"""What users ask for, and what they get when they ask for nonsense."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from synnefo.api.middleware import check_form
from synnefo.core.faults import BadRequest
from synnefo.db.models import (
    Activity,
    Address,
    Commission,
    Intent,
    Keypair,
    Port,
    QuotaUsage,
    Server,
    Volume,
)
from tests.integration.api.client import Api
from tests.integration.api.world import PUBLIC_KEY, World

SERVERS = "/compute/v2.1/servers"
NOWHERE = "5d8b5c5e-1111-4222-8333-944444444444"


def wish(world: World, **more: Any) -> dict[str, Any]:
    body = {
        "name": "web1",
        "flavorRef": "1",
        "imageRef": str(world.image.uuid),
        "networks": [{"uuid": str(world.network.uuid)}],
    } | more
    return {"server": {key: value for key, value in body.items() if value is not ...}}


LEFT_BEHIND = (Server, Intent, Activity, Port, Address, Volume, Commission)
COUNT_ALL = "SELECT (SELECT COALESCE(SUM(used), 0) FROM {used}), {counts}".format(
    used=QuotaUsage._meta.db_table,
    counts=", ".join(f"(SELECT COUNT(*) FROM {one._meta.db_table})" for one in LEFT_BEHIND),
)


def reserved() -> tuple[int, ...]:
    """Whatever a creation leaves behind."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ALL)
        return cursor.fetchone()


def test_create(api: Api, world: World) -> None:
    answer = api("POST", SERVERS, wish(world, metadata={"a": "b"}))
    assert answer.status == 202
    server = answer.body["server"]
    assert set(server) == {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"}
    assert answer.headers["Location"].endswith(f"{SERVERS}/{server['id']}")
    record = api.get(f"{SERVERS}/{server['id']}")["server"]
    assert (record["status"], record["OS-EXT-STS:task_state"]) == ("BUILD", "spawning")
    assert record["metadata"] == {"a": "b"}
    assert list(record["addresses"]) == ["public"]
    assert api.get("/compute/v2.1/limits")["limits"]["absolute"]["totalInstancesUsed"] == 1


def test_create_as_the_stock_client_does(api: Api, world: World) -> None:
    image = str(world.image.uuid)
    world.key("k")
    device = {
        "uuid": image,
        "boot_index": 0,
        "source_type": "image",
        "destination_type": "local",
        "delete_on_termination": True,
    }
    body = wish(
        world,
        min_count=1,
        max_count=1,
        key_name="k",
        security_groups=[{"name": "default"}],
        metadata={"a": "b"},
        user_data=base64.b64encode(b"#!/bin/sh\n").decode(),
        block_device_mapping_v2=[device],
    )
    assert api("POST", SERVERS, body, version="2.21").status == 202


def test_create_at_other_versions(api: Api, world: World) -> None:
    described = wish(world, description="mine")
    assert api("POST", SERVERS, described).status == 400
    created = api("POST", SERVERS, described, version="2.19")
    path = f"{SERVERS}/{created.body['server']['id']}"
    assert api.get(path, version="2.19")["server"]["description"] == "mine"
    # The legacy paths drop what they do not know.
    assert api("POST", "/compute/v2/servers", described).status == 202


def test_access_addresses_are_kept(api: Api, world: World) -> None:
    body = wish(world, accessIPv4="203.0.113.7", accessIPv6="2001:DB8::0:1")
    path = f"{SERVERS}/{api('POST', SERVERS, body).body['server']['id']}"
    record = api.get(path)["server"]
    assert (record["accessIPv4"], record["accessIPv6"]) == ("203.0.113.7", "2001:db8::1")
    changed = api("PUT", path, {"server": {"accessIPv4": "203.0.113.8", "accessIPv6": ""}})
    assert changed.status == 200
    for shown in (changed.body["server"], api.get(path)["server"]):
        assert (shown["accessIPv4"], shown["accessIPv6"]) == ("203.0.113.8", "")
    assert api("PUT", path, {"server": {"accessIPv4": "::1"}}).status == 400


def test_a_private_flavor_is_for_administrators(api: Api, world: World) -> None:
    before = reserved()
    answer = api("POST", SERVERS, wish(world, flavorRef="9"))
    assert (answer.status, answer.message) == (400, "Flavor 9 could not be found. (flavorRef)")
    assert reserved() == before
    assert api("POST", SERVERS, wish(world, flavorRef="9"), as_="admin").status == 202


def test_create_several(api: Api, world: World) -> None:
    body = wish(world, min_count=3, max_count=3, return_reservation_id=True)
    assert api("POST", SERVERS, body).body["reservation_id"].startswith("r-")
    names = [server["name"] for server in api.get(SERVERS)["servers"]]
    assert sorted(names) == ["web1-1", "web1-2", "web1-3"]


def test_a_repeated_request_is_answered_with_the_first_server(api: Api, world: World) -> None:
    first = api("POST", SERVERS, wish(world), idempotency_key="abc")
    again = api("POST", SERVERS, wish(world), idempotency_key="abc")
    assert again.body == first.body
    assert Server.objects.count() == 1
    other = api("POST", SERVERS, wish(world, name="web2"), idempotency_key="abc")
    assert other.status == 409
    for key in ("", "x" * 256, "a\tb", "\xe4"):
        answer = api("POST", SERVERS, wish(world), idempotency_key=key)
        assert answer.status == 400
        assert "Idempotency-Key" in answer.message
    strangers = api("POST", SERVERS, wish(world), as_="stranger", idempotency_key="abc")
    assert strangers.status == 202
    assert Server.objects.count() == 2


OMIT = ...
LONG = "x" * 256
# Change to a good body, and the words that the message must have.
BAD_SERVERS: list[tuple[dict[str, Any], str]] = [
    ({"name": OMIT}, "name"),
    ({"name": ""}, "name"),
    ({"name": LONG}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"name": ["x"]}, "name"),
    ({"name": " x"}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"flavorRef": OMIT}, "flavorRef"),
    ({"flavorRef": "42"}, "(flavorRef)"),
    ({"flavorRef": "'; DROP TABLE servers"}, "Flavor"),
    ({"flavorRef": None}, "flavorRef"),
    ({"flavorRef": -1}, "flavorRef"),
    ({"flavorRef": 1 << 62}, "flavorRef"),
    ({"flavorRef": {}}, "flavorRef"),
    ({"imageRef": "x"}, "imageRef"),
    ({"imageRef": NOWHERE}, "(imageRef)"),
    ({"imageRef": 5}, "imageRef"),
    ({"imageRef": OMIT}, "image"),
    ({"networks": [{"uuid": NOWHERE}]}, "(networks)"),
    ({"networks": [{"uuid": "x"}]}, "networks[0].uuid"),
    ({"networks": [{}]}, "networks[0].uuid"),
    ({"networks": [{"port": NOWHERE}]}, NOWHERE),
    ({"networks": "all"}, "networks"),
    ({"networks": {}}, "networks"),
    ({"networks": [None]}, "networks[0]"),
    ({"key_name": "nope"}, "key_name"),
    ({"key_name": 3}, "key_name"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"metadata": {"": "x"}}, "metadata"),
    ({"metadata": {"k" * 256: "x"}}, "metadata"),
    ({"metadata": {"k": LONG}}, "metadata.k"),
    ({"metadata": {"k": "a\x00"}}, "metadata.k"),
    ({"metadata": {"ä": "x"}}, "metadata"),
    ({"metadata": []}, "metadata"),
    ({"user_data": "not base64!"}, "user_data"),
    ({"user_data": "A" * 65536}, "user_data"),
    ({"config_drive": "perhaps"}, "config_drive"),
    ({"min_count": 0}, "min_count"),
    ({"min_count": "x"}, "min_count"),
    ({"max_count": 1 << 40}, "max_count"),
    ({"min_count": 5, "max_count": 2}, "min_count"),
    ({"min_count": True}, "min_count"),
    ({"availability_zone": "mars"}, "zone"),
    ({"security_groups": [{"name": "web"}]}, "(security_groups)"),
    ({"security_groups": "default"}, "security_groups"),
    ({"accessIPv4": "1.2.3"}, "accessIPv4"),
    ({"accessIPv6": "1.2.3.4"}, "accessIPv6"),
    ({"block_device_mapping_v2": [{"source_type": "volume", "uuid": NOWHERE}]}, "Block"),
    ({"personality": [{"path": "/x"}]}, "personality"),
    ({"tags": ["x"]}, "tags"),
    ({"nonsense": 1}, "nonsense"),
    ({"OS-DCF:diskConfig": "PERHAPS"}, "diskConfig"),
]


@pytest.mark.parametrize(("change", "words"), BAD_SERVERS, ids=lambda v: repr(v)[:40])
def test_a_bad_server_reserves_nothing(
    api: Api, world: World, change: dict[str, Any], words: str
) -> None:
    before = reserved()
    answer = api("POST", SERVERS, wish(world, **change))
    assert answer.status == 400, answer
    assert words in answer.message
    assert list(answer.body) == ["badRequest"]
    assert reserved() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"{}", 400),
        (b'{"server": null}', 400),
        (b'{"server": []}', 400),
        (b'{"server": {}, "x": 1}', 400),
        (b'{"server": {"name": "\\ud800"}}', 400),
        (b'{"server": {"name": NaN}}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 5000, 400),
        (b" " * ((1 << 20) + 1), 413),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bodies_that_are_none(api: Api, body: bytes, status: int) -> None:
    for method, path in (("POST", SERVERS), ("POST", "/identity/v3/auth/tokens")):
        answer = api(method, path, body)
        assert answer.status == status
        assert answer.message


def test_lengths_that_are_none() -> None:
    """A digit that is no number is not one either."""
    for length in ("-1", "1.0", "x", "\u00b2"):
        asked = RequestFactory().generic("POST", SERVERS, b"{}", CONTENT_LENGTH=length)
        with pytest.raises(BadRequest, match="Content-Length"):
            check_form(asked)


def test_other_content_types(api: Api) -> None:
    assert api("POST", SERVERS, b"<x/>", kind="application/xml").status == 415


def test_quota(api: Api, world: World) -> None:
    world.quota(world.demo, instances=1)
    assert api("POST", SERVERS, wish(world)).status == 202
    before = reserved()
    answer = api("POST", SERVERS, wish(world))
    assert (answer.status, list(answer.body)) == (403, ["forbidden"])
    assert "Quota exceeded" in answer.message
    assert reserved() == before


def test_quota_of_ports(api: Api, world: World) -> None:
    """It counts the cards of servers as well, and how many a request may make at most."""
    own = world.net("own", world.demo)
    world.pool(own, "10.0.0.0/24")
    both = [{"uuid": str(world.network.uuid)}, {"uuid": str(own.uuid)}]
    made_before = {"port": {"network_id": str(own.uuid)}}
    kept = api("POST", "/network/v2.0/ports", made_before).body["port"]["id"]
    world.quota(world.demo, port=4)
    several = wish(world, networks=both, min_count=1, max_count=5)
    assert api("POST", SERVERS, several).status == 202
    assert Server.objects.count() == 1
    before = reserved()
    for more in ({}, {"min_count": 2, "max_count": 2}, {"min_count": 1, "max_count": 3}):
        answer = api("POST", SERVERS, wish(world, networks=both, **more))
        assert (answer.status, list(answer.body)) == (403, ["forbidden"])
        assert answer.message == "Maximum number of ports exceeded"
        assert reserved() == before
    assert api("POST", SERVERS, wish(world, networks=[{"port": kept}])).status == 202
    assert api("POST", SERVERS, wish(world)).status == 202
    boundless = {"quota": {"port": -1}}
    api("PUT", f"/network/v2.0/quotas/{world.demo.pk}", boundless, as_="admin")
    assert api("POST", SERVERS, wish(world, networks=both)).status == 202


def test_several_networks_need_a_choice(api: Api, world: World) -> None:
    one = api("POST", SERVERS, wish(world, networks=OMIT))
    assert one.status == 202
    world.pool(world.net("own", world.demo), "10.0.0.0/24")
    answer = api("POST", SERVERS, wish(world, networks=OMIT))
    assert answer.status == 409
    assert "Multiple possible networks found" in answer.message
    alone = api("POST", SERVERS, wish(world, networks="none"), version="2.37").body["server"]["id"]
    assert api.get(f"{SERVERS}/{alone}")["server"]["addresses"] == {}


def test_another_projects_network_does_not_exist(api: Api, world: World) -> None:
    foreign = world.net("theirs", world.other)
    answer = api("POST", SERVERS, wish(world, networks=[{"uuid": str(foreign.uuid)}]))
    assert answer.status == 400


@pytest.mark.parametrize(
    ("version", "status", "applied"),
    [
        ("2.1", 200, "2.1"),
        ("2.21", 200, "2.21"),
        ("latest", 200, "2.104"),
        ("2.105", 406, "2.1"),
        ("3.0", 406, "2.1"),
        ("2.0", 406, "2.1"),
        ("two", 400, "2.1"),
        ("2.1.1", 400, "2.1"),
        ("2.99999999999", 400, "2.1"),
    ],
)
def test_microversions(api: Api, version: str, status: int, applied: str) -> None:
    for answer in (
        api("GET", SERVERS, version=version),
        api("GET", SERVERS, x_openstack_nova_api_version=version),
    ):
        assert answer.status == status
        assert answer.headers["X-OpenStack-Nova-API-Version"] == applied
        assert answer.headers["OpenStack-API-Version"] == f"compute {applied}"
        assert "X-OpenStack-Nova-API-Version" in answer.headers["Vary"]


# --- key pairs ------------------------------------------------------------------------------------


def test_keypairs(api: Api, world: World) -> None:
    path = "/compute/v2.1/os-keypairs"
    mine = {"keypair": {"name": "mine", "public_key": PUBLIC_KEY}}
    created = api("POST", path, mine)
    assert created.status == 200
    assert set(created.body["keypair"]) == {"name", "public_key", "fingerprint", "user_id"}
    assert api("POST", path, mine).status == 409
    made = api("POST", path, {"keypair": {"name": "made", "type": "ssh"}}, version="2.2")
    assert made.status == 201
    assert "OPENSSH PRIVATE KEY" in made.body["keypair"]["private_key"]
    assert "private_key" not in api.get(f"{path}/made")["keypair"]
    assert [k["keypair"]["name"] for k in api.get(path)["keypairs"]] == ["made", "mine"]
    assert api("GET", f"{path}/mine", as_="reader").status == 404
    assert api("DELETE", f"{path}/mine").status == 202
    assert api("DELETE", f"{path}/made", version="2.2").status == 204
    assert api("DELETE", f"{path}/made").status == 404
    for wrong in (
        {},
        {"name": ""},
        {"name": LONG},
        {"name": "a/b"},
        {"name": "x", "type": "ssh"},
        {"name": "x", "public_key": "nonsense"},
        {"name": "x", "public_key": 5},
        {"name": "x", "public_key": "y" * 20000},
    ):
        assert api("POST", path, {"keypair": wrong}).status == 400, wrong
    assert Keypair.objects.count() == 0


def test_keypairs_have_a_limit(api: Api, world: World) -> None:
    path = "/compute/v2.1/os-keypairs"
    limit = api.get("/compute/v2.1/limits")["limits"]["absolute"]["maxTotalKeypairs"]
    for number in range(limit):
        body = {"keypair": {"name": f"k{number}", "public_key": PUBLIC_KEY}}
        assert api("POST", path, body).status == 200
    answer = api("POST", path, {"keypair": {"name": "more", "public_key": PUBLIC_KEY}})
    assert (answer.status, "Quota exceeded" in answer.message) == (403, True)


def test_keypairs_of_others_are_for_administrators(api: Api, world: World) -> None:
    path = "/compute/v2.1/os-keypairs"
    body = {"keypair": {"name": "k", "user_id": world.user.id}}
    assert api("POST", path, body, as_="admin", version="2.10").status == 201
    assert api("POST", path, body, as_="stranger", version="2.10").status == 403
    listed = api.get(f"{path}?user_id={world.user.id}", as_="admin", version="2.10")
    assert len(listed["keypairs"]) == 1
