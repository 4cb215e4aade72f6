"""Rules for the files of the web console that need no browser to be checked."""

import hashlib
import json
import re
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "ui"
OWN_SCRIPTS = sorted((UI / "static/ui/js").rglob("*.js"))
PAGES = [
    UI / "templates/index.html",
    UI / "static/ui/console.html",
    UI / "static/ui/openapi.html",
]
VENDOR = UI / "static/vendor"
STRING_HTML = (
    r"innerHTML|outerHTML|insertAdjacentHTML|\.html\(|document\.write|\beval\(|new Function"
)
INLINE = r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|href=\"javascript:"


def named(path: Path) -> str:
    return str(path.relative_to(UI))


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=named)
def test_only_api_js_calls_ajax(script: Path) -> None:
    calls = re.findall(r"\$\.(?:ajax|get|post|getJSON)\(|XMLHttpRequest", script.read_text())
    assert bool(calls) == (script.name == "api.js")


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=named)
def test_only_the_event_stream_calls_fetch(script: Path) -> None:
    assert bool(re.search(r"\bfetch\(", script.read_text())) == (script.name == "events.js")


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=named)
def test_no_html_is_made_from_strings(script: Path) -> None:
    assert re.findall(STRING_HTML, script.read_text()) == []


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=named)
def test_no_handler_swallows_events_by_answering_false(script: Path) -> None:
    """With jQuery, `(event) => event.key === "Escape" && close()` cancels every other key."""
    assert re.findall(r"\.on\([^{\n]*=>[^{\n]*&&", script.read_text()) == []


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=named)
def test_scripts_are_small_and_say_what_they_are_for(script: Path) -> None:
    lines = script.read_text().splitlines()
    assert lines[0] == "/*"
    assert len(lines) < 400


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_obey_a_strict_content_security_policy(page: Path) -> None:
    assert re.findall(INLINE, page.read_text()) == []
    assert "://" not in page.read_text()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_loads_is_there(page: Path) -> None:
    for path in re.findall(r"(?:src|href)=\"(/static/[^\"#]+)", page.read_text()):
        assert (UI / path.lstrip("/")).is_file(), path


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (UI / "static/ui/icons.svg").read_text()))
    text = "".join(path.read_text() for path in OWN_SCRIPTS)
    named_icons = set(re.findall(r'icon: "([\w-]+)"', text))
    named_icons |= set(re.findall(r"icons\.svg#([\w-]+)", PAGES[0].read_text()))
    assert named_icons <= drawn


def test_the_console_page_is_one_that_clients_recognise() -> None:
    text = (UI / "static/ui/console.html").read_text()
    for word in ("noVNC", "<html", "</html>", "<script"):
        assert word in text


def test_vendored_files_are_the_released_ones_with_their_licences() -> None:
    for package in json.loads((VENDOR / "vendor.json").read_text())["packages"]:
        folder = VENDOR / package["folder"]
        assert all((folder / name).is_file() for name in package["licence_files"])
        assert digest(folder) == package["sha256"], package["name"]


def digest(folder: Path) -> str:
    """One sum over the names and contents of all files below a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()
