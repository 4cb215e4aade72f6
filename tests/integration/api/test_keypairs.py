"""Key pairs: both types, other people's, pages, and the end of making them here."""

from __future__ import annotations

import pytest

from tests.integration.api.client import Api
from tests.integration.api.world import PUBLIC_KEY, World

KEYS = "/compute/v2.1/os-keypairs"


def test_types(api: Api) -> None:
    old = api("POST", KEYS, {"keypair": {"name": "old"}})
    assert (old.status, "type" in old.body["keypair"]) == (200, False)
    typed = {"keypair": {"name": "typed", "type": "x509"}}
    assert api("POST", KEYS, typed).status == 400
    made = api("POST", KEYS, typed, version="2.2")
    assert made.status == 201
    key = made.body["keypair"]
    assert key["type"] == "x509"
    assert key["public_key"].startswith("-----BEGIN CERTIFICATE")
    assert key["private_key"].startswith("-----BEGIN PRIVATE KEY")
    again = {"keypair": {"name": "again", "type": "x509", "public_key": key["public_key"]}}
    imported = api("POST", KEYS, again, version="2.2")
    assert imported.body["keypair"]["fingerprint"] == key["fingerprint"]
    assert api("DELETE", f"{KEYS}/typed").status == 202
    assert api("DELETE", f"{KEYS}/again", version="2.2").status == 204


@pytest.mark.parametrize(
    "key", ["ssh-rsa JUNK me", " ", "ssh-rsa " + "A" * 2048 + " me", "ssh-rsa", "-----BEGIN X"]
)
@pytest.mark.parametrize("kind", ["ssh", "x509"])
def test_what_is_no_key_is_refused(api: Api, key: str, kind: str) -> None:
    body = {"keypair": {"name": "k", "public_key": key, "type": kind}}
    assert api("POST", KEYS, body, version="2.2").status == 400
    assert api.get(KEYS)["keypairs"] == []


def test_others(api: Api, world: World) -> None:
    body = {"keypair": {"name": "k", "public_key": PUBLIC_KEY, "user_id": world.user.id}}
    assert api("POST", KEYS, body, as_="admin", version="2.9").status == 400
    assert api("POST", KEYS, body, as_="admin", version="2.10").status == 201
    query = f"{KEYS}?user_id={world.user.id}"
    assert len(api.get(query, as_="admin", version="2.10")["keypairs"]) == 1
    assert api.get(query, as_="admin", version="2.9")["keypairs"] == []
    assert api("GET", query, as_="stranger", version="2.10").status == 403


def test_pages(api: Api, world: World) -> None:
    for name in "abc":
        world.key(name)
    first = api.get(f"{KEYS}?limit=2", version="2.35")
    assert [one["keypair"]["name"] for one in first["keypairs"]] == ["a", "b"]
    href = first["keypairs_links"][0]["href"].removeprefix("http://testserver")
    rest = api.get(href, version="2.35")
    assert [one["keypair"]["name"] for one in rest["keypairs"]] == ["c"]
    assert "keypairs_links" not in rest
    assert api("GET", f"{KEYS}?marker=nothing", version="2.35").status == 400
    assert len(api.get(f"{KEYS}?limit=2", version="2.34")["keypairs"]) == 3


def test_only_imported(api: Api) -> None:
    made = {"keypair": {"name": "me@home.example"}}
    assert api("POST", KEYS, made, version="2.92").status == 400
    made["keypair"]["public_key"] = PUBLIC_KEY
    assert api("POST", KEYS, made, version="2.91").status == 400
    assert api("POST", KEYS, made, version="2.92").status == 201


def test_who_only_reads_has_keys_nevertheless(api: Api, world: World) -> None:
    """They are the user's and not the project's, as Nova has it."""
    body = {"keypair": {"name": "readers", "public_key": PUBLIC_KEY}}
    assert api("POST", KEYS, body, as_="reader").status == 200
    assert api("GET", f"{KEYS}/readers").status == 404
    assert api("DELETE", f"{KEYS}/readers", as_="reader").status == 202
