"""What is another project's is as good as nothing where a request names it, not only in paths."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.utils import timezone

from synnefo.db.models import GroupType, VolumeType
from tests.integration.api.client import Api
from tests.integration.api.nouns import NOUNS
from tests.integration.api.test_authorisation import ANY_ID
from tests.integration.api.world import World

C, N, V, IMAGE = "/compute/v2.1", "/network/v2.0", "/volume/v3", "/image/v2"
NEWEST = "compute 2.60, volume 3.71"
SERVER = {"name": "x", "flavorRef": "1", "imageRef": "", "networks": "none"}


def _server(**fields: Any) -> dict[str, Any]:
    return {"server": SERVER | fields}


# Method, path and body; THEIRS stands for what is the other project's.
REQUESTS: dict[tuple[str, str], list[tuple[str, str, Any]]] = {
    ("compute", "servers"): [
        ("GET", f"{C}/servers?marker=THEIRS", None),
        ("GET", f"{N}/ports?device_id=THEIRS", None),
    ],
    ("image", "images"): [
        ("POST", f"{C}/servers", _server(imageRef="THEIRS")),
        ("POST", f"{V}/volumes", {"volume": {"size": 1, "imageRef": "THEIRS"}}),
        ("GET", f"{IMAGE}/images?marker=THEIRS", None),
        ("GET", f"{IMAGE}/images?id=in:THEIRS", None),
    ],
    ("network", "networks"): [
        ("POST", f"{C}/servers", _server(imageRef="OWN-image", networks=[{"uuid": "THEIRS"}])),
        (
            "POST",
            f"{C}/servers/OWN-server/os-interface",
            {"interfaceAttachment": {"net_id": "THEIRS"}},
        ),
        ("POST", f"{N}/ports", {"port": {"network_id": "THEIRS"}}),
        (
            "POST",
            f"{N}/subnets",
            {"subnet": {"network_id": "THEIRS", "cidr": "10.9.0.0/24", "ip_version": 4}},
        ),
        ("POST", f"{N}/routers", {"router": {"external_gateway_info": {"network_id": "THEIRS"}}}),
        ("POST", f"{N}/floatingips", {"floatingip": {"floating_network_id": "THEIRS"}}),
        ("GET", f"{N}/subnets?network_id=THEIRS", None),
        ("GET", f"{N}/networks?marker=THEIRS", None),
        (
            "POST",
            f"{N}/rbac-policies",
            {
                "rbac_policy": {
                    "object_type": "network",
                    "object_id": "THEIRS",
                    "action": "access_as_shared",
                    "target_tenant": "*",
                }
            },
        ),
    ],
    ("network", "subnets"): [
        ("PUT", f"{N}/routers/OWN-router/add_router_interface", {"subnet_id": "THEIRS"}),
        ("PUT", f"{N}/routers/OWN-router/remove_router_interface", {"subnet_id": "THEIRS"}),
    ],
    ("network", "subnetpools"): [
        (
            "POST",
            f"{N}/subnets",
            {"subnet": {"network_id": "OWN-network", "subnetpool_id": "THEIRS", "ip_version": 4}},
        ),
    ],
    ("network", "address-scopes"): [
        (
            "POST",
            f"{N}/subnetpools",
            {
                "subnetpool": {
                    "name": "p",
                    "prefixes": ["10.7.0.0/16"],
                    "address_scope_id": "THEIRS",
                }
            },
        ),
    ],
    ("network", "address-groups"): [
        (
            "POST",
            f"{N}/security-group-rules",
            {
                "security_group_rule": {
                    "security_group_id": "OWN-security_group",
                    "direction": "ingress",
                    "remote_address_group_id": "THEIRS",
                }
            },
        ),
    ],
    ("network", "ports"): [
        ("POST", f"{C}/servers", _server(imageRef="OWN-image", networks=[{"port": "THEIRS"}])),
        (
            "POST",
            f"{C}/servers/OWN-server/os-interface",
            {"interfaceAttachment": {"port_id": "THEIRS"}},
        ),
        ("GET", f"{C}/servers/OWN-server/os-interface/THEIRS", None),
        ("DELETE", f"{C}/servers/OWN-server/os-interface/THEIRS", None),
        (
            "POST",
            f"{N}/floatingips",
            {"floatingip": {"floating_network_id": "NETWORK", "port_id": "THEIRS"}},
        ),
        ("PUT", f"{N}/routers/OWN-router/add_router_interface", {"port_id": "THEIRS"}),
    ],
    ("network", "security-groups"): [
        (
            "POST",
            f"{N}/ports",
            {"port": {"network_id": "OWN-network", "security_groups": ["THEIRS"]}},
        ),
        (
            "POST",
            f"{N}/security-group-rules",
            {"security_group_rule": {"security_group_id": "THEIRS", "direction": "ingress"}},
        ),
        ("POST", f"{C}/servers/OWN-server/action", {"addSecurityGroup": {"name": "THEIRS"}}),
        (
            "POST",
            f"{C}/servers",
            _server(imageRef="OWN-image", security_groups=[{"name": "THEIRS"}]),
        ),
        ("GET", f"{N}/security-group-rules?security_group_id=THEIRS", None),
    ],
    ("volume", "volumes"): [
        (
            "POST",
            f"{C}/servers/OWN-server/os-volume_attachments",
            {"volumeAttachment": {"volumeId": "THEIRS"}},
        ),
        ("GET", f"{C}/servers/OWN-server/os-volume_attachments/THEIRS", None),
        ("DELETE", f"{C}/servers/OWN-server/os-volume_attachments/THEIRS", None),
        (
            "POST",
            f"{C}/servers",
            _server(
                block_device_mapping_v2=[
                    {
                        "uuid": "THEIRS",
                        "source_type": "volume",
                        "destination_type": "volume",
                        "boot_index": 0,
                    }
                ]
            ),
        ),
        ("POST", f"{V}/volumes", {"volume": {"size": 1, "source_volid": "THEIRS"}}),
        ("POST", f"{V}/snapshots", {"snapshot": {"volume_id": "THEIRS"}}),
        ("POST", f"{V}/backups", {"backup": {"volume_id": "THEIRS"}}),
        ("POST", f"{V}/volume-transfers", {"transfer": {"volume_id": "THEIRS"}}),
        ("POST", f"{V}/attachments", {"attachment": {"volume_uuid": "THEIRS"}}),
        ("GET", f"{V}/volumes?marker=THEIRS", None),
    ],
    ("volume", "snapshots"): [
        ("POST", f"{V}/volumes", {"volume": {"snapshot_id": "THEIRS"}}),
        ("GET", f"{V}/snapshots?id=THEIRS", None),
    ],
    ("volume", "backups"): [("GET", f"{V}/backups?marker=THEIRS", None)],
    ("compute", "os-server-groups"): [
        (
            "POST",
            f"{C}/servers",
            _server(imageRef="OWN-image") | {"os:scheduler_hints": {"group": "THEIRS"}},
        ),
    ],
    ("compute", "flavors"): [
        ("POST", f"{C}/servers", _server(imageRef="OWN-image", flavorRef="THEIRS")),
        ("POST", f"{C}/servers/OWN-server/action", {"resize": {"flavorRef": "THEIRS"}}),
    ],
    ("identity", "projects"): [
        ("GET", f"{N}/networks?project_id=THEIRS", None),
        ("GET", f"{C}/servers?project_id=THEIRS&all_tenants=0", None),
    ],
}


def _own(world: World, api: Api) -> dict[str, str]:
    def made(path: str, noun: str, **fields: Any) -> str:
        return str(api("POST", path, {noun: fields}, as_="stranger").body[noun]["id"])

    return {
        "OWN-server": str(world.server("own", world.other).uuid),
        "OWN-network": str(world.net("own", world.other).uuid),
        "OWN-router": made(f"{N}/routers", "router", name="own"),
        "OWN-security_group": made(f"{N}/security-groups", "security_group", name="own"),
        "OWN-image": str(world.picture("own", world.other).uuid),
        "NETWORK": str(world.network.uuid),
    }


def _asked(api: Api, request: tuple[str, str, Any], names: dict[str, str]) -> tuple[int, bytes]:
    method, path, body = request
    text = json.dumps([path, body])
    for word, identifier in names.items():
        text = text.replace(word, identifier)
    path, body = json.loads(text)
    got = api(method, path, body, as_="stranger", openstack_api_version=NEWEST)
    return got.status, got.raw.replace(names["THEIRS"].encode(), b"THEIRS")


def test_names_of_what_is_others_are_as_good_as_none(api: Api, world: World) -> None:
    own = _own(world, api)
    for noun, requests in REQUESTS.items():
        theirs = NOUNS[noun](world)
        for request in requests:
            missing, foreign = (
                _asked(api, request, own | {"THEIRS": one}) for one in (ANY_ID, theirs)
            )
            assert foreign == missing, request
            expected = (200, 400, 404) if request[0] == "GET" else (400, 404)
            assert foreign[0] in expected, (request, foreign)


def test_private_types_are_for_their_projects(api: Api, world: World) -> None:
    now = timezone.now()
    kind = VolumeType.objects.create(name="secret-name", is_public=False, created_at=now)
    group = GroupType.objects.create(name="secret-name", is_public=False, created_at=now)
    for path in (f"{V}/types/{kind.uuid}", f"{V}/types/{kind.uuid}/extra_specs",
                 f"{V}/group_types/{group.uuid}"):  # fmt: skip
        never = path.replace(str(kind.uuid), ANY_ID).replace(str(group.uuid), ANY_ID)
        version = {"openstack_api_version": "volume 3.71"}
        foreign, missing = (api("GET", one, as_="stranger", **version) for one in (path, never))
        assert (foreign.status, missing.status) == (404, 404), path
        assert api("GET", path, as_="admin", **version).status == 200
    wish = {"volume": {"size": 1, "volume_type": "secret-name"}}
    nothing = {"volume": {"size": 1, "volume_type": uuid.uuid4().hex}}
    refused = [api("POST", f"{V}/volumes", one, as_="stranger").status for one in (wish, nothing)]
    assert refused == [404, 404]


def test_names_of_keys_and_namespaces_of_others_are_as_good_as_none(api: Api, world: World) -> None:
    world.key("secret-name")
    space = {"namespace": "secret-name", "visibility": "private", "owner": world.demo.id}
    made = api("POST", f"{IMAGE}/metadefs/namespaces", space, as_="admin")
    assert made.status == 201
    base = f"{IMAGE}/metadefs/namespaces/secret-name"
    for method, path in (
        ("GET", f"{C}/os-keypairs/secret-name"),
        ("DELETE", f"{C}/os-keypairs/secret-name"),
        *(("GET", f"{base}{tail}") for tail in ("", "/properties", "/objects", "/tags")),
        ("GET", f"{base}/resource_types"),
    ):
        assert api(method, path, as_="stranger").status == 404, path
        if method == "GET":
            assert api(method, path).status == 200, path
