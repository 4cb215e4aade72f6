"""New databases are made at once and old ones grow in steps: both are the same in the end."""

from __future__ import annotations

from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState


def _described(model: ModelState) -> dict[str, Any]:
    def part(one: Any) -> Any:
        return one.deconstruct()

    options = dict(model.options)
    rules = [*options.pop("indexes", []), *options.pop("constraints", [])]
    return {
        "fields": {name: part(field)[1:] for name, field in model.fields.items()},
        "rules": sorted(repr(part(one)) for one in rules),
        "options": {name: value for name, value in options.items() if value},
    }


def _tables(state: ProjectState) -> dict[str, Any]:
    models = state.models.items()
    return {name: _described(model) for (app, name), model in models if app == "synnefo"}


def test_grown_databases_are_like_new_ones() -> None:
    steps = MigrationLoader(None, replace_migrations=False)
    squashed = steps.disk_migrations["synnefo", "0001_squashed_0004"]
    _, last = squashed.replaces[-1]
    assert {name for _, name in squashed.replaces} == {
        name
        for app, name in steps.disk_migrations
        if app == "synnefo" and name <= last and name != squashed.name
    }
    grown = _tables(steps.project_state(("synnefo", last)))
    new = _tables(squashed.mutate_state(ProjectState()))
    assert new.keys() == grown.keys()
    for name, table in grown.items():
        assert new[name] == table, name
