"""The catalog: which services there are and where. Names and forms of the addresses are those
that clients look for; see the table's last column.
"""

import uuid
from typing import Any

REGION = "RegionOne"
INTERFACES = ("public", "internal", "admin")
SERVICES = (
    # type       name        path
    ("identity", "keystone", "/identity/v3"),
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),  # without the version: clients append it
    ("network", "neutron", "/network"),  # likewise
)


def _id(*words: str) -> str:
    """The same id in every answer and process."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)).hex


IDS = {name: _id(name) for _, name, _ in SERVICES}
ENDPOINT_IDS = {
    (name, interface): _id(name, interface) for _, name, _ in SERVICES for interface in INTERFACES
}


def catalog(base: str) -> list[dict[str, Any]]:
    """The catalog as tokens carry it."""
    return [
        {
            "id": IDS[name],
            "type": kind,
            "name": name,
            "endpoints": [
                {
                    "id": ENDPOINT_IDS[name, interface],
                    "interface": interface,
                    "region": REGION,
                    "region_id": REGION,
                    "url": base + path,
                }
                for interface in INTERFACES
            ],
        }
        for kind, name, path in SERVICES
    ]
