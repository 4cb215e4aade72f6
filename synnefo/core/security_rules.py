"""Rules of security groups: protocols, ports, and what does not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from synnefo.core.faults import BadRequest

PROTOCOLS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
WITH_PORTS = frozenset({"tcp", "udp", "sctp", "dccp", "udplite", "6", "17", "132", "33", "136"})
ICMP = frozenset({"icmp", "ipv6-icmp", "icmpv6", "1", "58"})
ONLY_IPV6 = frozenset(
    {"ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route"}
)
ETHERTYPES = {4: "IPv4", 6: "IPv6"}


class SecurityGroupInvalidPortRange(BadRequest):
    """The first port is above the last one, or one is missing."""


class SecurityGroupInvalidPortValue(BadRequest):
    """There is no such port."""


class SecurityGroupInvalidIcmpValue(BadRequest):
    """There is no such ICMP type or code."""


class SecurityGroupMissingIcmpType(BadRequest):
    """A code means nothing without its type."""


class SecurityGroupInvalidProtocolForPort(BadRequest):
    """Only some protocols have ports."""


class SecurityGroupEthertypeConflictWithProtocol(BadRequest):
    """The protocol is one of IPv6 alone."""


class SecurityGroupRuleInvalidProtocol(BadRequest):
    """There is no such protocol."""


class SecurityGroupRuleParameterConflict(BadRequest):
    """The other side's addresses are of another version."""


class SecurityGroupRemoteGroupAndRemoteIpPrefix(BadRequest):
    """The other side is either a group or a range."""


class SecurityGroupMultipleRemotes(BadRequest):
    """The other side is named in more than one way."""


def protocol(wanted: Any) -> str | None:
    """A protocol by its name or number; null and `any` mean every one."""
    if wanted is None:
        return None
    word = str(wanted).strip().lower()
    if word == "any":
        return None
    if word in PROTOCOLS:
        return word
    if word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255:
        return str(int(word))
    raise SecurityGroupRuleInvalidProtocol(
        f"Security group rule protocol {word[:40]} not supported. Only protocol values"
        f" {sorted(PROTOCOLS)} and integer representations [0 to 255] are supported.",
        field="protocol",
    )


def traffic(wish: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule lets through, in the words of the API; refused where it makes no sense."""
    rule: dict[str, Any] = {
        "ethertype": str(wish.get("ethertype") or "IPv4"),
        "protocol": protocol(wish.get("protocol")),
        "port_range_min": wish.get("port_range_min"),
        "port_range_max": wish.get("port_range_max"),
        "remote_ip_prefix": prefix(wish.get("remote_ip_prefix")),
        "remote_group_id": wish.get("remote_group_id"),
        "remote_address_group_id": wish.get("remote_address_group_id"),
    }
    check(rule)
    return rule


def check(rule: Mapping[str, Any]) -> None:
    """Whether the parts of a rule fit together; `protocol` is as `protocol` gives it."""
    word, ethertype = rule["protocol"], rule["ethertype"]
    if word in ONLY_IPV6 and ethertype == "IPv4":
        raise SecurityGroupEthertypeConflictWithProtocol(
            f"Invalid ethertype {ethertype} for protocol {word}.", field="ethertype"
        )
    _check_ports(word, rule["port_range_min"], rule["port_range_max"])
    others = rule["remote_ip_prefix"] or rule["remote_group_id"]
    if rule["remote_address_group_id"] and others:
        raise SecurityGroupMultipleRemotes(
            "Only one of remote_ip_prefix, remote_group_id and remote_address_group_id may be"
            " provided.",
            field="remote_address_group_id",
        )
    if rule["remote_ip_prefix"] and rule["remote_group_id"]:
        raise SecurityGroupRemoteGroupAndRemoteIpPrefix(
            "Only remote_ip_prefix or remote_group_id may be provided.", field="remote_group_id"
        )
    if rule["remote_ip_prefix"]:
        version = ETHERTYPES[ip_network(rule["remote_ip_prefix"], strict=False).version]
        if version != ethertype:
            raise SecurityGroupRuleParameterConflict(
                f"Conflicting value ethertype {ethertype} for CIDR {rule['remote_ip_prefix']}",
                field="remote_ip_prefix",
            )


def _check_ports(word: str | None, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    if word in ICMP:
        _check_icmp(low, high)
        return
    if word is None:
        raise SecurityGroupInvalidProtocolForPort(
            "Must also specify protocol if port range is given.", field="protocol"
        )
    if word not in WITH_PORTS:
        raise SecurityGroupInvalidProtocolForPort(
            f"Ports cannot be specified for protocol {word}. Ports are only supported for"
            " tcp, udp, sctp, dccp and udplite.",
            field="protocol",
        )
    for value, name in ((low, "port_range_min"), (high, "port_range_max")):
        zero = value == 0 and word in ("tcp", "udp")
        if value is not None and (zero or not 0 <= value <= 65535):
            raise SecurityGroupInvalidPortValue(
                f"Invalid value for port {value}: it must lie between 1 and 65535.", field=name
            )
    if low is None or high is None or low > high:
        raise SecurityGroupInvalidPortRange(
            "For TCP/UDP protocols, port_range_min must be <= port_range_max",
            field="port_range_min",
        )


def _check_icmp(kind: int | None, code: int | None) -> None:
    for value, name, field in ((kind, "type", "port_range_min"), (code, "code", "port_range_max")):
        if value is not None and not 0 <= value <= 255:
            raise SecurityGroupInvalidIcmpValue(
                f"Invalid value for ICMP {name} ({field}) {value}. It must be 0 to 255.",
                field=field,
            )
    if kind is None and code is not None:
        raise SecurityGroupMissingIcmpType(
            f"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is"
            " missing.",
            field="port_range_min",
        )


def prefix(text: str | None) -> str | None:
    """A range in slash notation as it was written; one address stands for itself."""
    if not text:
        return None
    normalized(text)
    return text if "/" in text else str(ip_network(text))


def normalized(text: str) -> str:
    """The same without the bits of hosts."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        raise BadRequest(
            f"Invalid input for remote_ip_prefix: {error}.", field="remote_ip_prefix"
        ) from error
