"""The routes of roles given: every target with every kind of actor, inherited or not."""

from synnefo.api.identity import records, role_assignments
from synnefo.api.identity.assignments import Grants
from synnefo.api.routing import Route, Who

NOTHING = {204: None}


def _grants(path: str, views: Grants, tail: str, who: tuple[Who, Who]) -> tuple[Route, ...]:
    reading, writing = who
    one = f"{path}/roles/{{role}}{tail}"
    return (
        Route("GET", f"{path}/roles{tail}", views.index, reading,
              gives={200: records.ROLES_SHAPE}),
        Route("GET", one, views.has, reading, gives=NOTHING),
        Route("PUT", one, views.give, writing, gives=NOTHING),
        Route("DELETE", one, views.take, writing, gives=NOTHING),
    )  # fmt: skip


KEPT, SYSTEM = (Who.LOOKER, Who.KEEPER), (Who.LOOKER, Who.ADMIN)
ROUTES = (
    Route(
        "GET", "role_assignments", role_assignments.index, Who.LOOKER, None,
        {200: role_assignments.SHAPE}, role_assignments.FILTERS,
    ),
    *(
        route
        for actor in ("users", "groups")
        for target in ("projects", "domains")
        for path in (f"{target}/{{id}}/{actor}/{{actor}}",)
        for route in (
            *_grants(path, Grants(target, actor), "", KEPT),
            *_grants(
                f"OS-INHERIT/{path}", Grants(target, actor, inherited=True),
                "/inherited_to_projects", KEPT,
            ),
        )
    ),
    *(
        route
        for actor in ("users", "groups")
        for route in _grants(f"system/{actor}/{{actor}}", Grants("system", actor), "", SYSTEM)
    ),
)  # fmt: skip
