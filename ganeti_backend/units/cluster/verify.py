"""CLUSTER_VERIFY and CLUSTER_VERIFY_DISKS: make the jobs that look at things."""

from __future__ import annotations

from typing import Any

from ganeti_backend import opcodes
from ganeti_backend.units import base, child_jobs


class ClusterVerify(base.Unit[opcodes.OpClusterVerify]):
    """The result names the jobs; what is found is in their logs, whether it is well their result.

    Groups are looked at after the configuration, whatever was found there.
    """

    def check_prerequisites(self) -> None:
        self.groups = group_names(self, self.op.group_name)

    def execute(self) -> dict[str, Any]:
        op = self.op
        common: dict[str, Any] = {
            "error_codes": op.error_codes,
            "ignore_errors": op.ignore_errors,
            "verbose": op.verbose,
            "debug_simulate_errors": op.debug_simulate_errors,
        }
        known = self._config_job()
        jobs: list[list[opcodes.OpCode]] = []
        if op.group_name is None:
            jobs.append([opcodes.OpClusterVerifyConfig(**common)])
        for name in self.groups:
            after = None
            if op.group_name is None:
                after = [[-len(jobs) if known is None else known, []]]
            verification = opcodes.OpClusterVerifyGroup(
                group_name=name, skip_checks=op.skip_checks, depends=after, **common
            )
            jobs.append([verification])
        return child_jobs.submit(self, jobs)

    def _config_job(self) -> int | None:
        """The one that was made before a crash, which a relative number would not find."""
        if not self.job.again:
            return None
        wanted = opcodes.OpClusterVerifyConfig
        found = (job for job in child_jobs.children(self) if isinstance(job.ops[0].input, wanted))
        return next((job.id for job in found), None)


class ClusterVerifyDisks(base.Unit[opcodes.OpClusterVerifyDisks]):
    def check_prerequisites(self) -> None:
        self.groups = group_names(self, self.op.group_name)

    def execute(self) -> dict[str, Any]:
        jobs = [[opcodes.OpGroupVerifyDisks(group_name=name)] for name in self.groups]
        return child_jobs.submit(self, jobs)


def group_names(unit: base.Unit[Any], wanted: str | None) -> list[str]:
    if wanted is not None:
        return [base.find_group(unit.config, wanted).name]
    return sorted(group.name for group in unit.config.groups())
