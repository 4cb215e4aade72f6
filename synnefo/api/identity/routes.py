"""The identity service: every path, what answers it and who may ask."""

from synnefo.api import versions
from synnefo.api.identity import people, tokens
from synnefo.api.routing import Route, Service, Who

ROOTS = (Route("GET", "", versions.identity_root, Who.ANYBODY),)
ROUTES = (
    Route("GET", "", versions.identity_document, Who.ANYBODY),
    Route("POST", "auth/tokens", tokens.issue, Who.ANYBODY),
    Route("GET", "auth/tokens", tokens.show, Who.KNOWN),
    Route("DELETE", "auth/tokens", tokens.revoke, Who.KNOWN),
    Route("GET", "auth/catalog", tokens.show_catalog, Who.KNOWN),
    Route("GET", "auth/projects", tokens.my_projects, Who.KNOWN),
    Route("GET", "projects", people.list_projects, Who.KNOWN),
    Route("GET", "projects/{id}", people.show_project, Who.KNOWN),
    Route("GET", "users", people.list_users, Who.KNOWN),
    Route("GET", "users/{id}", people.show_user, Who.KNOWN),
    Route("GET", "users/{id}/projects", people.user_projects, Who.KNOWN),
    Route("GET", "domains", people.list_domains, Who.KNOWN),
    Route("GET", "domains/{id}", people.show_domain, Who.KNOWN),
    Route("GET", "roles", people.list_roles, Who.ADMIN),
    Route("GET", "roles/{id}", people.show_role, Who.ADMIN),
)
SERVICE = Service("identity", ROOTS, ("v3",), ROUTES)
