"""What a node does for calls about OS definitions and exports; a part of `NodeHandlers`.

Scripts run in the background: a call orders one, the master asks for its end with `task_status`.
"""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganeti_backend.backups.folder import ExportFolder
from ganeti_backend.errors import GenericError, OperatingSystemError
from ganeti_backend.node.export_pieces import Exports, Outgoing, RemoteExports, incoming
from ganeti_backend.node.script_tasks import ScriptTask, ScriptTasks
from ganeti_backend.node.transfer_handlers import TransferHandlers
from ganeti_backend.node.transfer_keys import TransferKeys
from ganeti_backend.node_rpc.calls import CALLS
from ganeti_backend.node_rpc.server import Handler
from ganeti_backend.os_definitions import definition as definitions
from ganeti_backend.os_definitions import environment, script_log, scripts
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.storage import frozen_copy
from ganeti_backend.storage.base import MIB, Storage, disk_size, identifier

Instance = Mapping[str, Any]
Disk = Mapping[str, Any]
Order = Mapping[str, Any]

CREATE, RENAME, EXPORT, IMPORT, VERIFY = "create", "rename", "export", "import", "verify"
VERIFY_SECONDS = 20.0
KEPT_LOGS = 500


class OsHandlers(TransferHandlers):
    """OS definitions, their scripts, and exports of one node."""

    def __init__(
        self,
        settings: Settings,
        node: NodeSettings,
        storage_of: Callable[[Disk], Storage],
        pretend: bool,
    ) -> None:
        super().__init__(TransferKeys(node.dir / "transfer_keys"))
        self._settings = settings
        self._node = node
        self._storage = storage_of
        self._pretend = pretend
        # A node's own folder comes first, what is part of this program last.
        self._folders = (node.dir / "os", *settings.os_dirs, definitions.SHIPPED)
        self._logs = node.dir / "os_logs"
        self._contents = node.dir / "contents"
        self.frozen = node.dir / "frozen"
        self.exports = ExportFolder(node.dir / "exports")
        tasks = node.dir / "tasks"
        for folder in (self._logs, self._contents, self.frozen, self.exports.folder, tasks):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tasks = ScriptTasks(tasks)

    def table(self) -> dict[str, Handler]:
        """Call name to handler."""
        return {name: getattr(self, name) for name in CALLS if hasattr(self, name)}

    # OS definitions.

    def os_diagnose(self) -> list[dict[str, Any]]:
        return [found.to_dict() for found in definitions.diagnose(self._folders)]

    def os_check(
        self, name: str, parameters: Mapping[str, Any] | None, force_variant: bool
    ) -> dict[str, str]:
        """What is wrong with this OS and these parameters; an empty text if nothing is."""
        try:
            found = definitions.find(self._folders, name)
        except OperatingSystemError as error:
            text = f"OS '{name}' not in supported OS list for node {self._node.name}"
            return {"problem": f"{text}: {error.message}"}
        problem = _variant_problem(found, name, force_variant)
        if not problem and parameters is not None:
            problem = self._parameter_problem(found, name, parameters)
        return {"problem": problem}

    def _parameter_problem(
        self, found: definitions.Definition, name: str, parameters: Mapping[str, Any]
    ) -> str:
        if found.api_version < definitions.WITH_PARAMETERS:
            return ""  # The definition says nothing of what it knows.
        known = {parameter for parameter, _ in found.parameters}
        unknown = sorted(set(map(str.lower, parameters)) - known)
        if unknown:
            names = ", ".join(unknown)
            return f"The following parameters are not supported by OS '{name}': {names}"
        if not found.parameters:
            return ""
        variables = environment.basic(found, name, parameters, 0)
        script = scripts.Script(found, VERIFY, variables, VERIFY_SECONDS, ("parameters",))
        log = self._log(VERIFY, name, "cluster", ())
        try:
            scripts.run(script, log)
        except OperatingSystemError as error:
            return f"OS parameters are refused on node {self._node.name}: {error.message}"
        finally:
            log.close()
            log.path.unlink(missing_ok=True)
        return ""

    # Scripts.

    def os_script(self, task_id: str, action: str, wait: float, **order: Any) -> dict[str, Any]:
        """Order a script, or all that belongs to one dump."""
        works = {
            CREATE: self._run,
            RENAME: self._run,
            IMPORT: self._receive if order["transfer"] else self._import,
            EXPORT: self._send if order["transfer"] else self._export,
        }
        if action not in works:
            raise GenericError(f"there is no OS script {action!r}")
        work = works[action]
        disks = [str(disk["uuid"]) for disk in order["instance"]["disks"]]
        self.tasks.start(task_id, disks, lambda task: work(task, action, order))
        return {"task": task_id, **self.tasks.status(task_id, wait)}

    def _run(self, task: ScriptTask, action: str, order: Order) -> None:
        log = self._log_of(action, order)
        try:
            scripts.run(self._script(action, order), log, None, task.hearing)
        finally:
            log.close()

    def _import(self, task: ScriptTask, action: str, order: Order) -> None:
        exports = self._exports_of(order)
        log = self._log_of(action, order)

        def moved(done: int, size: int) -> None:
            task.progress(99 * done // max(size, 1))

        try:
            feed = incoming(exports, order["export"], order["file"], moved)
            scripts.run(self._script(action, order), log, feed, task.hearing)
        finally:
            log.close()
            _close(exports)

    def _export(self, task: ScriptTask, action: str, order: Order) -> None:
        exports = self._exports_of(order)
        log = self._log_of(action, order)
        size = [int(order["instance"]["disks"][order["index"]]["size"]) * MIB]

        def foretold(length: int) -> None:
            size[0] = length

        def moved(done: int) -> None:
            task.progress(min(99, 99 * done // max(size[0], 1)))

        output = Outgoing(exports, order["export"], order["file"], moved)
        try:
            script = self._script(action, order)
            scripts.export(script, log, output, foretold, task.hearing)
            output.finish()
        finally:
            log.close()
            _close(exports)

    def _script(self, action: str, order: Order) -> scripts.Script:
        instance, index = order["instance"], order["index"]
        found = definitions.find(self._folders, instance["os"])
        paths = [self.content(disk) for disk in instance["disks"]]
        if order["frozen"] and index is not None:
            paths[index] = str(self._frozen(instance["disks"][index]))
        variables = {
            **environment.basic(found, instance["os"], order["parameters"], order["debug"]),
            **environment.of_instance(instance, paths, order["networks"]),
            **{str(name): environment.text(value) for name, value in order["variables"].items()},
        }
        if index is not None:
            verb = action.upper()
            variables[f"{verb}_INDEX"] = str(index)
            variables[f"{verb}_DEVICE"] = variables[f"{verb}_DISK_PATH"] = paths[index]
        return scripts.Script(found, action, variables, float(order["limit"]))

    def _log_of(self, action: str, order: Order) -> script_log.ScriptLog:
        parameters = order["parameters"]
        hidden = [environment.text(parameters[name]) for name in order["hidden"]]
        return self._log(action, order["instance"]["os"], order["instance"]["name"], hidden)

    def _log(
        self, action: str, os_name: str, instance: str, hidden: Sequence[str]
    ) -> script_log.ScriptLog:
        script_log.prune(self._logs, KEPT_LOGS)
        parts = (action, identifier(os_name.replace("+", "."), "OS"), instance)
        name = "-".join((*parts, str(time.time_ns() // 1_000_000)))
        return script_log.ScriptLog(self._logs / f"{name}.log", hidden)

    # Exports.

    def disks_freeze(self, task_id: str, disks: Sequence[Disk], wait: float) -> dict[str, Any]:
        """Copy disks as they are now; an export can then take its time."""

        def work(task: ScriptTask) -> None:
            for number, disk in enumerate(disks):
                frozen_copy.make(Path(self.content(disk)), self._frozen(disk), task.look)
                task.progress(99 * (number + 1) // len(disks))

        self.tasks.start(task_id, [str(disk["uuid"]) for disk in disks], work)
        return {"task": task_id, **self.tasks.status(task_id, wait)}

    def disks_thaw(self, disks: Sequence[Disk]) -> None:
        for disk in disks:
            self._frozen(disk).unlink(missing_ok=True)

    def export_begin(self, name: str) -> None:
        self.exports.begin(name)

    def export_write(self, name: str, file: str, offset: int, data: str) -> None:
        self.exports.write(name, file, offset, base64.b64decode(data))

    def export_read(self, name: str, file: str, offset: int, length: int) -> dict[str, Any]:
        piece = self.exports.read(name, file, offset, length) if length else b""
        size = self.exports.size(name, file)
        return {"size": size, "data": base64.b64encode(piece).decode()}

    def export_finish(self, name: str, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.exports.finish(name, sections)

    def export_abort(self, name: str) -> None:
        self.exports.abort(name)

    def export_list(self) -> list[str]:
        return self.exports.names()

    def export_info(self, path: str) -> dict[str, Any]:
        name = self.exports.name_of(path)
        return {"export": name, "sections": self.exports.info(name)}

    def export_remove(self, name: str) -> bool:
        return self.exports.remove(name)

    def task_cancel(self, task_id: str) -> None:
        self.tasks.cancel_task(task_id)

    def release_disk(self, disk: Disk) -> None:
        """Nothing of ours uses the disk any more: it is about to be removed."""
        self.tasks.cancel(disk.get("uuid"))
        self._frozen(disk).unlink(missing_ok=True)
        self._written(disk).unlink(missing_ok=True)

    def content(self, disk: Disk) -> str:
        """Where a script finds what a disk holds.

        Disks that are only written down get a sparse file when a script first wants one.
        """
        if not self._pretend:
            return self._storage(disk).path(disk)
        path, size = self._written(disk), disk_size(disk) * MIB
        with path.open("ab") as file:
            if file.tell() < size:
                file.truncate(size)
        return str(path)

    def _written(self, disk: Disk) -> Path:
        return self._contents / identifier(disk.get("uuid"), "disk")

    def _exports_of(self, order: Order) -> Exports:
        peer = order["peer"]
        if peer["name"] == self._node.name:
            return self.exports
        return RemoteExports(self._settings, peer)

    def _frozen(self, disk: Disk) -> Path:
        return self.frozen / identifier(disk.get("uuid"), "disk")


def _close(exports: Exports) -> None:
    if isinstance(exports, RemoteExports):
        exports.close()


def _variant_problem(found: definitions.Definition, name: str, force: bool) -> str:
    base, variant = definitions.split_name(name)
    if not found.variants:
        return f"OS '{base}' doesn't support variants ('{variant}' passed)" if variant else ""
    if not variant:
        return "OS name must include a variant"
    if variant not in found.variants and not force:
        return f"Unsupported OS variant '{variant}', known are: {', '.join(found.variants)}"
    return ""
