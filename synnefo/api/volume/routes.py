"""The block storage service: every path, what answers it and who may ask."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from synnefo.api.bodies import Kind, anything, record
from synnefo.api.request import Request
from synnefo.api.routing import Route, Service, Who
from synnefo.api.volume import (
    about,
    actions,
    bodies,
    groups,
    quotas,
    refused,
    snapshots,
    transfers,
    types,
    versions,
    volumes,
)
from synnefo.api.volume.lists import QUERY, Listing

Rows = tuple[Route, ...]


def _shape(name: str) -> Kind:
    return record({name: anything}, (name,), rest=anything)


def _lists(listing: Listing, *, who: Who = Who.READER) -> Rows:
    """The short list and the one with details."""
    gives = {200: _shape(listing.name)}
    query = (*QUERY, *listing.filters, *(f"{name}~" for name in listing.like))
    return (
        Route("GET", listing.path, listing.index, who, gives=gives, query=query),
        Route("GET", f"{listing.path}/detail", listing.index_detail, who, gives=gives, query=query),
    )


ROOTS = (Route("GET", "", versions.root, Who.ANYBODY, gives={300: _shape("versions")}),)
_ONE = "volumes/{id}"
_VOLUMES: Rows = (
    *_lists(volumes.LISTING),
    Route(
        "GET", "volumes/summary", volumes.summary, Who.READER, gives={200: _shape("volume-summary")}
    ),
    Route(
        "POST", "volumes", volumes.create, Who.MEMBER,
        bodies.CREATE_VOLUME, {202: _shape("volume")},
    ),
    Route("GET", _ONE, volumes.show, Who.READER, gives={200: _shape("volume")}),
    Route("PUT", _ONE, volumes.update, Who.MEMBER, bodies.UPDATE_VOLUME, {200: _shape("volume")}),
    Route(
        "DELETE", _ONE, volumes.delete, Who.MEMBER,
        gives={202: None}, query=("cascade", "force"),
    ),
    Route(
        "POST", f"{_ONE}/action", actions.act, Who.READER,
        bodies.VOLUME_ACTION, {200: anything, 202: None},
    ),
)  # fmt: skip


def _metadata(path: str, of: object) -> Rows:
    """The metadata of a volume or snapshot, whole and item by item."""
    view = of.__getattribute__
    kept, item = {200: _shape("metadata")}, {200: _shape("meta")}
    body, meta = bodies.METADATA_BODY, bodies.META_BODY
    one = f"{path}/{{key}}"
    return (
        Route("GET", path, view("metadata"), Who.READER, gives=kept),
        Route("POST", path, view("merge_metadata"), Who.MEMBER, body, kept),
        Route("PUT", path, view("replace_metadata"), Who.MEMBER, body, kept),
        Route("GET", one, view("metadata_item"), Who.READER, gives=item),
        Route("PUT", one, view("set_metadata_item"), Who.MEMBER, meta, item),
        Route("DELETE", one, view("drop_metadata_item"), Who.MEMBER, gives={200: None}),
    )


_SNAPSHOTS: Rows = (
    *_lists(snapshots.SNAPSHOTS),
    Route(
        "POST", "snapshots", snapshots.create, Who.MEMBER,
        bodies.CREATE_SNAPSHOT, {202: _shape("snapshot")},
    ),
    Route("GET", "snapshots/{id}", snapshots.show, Who.READER, gives={200: _shape("snapshot")}),
    Route(
        "PUT", "snapshots/{id}", snapshots.update, Who.MEMBER,
        bodies.UPDATE_SNAPSHOT, {200: _shape("snapshot")},
    ),
    Route("DELETE", "snapshots/{id}", snapshots.delete, Who.MEMBER, gives={202: None}),
    Route(
        "POST", "snapshots/{id}/action", snapshots.act, Who.MEMBER,
        bodies.SNAPSHOT_ACTION, {202: None},
    ),
)  # fmt: skip
_BACKUP = "backups/{id}"
_BACKUPS: Rows = (
    *_lists(snapshots.BACKUPS),
    Route(
        "POST", "backups", snapshots.create_backup, Who.MEMBER,
        bodies.CREATE_BACKUP, {202: _shape("backup")},
    ),
    Route("GET", _BACKUP, snapshots.show_backup, Who.READER, gives={200: _shape("backup")}),
    Route(
        "PUT", _BACKUP, snapshots.update_backup, Who.MEMBER,
        bodies.UPDATE_BACKUP, {200: _shape("backup")},
    ),
    Route("DELETE", _BACKUP, snapshots.delete_backup, Who.MEMBER, gives={202: None}),
    Route(
        "POST", f"{_BACKUP}/restore", snapshots.restore, Who.MEMBER,
        bodies.RESTORE, {202: _shape("restore")},
    ),
    Route(
        "POST", f"{_BACKUP}/action", snapshots.act_on_backup, Who.ADMIN,
        bodies.BACKUP_ACTION, {202: None},
    ),
    Route("GET", f"{_BACKUP}/export_record", snapshots.export_record, Who.ADMIN),
    Route(
        "POST", "backups/import_record", snapshots.import_record, Who.ADMIN,
        bodies.BACKUP_RECORD, {201: _shape("backup")},
    ),
)  # fmt: skip


def _transfers(path: str, lists: Rows) -> Rows:
    one, shown = f"{path}/{{id}}", _shape("transfer")
    return (
        *lists,
        Route("POST", path, transfers.create, Who.MEMBER, bodies.CREATE_TRANSFER, {202: shown}),
        Route("GET", one, transfers.show, Who.READER, gives={200: shown}),
        Route("DELETE", one, transfers.delete, Who.MEMBER, gives={202: None}),
        Route("POST", f"{one}/accept", transfers.accept, Who.MEMBER, bodies.ACCEPT, {202: shown}),
    )


_NEW = "volume-transfers"
_TRANSFERS: Rows = (
    *_transfers("os-volume-transfer", _lists(transfers.OLD_TRANSFERS)),
    *_transfers(
        _NEW,
        (
            Route("GET", _NEW, transfers.index, Who.READER, query=QUERY),
            Route("GET", f"{_NEW}/detail", transfers.index_detail, Who.READER, query=QUERY),
        ),
    ),
)
_ATTACHMENT, _SHOWN = "attachments/{id}", {200: _shape("attachment")}
_ATTACHMENTS: Rows = (
    Route("GET", "attachments", transfers.attachments, Who.READER, query=QUERY),
    Route("GET", "attachments/detail", transfers.attachments_detail, Who.READER, query=QUERY),
    Route(
        "POST", "attachments", transfers.create_attachment, Who.MEMBER,
        bodies.CREATE_ATTACHMENT, _SHOWN,
    ),
    Route("GET", _ATTACHMENT, transfers.show_attachment, Who.READER, gives=_SHOWN),
    Route(
        "PUT", _ATTACHMENT, transfers.update_attachment, Who.MEMBER, bodies.UPDATE_ATTACHMENT,
    ),
    Route("DELETE", _ATTACHMENT, transfers.delete_attachment, Who.MEMBER),
    Route(
        "POST", f"{_ATTACHMENT}/action", transfers.act_on_attachment, Who.MEMBER,
        bodies.ATTACHMENT_ACTION, {204: None},
    ),
    Route("GET", "messages", transfers.messages, Who.READER, query=QUERY),
    Route("GET", "messages/{id}", transfers.show_message, Who.READER),
    Route("DELETE", "messages/{id}", transfers.delete_message, Who.MEMBER, gives={204: None}),
)  # fmt: skip
_TYPE = "types/{id}"
_KIND = {200: _shape("volume_type")}
_TYPES: Rows = (
    Route("GET", "types", types.index, Who.READER, query=(*QUERY, "is_public", "extra_specs")),
    Route("POST", "types", types.create, Who.ADMIN, bodies.CREATE_TYPE, _KIND),
    Route("GET", "types/default", types.show_default, Who.READER, gives=_KIND),
    Route("GET", _TYPE, types.show, Who.READER, gives=_KIND),
    Route("PUT", _TYPE, types.update, Who.ADMIN, bodies.UPDATE_TYPE, _KIND),
    Route("DELETE", _TYPE, types.delete, Who.ADMIN, gives={202: None}),
    Route("POST", f"{_TYPE}/action", types.act, Who.ADMIN, bodies.TYPE_ACTION, {202: None}),
    Route("GET", f"{_TYPE}/os-volume-type-access", types.access, Who.ADMIN),
    Route("GET", f"{_TYPE}/extra_specs", types.specs, Who.READER),
    Route("POST", f"{_TYPE}/extra_specs", types.merge_specs, Who.ADMIN, bodies.EXTRA_SPECS),
    Route("GET", f"{_TYPE}/extra_specs/{{key}}", types.spec, Who.READER),
    Route("PUT", f"{_TYPE}/extra_specs/{{key}}", types.set_spec, Who.ADMIN, bodies.ONE_SPEC),
    Route("DELETE", f"{_TYPE}/extra_specs/{{key}}", types.drop_spec, Who.ADMIN, gives={202: None}),
    Route("GET", f"{_TYPE}/encryption", types.encryption, Who.ADMIN),
    Route("POST", f"{_TYPE}/encryption", types.encrypt, Who.ADMIN, bodies.CREATE_ENCRYPTION),
    Route("GET", f"{_TYPE}/encryption/{{key}}", types.encryption_item, Who.ADMIN),
    Route(
        "PUT", f"{_TYPE}/encryption/{{key}}", types.change_encryption, Who.ADMIN,
        bodies.UPDATE_ENCRYPTION,
    ),
    Route("DELETE", f"{_TYPE}/encryption/{{key}}", types.decrypt, Who.ADMIN, gives={202: None}),
    Route("GET", "default-types", types.defaults, Who.ADMIN),
    Route("GET", "default-types/{id}", types.default_of, Who.ADMIN),
    Route("PUT", "default-types/{id}", types.set_default, Who.ADMIN, bodies.DEFAULT_TYPE),
    Route("DELETE", "default-types/{id}", types.unset_default, Who.ADMIN, gives={204: None}),
)  # fmt: skip
_QOS = "qos-specs/{id}"
_TYPE_NAMED = ("vol_type_id",)
_QOS_SPECS: Rows = (
    Route("GET", "qos-specs", types.qos_list, Who.ADMIN, query=("limit",)),
    Route("POST", "qos-specs", types.qos_create, Who.ADMIN, bodies.QOS, {200: None}),
    Route("GET", _QOS, types.qos_show, Who.ADMIN),
    Route("PUT", _QOS, types.qos_change, Who.ADMIN, bodies.QOS_CHANGE),
    Route("PUT", f"{_QOS}/delete_keys", types.qos_drop_keys, Who.ADMIN, bodies.QOS_KEYS),
    Route("DELETE", _QOS, types.qos_delete, Who.ADMIN, gives={202: None}, query=("force",)),
    Route("GET", f"{_QOS}/associations", types.qos_associations, Who.ADMIN),
    Route("GET", f"{_QOS}/associate", types.qos_associate, Who.ADMIN, query=_TYPE_NAMED),
    Route("GET", f"{_QOS}/disassociate", types.qos_disassociate, Who.ADMIN, query=_TYPE_NAMED),
    Route("GET", f"{_QOS}/disassociate_all", types.qos_disassociate_all, Who.ADMIN),
)
_GROUP_TYPE, _GROUP, _GROUP_SNAPSHOT = "group_types/{id}", "groups/{id}", "group_snapshots/{id}"
_GROUPS: Rows = (
    Route("GET", "group_types", groups.types, Who.READER, query=QUERY),
    Route("POST", "group_types", groups.create_type, Who.ADMIN, groups.CREATE_TYPE),
    Route("GET", _GROUP_TYPE, groups.show_type, Who.READER),
    Route("PUT", _GROUP_TYPE, groups.change_type, Who.ADMIN, groups.UPDATE_TYPE),
    Route("DELETE", _GROUP_TYPE, groups.delete_type, Who.ADMIN, gives={202: None}),
    Route("GET", f"{_GROUP_TYPE}/group_specs", groups.specs, Who.ADMIN),
    Route("POST", f"{_GROUP_TYPE}/group_specs", groups.merge_specs, Who.ADMIN, groups.TYPE_SPECS),
    Route("GET", f"{_GROUP_TYPE}/group_specs/{{key}}", groups.spec, Who.ADMIN),
    Route("PUT", f"{_GROUP_TYPE}/group_specs/{{key}}", groups.set_spec, Who.ADMIN, groups.SPECS),
    Route("DELETE", f"{_GROUP_TYPE}/group_specs/{{key}}", groups.drop_spec, Who.ADMIN),
    Route("GET", "groups", groups.index, Who.READER, query=QUERY),
    Route("GET", "groups/detail", groups.index_detail, Who.READER, query=(*QUERY, "list_volume")),
    Route("POST", "groups", groups.create, Who.MEMBER, groups.CREATE),
    Route("POST", "groups/action", groups.create_from, Who.MEMBER, groups.CREATE_FROM),
    Route("GET", _GROUP, groups.show, Who.READER, query=("list_volume",)),
    Route("PUT", _GROUP, groups.update, Who.MEMBER, groups.UPDATE, {202: None}),
    Route("POST", f"{_GROUP}/action", groups.act, Who.MEMBER, groups.ACTION, {202: None}),
    Route("GET", "group_snapshots", groups.snapshots, Who.READER, query=QUERY),
    Route("GET", "group_snapshots/detail", groups.snapshots_detail, Who.READER, query=QUERY),
    Route("POST", "group_snapshots", groups.create_snapshot, Who.MEMBER, groups.CREATE_SNAPSHOT),
    Route("GET", _GROUP_SNAPSHOT, groups.show_snapshot, Who.READER),
    Route("DELETE", _GROUP_SNAPSHOT, groups.delete_snapshot, Who.MEMBER, gives={202: None}),
    Route(
        "POST", f"{_GROUP_SNAPSHOT}/action", groups.act_on_snapshot, Who.ADMIN,
        groups.SNAPSHOT_ACTION, {202: None},
    ),
)  # fmt: skip
_QUOTA, _CLASS = "os-quota-sets/{id}", "os-quota-class-sets/{name}"
_ABOUT: Rows = (
    Route("GET", "", versions.document, Who.ANYBODY, gives={200: _shape("versions")}),
    Route("GET", "extensions", about.extensions, Who.READER),
    Route("GET", "os-availability-zone", about.zones, Who.READER),
    Route("GET", "os-services", about.services, Who.ADMIN, query=("binary", "host")),
    Route("PUT", "os-services/{action}", about.change_service, Who.ADMIN, about.CHANGE_SERVICE),
    Route("GET", "os-hosts", about.hosts, Who.ADMIN),
    Route("GET", "os-hosts/{name}", about.host, Who.ADMIN),
    Route("GET", "scheduler-stats/get_pools", about.pools, Who.ADMIN, query=("detail", "name")),
    Route("GET", "capabilities/{host}", about.capabilities, Who.ADMIN),
    Route("GET", "resource_filters", about.resource_filters, Who.READER, query=("resource",)),
    Route("GET", "clusters", about.clusters, Who.ADMIN),
    Route("GET", "clusters/detail", about.clusters, Who.ADMIN),
    Route("GET", "limits", quotas.limits, Who.READER, query=("project_id",)),
    Route("GET", _QUOTA, quotas.quota_set, Who.READER, query=("usage",)),
    Route("GET", f"{_QUOTA}/defaults", quotas.quota_defaults, Who.READER),
    Route("PUT", _QUOTA, quotas.change_quota, Who.ADMIN, quotas.QUOTA_SET),
    Route("DELETE", _QUOTA, quotas.drop_quota, Who.ADMIN, gives={200: None}),
    Route("GET", _CLASS, quotas.quota_class, Who.ADMIN),
    Route("PUT", _CLASS, quotas.change_quota_class, Who.ADMIN, quotas.QUOTA_CLASS),
    *(
        Route(method, path, refused.manage, Who.ADMIN, refused.ANY if method == "POST" else None)
        for path in ("os-volume-manage", "os-snapshot-manage", "manageable_volumes",
                     "manageable_snapshots", "manageable_volumes/detail",
                     "manageable_snapshots/detail")
        for method in ("GET", "POST")
    ),
)  # fmt: skip
ROUTES: Rows = (
    *_VOLUMES,
    *_metadata("volumes/{id}/metadata", volumes),
    *_SNAPSHOTS,
    *_metadata("snapshots/{id}/metadata", snapshots),
    *_BACKUPS,
    *_TRANSFERS,
    *_ATTACHMENTS,
    *_TYPES,
    *_QOS_SPECS,
    *_GROUPS,
    *_ABOUT,
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
