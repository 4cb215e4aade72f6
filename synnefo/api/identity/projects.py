"""Projects and their tags; domains answer here, too, as the projects that act as such."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import maybe, record
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import LONGEST, collection, filtered, listed, truth
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Domain, Project
from synnefo.intents.identity import domains, effective_roles
from synnefo.intents.identity import projects as intents

FIELDS = {
    "name": kinds.SHORT_NAME,
    "description": kinds.DESCRIPTION,
    "enabled": kinds.boolean,
    "domain_id": maybe(kinds.ID),
    "parent_id": maybe(kinds.ID),
    "is_domain": kinds.boolean,
    "tags": kinds.tags,
    "options": kinds.IMMUTABLE,
}
CREATE = kinds.body("project", FIELDS, ("name",))
UPDATE = kinds.body("project", FIELDS)
TAGS = record({"tags": kinds.tags}, ("tags",))
TAGS_SHAPE = record({"tags": kinds.tags, "links": kinds.LINKS}, ("tags", "links"))
FILTERS = {"name": "name", "domain_id": "domain_id", "enabled": "enabled?"}
TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")
QUERY = (*FILTERS, "parent_id", "is_domain", *TAG_FILTERS, "limit", "marker")
WITHIN = ("parents_as_list", "subtree_as_list", "parents_as_ids", "subtree_as_ids",
          "include_limits")  # fmt: skip


def _fits(tags: set[str], query: dict[str, set[str]]) -> bool:
    return (
        query.get("tags", set()) <= tags
        and (not query.get("tags-any") or bool(query["tags-any"] & tags))
        and not (query.get("not-tags") and query["not-tags"] <= tags)
        and not (query.get("not-tags-any", set()) & tags)
    )


def _tagged(request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    query = {
        name: set(str(request.query[name])[:LONGEST].split(","))
        for name in TAG_FILTERS
        if name in request.query
    }
    if not query:
        return rows
    fitting = [key for key, tags in rows.values_list("pk", "tags") if _fits(set(tags), query)]
    return rows.filter(pk__in=fitting)


def index(request: Request) -> HttpResponse:
    """GET /v3/projects; with is_domain=true, the domains."""
    if truth(request.query.get("is_domain") or "false", "is_domain"):
        rows = sight.narrowed(request, Domain.objects.all(), "pk")
        names = {"name": "name", "enabled": "enabled?"}
        found = _tagged(request, filtered(request, rows, names))
        return listed(request, "projects", found, records.domain_as_project)
    projects = filtered(request, sight.narrowed(request, Project.objects.all()), FILTERS)
    parent = request.query.get("parent_id")
    if parent is not None:
        parent = parent[:LONGEST]
        projects = projects.filter(Q(parent_id=parent) | Q(parent=None, domain_id=parent))
    return listed(request, "projects", _tagged(request, projects), records.project)


def _seen(request: Request, key: str) -> Project:
    """The project, for whom it concerns; NotFound for all others."""
    row = intents.get(key)
    if sight.looks(request):
        sight.inside(request, "project", key, row.domain_id)
    elif key != request.caller.project_id and key not in effective_roles.projects_of(
        request.caller.user_id
    ):
        raise NotFound(f"Could not find project: {key}.")
    return row


def _domain(request: Request, key: str) -> Domain | None:
    """The domain with this id, if the caller sees domains."""
    row = Domain.objects.filter(pk=key).first()
    return row if row and sight.looks(request) and sight.domain(request) in (None, key) else None


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/projects/{id}."""
    acting = _domain(request, id)
    if acting is not None:
        return answer({"project": records.domain_as_project(acting, request.base)})
    row = _seen(request, id)
    shown = records.project(row, request.base) | _relatives(request, row)
    return answer({"project": shown})


def _relatives(request: Request, row: Project) -> dict[str, Any]:
    """The projects above and below, for those who ask."""
    found: dict[str, Any] = {}
    asked = request.query
    if {"parents_as_list", "parents_as_ids"} & asked.keys():
        above = effective_roles.ancestors(row)
        rows = {one.pk: one for one in Project.objects.filter(pk__in=above)}
        if "parents_as_list" in asked:
            found["parents"] = [
                {"project": records.project(rows[key], request.base)} for key in above
            ]
        else:
            nested: dict[str, Any] | None = {row.domain_id: None}
            for key in reversed(above):
                nested = {key: nested}
            found["parents"] = nested
    if {"subtree_as_list", "subtree_as_ids"} & asked.keys():
        below = _below([row.pk])
        if "subtree_as_list" in asked:
            found["subtree"] = [{"project": records.project(one, request.base)} for one in below]
        else:
            found["subtree"] = _nested(row.pk, below)
    return found


def _below(keys: list[str]) -> list[Project]:
    found: list[Project] = []
    while keys:
        level = list(Project.objects.filter(parent_id__in=keys).order_by("name"))
        found += level
        keys = [row.pk for row in level]
    return found


def _nested(key: str, rows: list[Project]) -> dict[str, Any] | None:
    inner = {row.pk: _nested(row.pk, rows) for row in rows if row.parent_id == key}
    return inner or None


def create(request: Request) -> HttpResponse:
    """POST /v3/projects."""
    wish = dict(request.wish["project"])
    if wish.pop("is_domain", False):
        sight.whole(request)
        if wish.pop("parent_id", None) or wish.pop("domain_id", None):
            raise BadRequest(
                "only root projects are allowed to act as domains.", field="project.is_domain"
            )
        row = domains.create(wish)
        return answer({"project": records.domain_as_project(row, request.base)}, 201)
    usual = sight.own_domain(request)
    sight.inside(request, "domain", wish.get("domain_id") or usual, wish.get("domain_id") or usual)
    project = intents.create(wish, usual)
    return answer({"project": records.project(project, request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/projects/{id}."""
    wish = dict(request.wish["project"])
    if _domain(request, id) is not None:
        sight.whole(request)
        if not wish.pop("is_domain", True):
            raise BadRequest("Update of `is_domain` is not allowed.", field="project.is_domain")
        row = domains.update(id, wish)
        return answer({"project": records.domain_as_project(row, request.base)})
    sight.inside(request, "project", id, intents.get(id).domain_id)
    project = intents.update(id, wish)
    return answer({"project": records.project(project, request.base)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/projects/{id}."""
    if _domain(request, id) is not None:
        sight.whole(request)
        domains.delete(id)
        return empty(204)
    sight.inside(request, "project", id, intents.get(id).domain_id)
    intents.delete(id)
    return empty(204)


# --- tags ----------------------------------------------------------------------------------------


def tags(request: Request, id: str) -> HttpResponse:
    """GET /v3/projects/{id}/tags."""
    row = _seen(request, id)
    here = f"{request.base}/identity/v3/projects/{id}/tags"
    return answer({"tags": row.tags, "links": {"self": here, "previous": None, "next": None}})


def _kept(request: Request, key: str) -> Project:
    row = intents.get(key)
    sight.inside(request, "project", key, row.domain_id)
    return row


def set_tags(request: Request, id: str) -> HttpResponse:
    """PUT /v3/projects/{id}/tags."""
    _kept(request, id)
    intents.set_tags(id, request.wish["tags"])
    return tags(request, id)


def clear_tags(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/projects/{id}/tags."""
    _kept(request, id)
    intents.set_tags(id, [])
    return empty(204)


def has_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """GET and HEAD /v3/projects/{id}/tags/{tag}."""
    if tag not in _seen(request, id).tags:
        raise NotFound(f"Could not find project tag: {tag[:255]}.")
    return empty(204)


def add_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """PUT /v3/projects/{id}/tags/{tag}."""
    old = _kept(request, id).tags
    if tag not in old:
        intents.set_tags(id, kinds.tags([*old, tag], "tags", True))
    here = f"{request.base}/identity/v3/projects/{id}/tags/{tag}"
    return empty(201, {"Location": here})


def remove_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """DELETE /v3/projects/{id}/tags/{tag}."""
    old = _kept(request, id).tags
    if tag not in old:
        raise NotFound(f"Could not find project tag: {tag[:255]}.")
    intents.set_tags(id, [one for one in old if one != tag])
    return empty(204)


def mine(request: Request) -> HttpResponse:
    """GET /v3/auth/projects: what the caller may ask a token for."""
    keys = effective_roles.projects_of(request.caller.user_id)
    rows = Project.objects.filter(pk__in=keys, enabled=True, domain__enabled=True)
    shown = [records.project(row, request.base) for row in rows.order_by("name", "id")]
    return collection(request, "projects", shown, "auth/projects")
