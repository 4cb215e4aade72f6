"""CLUSTER_VERIFY_CONFIG: does the configuration contradict itself? Findings go to the job's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ganeti_backend import opcodes
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base
from ganeti_backend.units.cluster import node_findings
from ganeti_backend.units.cluster.reporting import Report
from ganeti_backend.units.instances import copies

ECLUSTERCFG = "ECLUSTERCFG"
EINSTANCEBADNODE = "EINSTANCEBADNODE"
EINSTANCELAYOUT = "EINSTANCELAYOUT"
EINSTANCEWRONGNODE = "EINSTANCEWRONGNODE"


class ClusterVerifyConfig(base.Unit[opcodes.OpClusterVerifyConfig]):
    """The result is true if nothing was found that is not to be ignored."""

    OBJECT_TYPE = "CLUSTER"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # A half-made instance is locked by its creation, so this sees none.
        return {ALL: base.SHARED}

    def execute(self) -> bool:
        report = Report(self)
        report.step("Verifying cluster config")
        for code, what, text in self.findings():
            report.found(code, what, text)
        return report.good

    def findings(self) -> Iterator[tuple[str, str, str]]:
        """Each as (code, object, text)."""
        yield from self._broken_references()
        yield from self._doubled_addresses()
        yield from node_findings.findings(self.config)
        for pending in self.config.pending():
            text = f"job {pending.job_id} left something on node {pending.node}"
            yield EINSTANCELAYOUT, f"instance {pending.name}", text
        for debris in self.config.debris():
            text = f"job {debris.job_id} left disks on {', '.join(debris.nodes)}"
            yield EINSTANCELAYOUT, f"instance {debris.instance}", text
        for instance in self.config.instances():
            if copies.doubtful(instance):
                nodes = ", ".join(filter(None, (instance.arriving_at, *instance.left_behind)))
                text = f"a move left it in doubt whether it also runs on {nodes}; "
                text += f"'gnt-instance migrate --cleanup {instance.name}' ends that"
                yield EINSTANCEWRONGNODE, f"instance {instance.name}", text

    def _broken_references(self) -> Iterator[tuple[str, str, str]]:
        nodes = {node.name for node in self.config.nodes()}
        groups = {group.uuid for group in self.config.groups()}
        networks = {network.uuid for network in self.config.networks()}
        for node in self.config.nodes():
            if node.group not in groups:
                yield ECLUSTERCFG, f"node {node.name}", f"unknown node group {node.group}"
        if self.config.cluster().master not in nodes:
            yield ECLUSTERCFG, "cluster", "the master is not one of the nodes"
        for instance in self.config.instances():
            what = f"instance {instance.name}"
            if instance.primary_node not in nodes:
                yield EINSTANCEBADNODE, what, f"unknown node {instance.primary_node}"
            for nic in instance.nics:
                if nic.network is not None and nic.network not in networks:
                    yield ECLUSTERCFG, what, f"unknown network {nic.network}"

    def _doubled_addresses(self) -> Iterator[tuple[str, str, str]]:
        nics = [nic for instance in self.config.instances() for nic in instance.nics]
        for mac, count in Counter(nic.mac for nic in nics).items():
            if count > 1:
                yield ECLUSTERCFG, "cluster", f"MAC address {mac} is used {count} times"
        places = Counter((nic.network, nic.ip) for nic in nics if nic.network and nic.ip)
        for (network, ip), count in places.items():
            if count > 1:
                yield ECLUSTERCFG, f"network {network}", f"address {ip} is used {count} times"
