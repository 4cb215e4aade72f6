"""Version documents, and how a microversion is agreed upon; what they are: `microversions.py`."""

import re
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from synnefo.api.bodies import Kind, listing, record, text
from synnefo.api.microversions import STEPS
from synnefo.api.request import Request, Version, answer
from synnefo.core.faults import BadRequest, NotAcceptable

MINIMUM: Version = (2, 1)
MAXIMUM: Version = max(STEPS)
NOVA_HEADER = "X-OpenStack-Nova-API-Version"
COMMON_HEADER = "OpenStack-API-Version"
VARY = f"{COMMON_HEADER}, {NOVA_HEADER}"
_VERSION = re.compile(r"([1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")


def spelled(version: Version) -> str:
    """(2, 21) as "2.21"."""
    return f"{version[0]}.{version[1]}"


def _wanted(request: Request) -> str | None:
    for part in (request.header(COMMON_HEADER) or "").split(","):
        service, _, version = part.strip().partition(" ")
        if service.lower() == "compute":
            return version.strip()
    return request.header(NOVA_HEADER)


def negotiate(request: Request) -> Version:
    """The microversion that a compute request asks for."""
    wanted = _wanted(request)
    if wanted is None or not wanted.strip():
        return MINIMUM
    if wanted.strip().lower() == "latest":
        return MAXIMUM
    match = _VERSION.fullmatch(wanted.strip())
    if match is None:
        raise BadRequest(
            f"API Version String {wanted[:40]!r} is of invalid format. "
            "Must be of format MajorNum.MinorNum.",
            field=COMMON_HEADER,
        )
    version = (int(match[1]), int(match[2]))
    if not MINIMUM <= version <= MAXIMUM:
        raise NotAcceptable(
            f"Version {wanted.strip()} is not supported by the API. Minimum is "
            f"{spelled(MINIMUM)} and maximum is {spelled(MAXIMUM)}.",
            field=COMMON_HEADER,
        )
    return version


def stamp(response: HttpResponseBase, version: Version) -> None:
    """Name the applied microversion in an answer of the compute service."""
    response[NOVA_HEADER] = spelled(version)
    response[COMMON_HEADER] = f"compute {spelled(version)}"
    response["Vary"] = VARY


# --- how the documents look ----------------------------------------------------------------------

_WORD = text(0, 255)
_LINKS = listing(record({"rel": _WORD, "href": text(0, 2048)}))
_VERSION_SHAPE = record(
    {
        "id": _WORD,
        "status": _WORD,
        "version": _WORD,
        "min_version": _WORD,
        "updated": _WORD,
        "links": _LINKS,
        "media-types": listing(record({"base": _WORD, "type": _WORD})),
    },
    ("id", "status", "links"),
)
_MANY = listing(_VERSION_SHAPE)
SHAPE: Kind = record({"version": _VERSION_SHAPE}, ("version",))
LIST_SHAPE: Kind = record({"versions": _MANY}, ("versions",))
IDENTITY_SHAPE: Kind = record({"versions": record({"values": _MANY}, ("values",))}, ("versions",))


# --- the documents -------------------------------------------------------------------------------


def _links(href: str) -> list[dict[str, str]]:
    return [{"rel": "self", "href": href}]


def _media(name: str) -> list[dict[str, str]]:
    return [{"base": "application/json", "type": f"application/vnd.openstack.{name}+json"}]


def identity_v3(base: str) -> dict[str, Any]:
    """The identity service's one version."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": _links(f"{base}/identity/v3/"),
        "media-types": _media("identity-v3"),
    }


def compute_v20(base: str) -> dict[str, Any]:
    """The legacy paths: the first entry of the list, as clients expect."""
    return {
        "id": "v2.0",
        "status": "SUPPORTED",
        "version": "",
        "min_version": "",
        "updated": "2011-01-21T11:33:21Z",
        "links": _links(f"{base}/compute/v2/"),
    }


def compute_v21(base: str) -> dict[str, Any]:
    """The current paths and the microversions that they know."""
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": spelled(MAXIMUM),
        "min_version": spelled(MINIMUM),
        "updated": "2013-07-23T11:33:21Z",
        "links": _links(f"{base}/compute/v2.1/"),
    }


def identity_root(request: Request) -> HttpResponse:
    """All versions of the identity service: 300, as Keystone answers."""
    document = {"versions": {"values": [identity_v3(request.base)]}}
    return answer(document, 300, {"Location": f"{request.base}/identity/v3/"})


def identity_document(request: Request) -> HttpResponse:
    """Version 3 of the identity service."""
    return answer({"version": identity_v3(request.base)})


def compute_root(request: Request) -> HttpResponse:
    """All versions of the compute service."""
    return answer({"versions": [compute_v20(request.base), compute_v21(request.base)]})


def compute_document(request: Request) -> HttpResponse:
    """One version of the compute service, by the path asked."""
    if request.strict:
        document = compute_v21(request.base) | {"media-types": _media("compute")}
        document["media-types"][0]["type"] += ";version=2.1"
    else:
        document = compute_v20(request.base) | {"media-types": _media("compute")}
        document["media-types"][0]["type"] += ";version=2"
    return answer({"version": document})


IMAGE_VERSIONS = (
    # 2.14 and 2.16 are about a cache that a Glance has where its store is far away.
    ("v2.17", "CURRENT"),
    ("v2.15", "SUPPORTED"),
    *((f"v2.{minor}", "SUPPORTED") for minor in range(13, -1, -1)),
)


def _image_versions(request: Request) -> dict[str, Any]:
    links = _links(f"{request.base}/image/v2/")
    return {
        "versions": [
            {"id": name, "status": status, "links": links} for name, status in IMAGE_VERSIONS
        ]
    }


def image_root(request: Request) -> HttpResponse:
    """All versions of the image service: 300, as Glance answers."""
    return answer(_image_versions(request), 300)


def image_versions(request: Request) -> HttpResponse:
    """The same with 200."""
    return answer(_image_versions(request))


def network_root(request: Request) -> HttpResponse:
    """All versions of the network service."""
    links = _links(f"{request.base}/network/v2.0/")
    return answer({"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})
