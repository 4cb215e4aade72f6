"""What the API's process serves besides the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "ui").mkdir(parents=True)
    (root / "ui" / "a.js").write_text("alert(1)\n" * 100)
    (root / "ui" / "console.html").write_text("<html><script>noVNC</script></html>")
    (root / "x.woff2").write_bytes(b"\0\1")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    settings.SYNNEFO_STATIC = root
    return root


def test_static_files(client: Client, files: Path) -> None:
    plain = client.get("/static/ui/a.js")
    assert plain["Content-Type"].startswith("text/javascript")
    assert plain["X-Content-Type-Options"] == "nosniff"
    packed = client.get("/static/ui/a.js", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content)
    again = client.get("/static/ui/a.js", headers={"if-none-match": plain["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    (files / "ui" / "a.js").write_text("alert(2)\n")
    changed = client.get("/static/ui/a.js", headers={"if-none-match": plain["ETag"]})
    assert changed.status_code == 200
    assert client.get("/static/x.woff2")["Content-Type"] == "font/woff2"


@pytest.mark.parametrize(
    "path",
    ["../secret", "%2e%2e/secret", "ui/../../secret", "link", "ui", "", "/etc/passwd", "a%00b",
     "x" * 2000, "nothing.js"],
    ids=lambda path: path[:20],
)  # fmt: skip
def test_nothing_beside_the_static_files(client: Client, files: Path, path: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


@pytest.mark.parametrize("path", ["/", "/console/vnc.html", "/static/ui/a.js"])
def test_pages_load_nothing_from_elsewhere(client: Client, files: Path, path: str) -> None:
    policy = client.get(path)["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert (rules["object-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert "unsafe" not in policy


def test_the_console_page(client: Client, files: Path) -> None:
    assert b"noVNC" in client.get("/console/vnc.html?path=x").content


def test_the_first_page_is_there_with_and_without_the_client(client: Client, settings: Any) -> None:
    assert client.get("/").status_code == 200
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": []}]
    assert b"<h1>Synnefo</h1>" in client.get("/").content
    assert client.post("/").status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/identity/v3/auth/tokens"])
def test_a_database_that_is_away(client: Client, monkeypatch: Any, path: str) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get(path, headers={"X-Auth-Token": "x", "X-Subject-Token": "x"})
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer["X-Openstack-Request-Id"].startswith("req-")
    assert "database does not answer" in answer.json()["error"]["message"]
    assert "refused" not in answer.content.decode()


def test_a_host_header_that_is_none(client: Client, db: None) -> None:
    answer = client.get("/compute/", headers={"host": "bad host/<script>"})
    assert answer.status_code == 200
    assert b"<script>" not in answer.content
