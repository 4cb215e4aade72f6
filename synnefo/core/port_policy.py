"""What may be said of a port by whom, after Neutron's default rules.

Administrators and services say what they like; here is what all others may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What the owner of the port's network decides: that nobody on it pretends to be somebody else.
NETWORKS_OWN = ("mac_address", "port_security_enabled", "allowed_address_pairs")
# What such a device sends is not looked at.
TRUSTED = "network:"


def refused(verb: str, wish: Mapping[str, Any], *, owner: bool, manager: bool) -> str | None:
    """The first field of a wish that this caller may not name, or None.

    `owner` tells whether the network is of the caller's project, `manager` whether the caller
    manages that.
    """
    if owner:
        # Another card for a port that is there may be for somebody who waits for the first one.
        return "mac_address" if verb == "update" and "mac_address" in wish and not manager else None
    for name in NETWORKS_OWN:
        if name in wish:
            return name
    if str(wish.get("device_owner") or "").startswith(TRUSTED):
        return "device_owner"
    addresses = wish.get("fixed_ips") or ()
    if "fixed_ips" in wish and verb == "update":
        return "fixed_ips"
    return "fixed_ips" if any("ip_address" in one for one in addresses) else None
