"""The OpenAPI document: complete, valid, served, and true of what is answered."""

from __future__ import annotations

import gzip
import json
import re

import jsonschema_rs
import orjson
import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from synnefo.api import bodies
from synnefo.api.compute import security_group_proxies, server_bodies
from synnefo.api.network import kinds
from synnefo.api.openapi.document import document, rows
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.examples import example

DOCUMENT = document(SERVICES)
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def test_every_route_is_in_it() -> None:
    told = {(method.upper(), path) for method, path, _ in OPERATIONS}
    for service in SERVICES:
        for path, route in rows(service):
            assert (route.method, path) in told


def test_every_route_says_what_it_answers() -> None:
    """Without `gives` an answer would be anything."""
    for service in SERVICES:
        for path, route in rows(service):
            assert route.gives, f"{route.method} {path}"


def test_every_summary_is_a_line_without_an_address() -> None:
    for method, path, operation in OPERATIONS:
        told = operation["summary"]
        assert told
        assert not re.search(r"(^|\s)/", told), f"{method} {path}: {told}"


def test_it_is_what_openapi_3_1_asks_for() -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    OPENAPI_31_VALIDATOR.validate(json.loads(orjson.dumps(DOCUMENT)))


def test_every_schema_in_it_is_one() -> None:
    for _, _, operation in OPERATIONS:
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in contents:
            for media in content.get("content", {}).values():
                jsonschema_rs.meta.validate(media["schema"])


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_served_and_kept(api: Api) -> None:
    first = api("GET", "/openapi.json", as_=None)
    assert first.body == json.loads(orjson.dumps(DOCUMENT))
    tag = first.headers["ETag"]
    assert api("GET", "/openapi.json", as_=None, if_none_match=tag).status == 304
    packed = Client().get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == first.raw
    assert api("POST", "/openapi.json", b"", as_=None).status == 405


def test_the_page_for_people(api: Api) -> None:
    page = api("GET", "/openapi", as_=None)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"openapi.js" in page.raw


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (bodies.text(1, 3), "abc", ""),
        (bodies.NAME, "a b", " a"),
        (bodies.integer(2, 5), 3, 6),
        (bodies.choice("x", "y"), "x", "z"),
        (bodies.maybe(bodies.choice("x")), None, "z"),
        (bodies.listing(bodies.uuid, 1), ["5d8b5c5e-1111-4222-8333-944444444444"], []),
        (bodies.METADATA, {"a": "b"}, {"a": 1}),
        (bodies.record({"a": bodies.flag}, need=("a",)), {"a": True}, {}),
        (bodies.record({"a": bodies.flag}), {}, {"b": 1}),
        (bodies.either({str: bodies.text(), dict: bodies.anything}, "one"), {}, []),
        (bodies.nothing, None, "x"),
    ],
)
def test_a_kind_and_its_schema_agree(kind: bodies.Kind, good: object, bad: object) -> None:
    schema = Draft202012Validator(bodies.schema_of(kind))
    kind(good, "", True)
    assert schema.is_valid(good)
    with pytest.raises(bodies.BadRequest):
        kind(bad, "", True)
    assert not schema.is_valid(bad)
    assert schema.is_valid(example(bodies.schema_of(kind)))


@pytest.mark.parametrize(
    ("service", "good", "bad"),
    [
        (
            "compute",
            ("compute 2.1", "compute 2.104", "compute latest", "volume 3.71", "", "x"),
            ("compute 2.0", "compute 2.105", "compute 3.1", "compute x", "COMPUTE 2.200"),
        ),
        (
            "volume",
            ("volume 3.0", "volume 3.71", "volume latest", "compute 2.1", "volumes 5", "a volume"),
            ("volume 3.72", "volume 2.0", "volume x", "Block-storage x", "x, volume y"),
        ),
    ],
)
def test_microversions_are_told_as_they_are_heard(
    api: Api, service: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    told = DOCUMENT["components"]["parameters"][f"{service}Microversion"]["schema"]
    path = {"compute": "/compute/v2.1/flavors", "volume": "/volume/v3/types"}[service]
    for text in (*good, *bad):
        status = api("GET", path, openstack_api_version=text).status
        assert (status == 200) == (text in good), text
        assert Draft202012Validator(told).is_valid(text) == (text in good), text


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            bodies.integer(-1, 65535),
            (-2, -1, 0, "0", "007", "65535", "65536", "x", "", "-1", True, 5.0),
        ),
        (bodies.integer(-70, 9), ("-70", "-71", "0-7", "-0", 9.5, 1e300, None)),
        (bodies.flag, ("TRUE", " off ", "yes", "maybe", "", 0, 1, 2, True, "tru", 1.0, 0.5)),
        (kinds.cidr, ("10.0.0.0/8", "::/0", "1::8/128", "1:2:3:4:5:6:7:8/1", "1::2::3/4", "x/8")),
        (kinds.cidr, ("10.0.0.0", "10.0.0.0/33", "256.0.0.0/8", "1:2:3:4:5:6:7::8/1", "::/129")),
        (kinds.mac, ("00:00:00:00:00:00", "01:00:00:00:00:01", "02:00:00:00:00:0f", "x")),
        (server_bodies.ACCESS["accessIPv4"], ("", None, 5)),
        (security_group_proxies.name, ("x", " x", " ", "", "\x01", "x" * 256)),
        (kinds.ip_version, (4, "6", 5, "x")),
        (bodies.encoded(), ("", "AAAA", "AA==", "AAA=", "AAAAA", "=", "A A\nA A", "AAAA====x")),
    ],
)
def test_a_kind_and_its_schema_agree_on_texts(
    kind: bodies.Kind, values: tuple[object, ...]
) -> None:
    schema = Draft202012Validator(bodies.schema_of(kind))
    for value in values:
        try:
            kind(value, "", True)
        except bodies.BadRequest:
            assert not schema.is_valid(value), value
        else:
            assert schema.is_valid(value), value
