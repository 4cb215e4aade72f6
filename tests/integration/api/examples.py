"""The smallest values that a JSON schema of this API takes: for walks over all routes."""

from __future__ import annotations

from typing import Any

UUID = "5d8b5c5e-2222-4222-8333-944444444444"
# What matches the patterns that the kinds use.
MATCHING = ("x", "a" * 32, "1", "/x", "x:y", "00:11:22:33:44:55", "2026-11-01", "x" * 8)


def example(schema: dict[str, Any]) -> Any:
    """A value that the schema takes."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return example(next(one for one in schema[word] if one.get("type") != "null"))
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(word for word in kind if word != "null")
    return _BY_TYPE.get(kind or "", lambda _schema: {})(schema)


def _text(schema: dict[str, Any]) -> str:
    import re

    form = schema.get("format")
    if form == "uuid":
        return UUID
    if form in ("ipv4", "ipv6"):
        return "192.0.2.7" if form == "ipv4" else "2001:db8::7"
    least, pattern = schema.get("minLength", 0), schema.get("pattern", "")
    return next(
        (one for one in MATCHING if len(one) >= least and re.search(pattern, one)), "x" * least
    )


def _record(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        name: example(schema.get("properties", {}).get(name, {}))
        for name in schema.get("required", ())
    }


_BY_TYPE = {
    "string": _text,
    "integer": lambda schema: schema.get("minimum", 0),
    "number": lambda schema: schema.get("minimum", 0),
    "boolean": lambda _schema: True,
    "array": lambda schema: [example(schema.get("items", {}))] * schema.get("minItems", 0),
    "object": _record,
    "null": lambda _schema: None,
}
