"""POST /v3/auth/tokens: from methods and a scope to a token.

Whatever is wrong with who asks or what for, the answer is one and the same 401.
"""

from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import listing, maybe, record, text
from synnefo.core.faults import Unauthorized
from synnefo.db.models import Project, Token, User
from synnefo.intents import tokens
from synnefo.intents.tokens import IssuedToken

REFUSAL = "The request you have made requires authentication."
WORD = text(1, 255)
DOMAIN = record({"id": maybe(WORD), "name": maybe(WORD)})
PASSWORD = record(
    {
        "user": record(
            {"id": WORD, "name": WORD, "domain": DOMAIN, "password": text(0, 4096)}, ("password",)
        )
    },
    ("user",),
)
PROJECT_SCOPE = record({"id": WORD, "name": WORD, "domain": DOMAIN})
SCOPE = record(
    {"project": PROJECT_SCOPE, "domain": DOMAIN, "system": bodies.anything},
    rest=bodies.anything,
)
IDENTITY = record(
    {
        "methods": listing(WORD, 1, 4),
        "password": PASSWORD,
        "token": record({"id": text(1, 512)}, ("id",)),
    },
    ("methods",),
    rest=bodies.anything,
)
BODY = record(
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


def refusal() -> Unauthorized:
    """The one answer to everything that fails here."""
    return Unauthorized(REFUSAL)


def _domain(named: dict[str, Any] | None) -> str:
    return (named or {}).get("id") or (named or {}).get("name") or "default"


def _by_password(user: dict[str, Any]) -> User:
    domain, name = _domain(user.get("domain")), user.get("name", "")
    if "id" in user:
        # An unknown id goes on with an impossible name, so that it takes as long as a known one.
        known = User.objects.filter(id=user["id"]).values_list("domain_id", "name").first()
        domain, name = known or ("", "")
    found = tokens.check_password(domain, name, user["password"])
    if found is None:
        raise refusal()
    return found


def _by_token(given: str) -> Token:
    found = tokens.find(given)
    if found is None:
        raise refusal()
    return found


def _project(scope: dict[str, Any]) -> Project:
    """The project of the scope; its domain counts only beside a name."""
    projects = Project.objects.filter(enabled=True)
    if "id" in scope:
        found = projects.filter(id=scope["id"]).first()
    elif "name" in scope:
        named = projects.filter(name=scope["name"])
        domain = _domain(scope.get("domain"))
        found = named.filter(domain_id=domain).first() or named.filter(domain__name=domain).first()
    else:
        bodies.refuse("auth.scope.project", "it must have an id or a name")
    if found is None:
        raise refusal()
    return found


def _target(scope: Any, user: User) -> Project | None:
    """What the token is for: a project, or nothing. Domains and the system have no roles here."""
    if scope == "unscoped":
        return None
    if not scope:
        return user.default_project
    if "project" in scope:
        return _project(scope["project"])
    raise refusal()


def sign_in(body: Any) -> IssuedToken:
    """A new token for whoever proves to be somebody."""
    auth = BODY(body, "", True)["auth"]
    identity = auth["identity"]
    methods = identity["methods"]
    for method in methods:
        if method not in ("password", "token"):
            raise refusal()
        if method not in identity:
            bodies.refuse(f"auth.identity.{method}", "it is missing")
    old = _by_token(identity["token"]["id"]) if "token" in methods else None
    user = _by_password(identity["password"]["user"]) if "password" in methods else None
    if user and old and user.pk != old.user_id:
        raise refusal()
    user = user or (old.user if old else None)
    if user is None:
        raise refusal()
    project = _target(auth.get("scope"), user)
    if old is not None:
        methods = [*methods, *(method for method in old.methods if method not in methods)]
    try:
        return tokens.issue(user, project, methods, old.expires_at if old else None)
    except Unauthorized as error:
        raise refusal() from error
