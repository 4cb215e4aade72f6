"""One line for people on what an operation does: the view's own words, else read off its path."""

import re

from synnefo.api.routing import Route

_METHODS = r"(?:GET|POST|PUT|PATCH|DELETE|HEAD)"
# What docstrings of views begin with: methods, a path, and perhaps a second one.
_ADDRESS = re.compile(
    rf"^{_METHODS}(?:(?:, | and | or ){_METHODS})*\s+[^\s:.,]*(?:\.\d[^\s:,]*)?…?"
    r"(?:,? (?:and|or) /[^\s:,]*)?[:.,]?(?:\s+|$)"
)
_VERBS = {"GET": "Show", "POST": "Ask for", "PUT": "Set", "PATCH": "Change", "DELETE": "Remove"}
_OWN = re.compile(r"^(?:OS-|os-)")


def summary(route: Route) -> str:
    """The first line of the view's docstring, without the address that it may begin with."""
    first = (route.view.__doc__ or "").strip().partition("\n")[0]
    rest = _ADDRESS.sub("", first).strip().rstrip(".") or _read_off(route)
    return rest[0].upper() + rest[1:]


def _read_off(route: Route) -> str:
    """GET servers/{id}/metadata as: Show metadata of one of servers."""
    parts: list[str] = []
    for segment in route.path.split("/") if route.path else ["what there is"]:
        if segment.startswith("{") and parts:
            parts[-1] = f"one of {parts[-1]}"
        elif not segment.startswith("{"):
            parts.append(_OWN.sub("", segment).replace("_", " ").replace("-", " "))
    verb = _VERBS[route.method]
    if route.method == "GET" and not parts[-1].startswith("one of "):
        verb = "List" if parts[-1].endswith("s") else "Show"
    return f"{verb} {' of '.join(reversed(parts))}"
