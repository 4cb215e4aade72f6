"""Rows about the cluster as a whole, and the reads that every kind of object has."""

from ganeti_backend.rapi import reads
from ganeti_backend.rapi.table import READERS, Row, Write, created, writes

GET = (
    ("/", reads.nothing),
    ("/2", reads.nothing),
    ("/version", reads.version),
    ("/2/info", reads.info),
    ("/2/features", reads.features),
    ("/2/os", reads.os_list),
    ("/2/filters", reads.empty),
    ("/2/tags", reads.cluster_tags),
    *(
        row
        for plural, resource, key in (
            ("nodes", "node", "id"),
            ("instances", "instance", "id"),
            ("networks", "network", "name"),
            ("groups", "group", "name"),
        )
        for row in (
            (f"/2/{plural}", reads.listing(resource, plural, key)),
            (f"/2/{plural}/{{name}}", reads.one(resource)),
            (f"/2/{plural}/{{name}}/tags", reads.tags(resource)),
        )
    ),
    ("/2/nodes/{name}/role", reads.node_role),
)

ROWS: tuple[Row, ...] = (
    *(Row("GET", path, read) for path, read in GET),
    *writes(
        ("PUT", "/2/modify", Write("OP_CLUSTER_SET_PARAMS", created)),
        ("PUT", "/2/redistribute-config", Write("OP_CLUSTER_REDIST_CONF", created)),
    ),
    Row("GET", "/2/query/{resource}", reads.query, READERS),
    Row("PUT", "/2/query/{resource}", reads.query, READERS),
    Row("GET", "/2/query/{resource}/fields", reads.query_fields),
)
