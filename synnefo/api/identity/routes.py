"""The identity service: every path, what answers it and who may ask.

KNOWN rows are about the caller itself: the view tells anybody else that there is nothing, or that
it is not allowed. LOOKER and KEEPER rows are narrowed to the domain of the token. OVERSEER rows are
about the whole cloud.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from synnefo.api import versions
from synnefo.api.identity import (
    domains,
    groups,
    projects,
    records,
    roles,
    sign_in,
    token_records,
    tokens,
    users,
)
from synnefo.api.identity.catalog_routes import ROUTES as CATALOG_ROUTES
from synnefo.api.identity.delegation_routes import ROUTES as DELEGATION_ROUTES
from synnefo.api.identity.grant_routes import ROUTES as GRANT_ROUTES
from synnefo.api.identity.lists import query_of
from synnefo.api.request import Request
from synnefo.api.routing import Route, Service, Who
from synnefo.core.caller import Caller

ANYBODY, KNOWN, ADMIN, LOOKER, KEEPER, OVERSEER = (
    Who.ANYBODY,
    Who.KNOWN,
    Who.ADMIN,
    Who.LOOKER,
    Who.KEEPER,
    Who.OVERSEER,
)
NOCATALOG = ("nocatalog",)
NOTHING = {204: None}

ROOTS = (Route("GET", "", versions.identity_root, ANYBODY, gives={300: versions.IDENTITY_SHAPE}),)
TOKENS = (
    Route("GET", "", versions.identity_document, ANYBODY, gives={200: versions.SHAPE}),
    Route(
        "POST", "auth/tokens", tokens.issue, ANYBODY, sign_in.BODY,
        {201: token_records.SHAPE}, NOCATALOG,
    ),
    Route("GET", "auth/tokens", tokens.show, KNOWN, None, {200: token_records.SHAPE}, NOCATALOG),
    Route("DELETE", "auth/tokens", tokens.revoke, KNOWN, gives=NOTHING),
    Route("GET", "auth/catalog", tokens.show_catalog, KNOWN, gives={200: tokens.CATALOG_SHAPE}),
    Route("GET", "auth/projects", projects.mine, KNOWN, gives={200: records.PROJECTS_SHAPE}),
    Route("GET", "auth/domains", domains.mine, KNOWN, gives={200: records.DOMAINS_SHAPE}),
    Route("GET", "auth/system", tokens.my_system, KNOWN, gives={200: tokens.SYSTEM_SHAPE}),
)  # fmt: skip
PROJECTS = (
    Route(
        "GET", "projects", projects.index, LOOKER, None, {200: records.PROJECTS_SHAPE},
        projects.QUERY,
    ),
    Route(
        "POST", "projects", projects.create, KEEPER, projects.CREATE,
        {201: records.PROJECT_SHAPE},
    ),
    Route(
        "GET", "projects/{id}", projects.show, KNOWN, None, {200: records.PROJECT_SHAPE},
        projects.WITHIN,
    ),
    Route(
        "PATCH", "projects/{id}", projects.update, KEEPER, projects.UPDATE,
        {200: records.PROJECT_SHAPE},
    ),
    Route("DELETE", "projects/{id}", projects.delete, KEEPER, gives=NOTHING),
    Route("GET", "projects/{id}/tags", projects.tags, KNOWN, gives={200: projects.TAGS_SHAPE}),
    Route(
        "PUT", "projects/{id}/tags", projects.set_tags, KEEPER, projects.TAGS,
        {200: projects.TAGS_SHAPE},
    ),
    Route("DELETE", "projects/{id}/tags", projects.clear_tags, KEEPER, gives=NOTHING),
    Route("GET", "projects/{id}/tags/{tag}", projects.has_tag, KNOWN, gives=NOTHING),
    Route("PUT", "projects/{id}/tags/{tag}", projects.add_tag, KEEPER, gives={201: None}),
    Route("DELETE", "projects/{id}/tags/{tag}", projects.remove_tag, KEEPER, gives=NOTHING),
)  # fmt: skip
USERS = (
    Route(
        "GET", "users", users.index, LOOKER, None, {200: records.USERS_SHAPE},
        (*query_of(users.FILTERS), users.EXPIRY),
    ),
    Route("POST", "users", users.create, KEEPER, users.CREATE, {201: records.USER_SHAPE}),
    Route("GET", "users/{id}", users.show, KNOWN, gives={200: records.USER_SHAPE}),
    Route("PATCH", "users/{id}", users.update, KEEPER, users.UPDATE, {200: records.USER_SHAPE}),
    Route("DELETE", "users/{id}", users.delete, KEEPER, gives=NOTHING),
    Route(
        "POST", "users/{id}/password", users.change_password, ANYBODY, users.CHANGE, NOTHING
    ),
    Route(
        "GET", "users/{id}/projects", users.projects, KNOWN, None,
        {200: records.PROJECTS_SHAPE}, ("name", "enabled"),
    ),
    Route(
        "GET", "users/{id}/groups", users.groups, KNOWN, None, {200: records.GROUPS_SHAPE},
        ("name", "limit", "marker"),
    ),
)  # fmt: skip
GROUPS = (
    Route(
        "GET", "groups", groups.index, LOOKER, None, {200: records.GROUPS_SHAPE},
        query_of(groups.FILTERS),
    ),
    Route("POST", "groups", groups.create, KEEPER, groups.CREATE, {201: records.GROUP_SHAPE}),
    Route("GET", "groups/{id}", groups.show, LOOKER, gives={200: records.GROUP_SHAPE}),
    Route(
        "PATCH", "groups/{id}", groups.update, KEEPER, groups.UPDATE, {200: records.GROUP_SHAPE}
    ),
    Route("DELETE", "groups/{id}", groups.delete, KEEPER, gives=NOTHING),
    Route(
        "GET", "groups/{id}/users", groups.members, LOOKER, None, {200: records.USERS_SHAPE},
        query_of(groups.USER_FILTERS),
    ),
    Route("GET", "groups/{id}/users/{user}", groups.has, LOOKER, gives=NOTHING),
    Route("PUT", "groups/{id}/users/{user}", groups.add, KEEPER, gives=NOTHING),
    Route("DELETE", "groups/{id}/users/{user}", groups.remove, KEEPER, gives=NOTHING),
)  # fmt: skip
DOMAINS = (
    Route(
        "GET", "domains", domains.index, LOOKER, None, {200: records.DOMAINS_SHAPE},
        query_of(domains.FILTERS),
    ),
    Route("POST", "domains", domains.create, ADMIN, domains.CREATE, {201: records.DOMAIN_SHAPE}),
    Route("GET", "domains/{id}", domains.show, KNOWN, gives={200: records.DOMAIN_SHAPE}),
    Route(
        "PATCH", "domains/{id}", domains.update, ADMIN, domains.UPDATE,
        {200: records.DOMAIN_SHAPE},
    ),
    Route("DELETE", "domains/{id}", domains.delete, ADMIN, gives=NOTHING),
    Route(
        "PUT", "domains/{id}/config", domains.set_config, ADMIN, domains.CONFIG,
        {200: domains.CONFIG_SHAPE, 201: domains.CONFIG_SHAPE},
    ),
    *(
        route
        for part in ("", "/{group}", "/{group}/{option}")
        for route in (
            Route(
                "GET", f"domains/config{part}/default", domains.default_config, OVERSEER,
                gives={200: domains.CONFIG_SHAPE},
            ),
            Route(
                "GET", f"domains/{{id}}/config{part}", domains.show_config, KNOWN,
                gives={200: domains.CONFIG_SHAPE},
            ),
            Route(
                "PATCH", f"domains/{{id}}/config{part}", domains.update_config, ADMIN,
                domains.GROUP_CONFIG if part else domains.CONFIG, {200: domains.CONFIG_SHAPE},
            ),
            Route(
                "DELETE", f"domains/{{id}}/config{part}", domains.delete_config, ADMIN,
                gives=NOTHING,
            ),
        )
    ),
)  # fmt: skip
ROLES = (
    Route(
        "GET", "roles", roles.index, LOOKER, None, {200: records.ROLES_SHAPE},
        (*query_of(roles.FILTERS), "domain_id"),
    ),
    Route("POST", "roles", roles.create, ADMIN, roles.CREATE, {201: records.ROLE_SHAPE}),
    Route("GET", "roles/{id}", roles.show, LOOKER, gives={200: records.ROLE_SHAPE}),
    Route("PATCH", "roles/{id}", roles.update, ADMIN, roles.UPDATE, {200: records.ROLE_SHAPE}),
    Route("DELETE", "roles/{id}", roles.delete, ADMIN, gives=NOTHING),
    Route("GET", "roles/{id}/implies", roles.implied, OVERSEER, gives={200: roles.RULES_SHAPE}),
    Route(
        "GET", "roles/{id}/implies/{implied}", roles.implies, OVERSEER,
        gives={200: roles.RULE_SHAPE},
    ),
    Route(
        "PUT", "roles/{id}/implies/{implied}", roles.imply, ADMIN, gives={201: roles.RULE_SHAPE}
    ),
    Route("DELETE", "roles/{id}/implies/{implied}", roles.imply_no_more, ADMIN, gives=NOTHING),
    Route("GET", "role_inferences", roles.inferences, OVERSEER, gives={200: roles.ALL_SHAPE}),
)  # fmt: skip
ROUTES = (
    *TOKENS,
    *PROJECTS,
    *USERS,
    *GROUPS,
    *DOMAINS,
    *ROLES,
    *GRANT_ROUTES,
    *DELEGATION_ROUTES,
    *CATALOG_ROUTES,
)


class Identity(Service):
    """Keystone does not mind slashes too many, and some clients rely on it."""

    def serve(self, http: HttpRequest, path: str) -> HttpResponseBase:
        """Django's view of the service."""
        return super().serve(http, "/" + "/".join(filter(None, path.split("/"))))

    def _caller(self, request: Request) -> Caller:
        return tokens.who_asks(request)


SERVICE = Identity("identity", ROOTS, ("v3",), ROUTES, project_scoped=False)
