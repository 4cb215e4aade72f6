"""What the pretended cluster says and does of its one node, and of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synnefo.ports import InstanceReport, NodeReport
from synnefo.rapi.fake_failures import JobFails

NODE_MEMORY = 64 * 1024
NODE_DISK = 1024 * 1024


class FakeNodes:
    """The node is the master, and stays it."""

    node: str
    _instances: dict[str, InstanceReport]
    _tags: set[str]
    _reach: Callable[[], None]
    _submit: Callable[[str, dict[str, Any], str, Callable[[], Any]], int]

    def nodes(self) -> list[NodeReport]:
        """The node."""
        self._reach()
        found = self._instances.values()
        used = sum(one.memory for one in found if one.running)
        taken = sum(disk.size for one in found for disk in one.disks)
        memory, space = NODE_MEMORY - used, NODE_DISK - taken
        return [
            NodeReport(
                self.node,
                False,
                False,
                True,
                NODE_MEMORY,
                memory,
                NODE_DISK,
                space,
                16,
                len(found),
                address="127.0.0.1",
                master=True,
            )
        ]

    def submit_node_role(self, name: str, role: str, reason: str) -> int:
        """Refused but for `regular`: the only node is the master."""

        def work() -> None:
            if role != "regular":
                text = "The master role can be changed only via master-failover"
                raise JobFails("OpPrereqError", text, "wrong_input")

        return self._submit("NODE_SET_PARAMS", {"node_name": name}, reason, work)

    def submit_cluster_tag(self, tag: str, reason: str) -> int:
        """Remember it."""
        given = {"kind": "cluster", "tags": [tag]}
        return self._submit("TAGS_SET", given, reason, lambda: self._tags.add(tag))
