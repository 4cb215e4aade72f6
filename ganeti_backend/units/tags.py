"""TAGS_SET and TAGS_DEL on the cluster, nodes, node groups, instances and networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Config
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base

Tagging = TypeVar("Tagging", opcodes.OpTagsSet, opcodes.OpTagsDel)
TAG = re.compile(r"[A-Za-z0-9_.+*/:@-]{1,128}")
MAX_TAGS = 4096
LEVELS = {
    "cluster": Level.CLUSTER,
    "instance": Level.INSTANCE,
    "nodegroup": Level.NODEGROUP,
    "node": Level.NODE,
    "network": Level.NETWORK,
}


def find(config: Config, kind: str, name: str | None) -> objects.Thing:
    """The object of this kind and name; the cluster needs no name."""
    if kind == "cluster":
        return config.cluster()
    if name is None:
        raise wrong(f"Missing name of the {kind}")
    finders: dict[str, Callable[[Config, str], objects.Thing]] = {
        "instance": base.find_instance,
        "nodegroup": base.find_group,
        "node": base.find_node,
        "network": base.find_network,
    }
    return finders[kind](config, name)


class TagsUnit(base.Unit[Tagging]):
    target: objects.Thing

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != LEVELS[self.op.kind]:
            return {}
        return {self.op.name or "cluster": base.EXCLUSIVE}

    def check_prerequisites(self) -> None:
        for tag in self.op.tags:
            if not TAG.fullmatch(tag):
                raise errors.TagError(f"Tag '{tag}' has an invalid format")
        self.target = find(self.config, self.op.kind, self.op.name)

    def store(self, tags: tuple[str, ...]) -> None:
        if tags != self.target.tags:
            self.config.commit([self.target.touched(self.config.now(), tags=tags)])


class TagsSet(TagsUnit[opcodes.OpTagsSet]):
    def execute(self) -> None:
        tags = tuple(dict.fromkeys([*self.target.tags, *self.op.tags]))
        if len(tags) > MAX_TAGS:
            raise errors.OpExecError(f"{self.op.kind} has too many tags ({len(tags)})")
        self.store(tags)


class TagsDel(TagsUnit[opcodes.OpTagsDel]):
    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        missing = [tag for tag in self.op.tags if tag not in self.target.tags]
        if missing and not self.job.again:
            names = ", ".join(f"'{tag}'" for tag in sorted(missing))
            raise errors.OpPrereqError(f"Tag(s) {names} not found", errors.ECODE_NOENT)

    def execute(self) -> None:
        self.store(tuple(tag for tag in self.target.tags if tag not in self.op.tags))
