"""What the operator asks of `./cloud up`, held against what lies in the folder already."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from synnefo.cloud import attached
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import DEFAULT_PORT, Choices


@dataclass(frozen=True)
class Wishes:
    """What the command line said; None means: as before, or the default."""

    port: int | None = None
    profile: str | None = None
    hypervisor: str = "auto"
    first_server: bool = True
    json_logs: bool = False
    brokers: int | None = None
    dispatchers: int | None = None
    cluster: attached.Wish = field(default_factory=attached.Wish)

    def choices(self, state: Path, saved: Choices | None) -> Choices:
        """What this start begins with; CloudError where the folder was made by other choices."""
        before = saved or Choices(port=DEFAULT_PORT)
        attached.check(self.cluster, saved.backend if saved else None)
        found = replace(
            before,
            port=self.port or before.port,
            profile=self.profile or before.profile,
            brokers=self.brokers or before.brokers,
            dispatchers=self.dispatchers or before.dispatchers,
            logs="json" if self.json_logs else os.environ.get("SYNNEFO_LOG", ""),
        )
        if saved is not None:
            self._check_what_stays(state, saved, found)
        return self.cluster.kept(found)

    def _check_what_stays(self, state: Path, saved: Choices, found: Choices) -> None:
        other = "choose another folder with --state"
        if found.profile != saved.profile:
            raise CloudError(f"{state} holds a cloud of the profile {saved.profile}: {other}")
        if found.brokers != saved.brokers:
            raise CloudError(f"{state} holds a cloud with {saved.brokers} of --brokers: {other}")
        if self.hypervisor not in ("auto", saved.hypervisor):
            raise CloudError(f"{state} holds a cloud on the hypervisor {saved.hypervisor}: {other}")
