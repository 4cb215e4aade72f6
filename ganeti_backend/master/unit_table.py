"""Which logical unit does an opcode's work."""

from __future__ import annotations

from typing import Any

from ganeti_backend import opcodes
from ganeti_backend.units.backups.export import BackupExport
from ganeti_backend.units.backups.prepare import BackupPrepare
from ganeti_backend.units.backups.remove import BackupRemove
from ganeti_backend.units.base import Unit
from ganeti_backend.units.cluster.manage import (
    ClusterDestroy,
    ClusterPostInit,
    ClusterRedistConf,
    ClusterRename,
)
from ganeti_backend.units.cluster.query import (
    ClusterConfigQuery,
    ClusterQuery,
    TagsGet,
    TagsSearch,
)
from ganeti_backend.units.cluster.renew_crypto import ClusterRenewCrypto
from ganeti_backend.units.cluster.set_params import ClusterSetParams
from ganeti_backend.units.cluster.verify import ClusterVerify, ClusterVerifyDisks
from ganeti_backend.units.cluster.verify_config import ClusterVerifyConfig
from ganeti_backend.units.cluster.verify_disks import ClusterRepairDiskSizes, GroupVerifyDisks
from ganeti_backend.units.cluster.verify_group import ClusterVerifyGroup
from ganeti_backend.units.groups.manage import GroupAdd, GroupRemove, GroupRename, GroupSetParams
from ganeti_backend.units.groups.nodes import GroupAssignNodes, GroupEvacuate
from ganeti_backend.units.instances.change_group import InstanceChangeGroup
from ganeti_backend.units.instances.console import InstanceConsole
from ganeti_backend.units.instances.create import InstanceCreate
from ganeti_backend.units.instances.disk_activation import (
    InstanceActivateDisks,
    InstanceDeactivateDisks,
)
from ganeti_backend.units.instances.failover import InstanceFailover
from ganeti_backend.units.instances.grow_disk import InstanceGrowDisk
from ganeti_backend.units.instances.holding import (
    InstancePause,
    InstanceResume,
    InstanceSuspend,
    InstanceUnpause,
)
from ganeti_backend.units.instances.migrate import InstanceMigrate
from ganeti_backend.units.instances.move import InstanceMove
from ganeti_backend.units.instances.multi_alloc import InstanceMultiAlloc
from ganeti_backend.units.instances.power import InstanceReboot, InstanceShutdown, InstanceStartup
from ganeti_backend.units.instances.query_data import InstanceQueryData
from ganeti_backend.units.instances.recreate_disks import InstanceRecreateDisks
from ganeti_backend.units.instances.reinstall import InstanceReinstall
from ganeti_backend.units.instances.remove import InstanceRemove
from ganeti_backend.units.instances.rename import InstanceRename
from ganeti_backend.units.instances.replace_disks import InstanceReplaceDisks
from ganeti_backend.units.instances.save_disk import InstanceSaveDisk
from ganeti_backend.units.instances.set_params import InstanceSetParams
from ganeti_backend.units.instances.snapshot import InstanceSnapshot
from ganeti_backend.units.instances.test_allocator import TestAllocator
from ganeti_backend.units.network import (
    NetworkAdd,
    NetworkConnect,
    NetworkDisconnect,
    NetworkRemove,
)
from ganeti_backend.units.network_changes import NetworkRename, NetworkSetParams
from ganeti_backend.units.nodes.add import NodeAdd
from ganeti_backend.units.nodes.evacuate import NodeEvacuate, NodeMigrate
from ganeti_backend.units.nodes.power import NodePowercycle, OobCommand
from ganeti_backend.units.nodes.remove import NodeRemove
from ganeti_backend.units.nodes.restricted import RestrictedCommand
from ganeti_backend.units.nodes.set_params import NodeSetParams
from ganeti_backend.units.nodes.storage import (
    NodeModifyStorage,
    NodeQueryStorage,
    NodeQueryvols,
    RepairNodeStorage,
)
from ganeti_backend.units.systems.diagnose import OsDiagnose
from ganeti_backend.units.tags import TagsDel, TagsSet
from ganeti_backend.units.test_delay import TestDelay

UNITS: dict[type[opcodes.OpCode], type[Unit[Any]]] = {
    opcodes.OpInstanceCreate: InstanceCreate,
    opcodes.OpInstanceRemove: InstanceRemove,
    opcodes.OpInstanceStartup: InstanceStartup,
    opcodes.OpInstanceShutdown: InstanceShutdown,
    opcodes.OpInstanceReboot: InstanceReboot,
    opcodes.OpInstanceSetParams: InstanceSetParams,
    opcodes.OpInstanceQueryData: InstanceQueryData,
    opcodes.OpInstanceGrowDisk: InstanceGrowDisk,
    opcodes.OpInstanceRecreateDisks: InstanceRecreateDisks,
    opcodes.OpInstanceActivateDisks: InstanceActivateDisks,
    opcodes.OpInstanceDeactivateDisks: InstanceDeactivateDisks,
    opcodes.OpInstanceReplaceDisks: InstanceReplaceDisks,
    opcodes.OpInstanceSnapshot: InstanceSnapshot,
    opcodes.OpInstanceSaveDisk: InstanceSaveDisk,
    opcodes.OpInstancePause: InstancePause,
    opcodes.OpInstanceUnpause: InstanceUnpause,
    opcodes.OpInstanceSuspend: InstanceSuspend,
    opcodes.OpInstanceResume: InstanceResume,
    opcodes.OpInstanceReinstall: InstanceReinstall,
    opcodes.OpInstanceRename: InstanceRename,
    opcodes.OpInstanceConsole: InstanceConsole,
    opcodes.OpOsDiagnose: OsDiagnose,
    opcodes.OpBackupPrepare: BackupPrepare,
    opcodes.OpBackupExport: BackupExport,
    opcodes.OpBackupRemove: BackupRemove,
    opcodes.OpInstanceMigrate: InstanceMigrate,
    opcodes.OpInstanceFailover: InstanceFailover,
    opcodes.OpInstanceMove: InstanceMove,
    opcodes.OpInstanceChangeGroup: InstanceChangeGroup,
    opcodes.OpInstanceMultiAlloc: InstanceMultiAlloc,
    opcodes.OpTestAllocator: TestAllocator,
    opcodes.OpNetworkAdd: NetworkAdd,
    opcodes.OpNetworkRemove: NetworkRemove,
    opcodes.OpNetworkSetParams: NetworkSetParams,
    opcodes.OpNetworkRename: NetworkRename,
    opcodes.OpNetworkConnect: NetworkConnect,
    opcodes.OpNetworkDisconnect: NetworkDisconnect,
    opcodes.OpGroupAdd: GroupAdd,
    opcodes.OpGroupRemove: GroupRemove,
    opcodes.OpGroupRename: GroupRename,
    opcodes.OpGroupSetParams: GroupSetParams,
    opcodes.OpGroupAssignNodes: GroupAssignNodes,
    opcodes.OpGroupEvacuate: GroupEvacuate,
    opcodes.OpNodeAdd: NodeAdd,
    opcodes.OpNodeEvacuate: NodeEvacuate,
    opcodes.OpNodeMigrate: NodeMigrate,
    opcodes.OpNodePowercycle: NodePowercycle,
    opcodes.OpOobCommand: OobCommand,
    opcodes.OpNodeRemove: NodeRemove,
    opcodes.OpRestrictedCommand: RestrictedCommand,
    opcodes.OpNodeSetParams: NodeSetParams,
    opcodes.OpNodeModifyStorage: NodeModifyStorage,
    opcodes.OpNodeQueryStorage: NodeQueryStorage,
    opcodes.OpNodeQueryvols: NodeQueryvols,
    opcodes.OpRepairNodeStorage: RepairNodeStorage,
    opcodes.OpTagsSet: TagsSet,
    opcodes.OpTagsDel: TagsDel,
    opcodes.OpClusterRenewCrypto: ClusterRenewCrypto,
    opcodes.OpTagsGet: TagsGet,
    opcodes.OpTagsSearch: TagsSearch,
    opcodes.OpClusterQuery: ClusterQuery,
    opcodes.OpClusterConfigQuery: ClusterConfigQuery,
    opcodes.OpClusterPostInit: ClusterPostInit,
    opcodes.OpClusterDestroy: ClusterDestroy,
    opcodes.OpClusterRename: ClusterRename,
    opcodes.OpClusterRedistConf: ClusterRedistConf,
    opcodes.OpClusterRepairDiskSizes: ClusterRepairDiskSizes,
    opcodes.OpClusterSetParams: ClusterSetParams,
    opcodes.OpClusterVerify: ClusterVerify,
    opcodes.OpClusterVerifyConfig: ClusterVerifyConfig,
    opcodes.OpClusterVerifyGroup: ClusterVerifyGroup,
    opcodes.OpClusterVerifyDisks: ClusterVerifyDisks,
    opcodes.OpGroupVerifyDisks: GroupVerifyDisks,
    opcodes.OpTestDelay: TestDelay,
}
