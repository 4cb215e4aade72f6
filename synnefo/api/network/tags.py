"""Tags of each noun that has any: read, replace, add, remove."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import CONTROL
from synnefo.api.network import kinds
from synnefo.api.network.collections import Collection
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import TagNotFound
from synnefo.intents.network import network_rows, network_tags

BODY = bodies.record({"tags": bodies.listing(kinds.TAG, 0, network_tags.MOST)}, need=("tags",))
SHAPE = bodies.record({"tags": bodies.listing(bodies.text(), 0, 100)}, need=("tags",))


class Tags:
    """The tags of one noun's resources."""

    def __init__(self, nouns: Collection) -> None:
        self._nouns = nouns

    def _mine(self, request: Request, id: str, verb: str) -> Any:
        row = self._nouns.one(request, id)
        owner = row.network.project_id if self._nouns.name == "subnets" else row.project_id
        if verb == "delete" and self._nouns.name == "ports":
            # As with the port itself.
            owner = request.project if row.network.project_id == request.project else owner
        network_rows.check_owner(request.caller, owner, f"{verb}_{self._nouns.name}_tags")
        return row

    def index(self, request: Request, id: str) -> HttpResponse:
        """GET of all."""
        return answer({"tags": network_tags.of(self._nouns.one(request, id).uuid)})

    def replace(self, request: Request, id: str) -> HttpResponse:
        """PUT of all."""
        row = self._mine(request, id, "update")
        return answer({"tags": network_tags.replace(row.uuid, request.wish["tags"])})

    def extend(self, request: Request, id: str) -> HttpResponse:
        """POST of more."""
        row = self._mine(request, id, "create")
        return answer({"tags": network_tags.add(row.uuid, request.wish["tags"])}, 200)

    def clear(self, request: Request, id: str) -> HttpResponse:
        """DELETE of all."""
        network_tags.clear(self._mine(request, id, "delete").uuid)
        return empty(204)

    def has(self, request: Request, id: str, tag: str) -> HttpResponse:
        """GET of one: whether it is there."""
        if tag not in network_tags.of(self._nouns.one(request, id).uuid):
            raise TagNotFound(f"Tag {tag} could not be found.")
        return empty(204)

    def add(self, request: Request, id: str, tag: str) -> HttpResponse:
        """PUT of one."""
        if len(tag) > 255 or CONTROL.search(tag):
            raise BadRequest(
                "Invalid input for tag: it must have 1 to 255 characters.", field="tag"
            )
        network_tags.add(self._mine(request, id, "update").uuid, [tag])
        return empty(201)

    def remove(self, request: Request, id: str, tag: str) -> HttpResponse:
        """DELETE of one."""
        network_tags.remove(self._mine(request, id, "delete").uuid, tag)
        return empty(204)

    def routes(self) -> tuple[Route, ...]:
        """What the service's table has of them."""
        path = f"{self._nouns.path or self._nouns.name}/{{id}}/tags"
        return (
            Route("GET", path, self.index, Who.READER, gives={200: SHAPE}),
            Route("PUT", path, self.replace, Who.MEMBER, body=BODY, gives={200: SHAPE}),
            Route("POST", path, self.extend, Who.MEMBER, body=BODY, gives={200: SHAPE}),
            Route("DELETE", path, self.clear, Who.MEMBER, gives={204: None}),
            Route("GET", f"{path}/{{tag}}", self.has, Who.READER, gives={204: None}),
            Route("PUT", f"{path}/{{tag}}", self.add, Who.MEMBER, gives={201: None}),
            Route("DELETE", f"{path}/{{tag}}", self.remove, Who.MEMBER, gives={204: None}),
        )
