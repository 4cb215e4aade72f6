"""The microversions of the block storage API: what each one brought, and which a request asks for.

What a step lists is what this service does by it; steps that concern parts that this cloud has not
(clusters of volume services, replication) are listed with what is answered instead.
"""

import re
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from synnefo.api.request import Request, Version, answer
from synnefo.core.faults import BadRequest, NotAcceptable

HEADER = "OpenStack-API-Version"
MINIMUM: Version = (3, 0)
_VERSION = re.compile(r"([1-9]\d{0,3})\.(\d{1,4})")
STEPS: dict[int, str] = {
    0: "The first.",
    1: "Deletion with force and cascade in the query.",
    2: "Volumes can be listed by bootable.",
    3: "Messages for users.",
    4: "Volumes can be listed by glance_metadata.",
    5: "Pages of messages.",
    6: "Consistency groups may be emptied: they always may.",
    7: "Services name their cluster: there are none.",
    8: "Manageable resources: none are.",
    9: "Backups can be renamed.",
    10: "Volumes can be listed by group_id.",
    11: "Group types.",
    12: "Summary of volumes.",
    13: "Groups; volumes show group_id.",
    14: "Group snapshots, groups made from them or from groups.",
    15: "An entity tag with metadata.",
    16: "Migration to a cluster: there are none.",
    17: "Services by cluster: there are none.",
    18: "Backups show their project to administrators.",
    19: "The status of group snapshots can be reset.",
    20: "The status of groups can be reset.",
    21: "Volumes show provider_id to administrators.",
    22: "Snapshots can be listed by metadata.",
    23: "Deletion with force for who may.",
    24: "Clean-up of services: there is nothing to clean up.",
    25: "Groups can show their volumes.",
    26: "Fail-over of clusters: there are none.",
    27: "Attachments.",
    28: "Capacities of pools.",
    29: "Group snapshots in pages, filtered and sorted.",
    30: "Snapshots sorted by name.",
    31: "More filters.",
    32: "Levels of logs can be read and changed.",
    33: "The list of resource filters.",
    34: "Filters by a part of a text: name~.",
    35: "Pools filtered.",
    36: "The summary has metadata.",
    37: "Backups sorted by name.",
    38: "Replication of groups: there is none.",
    39: "Limits of another project for administrators.",
    40: "Revert to the last snapshot.",
    41: "Snapshots show user_id.",
    42: "Volumes in use can be extended.",
    43: "Metadata of backups.",
    44: "Attachments are completed.",
    45: "Lists can say how many there are.",
    46: "A server's image of no bytes can be a volume's.",
    47: "Volumes from backups.",
    48: "Volumes show shared_targets and service_uuid.",
    49: "Services show backend_state.",
    50: "Several attachments at once: refused with the reason.",
    51: "Backups have an availability zone.",
    52: "Types can be listed by extra_specs.",
    53: "Bodies are checked to the letter.",
    54: "Attachments have a mode.",
    55: "Transfers take snapshots along.",
    56: "Backups show user_id.",
    57: "Transfers show who gave and who took.",
    58: "Groups can be listed by project.",
    59: "Transfers in pages.",
    60: "Lists can be filtered by times.",
    61: "Volumes show cluster_name to administrators.",
    62: "Default types of projects.",
    63: "Volumes show volume_type_id.",
    64: "encryption_key_id where there is one.",
    65: "Volumes and snapshots show consumes_quota.",
    66: "Snapshots of volumes in use need no force.",
    67: "Paths without a project.",
    68: "A volume can be made anew from an image.",
    69: "shared_targets may be null.",
    70: "Transfers of encrypted volumes: there are none.",
    71: "The end of an extension is told by those who made it: clusters do so by themselves.",
}
MAXIMUM: Version = (3, max(STEPS))
UPDATED = "2024-06-01T00:00:00Z"


def spelled(version: Version) -> str:
    """(3, 59) as "3.59"."""
    return f"{version[0]}.{version[1]}"


def _wanted(request: Request) -> str:
    for part in (request.header(HEADER) or "").split(","):
        service, _, version = part.strip().partition(" ")
        if service.lower() in {"volume", "block-storage"}:
            return version.strip()
    return ""


def negotiate(request: Request) -> Version:
    """The microversion that a request asks for."""
    wanted = _wanted(request)
    if not wanted:
        return MINIMUM
    if wanted.lower() == "latest":
        return MAXIMUM
    match = _VERSION.fullmatch(wanted)
    if match is None:
        raise BadRequest(
            f"API Version String {wanted[:40]!r} is of invalid format. "
            "Must be of format MajorNum.MinorNum.",
            field=HEADER,
        )
    version = (int(match[1]), int(match[2]))
    if not MINIMUM <= version <= MAXIMUM:
        raise NotAcceptable(
            f"Version {wanted} is not supported by the API. Minimum is "
            f"{spelled(MINIMUM)} and maximum is {spelled(MAXIMUM)}.",
            field=HEADER,
        )
    return version


def stamp(response: HttpResponseBase, version: Version) -> None:
    """Name the applied microversion in an answer."""
    response[HEADER] = f"volume {spelled(version)}"
    response["Vary"] = HEADER


def _document(request: Request) -> dict[str, Any]:
    return {
        "id": "v3.0",
        "status": "CURRENT",
        "version": spelled(MAXIMUM),
        "min_version": spelled(MINIMUM),
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{request.base}/volume/v3/"}],
        "media-types": [
            {
                "base": "application/json",
                "type": "application/vnd.openstack.volume+json;version=3",
            }
        ],
    }


def root(request: Request) -> HttpResponse:
    """GET /: all versions, 300 as Cinder answers."""
    return answer({"versions": [_document(request)]}, 300)


def document(request: Request) -> HttpResponse:
    """GET /v3/: this version, in a list as well."""
    return answer({"versions": [_document(request)]})
