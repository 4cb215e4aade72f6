"""Services: tables of (method, path, view, who may), and how a request finds its row.

The tables are the policy: the last column says who may call, and the authorisation tests walk it.
Paths are matched segment by segment; `{name}` stands for one segment, handed to the view. Ids are
opaque here: what is no id is simply not found.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from synnefo.api import access_rules, authentication, middleware, rate_limits
from synnefo.api.bodies import ByVersion, Kind
from synnefo.api.middleware import base_of
from synnefo.api.request import JSON_TYPES, Request
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Fault, Forbidden, MethodNotAllowed, NotFound

View = Callable[..., HttpResponseBase]
PROJECT_ID = re.compile(r"[0-9a-f]{32}")
WILD = ""


class Who(IntEnum):
    """Who may call: each one up to ADMIN includes those that follow."""

    ANYBODY = 0  # without a token
    KNOWN = 1  # with any token, scoped or not
    READER = 2  # with a role in the project that the token is scoped to
    MEMBER = 3
    ADMIN = 4
    # Of the identity service only; the views narrow them to the domain of the token.
    LOOKER = 5  # an administrator, or with a role in the system or in a domain
    KEEPER = 6  # an administrator, or with the role manager in a domain
    OVERSEER = 7  # an administrator, or with a role in the system


ROLES: dict[Who, frozenset[str]] = {
    Who.READER: frozenset({"reader", "member", "manager", "admin"}),
    Who.MEMBER: frozenset({"member", "manager", "admin"}),
    Who.ADMIN: frozenset({"admin"}),
    Who.LOOKER: frozenset({"reader", "member", "manager", "admin"}),
    Who.KEEPER: frozenset({"manager", "admin"}),
    Who.OVERSEER: frozenset({"reader", "member", "manager", "admin"}),
}
FORBIDDEN = "You are not authorized to perform the requested action."


class Route(NamedTuple):
    """One row: `path` lies below the version for versioned routes.

    `body` is read and checked before the view, which finds it in `request.wish`. `gives` tells the
    OpenAPI document what is answered: the kind of each body by its status, None for no body.
    `query` names the parameters that the view reads from the query. `media` names the types of a
    body that is not plain JSON; without `body` its bytes are the view's to read. `also` names roles
    that may call besides those of `who`.
    """

    method: str
    path: str
    view: View
    who: Who
    body: Kind | ByVersion | None = None
    gives: Mapping[int, Kind | None] = {}
    query: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    routes: dict[str, Route] = field(default_factory=dict)


def _tree(routes: Iterable[Route]) -> _Node:
    root = _Node()
    for route in routes:
        node, names = root, []
        for segment in route.path.split("/") if route.path else []:
            wild = segment.startswith("{")
            if wild:
                names.append(segment[1:-1])
            node = node.children.setdefault(WILD if wild else segment, _Node())
        node.names = tuple(names)
        node.routes[route.method] = route
    return root


def _find(node: _Node, segments: list[str]) -> tuple[_Node, list[str]] | None:
    values = []
    for segment in segments:
        child = node.children.get(segment) if segment else None
        if child is None and segment and WILD in node.children:
            child = node.children[WILD]
            values.append(segment)
        if child is None:
            return None
        node = child
    return (node, values) if node.routes else None


class Service:
    """One service: its root routes, and its versioned routes below any of `versions`."""

    def __init__(
        self,
        name: str,
        roots: tuple[Route, ...],
        versions: tuple[str, ...],
        routes: tuple[Route, ...],
        *,
        project_in_path: bool = False,
        project_scoped: bool = True,
    ) -> None:
        self.name = name
        self.roots, self.versions, self.routes = roots, versions, routes
        self._root_tree, self._tree = _tree(roots), _tree(routes)
        self._project_in_path, self._project_scoped = project_in_path, project_scoped

    def serve(self, http: HttpRequest, path: str) -> HttpResponseBase:
        """Django's view of the whole service."""
        request = Request(http, base_of(http))
        try:
            self.begin(request, path)
            route, arguments, project = self._route(request, path)
            self._admit(request, route, path)
            _check_project(request, route.who, project)
            _read_body(request, route)
            response = route.view(request, **arguments)
        except Fault as fault:
            response = middleware.answer_to(http, fault)
        self.finish(request, response)
        return response

    def begin(self, request: Request, path: str) -> None:
        """What a service wants to settle before a route is looked for."""

    def finish(self, request: Request, response: HttpResponseBase) -> None:
        """What a service adds to every answer."""

    def _route(self, request: Request, path: str) -> tuple[Route, dict[str, Any], str | None]:
        segments = path[1:].split("/") if path.strip("/") else []
        tree, project = self._root_tree, None
        if segments and segments[0] in self.versions:
            tree, segments = self._tree, segments[1:]
            project, segments = self._project(segments)
            segments = [] if segments == [""] else segments
        found = _find(tree, segments) if "\0" not in path else None
        if found is None:
            raise NotFound("The resource could not be found.")
        node, values = found
        method = request.http.method or ""
        route = node.routes.get(method) or (node.routes.get("GET") if method == "HEAD" else None)
        if route is None:
            allowed = ", ".join(sorted(node.routes))
            message = f"The method {method} is not allowed here, only {allowed}."
            raise MethodNotAllowed(message, allowed=allowed)
        return route, dict(zip(node.names, values, strict=True)), project

    def _project(self, segments: list[str]) -> tuple[str | None, list[str]]:
        """Old catalogs have the project's id after the version."""
        if self._project_in_path and segments and PROJECT_ID.fullmatch(segments[0]):
            return segments[0], segments[1:]
        return None, segments

    def _admit(self, request: Request, route: Route, path: str) -> None:
        who = route.who
        if who is Who.ANYBODY:
            return
        request.token = request.header("X-Auth-Token") or ""
        caller = request.caller = self._caller(request)
        if caller.credential_id:
            access_rules.check(caller, self.name, request.http.method or "", path)
        if who >= Who.READER and not _fulfils(caller, route, self._project_scoped):
            raise Forbidden(FORBIDDEN)
        if settings.SYNNEFO_RATE_LIMIT:
            rate_limits.admit(caller.project_id or caller.user_id)

    def _caller(self, request: Request) -> Caller:
        """Who asks, by the token; Unauthorized."""
        return authentication.caller(request.token, request.request_id)


def _fulfils(caller: Caller, route: Route, project_scoped: bool) -> bool:
    """Whether the token has a role that is needed, in a scope that counts."""
    who = route.who
    if not caller.roles & (ROLES[who] | route.also) or (project_scoped and not caller.project_id):
        return False
    if caller.is_admin or who <= Who.ADMIN:
        return True
    if caller.system:
        return who is not Who.KEEPER
    return bool(caller.domain_id) and who is not Who.OVERSEER


def _read_body(request: Request, route: Route) -> None:
    body = route.body
    if body is not None:
        kind = body.at(request.version[1]) if isinstance(body, ByVersion) else body
        types = frozenset(route.media) or JSON_TYPES
        request.wish = kind(request.json(types), "", request.strict)


def _check_project(request: Request, who: Who, project: str | None) -> None:
    if project is not None and who is not Who.ANYBODY and project != request.project:
        raise BadRequest(
            f"Malformed request URL: URL's project_id '{project}' doesn't match the token's."
        )
