"""Application credentials, access rules, trusts, and keys that other services verify."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from synnefo.api import authentication
from synnefo.api.identity import token_records
from synnefo.api.identity.token_records import caller_fields
from synnefo.core import ec2_signatures
from synnefo.db.models import Credential, RoleAssignment
from synnefo.intents.identity import tokens
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V3 = "/identity/v3"
TOKENS = f"{V3}/auth/tokens"
PASSWORD = "correct horse"
SERVERS = "/compute/v2.1/servers"


@pytest.fixture
def programs(world: World) -> str:
    return f"{V3}/users/{world.user.id}/application_credentials"


def create(api: Api, path: str, as_: str = "user", **fields: Any) -> Answer:
    return api("POST", path, {"application_credential": {"name": "bot"} | fields}, as_=as_)


def by_credential(api: Api, given: dict[str, Any], **more: Any) -> Answer:
    identity = {"methods": ["application_credential"], "application_credential": given}
    return api("POST", TOKENS, {"auth": {"identity": identity} | more}, as_=None)


def token_for(api: Api, path: str, **fields: Any) -> str:
    made = create(api, path, **fields).body["application_credential"]
    given = {"id": made["id"], "secret": made["secret"]}
    return str(by_credential(api, given).headers["X-Subject-Token"])


def test_a_program_signs_in(api: Api, world: World, programs: str) -> None:
    answer = create(api, programs, description="d")
    made = answer.body["application_credential"]
    assert answer.status == 201
    assert (made["project_id"], made["user_id"]) == (world.demo.id, world.user.id)
    assert [role["name"] for role in made["roles"]] == ["member"]
    shown = api.get(f"{programs}/{made['id']}")["application_credential"]
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert api.get(f"{programs}?name=bot")["application_credentials"] == [shown]
    assert create(api, programs).status == 409
    user = {"name": "demo", "domain": {"name": "Default"}}
    for given in ({"id": made["id"]}, {"name": "bot", "user": user},
                  {"name": "bot", "user": {"id": world.user.id}}):  # fmt: skip
        issued = by_credential(api, given | {"secret": made["secret"]})
        assert issued.status == 201, given
        token = issued.body["token"]
        assert token["application_credential"]["id"] == made["id"]
        assert token["methods"] == ["application_credential"]
        assert token["project"]["id"] == world.demo.id
        assert by_credential(api, given | {"secret": "wrong"}).status == 401
    text = issued.headers["X-Subject-Token"]
    assert api("GET", SERVERS, as_=text).status == 200
    given = {"id": made["id"], "secret": made["secret"]}
    assert by_credential(api, given, scope={"project": {"id": world.demo.id}}).status == 403
    assert api("DELETE", f"{programs}/{made['id']}").status == 204
    assert api("GET", SERVERS, as_=text).status == 401
    assert by_credential(api, given).status == 401


def test_a_program_has_some_of_the_roles(api: Api, world: World, programs: str) -> None:
    RoleAssignment.objects.create(user=world.user, project=world.demo, role=world.roles["reader"])
    assert create(api, programs, roles=[{"name": "admin"}]).status == 400
    text = token_for(api, programs, roles=[{"id": world.roles["reader"].id}])
    assert api("GET", SERVERS, as_=text).status == 200
    assert api("POST", SERVERS, {"server": {}}, as_=text).status == 403
    path = f"{V3}/projects/{world.demo.id}/users/{world.user.id}/roles/{world.roles['reader'].id}"
    assert api("DELETE", path, as_="admin").status == 204
    assert api("GET", SERVERS, as_=text).status == 401


def test_a_program_ends_with_a_role_it_lends(api: Api, world: World, programs: str) -> None:
    """For good: who gets the role again makes a new one."""
    member, reader = (world.roles[name].id for name in ("member", "reader"))
    roles = f"{V3}/projects/{world.demo.id}/users/{world.user.id}/roles"
    assert api("PUT", f"{roles}/{reader}", as_="admin").status == 204
    kept, ended = (
        create(api, programs, name=name, roles=[{"id": role}]).body["application_credential"]
        for name, role in (("kept", member), ("ended", reader))
    )
    given = {"id": ended["id"], "secret": ended["secret"]}
    assert by_credential(api, given).status == 201
    assert api("DELETE", f"{roles}/{reader}", as_="admin").status == 204
    assert api("PUT", f"{roles}/{reader}", as_="admin").status == 204
    assert by_credential(api, given).status == 401
    (left,) = api.get(programs)["application_credentials"]
    assert left["id"] == kept["id"]
    role = api("POST", f"{V3}/roles", {"role": {"name": "extra"}}, as_="admin").body["role"]["id"]
    assert api("PUT", f"{roles}/{role}", as_="admin").status == 204
    create(api, programs, name="lends a role that is deleted", roles=[{"id": role}])
    assert api("DELETE", f"{V3}/roles/{role}", as_="admin").status == 204
    assert api.get(programs)["application_credentials"] == [left]
    for enabled in (False, True):
        wish = {"user": {"enabled": enabled}}
        assert api("PATCH", f"{V3}/users/{world.user.id}", wish, as_="admin").status == 200
    assert api.get(programs, as_="admin")["application_credentials"] == []


def test_a_program_makes_no_programs(api: Api, world: World, programs: str) -> None:
    text = token_for(api, programs)
    assert create(api, programs, as_=text, name="two").status == 403
    trust = {"trustor_user_id": world.user.id, "trustee_user_id": world.reader.id,
             "impersonation": False, "project_id": world.demo.id,
             "roles": [{"name": "member"}]}  # fmt: skip
    assert api("POST", f"{V3}/OS-TRUST/trusts", {"trust": trust}, as_=text).status == 403
    key = f"{V3}/users/{world.user.id}/credentials/OS-EC2"
    assert api("POST", key, {"tenant_id": world.demo.id}, as_=text).status == 403
    identity = {"methods": ["token"], "token": {"id": text}}
    assert api("POST", TOKENS, {"auth": {"identity": identity}}, as_=None).status == 403
    free = token_for(api, programs, name="free", unrestricted=True)
    assert create(api, programs, as_=free, name="three").status == 201


def test_a_program_ends(api: Api, programs: str) -> None:
    now = timezone.now()
    past, soon = ((now + timedelta(seconds=s)).isoformat() for s in (-5, 600))
    assert create(api, programs, expires_at=past).status == 400
    assert create(api, programs, expires_at="soon").status == 400
    made = create(api, programs, expires_at=soon).body["application_credential"]
    issued = by_credential(api, {"id": made["id"], "secret": made["secret"]}).body["token"]
    assert issued["expires_at"] == made["expires_at"] + "Z"


RULE = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}


def test_a_program_is_tied_to_access_rules(api: Api, world: World, programs: str) -> None:
    other = RULE | {"path": "/v2.1/servers/*/ips"}
    made = create(api, programs, access_rules=[RULE, other]).body["application_credential"]
    issued = by_credential(api, {"id": made["id"], "secret": made["secret"]})
    text, server = issued.headers["X-Subject-Token"], world.server()
    told = issued.body["token"]["application_credential"]["access_rules"]
    assert sorted(one["path"] for one in told) == sorted(one["path"] for one in (RULE, other))
    assert api("GET", SERVERS, as_=text).status == 200
    assert api("GET", f"{SERVERS}/{server.uuid}/ips", as_=text).status == 200
    for method, path in (("GET", f"{SERVERS}/{server.uuid}"), ("POST", SERVERS),
                         ("GET", f"{SERVERS}/detail"), ("GET", "/image/v2/images")):  # fmt: skip
        assert api(method, path, {"server": {}}, as_=text).status == 403, path
    rules = f"{V3}/users/{world.user.id}/access_rules"
    listed = api.get(rules)["access_rules"]
    assert len(listed) == 2
    one = f"{rules}/{listed[0]['id']}"
    assert api.get(one)["access_rule"] == listed[0]
    assert api("DELETE", one).status == 403
    assert api("GET", one, as_="stranger").status == 404
    again = create(api, programs, name="two", access_rules=[{"id": listed[0]["id"]}])
    assert again.body["application_credential"]["access_rules"][0]["id"] == listed[0]["id"]
    for which in (made, again.body["application_credential"]):
        assert api("DELETE", f"{programs}/{which['id']}").status == 204
    assert api("DELETE", one).status == 204
    assert len(api.get(rules)["access_rules"]) == 1


@pytest.mark.parametrize("nothing", [[], None])
def test_no_rules_tie_to_nothing(api: Api, programs: str, nothing: Any) -> None:
    """The openstack client sends an empty list where none are given."""
    text = token_for(api, programs, access_rules=nothing, roles=nothing)
    assert api("GET", SERVERS, as_=text).status == 200


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"secret": 5}, {"secret": ""}, {"roles": "member"},
     {"roles": [5]}, {"unrestricted": "yes"}, {"access_rules": [{}]}, {"access_rules": [5]},
     {"access_rules": [RULE | {"method": "BREW"}]}, {"access_rules": [RULE | {"path": "x"}]},
     {"access_rules": [{"id": "nothing"}]}, {"expires_at": 5}, {"name": "x" * 300}],
    ids=str,
)  # fmt: skip
def test_bad_credentials(api: Api, programs: str, fields: dict[str, Any]) -> None:
    assert create(api, programs, **fields).status in (400, 404)
    assert api.get(programs)["application_credentials"] == []


# --- trusts --------------------------------------------------------------------------------------


@pytest.fixture
def trusts(world: World) -> str:
    world.reader.password = make_password(PASSWORD)
    world.reader.save()
    return f"{V3}/OS-TRUST/trusts"


def trust(api: Api, world: World, path: str, **fields: Any) -> Answer:
    wish = {
        "trustor_user_id": world.user.id,
        "trustee_user_id": world.reader.id,
        "project_id": world.demo.id,
        "impersonation": True,
        "roles": [{"name": "member"}],
    }
    return api("POST", path, {"trust": wish | fields})


def use(api: Api, world: World, key: str) -> Answer:
    user = {"id": world.reader.id, "password": PASSWORD}
    identity = {"methods": ["password"], "password": {"user": user}}
    auth = {"identity": identity, "scope": {"OS-TRUST:trust": {"id": key}}}
    return api("POST", TOKENS, {"auth": auth}, as_=None)


@pytest.mark.parametrize("impersonation", [True, False])
def test_a_trust(api: Api, world: World, trusts: str, impersonation: bool) -> None:
    answer = trust(api, world, trusts, impersonation=impersonation)
    made = answer.body["trust"]
    assert (answer.status, made["roles"][0]["name"]) == (201, "member")
    one = f"{trusts}/{made['id']}"
    for who in ("user", "reader", "admin"):
        assert api.get(one, as_=who)["trust"] == made
    assert api("GET", one, as_="stranger").status == 404
    assert api("DELETE", one, as_="reader").status == 403
    assert api("GET", trusts).status == 403
    mine = api.get(f"{trusts}?trustor_user_id={world.user.id}")["trusts"]
    assert [row["id"] for row in mine] == [made["id"]]
    member = world.roles["member"].id
    assert api.get(f"{one}/roles")["roles"][0]["id"] == member
    assert api("HEAD", f"{one}/roles/{member}").status == 200
    assert api("HEAD", f"{one}/roles/{world.roles['admin'].id}").status == 404
    issued = use(api, world, made["id"])
    token, text = issued.body["token"], issued.headers["X-Subject-Token"]
    assert token["user"]["id"] == (world.user if impersonation else world.reader).id
    assert token["OS-TRUST:trust"]["trustor_user"]["id"] == world.user.id
    assert [role["name"] for role in token["roles"]] == ["member"]
    assert api("GET", SERVERS, as_=text).status == 200
    assert api("DELETE", one).status == 204
    assert api("GET", one).status == 404
    assert api("GET", SERVERS, as_=text).status == 401


def test_a_trust_ends_with_its_reasons(api: Api, world: World, trusts: str) -> None:
    made = trust(api, world, trusts, remaining_uses=1).body["trust"]
    assert use(api, world, made["id"]).status == 201
    assert use(api, world, made["id"]).status == 401
    made = trust(api, world, trusts).body["trust"]
    text = use(api, world, made["id"]).headers["X-Subject-Token"]
    path = f"{V3}/projects/{world.demo.id}/users/{world.user.id}/roles/{world.roles['member'].id}"
    assert api("DELETE", path, as_="admin").status == 204
    assert api("GET", SERVERS, as_=text).status == 401
    assert use(api, world, made["id"]).status == 401


def test_a_trust_is_the_trustors(api: Api, world: World, trusts: str) -> None:
    assert trust(api, world, trusts, trustor_user_id=world.admin.id).status == 403
    assert trust(api, world, trusts, roles=[{"name": "admin"}]).status == 403
    assert trust(api, world, trusts, roles=[]).status == 403
    assert trust(api, world, trusts, trustee_user_id="nobody").status == 404
    assert trust(api, world, trusts, expires_at="bad.123Z").status == 400
    assert trust(api, world, trusts, remaining_uses=0).status == 400
    assert trust(api, world, trusts, allow_redelegation=True).status == 403
    assert trust(api, world, trusts, impersonation="yes").status == 400


# --- credentials ---------------------------------------------------------------------------------


def test_keys_for_ec2(api: Api, world: World) -> None:
    path = f"{V3}/users/{world.user.id}/credentials/OS-EC2"
    answer = api("POST", path, {"tenant_id": world.demo.id})
    made = answer.body["credential"]
    assert (answer.status, made["tenant_id"]) == (201, world.demo.id)
    assert api.get(path)["credentials"] == [made]
    assert api.get(f"{path}/{made['access']}")["credential"] == made
    assert api.get(f"{V3}/credentials?type=ec2")["credentials"][0]["user_id"] == world.user.id
    assert made["secret"] not in Credential.objects.get().blob_encrypted
    assert api("GET", path, as_="stranger").status == 404
    for weak in ("unscoped", world.token(world.user, world.demo, "reader")):
        assert api("POST", path, {"tenant_id": world.demo.id}, as_=weak).status == 403
        assert api("DELETE", f"{path}/{made['access']}", as_=weak).status == 403
    assert api("POST", path, {"tenant_id": world.other.id}).status == 404
    assert api("POST", path, {"tenant_id": world.other.id}, as_="admin").status == 201
    assert api("DELETE", f"{path}/{made['access']}").status == 204
    assert api("DELETE", f"{path}/{made['access']}").status == 404


def test_credentials_of_any_type(api: Api, world: World) -> None:
    path = f"{V3}/credentials"
    body = {"credential": {"type": "totp", "blob": "SECRET"}}
    made = api("POST", path, body).body["credential"]
    assert (made["blob"], made["user_id"]) == ("SECRET", world.user.id)
    one = f"{path}/{made['id']}"
    assert api.get(one)["credential"] == made
    for who in ("stranger", "reader"):
        for method in ("GET", "PATCH", "DELETE"):
            assert api(method, one, body, as_=who).status == 404
    changed = api("PATCH", one, {"credential": {"blob": "OTHER"}}).body["credential"]
    assert changed["blob"] == "OTHER"
    theirs = {"credential": {"type": "x", "blob": "y", "user_id": world.stranger.id}}
    assert api("POST", path, theirs).status == 403
    assert api("POST", path, theirs, as_="admin").status == 201
    assert len(api.get(path)["credentials"]) == 1
    assert len(api.get(path, as_="admin")["credentials"]) == 2
    for bad in ({"type": "ec2", "blob": "{}"}, {"type": "ec2", "blob": "nonsense"},
                {"type": "ec2", "blob": '{"access":"a","secret":"b"}'}, {"type": "x"},
                {"type": "", "blob": "x"}, {"type": "x", "blob": "x" * 20000}):  # fmt: skip
        assert api("POST", path, {"credential": bad}).status == 400, bad
    keys = orjson.dumps({"access": "a", "secret": "b"}).decode()
    twice = {"credential": {"type": "ec2", "blob": keys, "project_id": world.demo.id}}
    assert [api("POST", path, twice).status for _ in range(2)] == [201, 409]
    assert api("DELETE", one).status == 204


def test_a_service_exchanges_a_signed_request(api: Api, world: World) -> None:
    path = f"{V3}/users/{world.user.id}/credentials/OS-EC2"
    key = api("POST", path, {"tenant_id": world.demo.id}).body["credential"]
    params = {"Action": "DescribeInstances", "SignatureMethod": "HmacSHA256"}
    sent = {"access": key["access"], "verb": "GET", "host": "h", "path": "/", "params": params}
    right = ec2_signatures.signature_of(key["secret"], sent)
    body = {"credentials": sent | {"signature": right}}
    answer = api("POST", f"{V3}/ec2tokens", body, as_="admin")
    token = answer.body["token"]
    assert (answer.status, token["methods"]) == (200, ["ec2credential"])
    assert (token["user"]["id"], token["project"]["id"]) == (world.user.id, world.demo.id)
    assert api("GET", SERVERS, as_=answer.headers["X-Subject-Token"]).status == 200
    assert api("POST", f"{V3}/ec2tokens", body).status == 403
    for wrong in ({"signature": "x"}, {"access": "nothing"}, {"path": "/other"},
                  {"params": params | {"Timestamp": "2015-08-30T12:36:00Z"}}):  # fmt: skip
        forged = {"credentials": body["credentials"] | wrong}
        assert api("POST", f"{V3}/ec2tokens", forged, as_="admin").status == 401
    text = base64.b64encode(b"GET\n\n\n\n/bucket").decode()
    s3 = {"access": key["access"], "token": text}
    s3["signature"] = str(ec2_signatures.s3_signature_of(key["secret"], text))
    assert api("POST", f"{V3}/s3tokens", {"credentials": s3}, as_="admin").status == 200
    s3["signature"] = "x"
    assert api("POST", f"{V3}/s3tokens", {"credentials": s3}, as_="admin").status == 401


def test_a_program_changes_no_keys(api: Api, world: World, programs: str) -> None:
    """Else it would have one that outlives it."""
    key = api(
        "POST", f"{V3}/users/{world.user.id}/credentials/OS-EC2", {"tenant_id": world.demo.id}
    )
    access = key.body["credential"]["access"]
    (row,) = api.get(f"{V3}/credentials?type=ec2")["credentials"]
    token = token_for(api, programs)
    blob = orjson.dumps({"access": access, "secret": "known"}).decode()
    body = {"credential": {"blob": blob}}
    assert api("PATCH", f"{V3}/credentials/{row['id']}", body, as_=token).status == 403
    assert api.get(f"{V3}/credentials/{row['id']}")["credential"] == row


def test_a_reader_of_a_domain_sees_nobodys_keys(api: Api, world: World, programs: str) -> None:
    """With a key of an administrator it would be one."""
    keys = f"{V3}/users/{world.user.id}/credentials/OS-EC2"
    access = api("POST", keys, {"tenant_id": world.demo.id}).body["credential"]["access"]
    program = create(api, programs).body["application_credential"]["id"]
    RoleAssignment.objects.create(
        user=world.reader, role=world.roles["reader"], domain=world.domain
    )
    looking = world.token(world.reader, None, "reader", domain=world.domain)
    assert api("GET", f"{V3}/users/{world.user.id}", as_=looking).status == 200
    rules = f"{V3}/users/{world.user.id}/access_rules"
    for path in (keys, f"{keys}/{access}", programs, f"{programs}/{program}", rules):
        assert api("GET", path, as_=looking).status == 404, path
        watching = world.token(world.reader, None, "reader", system=True)
        assert api("GET", path, as_=watching).status == 200, path


def test_who_validates_is_known_as_everywhere(
    api: Api, world: World, programs: str, trusts: str, django_assert_num_queries: Any
) -> None:
    """A validation reads two tokens at once; the caller of the one is the same as elsewhere."""
    rules = [{"service": "identity", "method": "GET", "path": "/v3/auth/tokens"}]
    texts = [
        world.tokens["admin"],
        world.tokens["reader"],
        token_for(api, programs, name="free", unrestricted=True),
        token_for(api, programs, name="bound", access_rules=rules),
        use(api, world, trust(api, world, trusts).body["trust"]["id"]).headers["X-Subject-Token"],
    ]
    for text in texts:
        digest = tokens.digest(text)
        fields = caller_fields(token_records.found(digest)[digest])
        assert authentication.caller_of(fields, "req") == authentication.caller(text, "req")
        # Access rules are asked for, and shown.
        with django_assert_num_queries(3 if text == texts[3] else 1):
            answer = api("GET", TOKENS, as_=text, x_subject_token=text)
        assert answer.status == 200
    assert api("GET", TOKENS, as_="nobody", x_subject_token=texts[1]).status == 401
    assert api("GET", TOKENS, as_="admin", x_subject_token="nothing").status == 404
