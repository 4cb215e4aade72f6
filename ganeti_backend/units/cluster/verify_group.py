"""CLUSTER_VERIFY_GROUP: is all that lives in a node group where it should be?

Findings go to the job's log; the result is true if none of them is grave. Instances are locked
meanwhile, shared, so that one that is just being started is not taken for a lost one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Debris, Pending
from ganeti_backend.locks import Level
from ganeti_backend.node_rpc import calls
from ganeti_backend.units.cluster import disk_looks, group_findings
from ganeti_backend.units.cluster.group_findings import Scene
from ganeti_backend.units.cluster.reporting import Report
from ganeti_backend.units.groups.base import GroupVerification
from ganeti_backend.units.hook_runner import POST, Occasion, prefixed
from ganeti_backend.units.nodes.base import online

HOOKS = "cluster-verify"
NPLUSONE = "nplusone_mem"


class ClusterVerifyGroup(GroupVerification[opcodes.OpClusterVerifyGroup]):
    OBJECT_TYPE = "CLUSTER"

    def execute(self) -> bool:
        self.report = Report(self)
        self.report.step(f"Verifying group '{self.group.name}'")
        scene = self._scene()
        self.report.step(f"Gathering disk information ({len(scene.nodes)} nodes)")
        looks = disk_looks.look(self, scene.instances, self._answering(scene))
        self.report.step("Verifying node status")
        self._tell(group_findings.of_nodes(scene))
        self._tell(self._versions(scene))
        self.report.step("Verifying instance status")
        self._tell(group_findings.of_instances(scene))
        self._tell(group_findings.lost_mirrors(scene), grave=False)
        self._disks(looks)
        self.report.step("Verifying orphan volumes")
        self._orphan_volumes(scene)
        self._redundancy(scene)
        self._notes(scene)
        self._hooks(self._answering(scene))
        return self.report.good

    def _scene(self) -> Scene:
        held = self.job.granted(Level.INSTANCE)
        nodes = self.nodes()
        self.report.step(f"Gathering data ({len(nodes)} nodes)")
        self.report.step(f"Gathering information about nodes ({len(nodes)} nodes)")
        self.reach.live.forget_running()
        live = self.reach.live.live()
        everything = self.config.instances()
        ours = [item for item in everything if item.name in held and self._of_group(item, nodes)]
        return Scene(
            nodes=nodes,
            instances=sorted(ours, key=lambda item: item.name),
            infos=live.infos,
            running=live.running,
            known={i.name for i in everything} | {p.name for p in self.config.pending()},
        )

    @staticmethod
    def _of_group(instance: objects.Instance, nodes: Sequence[objects.Node]) -> bool:
        return any(node.name in instance.nodes for node in nodes)

    @staticmethod
    def _answering(scene: Scene) -> list[str]:
        return [node.name for node in scene.nodes if scene.answers(node.name)]

    def _tell(self, findings: Iterable[group_findings.Finding], *, grave: bool = True) -> None:
        for code, what, text in findings:
            self.report.found(code, what, text, grave=grave)

    def _versions(self, scene: Scene) -> Iterable[group_findings.Finding]:
        said: dict[str, str] = {}
        master = self.config.cluster().master
        for name in dict.fromkeys([master, *self._answering(scene)]):
            try:
                said[name] = str(self.call(name, calls.VERSION)["version"])
            except errors.NodeError as error:
                self.report.found("ENODERPC", f"node {name}", error.message)
        return group_findings.versions(said, master)

    def _disks(self, looks: Iterable[disk_looks.Look]) -> None:
        for look in looks:
            what, place = f"instance {look.instance.name}", f"disk/{look.index} on {look.node}"
            if look.error is not None:
                self.report.found("EINSTANCEFAULTYDISK", what, f"{place}: {look.error}")
            elif look.status is None:
                self.report.found("EINSTANCEMISSINGDISK", what, f"{place} is missing")
            elif look.instance.admin_state == objects.ADMIN_UP and look.status["degraded"]:
                self.report.found("EINSTANCEFAULTYDISK", what, f"{place} is degraded")

    def _orphan_volumes(self, scene: Scene) -> None:
        known = {disk.uuid for item in self.config.instances() for disk in item.disks}
        records: list[Pending | Debris] = [*self.config.pending(), *self.config.debris()]
        known |= {str(disk["uuid"]) for record in records for disk in record.disks}
        for node in self._answering(scene):
            try:
                volumes = self.call(node, calls.VOLUMES)
            except errors.NodeError as error:
                self.report.found("ENODELVM", f"node {node}", error.message)
                continue
            for volume in volumes:
                if volume.get("disk") and volume["disk"] not in known:
                    text = f"volume {volume['vg']}/{volume['name']} is unknown"
                    self.report.found("ENODEORPHANLV", f"node {node}", text)

    def _redundancy(self, scene: Scene) -> None:
        if NPLUSONE in self.op.skip_checks:
            return
        self.report.step("Verifying N+1 Memory redundancy")
        usage = {node.name: self.config.usage(node.name) for node in scene.nodes}
        self._tell(group_findings.redundancy(scene, usage))

    def _notes(self, scene: Scene) -> None:
        self.report.step("Other Notes")
        offline = [node.name for node in scene.nodes if node.offline]
        drained = [node.name for node in scene.nodes if node.drained]
        for count, word in ((len(offline), "offline"), (len(drained), "drained")):
            if count:
                self.report.note(f"{count} {word} node(s) found.")
        for instance in scene.instances:
            if instance.left_behind or instance.arriving_at:
                self.report.note(f"instance {instance.name} may have a second copy somewhere")

    def _hooks(self, nodes: Sequence[str]) -> None:
        """The scripts' output is part of what is found, so they run in the middle of the opcode."""
        cluster = self.config.cluster()
        occasion = Occasion(
            HOOKS, self.op.OP_ID, self.OBJECT_TYPE, cluster.name, cluster.master,
            self.reach.data_dir,
        )  # fmt: skip
        own = {"CLUSTER_TAGS": " ".join(cluster.tags)}
        own |= {f"NODE_TAGS_{node.name}": " ".join(node.tags) for node in self.nodes()}
        env = {**occasion.variables(POST, HOOKS), **prefixed(own, "GANETI_POST_")}
        self.report.step("Hooks Results")
        for node in online(nodes, self.config):
            try:
                ran: Any = self.call(node, calls.HOOKS_RUN, hooks_path=HOOKS, phase=POST, env=env)
            except errors.NodeError as error:
                text = f"Communication failure in hooks execution: {error.message}"
                self.report.found("ENODEHOOKS", f"node {node}", text)
                continue
            for script, status, output in ran:
                if status != "success":
                    text = f"Script {script} failed, output: {output.strip() or status}"
                    self.report.found("ENODEHOOKS", f"node {node}", text)
