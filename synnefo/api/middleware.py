"""The outermost layer: request ids, the limit of bodies, and faults turned into answers.

Whatever happens further in, a client gets an answer in its service's shape with a request id.
"""

import logging
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from synnefo.api import faults
from synnefo.api.request import BODY_LIMIT
from synnefo.core.faults import BadRequest, Fault, ServiceUnavailable, TooLarge
from synnefo.telemetry import logs

log = logging.getLogger(__name__)

UPLOAD = re.compile(r"/image/v2/images/[^/]+/(file|stage)$")
SERVICES = frozenset({"identity", "compute", "image", "network", "volume"})
DATABASE_AWAY = "The database does not answer now. Try again in a moment."
MOST_PARAMETERS = 500  # Each may become a condition of a query to the database.


def service_of(path: str) -> str:
    """The service that a path belongs to, or ""."""
    first = path[1:].partition("/")[0]
    return first if first in SERVICES else ""


def base_of(http: HttpRequest) -> str:
    """Scheme and host as the client used them, so that links lead back the same way."""
    try:
        return f"{http.scheme}://{http.get_host()}"
    except DisallowedHost:  # A Host header that is no host name: it cannot be a link.
        return str(settings.SYNNEFO_URL)


def check_form(http: HttpRequest) -> None:
    """Refuse a body by its announced length, before any of it is read, and senseless queries."""
    announced = http.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal():
        raise BadRequest("Content-Length must be a whole number.", field="Content-Length")
    if int(announced) > BODY_LIMIT and not UPLOAD.match(http.path):
        raise TooLarge(f"The body of a request may have at most {BODY_LIMIT} bytes.")
    query = http.META.get("QUERY_STRING", "")
    if "%00" in query:
        raise BadRequest("The query has a character that no value may have: NUL.")
    if query.count("&") >= MOST_PARAMETERS:
        raise BadRequest(f"The query may have at most {MOST_PARAMETERS} parameters.")


class RequestContext:
    """Django's only middleware here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, http: HttpRequest) -> HttpResponseBase:
        """Give the request its id, pass it on, name the id in the answer."""
        request_id = f"req-{uuid.uuid4()}"
        http.request_id = request_id  # type: ignore[attr-defined]
        with logs.following(request=request_id):
            try:
                check_form(http)
                response = self.get_response(http)
            except Fault as fault:
                response = answer_to(http, fault)
        response["X-Openstack-Request-Id"] = request_id
        if service_of(http.path) == "compute":
            response["X-Compute-Request-Id"] = request_id
        return response

    def process_exception(self, http: HttpRequest, error: Exception) -> HttpResponse:
        """Turn what a view raised into an answer; the unexpected goes to the log with its trace."""
        return answer_to(http, error)


def answer_to(http: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a fault, or to a failure that nobody foresaw."""
    service = service_of(http.path)
    if isinstance(error, OperationalError | InterfaceError):
        # The database is away, starting, locked or full, which may soon be over.
        log.error("%s %s: the database failed: %s", http.method, http.path, error)
        return faults.response(service, ServiceUnavailable(DATABASE_AWAY), "")
    if not isinstance(error, Fault):
        log.error("%s %s failed", http.method, http.path, exc_info=error)
        return faults.response(service, None, "")
    if error.context:
        log.info("%s %s: %s (%s)", http.method, http.path, error, error.context)
    return faults.response(service, error, base_of(http))
