"""Roles: given, inherited, implied; tokens have those of the present; how far each role reaches."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from synnefo.db.models import Role, RoleAssignment, User
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V3 = "/identity/v3"
TOKENS = f"{V3}/auth/tokens"
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def password(world: World) -> None:
    User.objects.update(password=make_password(PASSWORD))


def admin(api: Api, method: str, path: str, body: Any = None) -> Answer:
    return api(method, V3 + path, body, as_="admin")


def made(api: Api, nouns: str, **fields: Any) -> dict[str, Any]:
    noun = nouns.removesuffix("s")
    record: dict[str, Any] = admin(api, "POST", f"/{nouns}", {noun: fields}).body[noun]
    return record


def token_of(api: Api, user: str, scope: Any) -> Answer:
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": PASSWORD}}}
    return api("POST", TOKENS, {"auth": {"identity": identity, "scope": scope}}, as_=None)


def signed_in(api: Api, user: str, scope: Any) -> str:
    answer = token_of(api, user, scope)
    assert answer.status == 201, answer
    return str(answer.headers["X-Subject-Token"])


def roles_of(api: Api, token: str) -> list[str]:
    answer = api("GET", TOKENS, as_=token, x_subject_token=token)
    assert answer.status == 200, answer
    return [role["name"] for role in answer.body["token"]["roles"]]


@pytest.mark.parametrize("actor", ["users", "groups"])
@pytest.mark.parametrize("target", ["projects", "domains", "system"])
def test_giving_and_taking(api: Api, world: World, actor: str, target: str) -> None:
    group = made(api, "groups", name="g")
    who = world.user.id if actor == "users" else group["id"]
    where = {"projects": world.other.id, "domains": "default"}.get(target)
    path = f"/{target}/{where}" if where else "/system"
    path += f"/{actor}/{who}/roles"
    reader = world.roles["reader"].id
    one = f"{path}/{reader}"
    assert admin(api, "HEAD", one).status == 404
    for _ in range(2):
        assert admin(api, "PUT", one).status == 204
    assert admin(api, "HEAD", one).status == 204
    roles = admin(api, "GET", path).body["roles"]
    assert [role["name"] for role in roles] == ["reader"]
    kind = actor.removesuffix("s")
    found = admin(api, "GET", f"/role_assignments?{kind}.id={who}&role.id={reader}&include_names")
    scopes = [next(iter(row["scope"])) for row in found.body["role_assignments"]]
    assert target.removesuffix("s") in scopes
    names = {row[kind]["name"] for row in found.body["role_assignments"]}
    assert names == {"demo" if actor == "users" else "g"}
    assert admin(api, "DELETE", one).status == 204
    assert admin(api, "DELETE", one).status == 404
    assert admin(api, "PUT", f"{path}/nothing").status == 404
    assert api("PUT", V3 + one).status == 403


def test_inherited_roles_count_below(api: Api, world: World) -> None:
    leaf = made(api, "projects", name="leaf", parent_id=world.other.id)
    reader = world.roles["reader"].id
    path = f"/OS-INHERIT/projects/{world.other.id}/users/{world.user.id}/roles/{reader}"
    path += "/inherited_to_projects"
    assert admin(api, "PUT", path).status == 204
    assert admin(api, "GET", path).status == 204
    assert token_of(api, world.user.id, {"project": {"id": world.other.id}}).status == 401
    token = signed_in(api, world.user.id, {"project": {"id": leaf["id"]}})
    assert roles_of(api, token) == ["reader"]
    ask = f"/role_assignments?effective&user.id={world.user.id}&scope.project.id={leaf['id']}"
    assert len(admin(api, "GET", ask).body["role_assignments"]) == 1
    assert leaf["id"] in [one["id"] for one in api.get(f"{V3}/auth/projects")["projects"]]
    assert admin(api, "DELETE", path).status == 204
    assert admin(api, "GET", ask).body["role_assignments"] == []
    assert api("GET", TOKENS, as_=token, x_subject_token=token).status == 401


def test_tokens_follow_the_present(api: Api, world: World) -> None:
    demo, user, roles = world.demo.id, world.user.id, world.roles
    token = signed_in(api, user, {"project": {"id": demo}})
    given = f"/projects/{demo}/users/{user}/roles"
    assert roles_of(api, token) == ["member"]
    admin(api, "PUT", f"{given}/{roles['admin'].id}")
    assert roles_of(api, token) == ["admin", "member"]
    assert api("GET", f"{V3}/users", as_=token).status == 200
    admin(api, "DELETE", f"{given}/{roles['admin'].id}")
    assert api("GET", f"{V3}/users", as_=token).status == 403
    admin(api, "PUT", f"/roles/{roles['member'].id}/implies/{roles['reader'].id}")
    assert roles_of(api, token) == ["member", "reader"]
    admin(api, "DELETE", f"/roles/{roles['member'].id}/implies/{roles['reader'].id}")
    assert roles_of(api, token) == ["member"]
    role = made(api, "roles", name="painter")
    admin(api, "PUT", f"{given}/{role['id']}")
    admin(api, "PATCH", f"/roles/{role['id']}", {"role": {"name": "artist"}})
    assert roles_of(api, token) == ["artist", "member"]
    admin(api, "DELETE", f"/roles/{role['id']}")
    assert roles_of(api, token) == ["member"]
    admin(api, "DELETE", f"{given}/{roles['member'].id}")
    assert api("GET", "/compute/v2.1/servers", as_=token).status == 401


def test_tokens_follow_groups(api: Api, world: World) -> None:
    group = made(api, "groups", name="g")
    reader = world.roles["reader"].id
    admin(api, "PUT", f"/projects/{world.other.id}/groups/{group['id']}/roles/{reader}")
    scope = {"project": {"id": world.other.id}}
    member = f"/groups/{group['id']}/users/{world.user.id}"
    assert token_of(api, world.user.id, scope).status == 401
    for ending in (member, f"/groups/{group['id']}"):
        admin(api, "PUT", member)
        token = signed_in(api, world.user.id, scope)
        assert roles_of(api, token) == ["reader"]
        assert admin(api, "DELETE", ending).status == 204
        assert api("GET", "/compute/v2.1/servers", as_=token).status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users/USER", {"user": {"enabled": False}}),
        ("/users/USER", {"user": {"password": "another"}}),
        ("/projects/PROJECT", {"project": {"enabled": False}}),
        ("/domains/default", {"domain": {"enabled": False}}),
    ],
)
def test_what_ends_a_token(api: Api, world: World, path: str, body: Any) -> None:
    path = path.replace("USER", world.user.id).replace("PROJECT", world.demo.id)
    assert admin(api, "PATCH", path, body).status == 200
    assert api("GET", "/compute/v2.1/servers").status == 401
    noun = next(iter(body))
    admin(api, "PATCH", path, {noun: {"enabled": True}})
    assert api("GET", "/compute/v2.1/servers").status == 401  # It does not come back.


def test_roles_imply_roles(api: Api, world: World) -> None:
    a, b, c = (made(api, "roles", name=name) for name in "abc")
    for prior, implied in ((a, b), (b, c)):
        rule = f"/roles/{prior['id']}/implies/{implied['id']}"
        answer = admin(api, "PUT", rule)
        assert answer.status == 201
        assert answer.body["role_inference"]["prior_role"]["name"] == prior["name"]
        assert admin(api, "HEAD", rule).status == 204
        assert admin(api, "GET", rule).body["role_inference"]["implies"]["id"] == implied["id"]
    assert admin(api, "PUT", f"/roles/{c['id']}/implies/{a['id']}").status == 409
    assert admin(api, "PUT", f"/roles/{a['id']}/implies/{world.roles['admin'].id}").status == 403
    direct = admin(api, "GET", f"/roles/{a['id']}/implies").body["role_inference"]["implies"]
    assert [role["id"] for role in direct] == [b["id"]]
    assert len(admin(api, "GET", "/role_inferences").body["role_inferences"]) == 2
    admin(api, "PUT", f"/projects/{world.other.id}/users/{world.user.id}/roles/{a['id']}")
    ask = f"/role_assignments?effective&user.id={world.user.id}&scope.project.id={world.other.id}"
    rows = admin(api, "GET", ask).body["role_assignments"]
    assert {row["role"]["id"] for row in rows} == {a["id"], b["id"], c["id"]}
    token = signed_in(api, world.user.id, {"project": {"id": world.other.id}})
    assert roles_of(api, token) == ["a", "b", "c"]


def test_roles_of_a_domain(api: Api, world: World) -> None:
    own = made(api, "roles", name="member", domain_id="default")
    assert admin(api, "GET", "/roles?domain_id=default").body["roles"] == [own]
    assert own not in admin(api, "GET", "/roles").body["roles"]
    path = f"/projects/{world.other.id}/users/{world.user.id}/roles/{own['id']}"
    assert admin(api, "PUT", path).status == 204
    scope = {"project": {"id": world.other.id}}
    assert token_of(api, world.user.id, scope).status == 401  # It counts for nothing by itself.
    reader = world.roles["reader"].id
    assert admin(api, "PUT", f"/roles/{reader}/implies/{own['id']}").status == 403
    assert admin(api, "PUT", f"/roles/{own['id']}/implies/{reader}").status == 201
    assert roles_of(api, signed_in(api, world.user.id, scope)) == ["reader"]
    elsewhere = made(api, "domains", name="elsewhere")
    other = made(api, "roles", name="x", domain_id=elsewhere["id"])
    assert admin(api, "PUT", path.replace(own["id"], other["id"])).status == 403


@pytest.mark.parametrize("name", ["admin", "member", "reader"])
def test_what_the_cloud_needs_stays(api: Api, world: World, name: str) -> None:
    path = f"/roles/{world.roles[name].id}"
    assert admin(api, "DELETE", path).status == 403
    assert admin(api, "PATCH", path, {"role": {"name": "x"}}).status == 403
    assert admin(api, "PATCH", path, {"role": {"description": "x"}}).status == 200


# --- scopes --------------------------------------------------------------------------------------


def given(world: World, user: User, role: str, **where: Any) -> None:
    RoleAssignment.objects.create(user=user, role=world.roles[role], **where)


def test_a_token_for_a_domain(api: Api, world: World) -> None:
    scope = {"domain": {"id": "default"}}
    assert token_of(api, world.user.id, scope).status == 401
    given(world, world.user, "reader", domain=world.domain)
    answer = token_of(api, world.user.id, scope)
    token = answer.headers["X-Subject-Token"]
    assert answer.body["token"]["domain"] == {"id": "default", "name": "Default"}
    assert "project" not in answer.body["token"]
    assert token_of(api, world.user.id, {"domain": {"name": "Default"}}).status == 201
    assert api("GET", "/compute/v2.1/servers", as_=token).status == 403
    assert [one["id"] for one in api.get(f"{V3}/auth/domains")["domains"]] == ["default"]
    # It sees its domain and no other one, and changes nothing.
    away = made(api, "domains", name="away")
    stranger = made(api, "users", name="u", domain_id=away["id"])
    seen = api.get(f"{V3}/users", as_=token)["users"]
    assert {user["domain_id"] for user in seen} == {"default"}
    assert [one["id"] for one in api.get(f"{V3}/domains", as_=token)["domains"]] == ["default"]
    assert api("GET", f"{V3}/users/{stranger['id']}", as_=token).status == 404
    assert api("GET", f"{V3}/domains/{away['id']}", as_=token).status == 404
    assert api("GET", f"{V3}/services", as_=token).status == 403
    assert api("POST", f"{V3}/users", {"user": {"name": "n"}}, as_=token).status == 403


def test_a_manager_of_a_domain(api: Api, world: World) -> None:
    world.roles["manager"] = world.roles["admin"].__class__.objects.create(name="manager")
    given(world, world.user, "manager", domain=world.domain)
    token = signed_in(api, world.user.id, {"domain": {"id": "default"}})
    away = made(api, "domains", name="away")
    project = made(api, "projects", name="theirs", domain_id=away["id"])
    answer = api("POST", f"{V3}/users", {"user": {"name": "n"}}, as_=token)
    assert (answer.status, answer.body["user"]["domain_id"]) == (201, "default")
    user = answer.body["user"]["id"]
    body = {"user": {"name": "n", "domain_id": away["id"]}}
    assert api("POST", f"{V3}/users", body, as_=token).status == 404
    patch = {"project": {"name": "x"}}
    assert api("PATCH", f"{V3}/projects/{project['id']}", patch, as_=token).status == 404
    assert api("PATCH", f"{V3}/projects/{world.other.id}", patch, as_=token).status == 200
    grant = f"{V3}/projects/{{}}/users/{user}/roles/{{}}"
    member, top = world.roles["member"].id, world.roles["admin"].id
    assert api("PUT", grant.format(world.other.id, member), as_=token).status == 204
    assert api("PUT", grant.format(world.other.id, top), as_=token).status == 403
    assert api("PUT", grant.format(project["id"], member), as_=token).status == 404
    for path in (f"system/users/{user}/roles/{member}", f"roles/{member}/implies/{top}"):
        assert api("PUT", f"{V3}/{path}", as_=token).status == 403
    assert api("POST", f"{V3}/domains", {"domain": {"name": "d"}}, as_=token).status == 403
    # Nor does it become an administrator by a password, or by a group.
    group = made(api, "groups", name="g")
    admin(api, "PUT", f"/projects/{world.ops.id}/groups/{group['id']}/roles/{top}")
    assert api("PUT", f"{V3}/groups/{group['id']}/users/{user}", as_=token).status == 403
    mine = {"user": {"password": "mine now"}}
    assert api("PATCH", f"{V3}/users/{world.admin.id}", mine, as_=token).status == 403
    admin(api, "PUT", f"/groups/{group['id']}/users/{user}")
    assert api("PATCH", f"{V3}/users/{user}", mine, as_=token).status == 403
    assert api("DELETE", f"{V3}/users/{user}", as_=token).status == 204
    assert api("DELETE", f"{V3}/users/{user}", as_=token).status == 404


OF_ALL = (
    "OS-EP-FILTER/endpoint_groups", "OS-OAUTH1/consumers", "role_inferences",
    "domains/config/default",
)  # fmt: skip


def test_readers_and_managers_of_a_domain(api: Api, world: World) -> None:
    """Managers look at the roles that they give; nobody at what concerns other domains, too."""
    Role.objects.get_or_create(name="manager")
    for name, roles in (("reader", 403), ("manager", 200)):
        world.roles.setdefault(name, Role.objects.get(name=name))
        token = world.token(world.user, None, name, domain=world.domain)
        member, top = world.roles["member"].id, world.roles["admin"].id
        assert api("GET", f"{V3}/roles", as_=token).status == roles, name
        assert api("GET", f"{V3}/roles/{member}", as_=token).status == roles, name
        assert api("GET", f"{V3}/roles/{top}", as_=token).status == 403, name
        assert api("GET", f"{V3}/users", as_=token).status == 200, name
        for path in (*OF_ALL, "services", "endpoints", "policies", "domains/default/config"):
            assert api("GET", f"{V3}/{path}", as_=token).status == 403, (name, path)


def test_a_reader_of_the_system(api: Api, world: World) -> None:
    scope = {"system": {"all": True}}
    assert token_of(api, world.user.id, scope).status == 401
    given(world, world.user, "reader")
    answer = token_of(api, world.user.id, scope)
    token = answer.headers["X-Subject-Token"]
    assert answer.body["token"]["system"] == {"all": True}
    assert api.get(f"{V3}/auth/system")["system"] == [{"all": True}]
    for path in ("users", "projects", "domains", "groups", "roles", "services", "endpoints",
                 "policies", "role_assignments", "OS-TRUST/trusts", f"users/{world.admin.id}",
                 "credentials", *OF_ALL):  # fmt: skip
        assert api("GET", f"{V3}/{path}", as_=token).status == 200, path
    assert api("GET", f"{V3}/domains/default/config", as_=token).status == 404
    assert api("POST", f"{V3}/users", {"user": {"name": "n"}}, as_=token).status == 403
    assert api("DELETE", f"{V3}/users/{world.admin.id}", as_=token).status == 403
    assert api("GET", "/compute/v2.1/servers", as_=token).status == 403
    subject = world.tokens["stranger"]
    assert api("GET", TOKENS, as_=token, x_subject_token=subject).status == 200
    assert api("DELETE", TOKENS, as_=token, x_subject_token=subject).status == 403


def test_a_token_is_for_one_thing(api: Api, world: World) -> None:
    both = {"project": {"id": world.demo.id}, "domain": {"id": "default"}}
    assert token_of(api, world.user.id, both).status == 400
    bad: Any
    for bad in ({"domain": {}}, {"system": {}}, {"system": {"all": 5}}, {"OS-TRUST:trust": {}}):
        assert token_of(api, world.user.id, bad).status == 400, bad
    empty: Any
    for empty in ({"unscoped": {}}, "unscoped"):
        assert "roles" not in token_of(api, world.user.id, empty).body["token"]
