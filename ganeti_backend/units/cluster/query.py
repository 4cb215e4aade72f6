"""CLUSTER_QUERY, CLUSTER_CONFIG_QUERY, TAGS_GET and TAGS_SEARCH: jobs that only read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganeti_backend import objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.parameters import cluster_info, cluster_parameters
from ganeti_backend.units import base, tags
from ganeti_backend.watcher import watcher_files


class ClusterQuery(base.Unit[opcodes.OpClusterQuery]):
    def execute(self) -> dict[str, Any]:
        return cluster_info.describe(self.config.cluster())


class ClusterConfigQuery(base.Unit[opcodes.OpClusterConfigQuery]):
    """A few facts, in the order they were asked for."""

    def check_prerequisites(self) -> None:
        cluster, folder = self.config.cluster(), Path(self.reach.data_dir)
        self.facts = {
            "cluster_name": cluster.name,
            "master_node": cluster.master,
            "volume_group_name": cluster_parameters.of(cluster)["volume_group_name"],
            "watcher_pause": watcher_files.paused_until(folder),
        }
        unknown = [name for name in self.op.output_fields if name not in self.facts]
        if unknown:
            raise wrong(f"Unknown output fields selected: {', '.join(unknown)}")

    def execute(self) -> list[Any]:
        return [self.facts[name] for name in self.op.output_fields]


class TagsGet(base.Unit[opcodes.OpTagsGet]):
    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != tags.LEVELS[self.op.kind] or not self.op.use_locking:
            return {}
        return {self.op.name or "cluster": base.SHARED}

    def check_prerequisites(self) -> None:
        self.target = tags.find(self.config, self.op.kind, self.op.name)

    def execute(self) -> list[str]:
        return sorted(self.target.tags)


class TagsSearch(base.Unit[opcodes.OpTagsSearch]):
    """Every tag that the expression is found in, with the place of its object."""

    def check_prerequisites(self) -> None:
        try:
            self.pattern = re.compile(self.op.pattern)
        except re.error as error:
            raise wrong(f"Invalid search pattern '{self.op.pattern}': {error}") from error

    def execute(self) -> list[list[str]]:
        return [
            [place, tag]
            for place, thing in self._places()
            for tag in thing.tags
            if self.pattern.search(tag)
        ]

    def _places(self) -> Iterator[tuple[str, objects.Thing]]:
        config = self.config
        yield "/cluster", config.cluster()
        yield from ((f"/instances/{item.name}", item) for item in config.instances())
        yield from ((f"/nodes/{item.name}", item) for item in config.nodes())
        yield from ((f"/nodegroup/{item.name}", item) for item in config.groups())
        yield from ((f"/network/{item.name}", item) for item in config.networks())
