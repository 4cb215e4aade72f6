"""Rows about networks."""

from ganeti_backend.rapi.table import Row, Write, about, created, writes

ONE = "/2/networks/{name}"
ROWS: tuple[Row, ...] = writes(
    ("POST", "/2/networks", Write("OP_NETWORK_ADD", created, {"name": "network_name"})),
    ("PUT", f"{ONE}/modify", Write("OP_NETWORK_SET_PARAMS", about("network_name"))),
    ("PUT", f"{ONE}/rename", Write("OP_NETWORK_RENAME", about("network_name"))),
    ("DELETE", ONE, Write("OP_NETWORK_REMOVE", about("network_name"))),
    ("PUT", f"{ONE}/connect", Write("OP_NETWORK_CONNECT", about("network_name"))),
    ("PUT", f"{ONE}/disconnect", Write("OP_NETWORK_DISCONNECT", about("network_name"))),
)
