"""What schemathesis has to be told: loaded by it alone, by SCHEMATHESIS_HOOKS."""

import json

import schemathesis

PATCHES = (
    "application/openstack-images-v2.1-json-patch",
    "application/openstack-images-v2.0-json-patch",
)


def _as_json(_context, value):
    return {"data": json.dumps(value).encode()}


for kind in PATCHES:
    schemathesis.serializer(kind)(_as_json)
