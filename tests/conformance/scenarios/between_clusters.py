"""What one end of a move between two clusters says, agreed with or not."""

from typing import Any

from tests.conformance.world import World, scenario

HANDSHAKE = [0, "0" * 40, "salt"]
SIGNED = "X-Ganeti-Signature: salt/" + "0" * 40 + "\n\n-----BEGIN CERTIFICATE-----\n"


@scenario
def export_to_another_cluster(world: World) -> None:
    name = world.made(disk_template="file", disks=[{"size": 16}], start=False)
    one = f"/2/instances/{name}"
    job = world.job("prepare", "PUT", f"{one}/prepare-export?mode=remote", None)
    prepared = job["opresult"][0]
    world.note("what was prepared", {key: len(prepared[key]) for key in ("handshake",)})
    key, certificate = prepared["x509_key_name"], prepared["x509_ca"]
    place = ["192.0.2.1", 1, "word", "0" * 40, "salt"]
    agreed: dict[str, Any] = {
        "mode": "remote",
        "destination": [place],
        "x509_key_name": key,
        "destination_x509_ca": certificate,
    }
    for step, wrong in (
        ("no key", {"x509_key_name": None}),
        ("no certificate", {"destination_x509_ca": None}),
        ("a key of nobody's", {"x509_key_name": ["key", "0" * 40, "salt"]}),
        ("a key that is none", {"x509_key_name": ["key"]}),
        ("a certificate that is not signed", {"destination_x509_ca": "certificate"}),
        ("a certificate of nobody's", {"destination_x509_ca": SIGNED}),
        ("too few places", {"destination": []}),
        ("a place that is none", {"destination": [["192.0.2.1"]]}),
        ("a place of nobody's", {}),
        ("an unknown compression", {"compress": "zip"}),
    ):
        world.job(step, "PUT", f"{one}/export", {**agreed, **wrong})


@scenario
def import_from_another_cluster(world: World) -> None:
    arriving = {
        "mode": "remote-import",
        "disk_template": "file",
        "disks": [{"size": 16}],
        "source_handshake": HANDSHAKE,
        "source_x509_ca": SIGNED,
        "source_instance_name": world.nodes[0],
    }
    for step, wrong in (
        ("no handshake", {"source_handshake": None}),
        ("no certificate", {"source_x509_ca": None}),
        ("no name", {"source_instance_name": None}),
        ("a handshake that is none", {"source_handshake": [1]}),
        ("a handshake of nobody's", {}),
    ):
        body = world.creation(**{**arriving, **wrong})
        world.job(step, "POST", "/2/instances", body)
