"""The block storage service: every path, what answers it and who may ask."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from synnefo.api.request import Request
from synnefo.api.routing import Route, Service, Who
from synnefo.api.volume import (
    about,
    actions,
    answers,
    backups,
    bodies,
    log_levels,
    quotas,
    refused,
    snapshots,
    transfers,
    type_routes,
    versions,
    volumes,
)
from synnefo.api.volume.answers import ACCEPTED, DONE, GONE, VERSIONS, many, metadata, one
from synnefo.api.volume.lists import QUERY
from synnefo.api.volume.metadata import Metadata
from synnefo.api.volume.tables import Rows, index, lists, since

ROOTS = (Route("GET", "", versions.root, Who.ANYBODY, gives={300: VERSIONS}),)
_ONE = "volumes/{id}"
_VOLUMES: Rows = (
    *lists(volumes.LISTING, answers.VOLUME_BRIEF, answers.VOLUME),
    Route(
        "GET", "volumes/summary", volumes.summary, Who.READER,
        gives=one("volume-summary", answers.SUMMARY), query=("all_tenants",),
    ),
    Route(
        "POST", "volumes", volumes.create, Who.MEMBER,
        bodies.CREATE_VOLUME, one("volume", answers.VOLUME_SMALL, status=202),
    ),
    Route("GET", _ONE, volumes.show, Who.READER, gives=one("volume", answers.VOLUME)),
    Route(
        "PUT", _ONE, volumes.update, Who.MEMBER,
        bodies.UPDATE_VOLUME, one("volume", answers.VOLUME_SMALL),
    ),
    Route(
        "DELETE", _ONE, volumes.delete, Who.MEMBER,
        gives=ACCEPTED, query=("cascade", "force"),
    ),
    Route(
        "POST", f"{_ONE}/action", actions.act, Who.READER,
        bodies.VOLUME_ACTION, answers.VOLUME_ACTED,
    ),
)  # fmt: skip


def _metadata(path: str, of: Metadata) -> Rows:
    """The metadata of a volume or snapshot, whole and item by item."""
    kept, item = metadata("metadata"), metadata("meta")
    body, meta = bodies.METADATA_BODY, bodies.META_BODY
    single = f"{path}/{{key}}"
    return (
        Route("GET", path, of.show_all, Who.READER, gives=kept),
        Route("POST", path, of.merge, Who.MEMBER, body, kept),
        Route("PUT", path, of.replace, Who.MEMBER, body, kept),
        Route("GET", single, of.show, Who.READER, gives=item),
        Route("PUT", single, of.set_item, Who.MEMBER, meta, item),
        Route("DELETE", single, of.drop_item, Who.MEMBER, gives=DONE),
    )


_SNAPSHOT = "snapshots/{id}"
_SNAPSHOTS: Rows = (
    *lists(snapshots.LISTING, answers.SNAPSHOT_SMALL, answers.SNAPSHOT),
    Route(
        "POST", "snapshots", snapshots.create, Who.MEMBER,
        bodies.CREATE_SNAPSHOT, one("snapshot", answers.SNAPSHOT_SMALL, status=202),
    ),
    Route("GET", _SNAPSHOT, snapshots.show, Who.READER, gives=one("snapshot", answers.SNAPSHOT)),
    Route(
        "PUT", _SNAPSHOT, snapshots.update, Who.MEMBER,
        bodies.UPDATE_SNAPSHOT, one("snapshot", answers.SNAPSHOT_SMALL),
    ),
    Route("DELETE", _SNAPSHOT, snapshots.delete, Who.MEMBER, gives=ACCEPTED),
    Route(
        "POST", f"{_SNAPSHOT}/action", snapshots.act, Who.MEMBER, bodies.SNAPSHOT_ACTION, ACCEPTED
    ),
)  # fmt: skip
_BACKUP = "backups/{id}"
_BACKUPS: Rows = (
    *lists(backups.LISTING, answers.BACKUP_SMALL, answers.BACKUP),
    Route(
        "POST", "backups", backups.create, Who.MEMBER,
        bodies.CREATE_BACKUP, one("backup", answers.BACKUP_SMALL, status=202),
    ),
    Route("GET", _BACKUP, backups.show, Who.READER, gives=one("backup", answers.BACKUP)),
    *since(
        9,
        Route(
            "PUT", _BACKUP, backups.update, Who.MEMBER,
            bodies.UPDATE_BACKUP, one("backup", answers.BACKUP_SMALL),
        ),
    ),
    Route("DELETE", _BACKUP, backups.delete, Who.MEMBER, gives=ACCEPTED),
    Route(
        "POST", f"{_BACKUP}/restore", backups.restore, Who.MEMBER,
        bodies.RESTORE, one("restore", answers.RESTORED, status=202),
    ),
    Route(
        "POST", f"{_BACKUP}/action", backups.act, Who.ADMIN,
        bodies.BACKUP_ACTION, ACCEPTED,
    ),
    Route(
        "GET", f"{_BACKUP}/export_record", backups.export_record, Who.ADMIN,
        gives=one("backup-record", answers.BACKUP_RECORD),
    ),
    Route(
        "POST", "backups/import_record", backups.import_record, Who.ADMIN,
        bodies.BACKUP_RECORD, one("backup", answers.BACKUP_SMALL, status=201),
    ),
)  # fmt: skip


def _transfers(path: str, listed: Rows) -> Rows:
    single = f"{path}/{{id}}"
    made = one("transfer", answers.TRANSFER_MADE, status=202)
    taken = one("transfer", answers.TRANSFER_SMALL, status=202)
    shown = one("transfer", answers.TRANSFER)
    return (
        *listed,
        Route("POST", path, transfers.create, Who.MEMBER, bodies.CREATE_TRANSFER, made),
        Route("GET", single, transfers.show, Who.READER, gives=shown),
        Route("DELETE", single, transfers.delete, Who.MEMBER, gives=ACCEPTED),
        Route("POST", f"{single}/accept", transfers.accept, Who.MEMBER, bodies.ACCEPT, taken),
    )


_OFFERS = (answers.TRANSFER_SMALL, answers.TRANSFER)
_TRANSFERS: Rows = (
    *_transfers("os-volume-transfer", lists(transfers.OLD_TRANSFERS, *_OFFERS)),
    *_transfers("volume-transfers", since(55, *lists(transfers.TRANSFERS, *_OFFERS))),
)
_ATTACHMENT, _SHOWN = "attachments/{id}", one("attachment", answers.ATTACHMENT)
_ATTACHMENTS = since(
    27,
    *lists(transfers.ATTACHMENTS, answers.ATTACHMENT_SMALL, answers.ATTACHMENT),
    Route(
        "POST", "attachments", transfers.create_attachment, Who.MEMBER,
        bodies.CREATE_ATTACHMENT, _SHOWN,
    ),
    Route("GET", _ATTACHMENT, transfers.show_attachment, Who.READER, gives=_SHOWN),
    Route(
        "PUT", _ATTACHMENT, transfers.update_attachment, Who.MEMBER,
        bodies.UPDATE_ATTACHMENT, DONE,
    ),
    Route(
        "DELETE", _ATTACHMENT, transfers.delete_attachment, Who.MEMBER,
        gives=many("attachments", answers.ATTACHMENT),
    ),
    *since(
        44,
        Route(
            "POST", f"{_ATTACHMENT}/action", transfers.act_on_attachment, Who.MEMBER,
            bodies.ATTACHMENT_ACTION, GONE,
        ),
    ),
)  # fmt: skip
_MESSAGE = "messages/{id}"
_MESSAGES = since(
    3,
    index(transfers.MESSAGES, answers.MESSAGE),
    Route(
        "GET", _MESSAGE, transfers.show_message, Who.READER, gives=one("message", answers.MESSAGE)
    ),
    Route("DELETE", _MESSAGE, transfers.delete_message, Who.MEMBER, gives=GONE),
)  # fmt: skip
_QUOTA, _CLASS = "os-quota-sets/{id}", "os-quota-class-sets/{name}"
_LIMITS, _OF_CLASS = (
    one("quota_set", answers.QUOTA_SET),
    one("quota_class_set", answers.QUOTA_CLASS),
)
_QUOTAS: Rows = (
    Route(
        "GET", "limits", quotas.limits, Who.READER,
        gives=one("limits", answers.LIMITS), query=("project_id",),
    ),
    Route("GET", _QUOTA, quotas.quota_set, Who.READER, gives=_LIMITS, query=("usage",)),
    Route("GET", f"{_QUOTA}/defaults", quotas.quota_defaults, Who.READER, gives=_LIMITS),
    Route("PUT", _QUOTA, quotas.change_quota, Who.ADMIN, quotas.QUOTA_SET, _LIMITS),
    Route("DELETE", _QUOTA, quotas.drop_quota, Who.ADMIN, gives=DONE),
    Route("GET", _CLASS, quotas.quota_class, Who.ADMIN, gives=_OF_CLASS),
    Route("PUT", _CLASS, quotas.change_quota_class, Who.ADMIN, quotas.QUOTA_CLASS, _OF_CLASS),
)  # fmt: skip
_GROUPS_OF_SERVICES = many("clusters", answers.OBJECT)
_ABOUT: Rows = (
    Route("GET", "", versions.document, Who.ANYBODY, gives={200: VERSIONS}),
    Route(
        "GET", "extensions", about.extensions, Who.READER,
        gives=many("extensions", answers.EXTENSION),
    ),
    Route(
        "GET", "os-availability-zone", about.zones, Who.READER,
        gives=many("availabilityZoneInfo", answers.ZONE),
    ),
    Route(
        "GET", "os-services", about.services, Who.ADMIN,
        gives=many("services", answers.SERVICE), query=("binary", "host"),
    ),
    Route(
        "PUT", "os-services/{action}", about.change_service, Who.ADMIN,
        about.CHANGE_SERVICE, answers.SERVICE_CHANGED,
    ),
    *since(
        32,
        Route(
            "PUT", "os-services/get-log", log_levels.show, Who.ADMIN,
            log_levels.SHOW, many("log_levels", log_levels.SHAPE),
        ),
        Route(
            "PUT", "os-services/set-log", log_levels.change, Who.ADMIN,
            log_levels.CHANGE, ACCEPTED,
        ),
    ),
    *since(
        24,
        # openstacksdk puts what others post.
        *(
            Route(
                method, "workers/cleanup", about.clean_up, Who.ADMIN,
                about.CLEAN_UP, answers.CLEANED,
            )
            for method in ("POST", "PUT")
        ),
    ),
    Route("GET", "os-hosts", about.hosts, Who.ADMIN, gives=many("hosts", answers.HOST)),
    Route("GET", "os-hosts/{name}", about.host, Who.ADMIN, gives=many("host", answers.HOST_USE)),
    Route(
        "GET", "scheduler-stats/get_pools", about.pools, Who.ADMIN,
        gives=many("pools", answers.POOL), query=("detail", "name"),
    ),
    Route(
        "GET", "capabilities/{host}", about.capabilities, Who.ADMIN, gives=answers.CAPABILITIES
    ),
    *since(
        33,
        Route(
            "GET", "resource_filters", about.resource_filters, Who.READER,
            gives=many("resource_filters", answers.RESOURCE_FILTER), query=("resource",),
        ),
    ),
    *since(
        7,
        Route("GET", "clusters", about.clusters, Who.ADMIN, gives=_GROUPS_OF_SERVICES),
        Route("GET", "clusters/detail", about.clusters, Who.ADMIN, gives=_GROUPS_OF_SERVICES),
    ),
)  # fmt: skip


def _manageable(noun: str, path: str) -> Rows:
    gives, query = many(f"manageable-{noun}", answers.OBJECT), ("host", "cluster", *QUERY)
    view = refused.manageable(noun)
    return (
        *(
            Route("GET", where, view, Who.ADMIN, gives=gives, query=query)
            for where in (path, f"{path}/detail")
        ),
        Route("POST", path, refused.manage, Who.ADMIN, refused.ANY, {400: None}),
    )


_MANAGED: Rows = (
    *_manageable("volumes", "os-volume-manage"),
    *_manageable("snapshots", "os-snapshot-manage"),
    *_manageable("volumes", "manageable_volumes"),
    *_manageable("snapshots", "manageable_snapshots"),
)
ROUTES: Rows = (
    *_VOLUMES,
    *_metadata(f"{_ONE}/metadata", volumes.METADATA),
    *_SNAPSHOTS,
    *_metadata(f"{_SNAPSHOT}/metadata", snapshots.METADATA),
    *_BACKUPS,
    *_TRANSFERS,
    *_ATTACHMENTS,
    *_MESSAGES,
    *type_routes.ROUTES,
    *_QUOTAS,
    *_ABOUT,
    *_MANAGED,
)


class VolumeService(Service):
    """A service with microversions of its own; clients write some of its paths with two slashes."""

    def serve(self, http: HttpRequest, path: str) -> HttpResponseBase:
        """Django's view of the whole service."""
        return super().serve(http, path.replace("//", "/"))

    def begin(self, request: Request, path: str) -> None:
        """Settle the microversion."""
        request.version = versions.MINIMUM
        request.version = versions.negotiate(request)

    def finish(self, request: Request, response: HttpResponseBase) -> None:
        """Every answer says which microversion it follows, errors included."""
        versions.stamp(response, request.version)


SERVICE = VolumeService("volume", ROOTS, ("v3",), ROUTES, project_in_path=True)
