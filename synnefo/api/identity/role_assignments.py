"""GET /v3/role_assignments: everything that was given, or what counts of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import HttpResponse

from synnefo.api.bodies import listing, record
from synnefo.api.identity import kinds, sight
from synnefo.api.identity.lists import truth
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest
from synnefo.core.role_inference import expanded
from synnefo.db.models import Domain, Group, Membership, Project, Role, RoleAssignment, User
from synnefo.intents.identity import effective_roles

INHERITED = "OS-INHERIT:inherited_to"
FILTERS = ("user.id", "group.id", "role.id", "scope.project.id", "scope.domain.id", "scope.system",
           f"scope.{INHERITED}", "effective", "include_names", "include_subtree")  # fmt: skip
SHAPE = record(
    {
        "role_assignments": listing(record({}, rest=kinds.free), 0, 1_000_000),
        "links": kinds.LINKS,
    },
    ("role_assignments",),
)


class Fact(NamedTuple):
    """Somebody's role somewhere: as it was given, or with `effective`, as it counts."""

    user: str | None
    group: str | None
    project: str | None
    domain: str | None
    inherited: bool
    role: str
    via: str = ""  # the path of the assignment that it follows from


def _flag(request: Request, name: str) -> bool:
    value = request.query.get(name)
    return value is not None and (not value or truth(value, name))


def _facts(condition: Q) -> list[Fact]:
    rows = RoleAssignment.objects.filter(condition).order_by("pk")
    columns = ("user_id", "group_id", "project_id", "domain_id", "inherited", "role_id")
    return [Fact(*row) for row in rows.values_list(*columns)]


def _condition(request: Request, *, effective: bool) -> Q:
    """What the database can tell by itself; effective roles are found among more rows."""
    query, found = request.query, Q()
    if "role.id" in query and not effective:
        found &= Q(role_id=query["role.id"])
    if "user.id" in query:
        own = Q(user_id=query["user.id"])
        found &= own | Q(group__memberships__user_id=query["user.id"]) if effective else own
    if "group.id" in query:
        found &= Q(group_id=query["group.id"])
    if "scope.system" in query:
        found &= Q(project=None, domain=None)
    if f"scope.{INHERITED}" in query:
        if query[f"scope.{INHERITED}"] != "projects":
            raise BadRequest(f"scope.{INHERITED} must be projects.", field=INHERITED)
        found &= Q(inherited=True)
    if effective or "scope.project.id" not in query:
        if "scope.domain.id" in query and not effective:
            found &= Q(domain_id=query["scope.domain.id"])
        return found
    return found & Q(project_id__in=_projects(request))


def _projects(request: Request) -> list[str]:
    """The project that is asked for, with those below it if they are, too."""
    key = str(request.query["scope.project.id"])
    found = level = [key]
    while level and _flag(request, "include_subtree"):
        level = list(Project.objects.filter(parent_id__in=level).values_list("pk", flat=True))
        found = found + level
    return found


def _heirs(facts: Iterable[Fact]) -> Callable[[Fact], list[str]]:
    """In which projects an inherited role counts; the tree is read once, if at all."""
    if not any(fact.inherited for fact in facts):
        return lambda fact: []
    below: dict[str | None, list[str]] = {}
    within: dict[str, list[str]] = {}
    for key, parent, domain in Project.objects.values_list("pk", "parent_id", "domain_id"):
        below.setdefault(parent, []).append(key)
        within.setdefault(domain, []).append(key)

    def heirs(fact: Fact) -> list[str]:
        if fact.domain is not None:
            return within.get(fact.domain, [])
        found, ahead = [], [fact.project]
        while ahead:
            level = below.get(ahead.pop(), [])
            found += level
            ahead += level
        return found

    return heirs


def _members(facts: Iterable[Fact]) -> dict[str | None, list[str]]:
    """The users of the groups that have roles."""
    groups = {fact.group for fact in facts if fact.group}
    rows = Membership.objects.filter(group_id__in=groups)
    found: dict[str | None, list[str]] = {}
    for group, user in rows.values_list("group_id", "user_id"):
        found.setdefault(group, []).append(user)
    return found


def _spread(facts: list[Fact]) -> Iterator[Fact]:
    """Of users and no groups, in the projects where it counts."""
    heirs, members = _heirs(facts), _members(facts)
    for fact in facts:
        for user in [fact.user] if fact.user else members.get(fact.group, []):
            one = fact._replace(user=user, group=None, via=fact.group or "")
            if not fact.inherited:
                yield one
            for project in heirs(fact) if fact.inherited else ():
                yield one._replace(project=project, domain=None)


def _effective(facts: list[Fact]) -> Iterator[Fact]:
    """What users have by it, with all implied roles, but no domain's own ones."""
    rules = effective_roles.rules()
    usable = set(Role.objects.filter(domain=None).values_list("pk", flat=True))
    seen = set()
    for fact in _spread(facts):
        for role in sorted(expanded([fact.role], rules) & usable):
            key = (fact.user, fact.project, fact.domain, role)
            if key not in seen:
                seen.add(key)
                yield fact._replace(role=role)


def _wanted(request: Request, facts: Iterable[Fact]) -> list[Fact]:
    """Effective roles that fit the filters that only count afterwards."""
    query = request.query
    scoped = set(_projects(request)) if "scope.project.id" in query else None
    return [
        fact
        for fact in facts
        if (scoped is None or fact.project in scoped)
        and query.get("scope.domain.id", fact.domain) == fact.domain
        and query.get("role.id", fact.role) == fact.role
        and query.get("user.id", fact.user) == fact.user
    ]


def _named(model: Any, keys: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """Names and domains by id, in one query."""
    rows = model.objects.filter(pk__in={key for key in keys if key})
    if model is Domain:
        return {key: {"id": key, "name": name} for key, name in rows.values_list("pk", "name")}
    columns = ("pk", "name", "domain_id", "domain__name")
    return {
        key: {"id": key, "name": name}
        | ({"domain": {"id": domain, "name": domain_name}} if domain or model is not Role else {})
        for key, name, domain, domain_name in rows.values_list(*columns)
    }


class _Names:
    """What the ids of facts stand for; just the ids unless names are wanted."""

    def __init__(self, facts: list[Fact], *, wanted: bool) -> None:
        models = {"user": User, "group": Group, "project": Project, "domain": Domain, "role": Role}
        self._by = {
            field: _named(model, (getattr(fact, field) for fact in facts)) if wanted else {}
            for field, model in models.items()
        }

    def __call__(self, field: str, key: str | None) -> dict[str, Any]:
        return self._by[field].get(key or "", {"id": key})


def _scope(fact: Fact, names: _Names, *, effective: bool) -> dict[str, Any]:
    if fact.project is not None:
        scope: dict[str, Any] = {"project": names("project", fact.project)}
    elif fact.domain is not None:
        scope = {"domain": names("domain", fact.domain)}
    else:
        scope = {"system": {"all": True}}
    return scope | ({INHERITED: "projects"} if fact.inherited and not effective else {})


def _link(fact: Fact, base: str) -> str:
    """The address of the grant."""
    actor = (
        f"users/{fact.user}" if fact.user and not fact.via else f"groups/{fact.via or fact.group}"
    )
    if fact.project is not None:
        target = f"projects/{fact.project}"
    else:
        target = "system" if fact.domain is None else f"domains/{fact.domain}"
    path = f"{target}/{actor}/roles/{fact.role}"
    if fact.inherited:
        path = f"OS-INHERIT/{path}/inherited_to_projects"
    return f"{base}/identity/v3/{path}"


def index(request: Request) -> HttpResponse:
    """GET /v3/role_assignments."""
    effective = _flag(request, "effective")
    if effective and "group.id" in request.query:
        raise BadRequest("Combining effective and group filter will always give an empty list.")
    if "scope.project.id" in request.query and "scope.domain.id" in request.query:
        raise BadRequest("Specify a domain or project, not both")
    facts = _facts(_condition(request, effective=effective))
    if effective:
        facts = _wanted(request, _effective(facts))
    facts = _inside(request, facts)
    names = _Names(facts, wanted=_flag(request, "include_names"))
    shown = []
    for fact in facts:
        actor = "user" if fact.user is not None else "group"
        shown.append(
            {
                "scope": _scope(fact, names, effective=effective),
                actor: names(actor, getattr(fact, actor)),
                "role": names("role", fact.role),
                "links": {"assignment": _link(fact, request.base)},
            }
        )
    here = f"{request.base}/identity/v3/role_assignments"
    return answer(
        {"role_assignments": shown, "links": {"self": here, "previous": None, "next": None}}
    )


def _inside(request: Request, facts: list[Fact]) -> list[Fact]:
    """Only those of the domain that the caller is limited to."""
    own = sight.domain(request)
    if own is None:
        return facts
    inner = set(Project.objects.filter(domain_id=own).values_list("pk", flat=True))
    return [fact for fact in facts if fact.domain == own or fact.project in inner]
