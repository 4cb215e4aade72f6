"""POST /v3/auth/tokens: from methods and a scope to a token.

Whatever is wrong with who asks or what for, the answer is one and the same 401.
"""

from itertools import combinations
from typing import Any

from django.utils import timezone

from synnefo.api import bodies
from synnefo.api.bodies import listing, maybe, record, text
from synnefo.api.identity.kinds import described_as
from synnefo.api.identity.lockout import guarded, key_of
from synnefo.api.request import Request
from synnefo.core import password_rules
from synnefo.core.faults import Forbidden, NotFound, Unauthorized
from synnefo.db.models import ApplicationCredential, Domain, Project, Token, User
from synnefo.db.prepared import PreparedRows
from synnefo.intents.identity import application_credentials, tokens, trusts, users
from synnefo.intents.identity.effective_roles import Scope
from synnefo.intents.identity.tokens import IssuedToken, Origin

REFUSAL = tokens.REFUSAL
_PROJECT = PreparedRows(Project, lambda key: Project.objects.filter(enabled=True, id=key), str)
_NAMED_PROJECT = PreparedRows(
    Project,
    lambda name, domain: Project.objects.filter(enabled=True, name=name, domain_id=domain),
    str,
    str,
)
_NAMED_TWICE = PreparedRows(  # The project and its domain, both by name.
    Project,
    lambda name, domain: Project.objects.filter(enabled=True, name=name, domain__name=domain),
    str,
    str,
)
WORD = text(1, 255)
DOMAIN = record({"id": maybe(WORD), "name": maybe(WORD)})
USER = {"id": WORD, "name": WORD, "domain": DOMAIN}
PASSWORD = record({"user": record(USER | {"password": text(0, 4096)}, ("password",))}, ("user",))
PROGRAM = record(
    {"id": WORD, "name": WORD, "secret": text(1, 4096), "user": record(USER)}, ("secret",)
)
PROJECT_SCOPE = record({"id": WORD, "name": WORD, "domain": DOMAIN})
TRUST = "OS-TRUST:trust"
PLACES = ("project", "domain", "system", TRUST)
_SCOPE = record(
    {
        "project": PROJECT_SCOPE,
        "domain": DOMAIN,
        "system": record({"all": bodies.flag}, ("all",)),
        TRUST: record({"id": WORD}, ("id",)),
        "unscoped": bodies.anything,
    },
    rest=bodies.anything,
)
# Of the places only one may be named.
_EACH_ALONE = [{"not": {"required": list(pair)}} for pair in combinations((*PLACES, "unscoped"), 2)]
SCOPE = bodies.Described({**bodies.schema_of(_SCOPE), "allOf": _EACH_ALONE}, _SCOPE)
METHODS = ("password", "token", "application_credential")
IDENTITY = record(
    {
        "methods": listing(WORD, 1, 4),
        "password": PASSWORD,
        "token": record({"id": text(1, 512)}, ("id",)),
        "application_credential": PROGRAM,
    },
    ("methods",),
    rest=bodies.anything,
)
_BODY = record(
    {
        "auth": record(
            {
                "identity": IDENTITY,
                "scope": bodies.either(
                    {dict: SCOPE, str: bodies.choice("unscoped"), type(None): bodies.anything},
                    'an object or "unscoped"',
                ),
            },
            ("identity",),
            rest=bodies.anything,
        )
    },
    ("auth",),
    rest=bodies.anything,
)


def _body(value: Any, where: str, strict: bool) -> Any:
    """What is sent, with what each method needs."""
    clean = _BODY(value, where, strict)
    identity = clean["auth"]["identity"]
    for method in identity["methods"]:
        if method in METHODS and method not in identity:
            bodies.refuse(f"auth.identity.{method}", "it is missing")
    scope = clean["auth"].get("scope")
    kinds = [name for name in (*PLACES, "unscoped") if isinstance(scope, dict) and name in scope]
    if len(kinds) > 1:
        bodies.refuse("auth.scope", f"it has {' and '.join(kinds)}, of which only one may be")
    return clean


BODY = described_as(_BODY, _body)


def refusal() -> Unauthorized:
    """The one answer to everything that fails here."""
    return Unauthorized(REFUSAL)


# --- who it is -----------------------------------------------------------------------------------


def _domain(named: dict[str, Any] | None) -> str:
    return (named or {}).get("id") or (named or {}).get("name") or "default"


def _who(user: dict[str, Any]) -> tuple[str, str]:
    """The domain and the name; an unknown id goes on with an impossible name, so that it takes as
    long as a known one."""
    if "id" not in user:
        return _domain(user.get("domain")), user.get("name", "")
    known = User.objects.filter(id=user["id"]).values_list("domain_id", "name").first()
    return known or ("", "")


def _by_password(request: Request, user: dict[str, Any]) -> User:
    domain, name = _who(user)
    named = tokens.named(domain, name)

    def check() -> User:
        right = tokens.proven(named, user["password"])  # Asked also where there is nobody.
        if named is None or not right:
            raise refusal()
        return named

    who, locking = key_of(named, f"{domain}/{name}" if name else str(user.get("id")))
    found = guarded(request, who, check, locking=locking)
    _check_fresh(found)
    return found


def _check_fresh(user: User) -> None:
    """The password was right; is it still good?"""
    end = password_rules.expires_at(users.rules(), user.password_changed_at)
    over = end is not None and end <= timezone.now()
    if user.must_change_password or (over and not user.options.get("ignore_password_expiry")):
        raise Unauthorized(f"The password is expired and needs to be changed for user: {user.id}.")


def _by_token(given: str) -> Token:
    found = tokens.find(given)
    if found is None:  # Keystone's answer, which tells nothing that a 401 would not.
        raise NotFound("This is not a recognized token.")
    if found.trust_id is not None or found.application_credential_id is not None:
        raise Forbidden("A token of a trust or of a credential cannot be exchanged.")
    return found


def _by_credential(request: Request, given: dict[str, Any]) -> ApplicationCredential:
    key = given.get("id")
    if key is None:
        domain, name = _who(given.get("user") or {})
        rows = ApplicationCredential.objects.filter(name=given.get("name", ""), user__name=name)
        own = rows.filter(user__domain_id=domain).values_list("pk", flat=True)
        named = rows.filter(user__domain__name=domain).values_list("pk", flat=True)
        key = own.first() or named.first() or ""

    def check() -> ApplicationCredential:
        found = application_credentials.sign_in(key, given["secret"])
        if found is None:
            raise refusal()
        return found

    return guarded(request, f"credential {key}", check)


# --- what for ------------------------------------------------------------------------------------


def _project(scope: dict[str, Any]) -> Project:
    """The project of the scope; its domain counts only beside a name."""
    if "id" in scope:
        found = _PROJECT.first(scope["id"])
    elif "name" in scope:
        name, domain = scope["name"], _domain(scope.get("domain"))
        found = _NAMED_PROJECT.first(name, domain) or _NAMED_TWICE.first(name, domain)
    else:
        bodies.refuse("auth.scope.project", "it must have an id or a name")
    if found is None:
        raise refusal()
    return tokens.with_domain(found)


def _domain_scope(scope: dict[str, Any]) -> Domain:
    domains = Domain.objects.filter(enabled=True)
    if scope.get("id"):
        found = domains.filter(id=scope["id"]).first()
    elif scope.get("name"):
        found = domains.filter(name=scope["name"]).first()
    else:
        bodies.refuse("auth.scope.domain", "it must have an id or a name")
    if found is None:
        raise refusal()
    return found


def _scope(wanted: dict[str, Any]) -> Scope:
    if "project" in wanted:
        return Scope(_project(wanted["project"]))
    if "domain" in wanted:
        return Scope(domain=_domain_scope(wanted["domain"]))
    if "system" in wanted and wanted["system"]["all"]:
        return Scope(system=True)
    raise refusal()


def _usual(user: User) -> Scope:
    """Without a scope it is the user's own project, if there the user may do anything."""
    project = user.default_project
    if project is None or project.deleted_at is not None or not project.enabled:
        return Scope()
    scope = Scope(project)
    return scope if tokens.roles_of(user.pk, scope, Origin()) else Scope()


def _with_credential(
    credential: ApplicationCredential, methods: list[str], scope: Any
) -> IssuedToken:
    if scope:
        raise Forbidden("Application credentials cannot request a scope.")
    origin = application_credentials.origin_of(credential)
    return tokens.issue(credential.user, credential.project, methods, origin=origin)


def _with_trust(user: User, methods: list[str], key: str, origin: Origin) -> IssuedToken:
    trust = trusts.use(key, user.pk)
    acting = trust.trustor if trust.impersonation else user
    ends = [one for one in (trust.expires_at, origin.expires_at) if one is not None]
    whole = Origin(trust=trust, parent=origin.parent, expires_at=min(ends, default=None))
    return tokens.issue(acting, trust.project, methods, origin=whole)


def _user(
    request: Request, identity: dict[str, Any], methods: list[str], old: Token | None
) -> User:
    user = _by_password(request, identity["password"]["user"]) if "password" in methods else None
    if user and old and user.pk != old.user_id:
        raise refusal()
    user = user or (old.user if old else None)
    if user is None:
        raise refusal()
    return user


def sign_in(request: Request) -> IssuedToken:
    """A new token for whoever proves to be somebody."""
    auth = request.wish["auth"]
    identity, scope = auth["identity"], auth.get("scope")
    methods: list[str] = list(dict.fromkeys(identity["methods"]))
    if not set(methods) <= set(METHODS):
        raise refusal()
    if "application_credential" in methods:
        if len(methods) > 1:
            raise refusal()
        credential = _by_credential(request, identity["application_credential"])
        return _with_credential(credential, methods, scope)
    old = _by_token(identity["token"]["id"]) if "token" in methods else None
    user = _user(request, identity, methods, old)
    origin = Origin()
    if old is not None:
        methods = [*methods, *(method for method in old.methods if method not in methods)]
        origin = Origin(parent=old.parent_audit_id or old.audit_id, expires_at=old.expires_at)
    if not password_rules.enough(user.options, methods):
        raise refusal()
    if isinstance(scope, dict) and TRUST in scope:
        return _with_trust(user, methods, scope[TRUST]["id"], origin)
    if not scope:
        where = _usual(user)
    else:
        where = Scope() if scope == "unscoped" or "unscoped" in scope else _scope(scope)
    return tokens.issue(user, None, methods, where, origin)
