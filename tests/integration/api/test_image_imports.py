"""Staged bytes, imports and their tasks, what is fetched, and what the service says of itself."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synnefo.api.image import imports
from synnefo.core.faults import Fault
from synnefo.db.models import Image, ImageTask
from synnefo.intents.image import image_downloads, image_files, image_tasks, images
from tests.integration.api.client import Api
from tests.integration.api.test_images import BYTES, IMAGES, caller, qcow2, queued
from tests.integration.api.world import World

ANY = "5d8b5c5e-1111-4222-8333-944444444444"

DIRECT = {"method": {"name": "glance-direct"}}


def path_to(image: Image) -> str:
    return f"{IMAGES}/{image.uuid}"


def staged(api: Api, world: World, data: bytes = b"hello", disk_format: str = "raw") -> str:
    path = path_to(queued(world, disk_format))
    assert api("PUT", f"{path}/stage", data, kind=BYTES).status == 204
    return path


def test_staged_bytes_become_an_image(api: Api, world: World) -> None:
    path = staged(api, world)
    assert api.get(path)["status"] == "uploading"
    assert api("GET", f"{path}/file").status == 204
    assert api("PUT", f"{path}/stage", b"x", kind=BYTES).status == 409
    assert api("PUT", f"{path}/file", b"x", kind=BYTES).status == 409
    done = api("POST", f"{path}/import", DIRECT | {"all_stores": True})
    assert (done.status, done.raw) == (202, b"")
    shown = api.get(path)
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", 5, "local")
    assert shown["os_glance_failed_import"] == ""
    assert api("GET", f"{path}/file").raw == b"hello"
    (task,) = api.get(f"{path}/tasks")["tasks"]
    assert (task["status"], task["type"]) == ("success", "api_image_import")
    assert task["request_id"] == done.headers["X-Openstack-Request-Id"]
    assert task["input"]["import_req"]["method"]["name"] == "glance-direct"
    assert task["expires_at"]
    assert api("POST", f"{path}/import", DIRECT).status == 409


def test_bytes_that_are_something_else(api: Api, world: World) -> None:
    path = staged(api, world, b"no disk", "qcow2")
    assert api("POST", f"{path}/import", DIRECT).status == 202
    shown = api.get(path)
    assert (shown["status"], shown["os_glance_failed_import"]) == ("queued", "local")
    (task,) = api.get(f"{path}/tasks")["tasks"]
    assert task["status"] == "failure"
    assert "does not match" in task["message"]
    # It can be tried again, with better ones.
    assert api("PUT", f"{path}/stage", qcow2(), kind=BYTES).status == 204
    assert api("POST", f"{path}/import", DIRECT).status == 202
    assert api.get(path)["status"] == "active"


def test_a_death_between_the_move_and_the_commit(api: Api, world: World) -> None:
    path = staged(api, world)
    image = Image.objects.get(uuid=path[-36:])
    image_files.keep_staged(image)
    assert api("POST", f"{path}/import", DIRECT).status == 202
    assert api("GET", f"{path}/file").raw == b"hello"


def test_what_is_staged_goes_with_the_image(api: Api, world: World) -> None:
    path = staged(api, world)
    folder = image_files.path_of(Image.objects.get(uuid=path[-36:])).parent
    assert list(folder.iterdir())
    assert api("DELETE", path).status == 204
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        ("queued", DIRECT, 409, "staged"),
        ("active", DIRECT, 409, "active"),
        ("queued", {}, 400, "method"),
        ("queued", {"method": {}}, 400, "name"),
        ("queued", {"method": {"name": "magic"}}, 400, "magic"),
        ("queued", {"method": {"name": "web-download", "uri": "http://x/"}}, 400, "web-download"),
        ("queued", {"method": {"name": "glance-download"}}, 400, "glance_region"),
        ("queued", {"method": {"name": "glance-download", "glance_region": "RegionOne"}}, 400,
         "glance_image_id"),
        ("queued", {"method": {"name": "glance-download", "glance_region": "RegionOne",
                               "glance_image_id": "foo"}}, 400, "image id does not look like"),
        ("queued", DIRECT | {"stores": ["nowhere"]}, 409, "nowhere"),
        ("queued", DIRECT | {"stores": ["local"], "all_stores": True}, 400, "all_stores"),
        ("queued", {"method": {"name": "copy-image"}, "all_stores": True}, 403, "copy_image"),
    ],
)  # fmt: skip
def test_refused_imports(
    api: Api, world: World, status: str, body: Any, expected: int, words: str
) -> None:
    path = path_to(world.picture("i", world.demo, status=status))
    answer = api("POST", f"{path}/import", body)
    assert answer.status == expected
    assert words in answer.message
    assert api.get(path)["status"] == status
    assert not ImageTask.objects.exists()


def test_from_another_image(api: Api, world: World) -> None:
    properties = {"hw_cpu_cores": "5", "os_distro": "rhel", "speed": "fast"}
    source = world.picture("source", world.demo, properties=properties, checksum="1" * 32)
    image_files.path_of(source).write_bytes(b"bytes of the source")
    target = path_to(queued(world, "iso"))
    method = {
        "name": "glance-download",
        "glance_region": "RegionOne",
        "glance_image_id": str(source.uuid),
    }
    assert api("POST", f"{target}/import", {"method": method}).status == 202
    shown = api.get(target)
    assert (shown["status"], shown["disk_format"], shown["checksum"]) == ("active", "raw", "1" * 32)
    assert (shown["hw_cpu_cores"], shown["os_distro"], "speed" in shown) == ("5", "rhel", False)
    # The bytes are shared, and outlive their source.
    assert api("DELETE", path_to(source)).status == 204
    assert api("GET", f"{target}/file").raw == b"bytes of the source"


@pytest.mark.parametrize("wrong", ["region", "interface", "missing", "foreign", "queued"])
def test_no_other_image(api: Api, world: World, wrong: str) -> None:
    source = {
        "foreign": world.picture("f", world.other),
        "queued": queued(world),
    }.get(wrong, world.image)
    target = path_to(queued(world))
    method = {
        "name": "glance-download",
        "glance_region": "Atlantis" if wrong == "region" else "RegionOne",
        "glance_service_interface": "secret" if wrong == "interface" else "public",
        "glance_image_id": ANY if wrong == "missing" else str(source.uuid),
    }
    assert api("POST", f"{target}/import", {"method": method}).status == 202
    assert api.get(target)["status"] == "queued"
    assert [task["status"] for task in api.get(f"{target}/tasks")["tasks"]] == ["failure"]


def test_copies_to_all_stores_are_there_already(api: Api, world: World) -> None:
    path = path_to(world.picture("i", world.demo))
    body = {"method": {"name": "copy-image"}, "all_stores": True}
    assert api("POST", f"{path}/import", body, as_="admin").status == 202
    assert api.get(path)["os_glance_importing_to_stores"] == ""
    body = {"method": {"name": "copy-image"}, "stores": ["local"]}
    assert api("POST", f"{path}/import", body, as_="admin").status == 400
    assert api("POST", f"{path_to(queued(world))}/import", body, as_="admin").status == 409


# --- from the web --------------------------------------------------------------------------------


@pytest.fixture
def web(tmp_path: Path, settings: Any, monkeypatch: Any) -> Iterator[str]:
    """A web server that the operator has named; what is fetched is fetched at once."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "disk").write_bytes(qcow2())
    (folder / "text").write_bytes(b"no disk")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        settings.SYNNEFO_IMAGE_WEB_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
        monkeypatch.setattr(imports._fetchers, "submit", lambda call, *rest: call(*rest))
        monkeypatch.setattr(imports, "close_old_connections", lambda: None)
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest")
            self.end_headers()
        elif self.path in ("/huge", "/short"):
            self.send_response(200)
            self.send_header("Content-Length", str(1 << (60 if self.path == "/huge" else 4)))
            self.end_headers()
            self.wfile.write(b"begun")
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        ("/disk", "active", ""),
        ("/text", "queued", "does not match"),
        ("/nothing", "queued", "404"),
        ("/away", "queued", "does not pass filtering"),
        ("/huge", "queued", "may have at most"),
        ("/short", "queued", "could not be fetched"),
    ],
)
def test_from_the_web(api: Api, world: World, web: str, page: str, status: str, words: str) -> None:
    assert "web-download" in api.get("/image/v2/info/import")["import-methods"]["value"]
    path = path_to(queued(world, "qcow2"))
    method = {"name": "web-download", "uri": web + page}
    assert api("POST", f"{path}/import", {"method": method}).status == 202
    shown = api.get(path)
    assert shown["status"] == status
    (task,) = api.get(f"{path}/tasks")["tasks"]
    assert task["status"] == ("success" if status == "active" else "failure")
    assert words in task["message"]
    assert shown["os_glance_failed_import"] == ("" if status == "active" else "local")


def test_what_comes_too_late(api: Api, world: World, web: str, settings: Any) -> None:
    settings.SYNNEFO_IMAGE_WEB_SECONDS = 0
    path = path_to(queued(world, "qcow2"))
    method = {"name": "web-download", "uri": f"{web}/disk"}
    assert api("POST", f"{path}/import", {"method": method}).status == 202
    (task,) = api.get(f"{path}/tasks")["tasks"]
    assert (task["status"], "within 0 s" in task["message"]) == ("failure", True)
    assert api.get(path)["status"] == "queued"


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1:1/x", "http://a@WEB/", "http://[",
     "http://WEB/a b", "gopher://WEB/", "//WEB/x", "WEB", "http://WEB.evil.example/"],
)  # fmt: skip
def test_where_nothing_is_fetched_from(api: Api, world: World, web: str, uri: str) -> None:
    path = path_to(queued(world))
    method = {"name": "web-download", "uri": uri.replace("WEB", web.removeprefix("http://"))}
    answer = api("POST", f"{path}/import", {"method": method})
    assert answer.status == 400
    assert "does not pass filtering" in answer.message
    assert api.get(path)["status"] == "queued"


def test_a_task_that_makes_an_image(api: Api, web: str) -> None:
    wish = {
        "import_from": f"{web}/disk",
        "import_from_format": "qcow2",
        "image_properties": {"name": "fetched", "visibility": "public"},
    }
    made = api("POST", "/image/v2/tasks", {"type": "import", "input": wish}, as_="admin")
    assert made.status == 201
    task = api.get(f"/image/v2/tasks/{made.body['id']}", as_="admin")
    assert task["status"] == "success"
    assert api.get(f"{IMAGES}/{task['result']['image_id']}")["name"] == "fetched"
    wish["import_from"] = "http://elsewhere/"
    refused = api("POST", "/image/v2/tasks", {"type": "import", "input": wish}, as_="admin")
    assert refused.status == 400
    assert Image.objects.filter(name="fetched").count() == 1


def test_an_import_whose_process_died(api: Api, world: World) -> None:
    image = queued(world)
    Image.objects.filter(pk=image.pk).update(status="importing")
    task = image_tasks.record(caller(world), "api_image_import", image.uuid, {}, "processing")
    assert images.take_back_abandoned() == 1
    assert api.get(path_to(image))["status"] == "queued"
    (shown,) = api.get(f"{path_to(image)}/tasks")["tasks"]
    assert (shown["status"], "again" in shown["message"]) == ("failure", True)
    # A thread that comes late leaves everything as it is.
    image_downloads.fetch(task, "http://nowhere/")
    assert api.get(path_to(image))["status"] == "queued"


def test_tasks_are_listed_for_administrators(api: Api, world: World) -> None:
    for number in range(3):
        image_tasks.record(caller(world), "api_image_import", world.image.uuid, {}, "success")
        ImageTask.objects.update(status=f"success{number}"[:7])
    tasks = "/image/v2/tasks"
    assert api("GET", tasks).status == 403
    page = api.get(f"{tasks}?limit=2&status=success", as_="admin")
    assert len(page["tasks"]) == 2
    assert "input" not in page["tasks"][0]
    assert len(api.get(f"/image{page['next']}", as_="admin")["tasks"]) == 1
    assert api.get(f"{tasks}?status=failure", as_="admin")["tasks"] == []
    assert api("GET", f"{tasks}/{ANY}", as_="admin").status == 404
    assert api("DELETE", f"{tasks}/{ANY}", as_="admin").status == 405


# --- what the service says of itself -------------------------------------------------------------


def test_info(api: Api, world: World) -> None:
    methods = api.get("/image/v2/info/import")["import-methods"]["value"]
    assert methods == ["glance-direct", "glance-download", "copy-image"]
    made = api("POST", IMAGES, {})
    assert made.headers["OpenStack-image-import-methods"] == ",".join(methods)
    assert made.headers["OpenStack-image-store-ids"] == "local"
    (store,) = api.get("/image/v2/info/stores")["stores"]
    assert store["default"] == "true"
    assert api("GET", "/image/v2/info/stores/detail").status == 403
    assert api.get("/image/v2/info/stores/detail", as_="admin")["stores"][0]["type"] == "file"
    world.picture("large", world.demo, size=5 << 20)
    usage = api.get("/image/v2/info/usage")["usage"]
    assert usage["image_size_total"] == {"limit": 1 << 20, "usage": 5}
    assert usage["image_count_total"]["usage"] == 2


def test_quota(api: Api, world: World) -> None:
    world.quota(world.demo, image_count_total=2, image_size_total=1, image_stage_total=0)
    path = path_to(queued(world))
    Image.objects.update(size=None)
    assert api("POST", IMAGES, {}).status == 201
    refused = api("POST", IMAGES, {})
    assert (refused.status, "image_count_total" in refused.message) == (413, True)
    assert api("PUT", f"{path}/stage", b"x", kind=BYTES).status == 413
    world.picture("large", world.demo, size=(1 << 20) + 1)
    refused = api("PUT", f"{path}/file", b"x", kind=BYTES)
    assert (refused.status, "image_size_total" in refused.message) == (413, True)
    assert api.get(path)["status"] == "queued"
    Image.objects.filter(name="large").update(size=1 << 20)
    # Nobody need say how much comes: what goes past the limit is the last one.
    assert api("PUT", f"{path}/file", b"xx", kind=BYTES).status == 204


def test_stores_and_locations(api: Api, world: World) -> None:
    path = path_to(world.picture("i", world.demo))
    assert api("GET", f"{path}/locations").status == 403
    assert api("POST", f"{path}/locations", {"url": "http://x/"}).status == 403
    assert api("DELETE", f"/image/v2/stores/local/{path[-36:]}", as_="admin").status == 403
    assert api("DELETE", f"/image/v2/stores/other/{path[-36:]}", as_="admin").status == 409
    queued_one = path_to(queued(world))
    kept = api("PUT", f"{queued_one}/file", b"x", kind=BYTES, x_image_meta_store="other")
    assert kept.status == 400


def test_faults_are_no_accidents() -> None:
    with pytest.raises(Fault, match="does not pass"):
        image_downloads.check_uri(None)
