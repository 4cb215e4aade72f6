"""Signing in and what a token tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from synnefo.api.versions import MAXIMUM, spelled
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

TOKENS = "/identity/v3/auth/tokens"
PASSWORD = "correct horse"
DOMAIN = {"id": "default"}


@pytest.fixture(autouse=True)
def password(world: World) -> None:
    world.user.password = make_password(PASSWORD)
    world.user.save()


def auth(user: dict[str, Any], scope: Any = ...) -> dict[str, Any]:
    identity = {"methods": ["password"], "password": {"user": {"password": PASSWORD} | user}}
    return {"auth": {"identity": identity} | ({} if scope is ... else {"scope": scope})}


NAMED = {"name": "demo", "domain": {"name": "Default"}}


@pytest.mark.parametrize("user", [NAMED, {"name": "demo", "domain": DOMAIN}, {"id": "USER"},
                                  {"id": "USER", "domain": DOMAIN}], ids=str)  # fmt: skip
@pytest.mark.parametrize(
    "scope",
    [
        ...,
        {"project": {"name": "demo", "domain": {"name": "Default"}}},
        {"project": {"name": "demo", "domain": DOMAIN}},
        {"project": {"id": "PROJECT"}},
        {"project": {"id": "PROJECT", "domain": DOMAIN}},
    ],
    ids=str,
)
def test_signing_in(api: Api, world: World, user: dict[str, Any], scope: Any) -> None:
    answer = api("POST", TOKENS, filled(auth(user, scope), world), as_=None)
    assert answer.status == 201
    token = answer.body["token"]
    assert token["user"]["name"] == "demo"
    assert token["project"]["id"] == world.demo.id
    assert [role["name"] for role in token["roles"]] == ["member"]
    assert token["expires_at"] > token["issued_at"]
    names = {(entry["type"], entry["name"]) for entry in token["catalog"]}
    assert ("compute", "nova") in names
    text = answer.headers["X-Subject-Token"]
    assert api("GET", "/compute/v2.1/servers", as_=text).status == 200
    seen = api("GET", TOKENS, as_=text, x_subject_token=text)
    assert (seen.status, seen.body) == (200, answer.body)
    assert seen.headers["X-Subject-Token"] == text


def filled(value: Any, world: World) -> Any:
    if isinstance(value, dict):
        return {key: filled(item, world) for key, item in value.items()}
    return (
        {"USER": world.user.id, "PROJECT": world.demo.id}.get(value, value)
        if isinstance(value, str)
        else value
    )


def sign_in(api: Api, scope: Any = ...) -> Answer:
    return api("POST", TOKENS, auth(NAMED, scope), as_=None)


def test_unscoped_and_rescoped(api: Api, world: World) -> None:
    unscoped = sign_in(api, "unscoped")
    assert not {"project", "roles", "catalog"} & set(unscoped.body["token"])
    text = unscoped.headers["X-Subject-Token"]
    identity = {"methods": ["token"], "token": {"id": text}}
    scope = {"project": {"id": world.demo.id}}
    scoped = api("POST", TOKENS, {"auth": {"identity": identity, "scope": scope}}, as_=None)
    assert scoped.status == 201
    assert sorted(scoped.body["token"]["methods"]) == ["password", "token"]


def test_nocatalog_and_head(api: Api) -> None:
    answer = api("POST", f"{TOKENS}?nocatalog", auth(NAMED), as_=None)
    assert "catalog" not in answer.body["token"]
    text = answer.headers["X-Subject-Token"]
    assert api("HEAD", TOKENS, as_=text, x_subject_token=text).status == 200


def test_revoking(api: Api) -> None:
    text = sign_in(api).headers["X-Subject-Token"]
    assert api("GET", TOKENS, as_="stranger", x_subject_token=text).status == 403
    assert api("DELETE", TOKENS, as_="stranger", x_subject_token=text).status == 403
    assert api("DELETE", TOKENS, as_=text, x_subject_token=text).status == 204
    assert api("GET", "/compute/v2.1/servers", as_=text).status == 401
    assert api("GET", TOKENS, as_="admin", x_subject_token=text).status == 404
    assert api("GET", TOKENS, as_="admin").status == 400


def test_all_refusals_are_the_same(api: Api, world: World) -> None:
    wrong = [
        auth({"name": "demo", "domain": DOMAIN, "password": "wrong"}),
        auth({"name": "nobody", "domain": DOMAIN}),
        auth({"name": "demo", "domain": {"id": "elsewhere"}}),
        auth({"id": "nobody"}),
        auth(NAMED, {"project": {"id": "nothing"}}),
        auth(NAMED, {"project": {"id": world.other.id}}),
        auth(NAMED, {"project": {"name": "other", "domain": DOMAIN}}),
        auth(NAMED, {"domain": DOMAIN}),
        auth(NAMED, {"system": {"all": True}}),
        {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}},
    ]
    answers = {api("POST", TOKENS, body, as_=None).raw for body in wrong}
    assert len(answers) == 1
    assert b'"code":401' in answers.pop()


def test_a_token_for_a_token_ends_with_it(api: Api, world: World) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    old = world.token(world.user, None, expires_at=soon)
    identity = {"methods": ["token"], "token": {"id": old}}
    scope = {"project": {"id": world.demo.id}}
    answer = api("POST", TOKENS, {"auth": {"identity": identity, "scope": scope}}, as_=None)
    assert answer.status == 201
    assert datetime.fromisoformat(answer.body["token"]["expires_at"]) == soon
    assert answer.body["token"]["methods"] == ["token", "password"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "auth"),
        ({"auth": None}, "auth"),
        ({"auth": {}}, "auth.identity"),
        ({"auth": {"identity": {}}}, "auth.identity.methods"),
        ({"auth": {"identity": {"methods": "password"}}}, "methods"),
        ({"auth": {"identity": {"methods": []}}}, "methods"),
        ({"auth": {"identity": {"methods": ["password"]}}}, "auth.identity.password"),
        ({"auth": {"identity": {"methods": ["token"]}}}, "auth.identity.token"),
        (auth({"name": 5}), "name"),
        (auth({"name": "demo", "password": None}), "password"),
        (auth({"name": "a\x00"}), "name"),
        (auth({"name": "x" * 300}), "name"),
        (auth(NAMED, "all"), "scope"),
        (auth(NAMED, []), "scope"),
        (auth(NAMED, {"project": {}}), "scope.project"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_bad_bodies(api: Api, body: Any, words: str) -> None:
    answer = api("POST", TOKENS, body, as_=None)
    assert answer.status == 400
    assert words in answer.message


def test_people(api: Api, world: World) -> None:
    mine = api.get(f"/identity/v3/users/{world.user.id}/projects")["projects"]
    assert [project["name"] for project in mine] == ["demo"]
    assert api.get("/identity/v3/domains/default")["domain"]["name"] == "Default"
    assert api("GET", "/identity/v3/domains/nothing").status == 404
    assert api("GET", "/identity/v3/projects?name=demo").status == 403
    seen = api.get("/identity/v3/projects?name=demo", as_="admin")["projects"]
    assert seen[0]["id"] == world.demo.id
    assert len(api.get("/identity/v3/projects", as_="admin")["projects"]) == 3
    everybody = api("GET", "/identity/v3/users", as_="admin")
    assert len(everybody.body["users"]) == 4
    assert b'password"' not in everybody.raw
    assert api.get("/identity/v3/auth/catalog")["catalog"]
    assert api("GET", "/identity/v3/auth/catalog", as_="unscoped").status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/identity", 300),
        ("/identity/", 300),
        ("/identity/v3", 200),
        ("/identity/v3/", 200),
        ("/compute", 200),
        ("/compute/", 200),
        ("/compute/v2/", 200),
        ("/compute/v2.1", 200),
        ("/compute/v2.1/", 200),
        ("/image", 300),
        ("/image/", 300),
        ("/image/versions", 200),
        ("/network", 200),
        ("/network/", 200),
    ],
)
def test_version_documents(api: Api, path: str, status: int) -> None:
    answer = api("GET", path, as_=None)
    assert answer.status == status
    for href in hrefs(answer.body):
        assert href.startswith("http://testserver/")
        if "image" not in path and "network" not in path:
            assert href in hrefs(api("GET", href.removeprefix("http://testserver"), as_=None).body)


def hrefs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["href"]] if "href" in value else []
        return own + [href for item in value.values() for href in hrefs(item)]
    return [href for item in value for href in hrefs(item)] if isinstance(value, list) else []


def test_the_list_of_compute_versions_begins_with_the_oldest(api: Api) -> None:
    versions = api.get("/compute/", as_=None)["versions"]
    assert [version["id"] for version in versions] == ["v2.0", "v2.1"]
    assert (versions[1]["version"], versions[1]["min_version"]) == (spelled(MAXIMUM), "2.1")
    resources = api.get("/network/v2.0/")["resources"]
    assert {"network", "subnet", "port"} <= {resource["name"] for resource in resources}
