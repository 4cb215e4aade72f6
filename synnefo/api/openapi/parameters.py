"""What parameters of paths and queries may be: what is refused is not told, and nothing else.

All values are texts on their way. What is not in the tables here may be any text; what a value
names, such as the last entry of a page, no schema knows.
"""

from collections.abc import Iterable, Mapping

from synnefo.api.bodies import WORDS, Schema

NO_NUL: Schema = {"type": "string", "pattern": r"^[^\x00]*$"}
NO_CONTROL: Schema = {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]*$"}
NOT_BLANK: Schema = {"type": "string", "minLength": 1, "pattern": r"^[^\x00]+$"}


def _matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


WHOLE, SHORT_WHOLE = _matching("[0-9]{1,10}"), _matching("[0-9]{1,9}")
FLAG, FLAG_OR_BLANK = _matching(WORDS), _matching(rf"\s*(?:{WORDS})?\s*")
DIRECTION = _matching("asc|desc")
_DAY = (
    r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|"
    r"(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
MOMENT = _matching(rf"{_DAY}T{_TIME}Z?")
COMPARED_MOMENT = _matching(rf"(?:(?:gt|gte|lt|lte|eq|neq):)?{_DAY}T{_TIME}Z?")
_PAGES: dict[str, Schema] = {"limit": WHOLE, "sort_dir": DIRECTION}
# By service and, where its resources differ, by the first word of the path.
TOLD: Mapping[str, Mapping[str, Schema]] = {
    "compute": _PAGES,
    "compute/servers": {
        **_PAGES,
        # What ordinary users may not filter by is dropped from what they ask, whatever it is.
        **dict.fromkeys(("all_projects", "all_tenants", "soft_deleted"), FLAG_OR_BLANK),
        "changes-since": MOMENT,
    },
    "compute/flavors": {
        **_PAGES,
        "is_public": _matching(rf"{WORDS}|[nN][oO][nN][eE]"),
        "minDisk": WHOLE,
        "minRam": WHOLE,
    },
    "compute/images": {
        **_PAGES,
        "changes-since": MOMENT,
        "minDisk": SHORT_WHOLE,
        "minRam": SHORT_WHOLE,
    },
    "compute/os-hypervisors": {},  # They have pages since a microversion only.
    "compute/os-server-groups": {"limit": WHOLE, "offset": SHORT_WHOLE},
    "identity": {
        "limit": WHOLE,
        **dict.fromkeys(
            ("effective", "enabled", "include_names", "is_domain"), _matching(f"(?:{WORDS})?")
        ),
        "password_expires_at": COMPARED_MOMENT,
        "scope.OS-INHERIT:inherited_to": _matching("projects"),
    },
    "image": {
        **_PAGES,
        **dict.fromkeys(
            ("min_disk", "min_ram", "size", "size_max", "size_min", "virtual_size"), WHOLE
        ),
        **dict.fromkeys(("protected", "os_hidden"), FLAG),
        **dict.fromkeys(("created_at", "updated_at"), COMPARED_MOMENT),
        "member_status": _matching("pending|accepted|rejected|all"),
        "visibility": _matching("public|private|shared|community|all"),
        "tag": NOT_BLANK,
    },
    "image/metadefs": _PAGES,
    "network": {
        **_PAGES,
        **dict.fromkeys(
            ("admin_state_up", "alive", "enable_dhcp", "is_default", "router:external", "shared"),
            FLAG,
        ),
        **dict.fromkeys(("stateful", "used_in_default_sg", "used_in_non_default_sg"), FLAG),
    },
    "network/extensions": {},
    "network/availability_zones": {},
    "network/network-ip-availabilities": {},
    "volume": {**_PAGES, "offset": SHORT_WHOLE, "bootable": FLAG, "multiattach": FLAG},
}


def _tag(most: int, but: str) -> Schema:
    pattern = rf"^[^/\x00-\x1f\x7f{but}]+$"
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": pattern}


SEGMENT: Schema = {"type": "string", "minLength": 1, "pattern": r"^[^/\x00]+$"}
UUID: Schema = {"type": "string", "format": "uuid"}
IN_PATH: Mapping[tuple[str, str], Schema] = {
    ("compute", "tag"): _tag(60, ","),
    ("compute/os-security-groups", "id"): UUID,
    ("compute/os-security-group-rules", "id"): UUID,
    ("identity", "tag"): _tag(255, ","),
    ("identity/regions", "id"): _tag(255, ""),
    ("image", "tag"): _tag(255, ""),
    ("network", "tag"): _tag(255, ""),
}


def in_path(service: str, path: str, name: str) -> Schema:
    """What a field of a route's path may be."""
    whole = f"{service}/{path.partition('/')[0]}"
    return IN_PATH.get((whole, name)) or IN_PATH.get((service, name), SEGMENT)


def schema(service: str, path: str, name: str, sort_keys: Iterable[str] = ()) -> Schema:
    """What the parameter of a route may be; `sort_keys` are those that its list knows."""
    if name == "sort_key" and sort_keys:
        return {"type": "string", "enum": sorted(sort_keys)}
    if name == "sort" and sort_keys:
        one = f"(?:(?:{'|'.join(sorted(sort_keys))})(?::(?:asc|desc)?)?)?"
        return _matching(f"{one}(?:,{one})*")
    whole = f"{service}/{path.partition('/')[0]}"
    lists = service == "network" and whole not in TOLD and "{" not in path
    return TOLD.get(whole, TOLD[service]).get(name, NO_CONTROL if lists else NO_NUL)
