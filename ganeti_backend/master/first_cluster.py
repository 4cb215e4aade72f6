"""A new cluster's configuration: made at a master's first start, or by `gnt-cluster init` before.

Only the second has parameters to begin with; afterwards CLUSTER_SET_PARAMS changes them, which
checks them in the same way.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.certificates.domain_secret import new_secret
from ganeti_backend.configuration.config import Config, new_uuid
from ganeti_backend.durable import sync_folder
from ganeti_backend.parameters import ipolicy
from ganeti_backend.settings import Settings
from ganeti_backend.units.cluster import settings as cluster_settings

DEFAULT_GROUP = "default"
UNFINISHED = "config.new"


def make(config: Config, settings: Settings) -> None:
    """The cluster and its group, with the usual parameters; its nodes come from the settings."""
    now = config.now()
    templates = dict.fromkeys([*settings.disk_templates, "diskless"])
    cluster = objects.Cluster(
        name=settings.cluster_name,
        uuid=new_uuid(),
        ctime=now,
        mtime=now,
        master=settings.master,
        enabled_hypervisors=(settings.hypervisor,),
        enabled_disk_templates=tuple(templates),
        domain_secret=new_secret(),
    )
    group = objects.NodeGroup(name=DEFAULT_GROUP, uuid=new_uuid(), ctime=now, mtime=now)
    config.commit([cluster, group])


def prepare(settings: Settings, wish: opcodes.OpClusterSetParams) -> None:
    """Before any master ran: a cluster with these parameters. Refused ones leave nothing behind."""
    if settings.config_dir.exists() and any(settings.config_dir.iterdir()):
        text = f"There is a cluster in {settings.config_dir} already"
        raise errors.ConfigurationError(f"{text}: 'gnt-cluster modify' changes its parameters")
    folder = settings.config_dir.with_name(UNFINISHED)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        _write(folder, settings, wish)
        folder.replace(settings.config_dir)
        sync_folder(settings.config_dir.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, settings: Settings, wish: opcodes.OpClusterSetParams) -> None:
    config = Config(folder)
    config.load()
    try:
        make(config, settings)
        cluster_settings.refuse_absent(wish)
        cluster_settings.check_allocator(wish.default_iallocator, str(settings.data_dir))
        after = config.cluster().replace(**cluster_settings.all_changes(config, wish))
        for group in config.groups():
            ipolicy.check(ipolicy.of_group(after, group))
        config.commit([after])
    finally:
        config.close()
