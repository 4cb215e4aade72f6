"""The part of the nodes in memory that knows OS definitions and exports."""

from dataclasses import dataclass, field
from typing import Any

from ganeti_backend.node_rpc.fake_disks import RefusalError

SYSTEMS: dict[str, tuple[str, ...]] = {
    "image": (),
    "noop": (),
    "debootstrap": ("default", "minimal"),
}


@dataclass
class SystemBooks:
    """OS definitions with their variants, the scripts that were ordered, exports by name."""

    systems: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(SYSTEMS))
    scripts: list[dict[str, Any]] = field(default_factory=list)
    exports: dict[str, dict[str, Any]] = field(default_factory=dict)
    exports_begun: dict[str, set[str]] = field(default_factory=dict)
    transfer_keys: dict[str, str] = field(default_factory=dict)


class FakeSystems:
    """`script_failures` names the scripts that fail, with what they say."""

    nodes: Any
    script_failures: dict[str, str]
    slow_scripts = False  # Their end must be asked for.

    def _task_cancel(self, node: Any, task_id: str) -> None:
        node.tasks.pop(task_id, None)

    def _os_diagnose(self, node: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "path": f"/fake/os/{name}",
                "problem": "",
                "api_versions": [20],
                "variants": list(variants),
                "parameters": [["filesystem", "of the root"]],
            }
            for name, variants in node.systems.items()
        ]

    def _os_check(
        self, node: Any, name: str, parameters: dict[str, Any] | None, force_variant: bool
    ) -> dict[str, str]:
        base, _, variant = name.partition("+")
        if base not in node.systems:
            return {"problem": f"OS '{name}' not in supported OS list for node"}
        if node.systems[base] and variant not in node.systems[base] and not force_variant:
            return {"problem": f"Unsupported OS variant '{variant}'"}
        if base != "noop" and set(parameters or ()) - {"filesystem"}:
            return {"problem": "The following parameters are not supported"}
        return {"problem": ""}

    def _os_script(self, node: Any, task_id: str, action: str, **order: Any) -> dict[str, Any]:
        node.scripts.append({"action": action, **order})
        failed = self.script_failures.get(action)
        state = {"state": "failed", "percent": 0, "message": failed} if failed else None
        node.tasks[task_id] = state or {"state": "done", "percent": 100, "message": ""}
        if order.get("transfer") and not failed:
            return self._transfer(node, task_id, action, order["transfer"])
        if action == "export" and not failed:
            peer = self.nodes[order["peer"]["name"]]
            peer.exports_begun.setdefault(order["export"], set()).add(order["file"])
        if self.slow_scripts:
            return {"task": task_id, "state": "running", "percent": 0, "message": ""}
        return {"task": task_id, **node.tasks[task_id]}

    def _transfer(
        self, node: Any, task_id: str, action: str, transfer: dict[str, Any]
    ) -> dict[str, Any]:
        """What is sent arrives at once; what is awaited has come, and is not told to be kept."""
        if transfer["key"] not in node.transfer_keys:
            raise RefusalError(f"there is no key {transfer['key']} for a move to another cluster")
        done = {"state": "done", "percent": 100, "message": ""}
        awaited = {**done, "state": "running", "port": 1000 + len(node.tasks), "received": True}
        node.tasks[task_id] = awaited if action == "import" else done
        return {"task": task_id, **node.tasks[task_id]}

    def _transfer_key(self, node: Any, name: str) -> dict[str, str]:
        from ganeti_backend.certificates import authority

        if name not in node.transfer_keys:
            node.transfer_keys[name] = authority.new_pair(name, 1)[1].decode()
        return {"certificate": node.transfer_keys[name]}

    def _transfer_key_remove(self, node: Any, name: str) -> None:
        node.transfer_keys.pop(name, None)

    def _transfer_keep(self, node: Any, task_id: str) -> None:
        if task_id not in node.tasks:
            raise RefusalError(f"nothing was received by task {task_id}")
        node.tasks[task_id] = {"state": "done", "percent": 100, "message": ""}

    def _disks_freeze(self, node: Any, task_id: str, **rest: Any) -> dict[str, Any]:
        node.tasks[task_id] = {"state": "done", "percent": 100, "message": ""}
        return {"task": task_id, **node.tasks[task_id]}

    def _disks_thaw(self, node: Any, disks: list[dict[str, Any]]) -> None:
        """Nothing was copied."""

    def _export_begin(self, node: Any, name: str) -> None:
        node.exports_begun[name] = set()

    def _export_write(self, node: Any, name: str, **rest: Any) -> None:
        """Dumps are not kept, only that there is one."""

    def _export_read(self, node: Any, name: str, **rest: Any) -> dict[str, Any]:
        return {"size": 0, "data": ""}

    def _export_finish(self, node: Any, name: str, sections: dict[str, Any]) -> None:
        if name not in node.exports_begun and name not in node.exports:
            raise RefusalError(f"no export of {name} is under way")
        if node.exports_begun.pop(name, None) is not None:
            node.exports[name] = sections

    def _export_abort(self, node: Any, name: str) -> None:
        node.exports_begun.pop(name, None)

    def _export_list(self, node: Any) -> list[str]:
        return sorted(node.exports)

    def _export_info(self, node: Any, path: str) -> dict[str, Any]:
        if path not in node.exports:
            raise RefusalError(f"there is no export in {path}")
        return {"export": path, "sections": node.exports[path]}

    def _export_remove(self, node: Any, name: str) -> bool:
        return node.exports.pop(name, None) is not None

    def _instance_rename(self, node: Any, name: str, new_name: str) -> None:
        if name in node.consoles:
            node.consoles[new_name] = node.consoles.pop(name)
