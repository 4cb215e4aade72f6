"""The seed of an instance: a small volume from which cloud-init takes name, keys and addresses.

The layout is cloud-init's NoCloud source: a volume labelled `cidata` with some files. What stands
in the files is computed by `files`, apart from the program that packs them.
"""

import base64
import binascii
import ipaddress
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.programs import command

LABEL = "cidata"
ISO_PROGRAMS = ("genisoimage", "xorrisofs", "mkisofs")


def write(target: Path, instance: Mapping[str, Any], wishes: Mapping[str, Any]) -> None:
    """Make the seed volume; one that is there is replaced in one step."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".seed-") as scratch:
        tree = Path(scratch) / "files"
        tree.mkdir()
        for name, content in files(instance, wishes).items():
            (tree / name).write_bytes(content)
        packed = Path(scratch) / "packed"
        _pack(tree, packed)
        packed.chmod(0o600)
        packed.rename(target)


def files(instance: Mapping[str, Any], wishes: Mapping[str, Any]) -> dict[str, bytes]:
    """All of it. Strings are written as JSON, which is YAML that needs no escaping rules."""
    keys = [" ".join(str(key).split()) for key in wishes.get("keys") or ()]
    hostname = hostname_of(str(wishes.get("hostname") or instance["name"]))
    meta = [
        f"instance-id: {json.dumps(instance['uuid'])}",
        f"local-hostname: {json.dumps(hostname)}",
    ]
    if keys:
        meta += ["public-keys:", *(f"  - {json.dumps(key)}" for key in keys)]
    found = {
        "meta-data": _lines(meta),
        "user-data": _user_data(wishes) or _lines(_cloud_config(keys)),
        "network-config": _lines(_network_config(instance, wishes.get("addresses") or ())),
    }
    if wishes.get("files"):
        # Beside what the user says to cloud-init, which may be a script of the user's own.
        found["vendor-data"] = _lines(_written_files(wishes["files"]))
    return found


def _written_files(given: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["#cloud-config", "write_files:"]
    for file in given:
        path = "/" + str(file["path"]).lstrip("/")
        lines += [
            f"  - path: {json.dumps(path)}",
            "    encoding: b64",
            f"    content: {json.dumps(str(file['contents']))}",
        ]
    return lines


def hostname_of(name: str) -> str:
    """The name with everything that a host name may not hold replaced."""
    cleaned = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in name)
    return cleaned.strip("-.")[:63].rstrip("-.") or "guest"


def _user_data(wishes: Mapping[str, Any]) -> bytes:
    encoded = wishes.get("user_data_b64") or wishes.get("user_data") or ""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise StorageError("user data is not base64") from error


def _cloud_config(keys: Sequence[str]) -> list[str]:
    lines = ["#cloud-config"]
    if keys:
        lines += ["ssh_authorized_keys:", *(f"  - {json.dumps(key)}" for key in keys)]
    return lines


def _network_config(
    instance: Mapping[str, Any], addresses: Sequence[Mapping[str, Any]]
) -> list[str]:
    nics = instance.get("nics") or ()
    by_mac: dict[str, list[Mapping[str, Any]]] = {}
    for index, address in enumerate(addresses):
        # An address without a MAC belongs to the interface at its own place in the list.
        mac = address.get("mac") or (nics[index]["mac"] if index < len(nics) else None)
        if mac:
            by_mac.setdefault(str(mac).lower(), []).append(address)
    lines = ["version: 2", "ethernets:" if by_mac else "ethernets: {}"]
    out: Counter[int] = Counter()
    for index, (mac, given) in enumerate(by_mac.items()):
        lines += [f"  eth{index}:", f"    match: {{macaddress: {json.dumps(mac)}}}"]
        lines.append(f"    set-name: eth{index}")
        try:
            lines += [*_addresses(given), *_routes(given, out)]
        except (KeyError, ValueError) as error:
            raise StorageError(f"not an address: {error}") from error
    return lines


def _addresses(given: Sequence[Mapping[str, Any]]) -> list[str]:
    """The addresses of one card, and who knows names there."""
    whole = [ipaddress.ip_interface(f"{one['address']}/{one['prefix']}") for one in given]
    lines = ["    addresses:", *(f'      - "{one}"' for one in whole)]
    named = {str(ipaddress.ip_address(n)): 1 for one in given for n in one.get("nameservers") or ()}
    if named:
        lines.append(f"    nameservers: {{addresses: {json.dumps(list(named))}}}")
    return lines


def _routes(given: Sequence[Mapping[str, Any]], out: Counter[int]) -> list[str]:
    """Of several ways out the first one is taken; `out` counts those of each version so far."""
    ways, others = {}, {}
    for address in given:
        if address.get("gateway"):
            via = ipaddress.ip_address(address["gateway"])
            if via not in ways:
                default = "0.0.0.0/0" if via.version == 4 else "::/0"
                # On-link, because the gateway of a /32 lies outside of it.
                metric = f", metric: {out[via.version] * 100}" if out[via.version] else ""
                ways[via] = f'{{to: "{default}", via: "{via}", on-link: true{metric}}}'
                out[via.version] += 1
        for route in address.get("routes") or ():
            to, via = ipaddress.ip_network(route["to"]), ipaddress.ip_address(route["via"])
            others[f'{{to: "{to}", via: "{via}"}}'] = True
    routes = [f"      - {one}" for one in (*ways.values(), *others)]
    return ["    routes:", *routes] if routes else []


def _pack(tree: Path, target: Path) -> None:
    for program in ISO_PROGRAMS:
        if shutil.which(program):
            command.run([program, "-quiet", "-V", LABEL, "-J", "-R", "-o", target, tree])
            return
    command.run(["mke2fs", "-q", "-F", "-t", "ext2", "-L", LABEL, "-d", tree, target, "1M"])


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
