"""Domains, and the configuration that older tools keep with them."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse

from synnefo.api.bodies import mapping, record, text
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import collection, filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import Domain, Project, User
from synnefo.intents.identity import domains as intents
from synnefo.intents.identity import effective_roles

FIELDS = {
    "name": kinds.SHORT_NAME,
    "description": kinds.DESCRIPTION,
    "enabled": kinds.boolean,
    "tags": kinds.tags,
    "options": kinds.IMMUTABLE,
    "explicit_domain_id": text(1, 64, pattern="[0-9a-f]{32}"),
}
CREATE = kinds.body("domain", FIELDS, ("name",))
UPDATE = kinds.body("domain", {k: v for k, v in FIELDS.items() if k != "explicit_domain_id"})
FILTERS = {"name": "name", "id": "pk", "enabled": "enabled?"}


def index(request: Request) -> HttpResponse:
    """GET /v3/domains."""
    rows = sight.narrowed(request, Domain.objects.all(), "pk")
    return listed(request, "domains", filtered(request, rows, FILTERS), records.domain)


def mine(request: Request) -> HttpResponse:
    """GET /v3/auth/domains: what the caller may ask a token for."""
    keys = effective_roles.domains_of(request.caller.user_id)
    rows = Domain.objects.filter(pk__in=keys, enabled=True).order_by("name")
    return collection(
        request, "domains", [records.domain(row, request.base) for row in rows], "auth/domains"
    )


def _own(request: Request) -> set[str | None]:
    """The domains of the caller, of the caller's project and of the token."""
    caller = request.caller
    found = set(User.objects.filter(pk=caller.user_id).values_list("domain_id", flat=True))
    found |= set(Project.objects.filter(pk=caller.project_id).values_list("domain_id", flat=True))
    return {*found, caller.domain_id}


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/domains/{id}: one's own, or any for administrators."""
    all_of_them = sight.looks(request) and sight.domain(request) is None
    if not all_of_them and id not in _own(request):
        raise NotFound(f"Could not find domain: {id}.")
    return answer({"domain": records.domain(intents.get(id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/domains."""
    row = intents.create(request.wish["domain"])
    return answer({"domain": records.domain(row, request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/domains/{id}."""
    row = intents.update(id, request.wish["domain"])
    return answer({"domain": records.domain(row, request.base)})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/domains/{id}."""
    intents.delete(id)
    return empty(204)


# --- configuration: kept as Keystone keeps it, and like there without effect unless a domain has
# --- users of its own somewhere else, which is not offered here

DEFAULTS: dict[str, dict[str, Any]] = {
    "identity": {"driver": "sql", "list_limit": None},
    "ldap": {"url": "ldap://localhost", "user": None, "suffix": "cn=example,cn=com",
             "user_tree_dn": None, "user_objectclass": "inetOrgPerson", "user_filter": None,
             "group_tree_dn": None, "group_objectclass": "groupOfNames", "use_tls": False},
}  # fmt: skip
SECURITY = "security_compliance"
OPTIONS = mapping(text(1, 64), kinds.free, 50)
CONFIG = record({"config": mapping(text(1, 64), OPTIONS, 10)}, ("config",))
GROUP_CONFIG = record({"config": mapping(text(1, 64), kinds.free, 50)}, ("config",))
CONFIG_SHAPE = record({"config": kinds.free}, ("config",))


def _compliance() -> dict[str, Any]:
    pattern, description, *_ = settings.SYNNEFO_PASSWORD_RULES
    return {
        "password_regex": pattern or None,
        "password_regex_description": description or None,
    }


def _of_group(config: dict[str, Any], group: str, option: str | None) -> dict[str, Any]:
    found = config.get(group)
    if found is None or (option is not None and option not in found):
        raise NotFound(f"Could not find {option or group} in the configuration.")
    return {group: found} if option is None else {option: found[option]}


def default_config(
    _request: Request, group: str | None = None, option: str | None = None
) -> HttpResponse:
    """GET /v3/domains/config[/{group}[/{option}]]/default."""
    config = DEFAULTS if group is None else _of_group(DEFAULTS, group, option)
    return answer({"config": config})


def show_config(
    request: Request, id: str, group: str | None = None, option: str | None = None
) -> HttpResponse:
    """GET /v3/domains/{id}/config[/{group}[/{option}]]; everybody sees the rules of passwords."""
    if group == SECURITY:
        return answer({"config": _of_group({SECURITY: _compliance()}, group, option)})
    caller = request.caller
    if not (caller.is_admin or (caller.system and caller.roles)):
        raise Forbidden("Only administrators see the configuration of domains.")
    config = intents.get(id).config
    if not config:
        raise NotFound(f"Could not find domain configuration for domain {id}.")
    return answer({"config": config if group is None else _of_group(config, group, option)})


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    for group, options in config.items():
        if group not in DEFAULTS:
            raise Forbidden(
                f"Invalid domain specific configuration: Group {group[:64]} is not supported."
            )
        if group == "identity" and not set(options) <= set(DEFAULTS["identity"]):
            raise Forbidden(
                "Invalid domain specific configuration: group identity has driver and list_limit."
            )
    if not config:
        raise Forbidden("Invalid domain specific configuration: No options specified.")
    return config


def set_config(request: Request, id: str) -> HttpResponse:
    """PUT /v3/domains/{id}/config."""
    fresh = not intents.get(id).config
    row = intents.configure(id, _checked(request.wish["config"]))
    return answer({"config": row.config}, 201 if fresh else 200)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return old | {group: old.get(group, {}) | options for group, options in new.items()}


def _configured(key: str, group: str | None, option: str | None) -> dict[str, Any]:
    config: dict[str, Any] = intents.get(key).config
    if group is not None:
        _of_group(config, group, option)
    elif not config:
        raise NotFound(f"Could not find domain configuration for domain {key}.")
    return config


def update_config(
    request: Request, id: str, group: str | None = None, option: str | None = None
) -> HttpResponse:
    """PATCH /v3/domains/{id}/config[/{group}[/{option}]]."""
    wish = request.wish["config"]
    old = _configured(id, group, option)
    if group is not None:
        # The options, alone or within the group that the path names already.
        inner = wish[group] if set(wish) == {group} and isinstance(wish[group], dict) else wish
        if option is not None and set(inner) != {option}:
            raise BadRequest("The option of the path is expected in the body.", field="config")
        wish = {group: inner}
    row = intents.configure(id, _merged(old, _checked(wish)))
    return answer({"config": row.config})


def delete_config(
    _request: Request, id: str, group: str | None = None, option: str | None = None
) -> HttpResponse:
    """DELETE /v3/domains/{id}/config[/{group}[/{option}]]."""
    config = dict(_configured(id, group, option))
    if group is None:
        config = {}
    elif option is None:
        config.pop(group)
    else:
        left = {name: value for name, value in config[group].items() if name != option}
        config = config | {group: left}
    intents.configure(id, config)
    return empty(204)
