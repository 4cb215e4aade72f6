"""The paths of types of volumes, of quality of service and of groups."""

from synnefo.api.routing import Route, Who
from synnefo.api.volume import answers, bodies, group_types, groups, qos_specs, types
from synnefo.api.volume import consistency_groups as old
from synnefo.api.volume.answers import ACCEPTED, ANY_TEXT, GONE, many, metadata, one
from synnefo.api.volume.lists import QUERY
from synnefo.api.volume.tables import Rows, lists, since

_TYPE = "types/{id}"
_KIND = one("volume_type", answers.TYPE)
_SPECS = metadata("extra_specs")
_SPEC, _ENCRYPTION = f"{_TYPE}/extra_specs/{{key}}", f"{_TYPE}/encryption/{{key}}"
_TYPES: Rows = (
    Route(
        "GET", "types", types.index, Who.READER,
        gives=many("volume_types", answers.TYPE), query=(*QUERY, "is_public", "extra_specs"),
    ),
    Route("POST", "types", types.create, Who.ADMIN, bodies.CREATE_TYPE, _KIND),
    Route("GET", "types/default", types.show_default, Who.READER, gives=_KIND),
    Route("GET", _TYPE, types.show, Who.READER, gives=_KIND),
    Route("PUT", _TYPE, types.update, Who.ADMIN, bodies.UPDATE_TYPE, _KIND),
    Route("DELETE", _TYPE, types.delete, Who.ADMIN, gives=ACCEPTED),
    Route("POST", f"{_TYPE}/action", types.act, Who.ADMIN, bodies.TYPE_ACTION, ACCEPTED),
    Route(
        "GET", f"{_TYPE}/os-volume-type-access", types.access, Who.ADMIN,
        gives=many("volume_type_access", answers.TYPE_ACCESS),
    ),
    Route("GET", f"{_TYPE}/extra_specs", types.specs, Who.READER, gives=_SPECS),
    Route(
        "POST", f"{_TYPE}/extra_specs", types.merge_specs, Who.ADMIN, bodies.EXTRA_SPECS, _SPECS
    ),
    Route("GET", _SPEC, types.spec, Who.READER, gives=ANY_TEXT),
    Route("PUT", _SPEC, types.set_spec, Who.ADMIN, bodies.ONE_SPEC, ANY_TEXT),
    Route("DELETE", _SPEC, types.drop_spec, Who.ADMIN, gives=ACCEPTED),
    Route("GET", f"{_TYPE}/encryption", types.encryption, Who.ADMIN, gives=answers.ENCRYPTION),
    Route(
        "POST", f"{_TYPE}/encryption", types.encrypt, Who.ADMIN,
        bodies.CREATE_ENCRYPTION, answers.ENCRYPTED,
    ),
    Route("GET", _ENCRYPTION, types.encryption_item, Who.ADMIN, gives=answers.ENCRYPTION_ITEM),
    Route(
        "PUT", _ENCRYPTION, types.change_encryption, Who.ADMIN,
        bodies.UPDATE_ENCRYPTION, answers.ENCRYPTED,
    ),
    Route("DELETE", _ENCRYPTION, types.decrypt, Who.ADMIN, gives=ACCEPTED),
)  # fmt: skip
_DEFAULT, _CHOSEN = "default-types/{id}", one("default_type", answers.DEFAULT_TYPE)
_DEFAULTS = since(
    62,
    Route(
        "GET", "default-types", types.defaults, Who.ADMIN,
        gives=many("default_types", answers.DEFAULT_TYPE),
    ),
    Route("GET", _DEFAULT, types.default_of, Who.ADMIN, gives=_CHOSEN),
    Route("PUT", _DEFAULT, types.set_default, Who.ADMIN, bodies.DEFAULT_TYPE, _CHOSEN),
    Route("DELETE", _DEFAULT, types.unset_default, Who.ADMIN, gives=GONE),
)  # fmt: skip
_QOS, _ONE_QOS = "qos-specs/{id}", answers.ONE_QOS
_TYPE_NAMED = ("vol_type_id",)
_QOS_CHANGED = metadata("qos_specs")
_QOS_SPECS: Rows = (
    Route(
        "GET", "qos-specs", qos_specs.index, Who.ADMIN,
        gives=many("qos_specs", answers.QOS), query=("limit",),
    ),
    Route("POST", "qos-specs", qos_specs.create, Who.ADMIN, bodies.QOS, _ONE_QOS),
    Route("GET", _QOS, qos_specs.show, Who.ADMIN, gives=_ONE_QOS),
    Route("PUT", _QOS, qos_specs.change, Who.ADMIN, bodies.QOS_CHANGE, _QOS_CHANGED),
    Route("PUT", f"{_QOS}/delete_keys", qos_specs.drop_keys, Who.ADMIN, bodies.QOS_KEYS, ACCEPTED),
    Route("DELETE", _QOS, qos_specs.delete, Who.ADMIN, gives=ACCEPTED, query=("force",)),
    Route(
        "GET", f"{_QOS}/associations", qos_specs.associations, Who.ADMIN,
        gives=many("qos_associations", answers.ASSOCIATION),
    ),
    Route(
        "GET", f"{_QOS}/associate", qos_specs.associate, Who.ADMIN,
        gives=ACCEPTED, query=_TYPE_NAMED,
    ),
    Route(
        "GET", f"{_QOS}/disassociate", qos_specs.disassociate, Who.ADMIN,
        gives=ACCEPTED, query=_TYPE_NAMED,
    ),
    Route(
        "GET", f"{_QOS}/disassociate_all", qos_specs.disassociate_all, Who.ADMIN, gives=ACCEPTED
    ),
)  # fmt: skip
_GROUP_TYPE = "group_types/{id}"
_GROUP_SPEC = f"{_GROUP_TYPE}/group_specs/{{key}}"
_GROUP_KIND = one("group_type", answers.GROUP_TYPE)
_GROUP_TYPES = since(
    11,
    Route(
        "GET", "group_types", group_types.index, Who.READER,
        gives=many("group_types", answers.GROUP_TYPE), query=(*QUERY, "is_public"),
    ),
    Route(
        "POST", "group_types", group_types.create, Who.ADMIN,
        group_types.CREATE, one("group_type", answers.GROUP_TYPE, status=202),
    ),
    Route("GET", _GROUP_TYPE, group_types.show, Who.READER, gives=_GROUP_KIND),
    Route("PUT", _GROUP_TYPE, group_types.change, Who.ADMIN, group_types.UPDATE, _GROUP_KIND),
    Route("DELETE", _GROUP_TYPE, group_types.delete, Who.ADMIN, gives=ACCEPTED),
    Route(
        "GET", f"{_GROUP_TYPE}/group_specs", group_types.specs, Who.ADMIN,
        gives=metadata("group_specs"),
    ),
    Route(
        "POST", f"{_GROUP_TYPE}/group_specs", group_types.merge_specs, Who.ADMIN,
        group_types.TYPE_SPECS, one("group_specs", answers.TEXTS, status=202),
    ),
    Route("GET", _GROUP_SPEC, group_types.spec, Who.ADMIN, gives=ANY_TEXT),
    Route("PUT", _GROUP_SPEC, group_types.set_spec, Who.ADMIN, group_types.SPECS, ANY_TEXT),
    Route("DELETE", _GROUP_SPEC, group_types.drop_spec, Who.ADMIN, gives=ACCEPTED),
)  # fmt: skip
_GROUP, _GROUP_TO_COME = "groups/{id}", one("group", answers.GROUP_SMALL, status=202)
_GROUPS = since(
    13,
    *lists(groups.GROUPS, answers.GROUP_SMALL, answers.GROUP, "list_volume"),
    Route("POST", "groups", groups.create, Who.MEMBER, groups.CREATE, _GROUP_TO_COME),
    Route(
        "GET", _GROUP, groups.show, Who.READER,
        gives=one("group", answers.GROUP), query=("list_volume",),
    ),
    Route("PUT", _GROUP, groups.update, Who.MEMBER, groups.UPDATE, ACCEPTED),
    Route("POST", f"{_GROUP}/action", groups.act, Who.MEMBER, groups.ACTION, ACCEPTED),
)  # fmt: skip
_GROUP_SNAPSHOT = "group_snapshots/{id}"
_GROUP_SNAPSHOTS = since(
    14,
    Route(
        "POST", "groups/action", groups.create_from, Who.MEMBER, groups.CREATE_FROM, _GROUP_TO_COME
    ),
    *lists(groups.SNAPSHOTS, answers.GROUP_SNAPSHOT_SMALL, answers.GROUP_SNAPSHOT),
    Route(
        "POST", "group_snapshots", groups.create_snapshot, Who.MEMBER,
        groups.CREATE_SNAPSHOT, one("group_snapshot", answers.GROUP_SNAPSHOT_MADE, status=202),
    ),
    Route(
        "GET", _GROUP_SNAPSHOT, groups.show_snapshot, Who.READER,
        gives=one("group_snapshot", answers.GROUP_SNAPSHOT),
    ),
    Route("DELETE", _GROUP_SNAPSHOT, groups.delete_snapshot, Who.MEMBER, gives=ACCEPTED),
    Route(
        "POST", f"{_GROUP_SNAPSHOT}/action", groups.act_on_snapshot, Who.ADMIN,
        groups.SNAPSHOT_ACTION, ACCEPTED,
    ),
)  # fmt: skip
_CONSISTENT = "consistencygroups/{id}"
_CONSISTENT_TO_COME = one("consistencygroup", answers.GROUP_SMALL, status=202)
_CONSISTENCY_GROUPS: Rows = (
    *lists(old.GROUPS, answers.GROUP_SMALL, old.SHOWN),
    Route(
        "POST", "consistencygroups", old.create, Who.MEMBER, old.CREATE, _CONSISTENT_TO_COME
    ),
    Route(
        "POST", "consistencygroups/create_from_src", old.create_from, Who.MEMBER,
        old.CREATE_FROM, _CONSISTENT_TO_COME,
    ),
    Route("GET", _CONSISTENT, old.show, Who.READER, gives=one("consistencygroup", old.SHOWN)),
    *(
        Route("PUT", path, old.update, Who.MEMBER, old.UPDATE, ACCEPTED)
        for path in (_CONSISTENT, f"{_CONSISTENT}/update")
    ),
    Route("POST", f"{_CONSISTENT}/delete", old.delete, Who.MEMBER, old.DELETE, ACCEPTED),
    *lists(old.SNAPSHOTS, answers.GROUP_SNAPSHOT_SMALL, old.SNAPSHOT_SHOWN),
    Route(
        "POST", "cgsnapshots", old.create_snapshot, Who.MEMBER,
        old.CREATE_SNAPSHOT, one("cgsnapshot", answers.GROUP_SNAPSHOT_SMALL, status=202),
    ),
    Route(
        "GET", "cgsnapshots/{id}", old.show_snapshot, Who.READER,
        gives=one("cgsnapshot", old.SNAPSHOT_SHOWN),
    ),
    Route("DELETE", "cgsnapshots/{id}", old.delete_snapshot, Who.MEMBER, gives=ACCEPTED),
)  # fmt: skip
ROUTES: Rows = (
    *_TYPES,
    *_DEFAULTS,
    *_QOS_SPECS,
    *_GROUP_TYPES,
    *_GROUPS,
    *_GROUP_SNAPSHOTS,
    *_CONSISTENCY_GROUPS,
)
