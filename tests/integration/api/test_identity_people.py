"""Users, projects, domains and groups: made, changed, found, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.db.models import Project, User
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V3 = "/identity/v3"
TOKENS = f"{V3}/auth/tokens"


def admin(api: Api, method: str, path: str, body: Any = None) -> Answer:
    return api(method, V3 + path, body, as_="admin")


def made(api: Api, nouns: str, **fields: Any) -> dict[str, Any]:
    noun = {"policies": "policy"}.get(nouns, nouns.removesuffix("s"))
    answer = admin(api, "POST", f"/{nouns}", {noun: fields})
    assert answer.status == 201, answer
    record: dict[str, Any] = answer.body[noun]
    return record


def sign_in(api: Api, user: str, password: str, scope: Any = None) -> Answer:
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": password}}}
    auth = {"identity": identity} | ({"scope": scope} if scope else {})
    return api("POST", TOKENS, {"auth": auth}, as_=None)


@pytest.mark.parametrize("nouns", ["users", "projects", "groups", "domains"])
def test_life_of_a_record(api: Api, nouns: str) -> None:
    noun = nouns.removesuffix("s")
    record = made(api, nouns, name="n", description="d", colour="blue")
    assert (record["name"], record["description"], record["colour"]) == ("n", "d", "blue")
    path = f"/{nouns}/{record['id']}"
    assert record["links"]["self"] == f"http://testserver{V3}{path}"
    assert admin(api, "GET", path).body[noun] == record
    assert admin(api, "GET", f"/{nouns}?name=n").body[nouns] == [record]
    assert admin(api, "GET", f"/{nouns}?name__contains=zzz").body[nouns] == []
    assert admin(api, "POST", f"/{nouns}", {noun: {"name": "n"}}).status == 409
    changed = admin(api, "PATCH", path, {noun: {"name": "m", "colour": "red"}})
    assert changed.body[noun] == record | {"name": "m", "colour": "red"}
    if nouns == "domains":
        assert admin(api, "DELETE", path).status == 403
        admin(api, "PATCH", path, {noun: {"enabled": False}})
    assert admin(api, "DELETE", path).status == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert admin(api, method, path, {noun: {"name": "x"}}).status == 404
    assert made(api, nouns, name="m")["id"] != record["id"]  # The name is free again.


BAD = [
    {"name": ""}, {"name": " "}, {"name": None}, {"name": 5}, {"name": "a\x07"}, {},
    {"name": "x" * 256}, {"name": "n", "enabled": "True"}, {"name": "n", "enabled": None},
    {"name": "n", "description": 5}, {"name": "n", "extra": "\x07"}, {"name": "n", "extra": 1e300},
    {"name": "n", "extra": [[[[[[[[]]]]]]]]}, {"name": "n", "domain_id": 5},
    {"name": "n", "extra": "x" * 20000}, {"name": "n", "options": {"unknown": True}},
    {"name": "n", "domain_id": "../x"}, {"name": "n", "domain_id": "x" * 100}, [], "x",
]  # fmt: skip


@pytest.mark.parametrize("fields", BAD, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("noun", ["user", "project"])
def test_bad_fields(api: Api, noun: str, fields: Any) -> None:
    before = User.objects.count(), Project.objects.count()
    answer = admin(api, "POST", f"/{noun}s", {noun: fields})
    assert answer.status == 400
    assert answer.body["error"]["title"] == "Bad Request"
    assert (User.objects.count(), Project.objects.count()) == before


def test_names_are_as_long_as_keystone_has_them(api: Api) -> None:
    for noun in ("project", "domain"):
        body = {noun: {"name": "a" * 65}}
        assert admin(api, "POST", f"/{noun}s", body).status == 400
    assert admin(api, "POST", "/users", {"user": {"name": "a" * 255}}).status == 201
    nowhere = {"user": {"name": "u", "domain_id": "nowhere"}}
    assert admin(api, "POST", "/users", nowhere).status == 404


def test_trees_of_projects(api: Api) -> None:
    top = made(api, "projects", name="top")
    assert top["parent_id"] == top["domain_id"] == "default"
    leaf = made(api, "projects", name="leaf", parent_id=top["id"])
    assert (leaf["parent_id"], leaf["domain_id"]) == (top["id"], "default")
    listed = admin(api, "GET", f"/projects?parent_id={top['id']}").body["projects"]
    assert listed == [leaf]
    shown = admin(api, "GET", f"/projects/{leaf['id']}?parents_as_ids").body["project"]
    assert shown["parents"] == {top["id"]: {"default": None}}
    shown = admin(api, "GET", f"/projects/{top['id']}?subtree_as_list").body["project"]
    assert [one["project"]["id"] for one in shown["subtree"]] == [leaf["id"]]
    assert admin(api, "DELETE", f"/projects/{top['id']}").status == 403
    moved = {"project": {"parent_id": "default"}}
    assert admin(api, "PATCH", f"/projects/{leaf['id']}", moved).status == 403
    disabled = {"project": {"enabled": False}}
    assert admin(api, "PATCH", f"/projects/{top['id']}", disabled).status == 403
    level = leaf
    for name in "abcdef":
        answer = admin(
            api, "POST", "/projects", {"project": {"name": name, "parent_id": level["id"]}}
        )
        if answer.status != 201:
            break
        level = answer.body["project"]
    assert answer.status == 403  # Somewhere it ends.


def test_a_project_that_acts_as_a_domain(api: Api) -> None:
    project = made(api, "projects", name="acting", is_domain=True, domain_id=None)
    assert project["is_domain"] is True
    found = admin(api, "GET", "/projects?is_domain=true").body["projects"]
    assert project["id"] in [one["id"] for one in found]
    assert admin(api, "GET", f"/domains/{project['id']}").body["domain"]["name"] == "acting"
    admin(api, "PATCH", f"/projects/{project['id']}", {"project": {"enabled": False}})
    assert admin(api, "DELETE", f"/projects/{project['id']}").status == 204


def test_tags(api: Api, world: World) -> None:
    path = f"/projects/{world.demo.id}/tags"
    assert admin(api, "PUT", path, {"tags": ["b", "a"]}).body["tags"] == ["a", "b"]
    assert admin(api, "PUT", f"{path}/c").status == 201
    assert api("HEAD", f"{V3}{path}/c").status == 204
    assert api("GET", f"{V3}{path}/d").status == 404
    assert api("PUT", f"{V3}{path}/d").status == 403
    assert api("GET", V3 + path, as_="stranger").status == 404
    for query, count in (("tags=a,b", 1), ("tags=a,z", 0), ("tags-any=a,z", 1),
                         ("not-tags=a", 2), ("not-tags-any=z", 3)):  # fmt: skip
        assert len(admin(api, "GET", f"/projects?{query}").body["projects"]) == count, query
    assert admin(api, "DELETE", f"{path}/c").status == 204
    assert admin(api, "PUT", path, {"tags": ["a", "a"]}).status == 400
    assert admin(api, "PUT", f"{path}/a,b").status == 400
    assert admin(api, "DELETE", path).status == 204
    assert api.get(V3 + path)["tags"] == []


def test_what_is_immutable_stays(api: Api) -> None:
    project = made(api, "projects", name="p", options={"immutable": True})
    path = f"/projects/{project['id']}"
    assert admin(api, "PATCH", path, {"project": {"name": "q"}}).status == 403
    assert admin(api, "DELETE", path).status == 403
    lifted = {"project": {"options": {"immutable": False}}}
    assert admin(api, "PATCH", path, lifted).status == 200
    assert admin(api, "DELETE", path).status == 204


def test_a_deleted_domain_takes_all_with_it(api: Api) -> None:
    domain = made(api, "domains", name="d")
    user = made(api, "users", name="u", domain_id=domain["id"], password="pw")
    group = made(api, "groups", name="g", domain_id=domain["id"])
    project = made(api, "projects", name="p", domain_id=domain["id"])
    token = sign_in(api, user["id"], "pw").headers["X-Subject-Token"]
    admin(api, "PATCH", f"/domains/{domain['id']}", {"domain": {"enabled": False}})
    assert api("GET", f"{V3}/auth/projects", as_=token).status == 401
    assert sign_in(api, user["id"], "pw").status == 401
    assert admin(api, "DELETE", f"/domains/{domain['id']}").status == 204
    for nouns, record in (("users", user), ("groups", group), ("projects", project)):
        assert admin(api, "GET", f"/{nouns}/{record['id']}").status == 404
    assert admin(api, "DELETE", "/domains/default").status == 403


def test_members_of_groups(api: Api, world: World) -> None:
    group = made(api, "groups", name="g")
    path = f"/groups/{group['id']}/users/{world.user.id}"
    assert admin(api, "HEAD", path).status == 404
    assert admin(api, "PUT", path).status == 204
    assert admin(api, "PUT", path).status == 204
    assert admin(api, "HEAD", path).status == 204
    users = admin(api, "GET", f"/groups/{group['id']}/users").body["users"]
    assert [user["id"] for user in users] == [world.user.id]
    mine = api.get(f"{V3}/users/{world.user.id}/groups")["groups"]
    assert [(one["id"], one["membership_expires_at"]) for one in mine] == [(group["id"], None)]
    assert api("GET", f"{V3}/users/{world.user.id}/groups", as_="stranger").status == 404
    assert admin(api, "DELETE", path).status == 204
    assert admin(api, "DELETE", path).status == 404


def test_a_deleted_user_is_gone_but_not_what_it_did(api: Api, world: World) -> None:
    server = world.server()
    assert admin(api, "DELETE", f"/users/{world.user.id}").status == 204
    assert admin(api, "DELETE", f"/projects/{world.demo.id}").status == 204
    assert api("GET", "/compute/v2.1/servers").status == 401
    shown = api.get(f"/compute/v2.1/servers/{server.uuid}", as_="admin")["server"]
    assert (shown["user_id"], shown["tenant_id"]) == (world.user.id, world.demo.id)
    again = made(api, "users", name="demo")
    assert again["id"] != world.user.id


def test_users_know_themselves_only(api: Api, world: World) -> None:
    mine = api.get(f"{V3}/users/{world.user.id}")["user"]
    assert mine["name"] == "demo"
    assert api("GET", f"{V3}/users/{world.stranger.id}").status == 404
    for path in ("users", "projects", "groups", "domains", "roles", "services", "endpoints",
                 "policies", "role_assignments"):  # fmt: skip
        assert api("GET", f"{V3}/{path}").status == 403, path
    for path in ("regions", "auth/projects", "auth/domains", "auth/system", "credentials"):
        assert api("GET", f"{V3}/{path}").status == 200, path


def test_pages(api: Api) -> None:
    for number in range(5):
        made(api, "groups", name=f"g{number}")
    whole = admin(api, "GET", "/groups").body
    assert (len(whole["groups"]), whole["links"]["next"]) == (5, None)
    seen, path = [], "/groups?limit=2"
    while path:
        page = admin(api, "GET", path).body
        seen += page["groups"]
        path = (page["links"]["next"] or "").removeprefix(f"http://testserver{V3}")
    assert seen == whole["groups"]
    assert admin(api, "GET", "/groups?marker=nothing").status == 404
    assert admin(api, "GET", "/groups?limit=x").status == 400


LISTS = {
    "users": 2, "projects": 2, "domains": 2, "groups": 2, "roles": 2,
    "role_assignments?include_names": 7, "role_assignments?effective&include_names": 10,
    "regions": 2, "services": 2, "endpoints": 2, "policies": 2, "credentials": 2,
    "OS-TRUST/trusts": 2, "role_inferences": 2,
}  # fmt: skip


def test_query_counts(api: Api) -> None:
    for number in range(3):
        grown(api, f"n{number}")
        for path, queries in LISTS.items():
            with CaptureQueriesContext(connection) as seen:
                assert admin(api, "GET", f"/{path}").status == 200, path
            assert len(seen) == queries, (number, path, [query["sql"] for query in seen])


def grown(api: Api, name: str) -> None:
    """One more of everything."""
    domain = made(api, "domains", name=name)
    project = made(api, "projects", name=name, domain_id=domain["id"])
    user = made(api, "users", name=name, domain_id=domain["id"])
    group = made(api, "groups", name=name, domain_id=domain["id"])
    made(api, "projects", name=name + "-leaf", parent_id=project["id"])
    role = made(api, "roles", name=name)
    other = made(api, "roles", name=name + "-implied")
    admin(api, "PUT", f"/groups/{group['id']}/users/{user['id']}")
    admin(api, "PUT", f"/roles/{role['id']}/implies/{other['id']}")
    for actor in (f"users/{user['id']}", f"groups/{group['id']}"):
        admin(api, "PUT", f"/projects/{project['id']}/{actor}/roles/{role['id']}")
        admin(api, "PUT", f"/domains/{domain['id']}/{actor}/roles/{role['id']}")
        inherited = f"/OS-INHERIT/domains/{domain['id']}/{actor}/roles/{role['id']}"
        admin(api, "PUT", f"{inherited}/inherited_to_projects")
    made(api, "regions", description=name)
    service = made(api, "services", type=name)
    made(api, "endpoints", service_id=service["id"], interface="public", url="http://x")
    made(api, "policies", type="t", blob="{}")
    made(api, "credentials", type="cert", blob="x", user_id=user["id"])
