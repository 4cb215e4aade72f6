"""Writes tempest's configuration for a running cloud: who is the administrator, and what is there.

A feature that is off here is one that the cloud does not have; each such line says why.
"""

import configparser
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ALTERNATIVE = "tempest-alternative"
# Seconds between two looks of a waiting test; tempest takes no fractions.
INTERVAL = "0"
MULTIPLE_CHOICES = 300


class Administrator:
    """Asks the cloud what the configuration has to name."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password = url, password
        self._token = ""
        self._token = self._sign_in()

    def _sign_in(self) -> str:
        user = {"name": "admin", "domain": {"id": "default"}, "password": self.password}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        asked = {"auth": {"identity": identity, "scope": scope}}
        with self._open("POST", "/identity/v3/auth/tokens", json.dumps(asked).encode()) as answer:
            return str(answer.headers["X-Subject-Token"])

    def _open(self, method: str, path: str, body: bytes | None = None, kind: str = "json") -> Any:
        headers = {"X-Auth-Token": self._token, "Content-Type": f"application/{kind}"}
        asked = urllib.request.Request(self.url + path, body, headers, method=method)
        return urllib.request.urlopen(asked, timeout=60)

    def get(self, path: str) -> Any:
        """The JSON of a path."""
        with self._open("GET", path) as answer:
            return json.load(answer)

    def images(self) -> tuple[str, str]:
        """The cloud's own image, and another one that is made for the tests."""
        listed = self.get("/image/v2/images?sort_key=created_at&sort_dir=asc")["images"]
        usual = next(image["id"] for image in listed if image["name"] != ALTERNATIVE)
        for image in listed:
            if image["name"] == ALTERNATIVE:
                return usual, str(image["id"])
        asked = {
            "name": ALTERNATIVE, "disk_format": "raw", "container_format": "bare",
            "visibility": "public",
        }  # fmt: skip
        with self._open("POST", "/image/v2/images", json.dumps(asked).encode()) as answer:
            made = str(json.load(answer)["id"])
        self._open("PUT", f"/image/v2/images/{made}/file", bytes(1 << 20), "octet-stream").close()
        return usual, made

    def public_network(self) -> dict[str, Any]:
        """The network that every project may use."""
        networks: list[dict[str, Any]] = self.get("/network/v2.0/networks")["networks"]
        external = [network for network in networks if network.get("router:external")]
        shared = [network for network in networks if network.get("shared")]
        return (external or shared)[0]

    def network_extensions(self) -> str:
        """What the network service says that it has: metering and the like it does not."""
        listed = self.get("/network/v2.0/extensions")["extensions"]
        return ",".join(one["alias"] for one in listed)

    def volume_version(self) -> str | None:
        """The highest microversion of volumes; None where there is no such service."""
        try:
            versions = self.get("/volume/")["versions"]
        except urllib.error.HTTPError as answer:
            if answer.code != MULTIPLE_CHOICES:
                return None
            versions = json.load(answer)["versions"]
        return next((str(one["version"]) for one in versions if one["id"] == "v3.0"), None)

    def compute_version(self) -> str:
        """The highest microversion of compute."""
        return str(self.get("/compute/v2.1")["version"]["version"])

    def hypervisors(self) -> tuple[int, str]:
        """How many nodes there are, and what runs on them."""
        nodes = self.get("/compute/v2.1/os-hypervisors/detail")["hypervisors"]
        return len(nodes), str(nodes[0]["hypervisor_type"])


def sections(admin: Administrator, work: Path) -> dict[str, dict[str, str]]:
    """All that differs from tempest's defaults."""
    image, alternative = admin.images()
    public = admin.public_network()
    volumes = admin.volume_version()
    nodes, kind = admin.hypervisors()
    return {
        "DEFAULT": {"log_file": str(work / "tempest.log"), "debug": "false"},
        "oslo_concurrency": {"lock_path": str(work / "locks")},
        "auth": _auth(admin),
        "identity": _identity(admin),
        "identity-feature-enabled": {
            "api_v2": "false", "api_v2_admin": "false", "security_compliance": "true",
            "access_rules": "true",
        },
        "compute": {
            "image_ref": image, "image_ref_alt": alternative, "flavor_ref": "1",
            "flavor_ref_alt": "2", "build_interval": INTERVAL, "build_timeout": "60",
            "min_compute_nodes": str(nodes), "hypervisor_type": kind,
            "fixed_network_name": str(public["name"]),
            "min_microversion": "2.1", "max_microversion": admin.compute_version(),
        },
        "compute-feature-enabled": COMPUTE_FEATURES,
        # Its tests call a few bytes each of the first six formats: these may hold anything.
        "image": {"build_timeout": "60", "disk_formats": "raw,ami,ari,aki,ploop,raw,qcow2,iso"},
        "image-feature-enabled": {
            "import_image": "true", "os_glance_reserved": "true",
            "image_format_enforcement": "false",
        },
        "network": {
            "public_network_id": str(public["id"]), "floating_network_name": str(public["name"]),
            "build_timeout": "60", "build_interval": INTERVAL,
            "project_network_mask_bits": "28",
        },
        "network-feature-enabled": {
            "port_security": "true", "ipv6_subnet_attributes": "true",
            "api_extensions": admin.network_extensions(),
        },
        # Guests are pretended in this run, so nobody answers at their addresses.
        "validation": {"run_validation": "false", "connect_method": "fixed"},
        "volume": {
            "build_interval": INTERVAL, "build_timeout": "60", "catalog_type": "volumev3",
            "min_microversion": "3.0", "max_microversion": volumes or "3.0",
            "storage_protocol": "local", "vendor_name": "Synnefo",
        },
        "volume-feature-enabled": {
            "backup": "true", "snapshot": "true", "clone": "true", "extend_attached_volume": "true",
        },
        "service_available": {
            "swift": "false", "horizon": "false", "cinder": str(volumes is not None).lower(),
        },
    }  # fmt: skip


COMPUTE_FEATURES = {
    "resize": "true",
    "pause": "true",
    "suspend": "true",
    "shelve": "true",
    "cold_migration": "true",
    "live_migration": "true",
    "rescue": "true",
    "stable_rescue": "true",
    "snapshot": "true",
    "interface_attach": "true",
    "console_output": "true",
    "vnc_console": "false",  # Pretended guests have no screen.
    "config_drive": "true",
    "personality": "true",
    "change_password": "false",  # No agent runs in the guests.
    "enable_instance_password": "true",
    "metadata_service": "false",  # Guests get a configuration drive.
    "volume_multiattach": "false",  # One disk belongs to one instance in a cluster.
    "attach_encrypted_volume": "false",
    "swap_volume": "false",
    "scheduler_enabled_filters": "ServerGroupAffinityFilter,ServerGroupAntiAffinityFilter,"
    "SameHostFilter,DifferentHostFilter,AvailabilityZoneFilter,ComputeFilter",
}


def _auth(admin: Administrator) -> dict[str, str]:
    return {
        "use_dynamic_credentials": "true",
        "admin_username": "admin",
        "admin_password": admin.password,
        "admin_project_name": "admin",
        "admin_domain_name": "Default",
        "create_isolated_networks": "true",
    }


def _identity(admin: Administrator) -> dict[str, str]:
    return {
        "uri_v3": f"{admin.url}/identity/v3",
        "auth_version": "v3",
        "region": "RegionOne",
        "default_domain_id": "default",
        # The rules of an installation that sets none; locking out lasts for minutes there.
        "user_unique_last_password_count": "0",
        "user_lockout_failure_attempts": "0",
    }


def write(url: str, password: str, work: Path, **more: dict[str, str]) -> Path:
    """The file, written for this cloud; `more` replaces entries of a section."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "locks").mkdir(exist_ok=True)
    parser = configparser.ConfigParser(interpolation=None)
    for name, values in sections(Administrator(url, password), work).items():
        parser[name] = values | more.get(name, {})
    path = work / "tempest.conf"
    with path.open("w") as file:
        parser.write(file)
    return path
