"""The routes of what users give to programs and to one another."""

from synnefo.api.identity import application_credentials as programs
from synnefo.api.identity import credentials, ec2_tokens, records, token_records, trusts
from synnefo.api.identity.lists import query_of
from synnefo.api.routing import Route, Who

KNOWN = Who.KNOWN
NOTHING = {204: None}
PROGRAMS = "users/{id}/application_credentials"
RULES = "users/{id}/access_rules"
KEYS = "users/{id}/credentials/OS-EC2"
TRUSTS = "OS-TRUST/trusts"
ROUTES = (
    Route(
        "GET", PROGRAMS, programs.index, KNOWN, None, {200: programs.LIST_SHAPE},
        ("name", "limit", "marker"),
    ),
    Route("POST", PROGRAMS, programs.create, KNOWN, programs.CREATE, {201: programs.SHAPE}),
    Route("GET", PROGRAMS + "/{credential}", programs.show, KNOWN, gives={200: programs.SHAPE}),
    Route("DELETE", PROGRAMS + "/{credential}", programs.delete, KNOWN, gives=NOTHING),
    Route(
        "GET", RULES, programs.rules, KNOWN, None, {200: programs.RULES_SHAPE},
        query_of(programs.RULE_FILTERS),
    ),
    Route("GET", RULES + "/{rule}", programs.rule, KNOWN, gives={200: programs.RULE_SHAPE}),
    Route("DELETE", RULES + "/{rule}", programs.delete_rule, KNOWN, gives=NOTHING),
    Route("GET", KEYS, credentials.keys, KNOWN, gives={200: credentials.KEYS_SHAPE}),
    Route("POST", KEYS, credentials.create_key, KNOWN, credentials.EC2,
          {201: credentials.KEY_SHAPE}),
    Route("GET", KEYS + "/{access}", credentials.key, KNOWN, gives={200: credentials.KEY_SHAPE}),
    Route("DELETE", KEYS + "/{access}", credentials.delete_key, KNOWN, gives=NOTHING),
    Route(
        "GET", "credentials", credentials.index, KNOWN, None, {200: credentials.LIST_SHAPE},
        query_of(credentials.FILTERS),
    ),
    Route("POST", "credentials", credentials.create, KNOWN, credentials.CREATE,
          {201: credentials.SHAPE}),
    Route("GET", "credentials/{id}", credentials.show, KNOWN, gives={200: credentials.SHAPE}),
    Route("PATCH", "credentials/{id}", credentials.update, KNOWN, credentials.UPDATE,
          {200: credentials.SHAPE}),
    Route("DELETE", "credentials/{id}", credentials.delete, KNOWN, gives=NOTHING),
    Route("POST", "ec2tokens", ec2_tokens.of_ec2, KNOWN, ec2_tokens.EC2_BODY,
          {200: token_records.SHAPE}),
    Route("POST", "s3tokens", ec2_tokens.of_s3, KNOWN, ec2_tokens.S3_BODY,
          {200: token_records.SHAPE}),
    Route("GET", TRUSTS, trusts.index, KNOWN, None, {200: trusts.LIST_SHAPE},
          query_of(trusts.FILTERS)),
    Route("POST", TRUSTS, trusts.create, KNOWN, trusts.CREATE, {201: trusts.SHAPE}),
    Route("GET", TRUSTS + "/{id}", trusts.show, KNOWN, gives={200: trusts.SHAPE}),
    Route("DELETE", TRUSTS + "/{id}", trusts.delete, KNOWN, gives=NOTHING),
    Route("GET", TRUSTS + "/{id}/roles", trusts.roles, KNOWN, gives={200: records.ROLES_SHAPE}),
    Route("GET", TRUSTS + "/{id}/roles/{role}", trusts.role, KNOWN,
          gives={200: records.ROLE_SHAPE}),
)  # fmt: skip
