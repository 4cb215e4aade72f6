"""Opcodes: what can be asked of the cluster, as frozen dataclasses with Ganeti's ids and fields.

A field carries its check; `from_dict` refuses unknown fields and wrong types with Ganeti's words.
No opcode does anything: the logical unit of the same name in `units` does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors
from ganeti_backend.opcodes import (
    backups,
    certificates,
    cluster,
    disks,
    groups,
    holding,
    instances,
    moves,
    networks,
    nodes,
    systems,
    testing,
)
from ganeti_backend.opcodes.backups import OpBackupExport, OpBackupPrepare, OpBackupRemove
from ganeti_backend.opcodes.certificates import OpClusterRenewCrypto
from ganeti_backend.opcodes.cluster import (
    OpClusterConfigQuery,
    OpClusterDestroy,
    OpClusterPostInit,
    OpClusterQuery,
    OpClusterRedistConf,
    OpClusterRename,
    OpClusterRepairDiskSizes,
    OpClusterSetParams,
    OpClusterVerify,
    OpClusterVerifyConfig,
    OpClusterVerifyDisks,
    OpClusterVerifyGroup,
    OpGroupVerifyDisks,
    OpTagsDel,
    OpTagsGet,
    OpTagsSearch,
    OpTagsSet,
)
from ganeti_backend.opcodes.disks import (
    OpInstanceActivateDisks,
    OpInstanceDeactivateDisks,
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceReplaceDisks,
    OpInstanceSaveDisk,
    OpInstanceSnapshot,
)
from ganeti_backend.opcodes.fields import (
    PRIORITY_HIGH,
    PRIORITY_LOW,
    PRIORITY_NORMAL,
    REBOOT_TYPES,
    REDACTED,
    SUBMIT_PRIORITIES,
    TAG_KINDS,
    Check,
    OpCode,
)
from ganeti_backend.opcodes.groups import (
    OpGroupAdd,
    OpGroupAssignNodes,
    OpGroupEvacuate,
    OpGroupRemove,
    OpGroupRename,
    OpGroupSetParams,
)
from ganeti_backend.opcodes.holding import (
    OpInstancePause,
    OpInstanceResume,
    OpInstanceSuspend,
    OpInstanceUnpause,
)
from ganeti_backend.opcodes.instances import (
    OpInstanceCreate,
    OpInstanceQueryData,
    OpInstanceReboot,
    OpInstanceRemove,
    OpInstanceSetParams,
    OpInstanceShutdown,
    OpInstanceStartup,
)
from ganeti_backend.opcodes.moves import (
    OpInstanceChangeGroup,
    OpInstanceFailover,
    OpInstanceMigrate,
    OpInstanceMove,
    OpInstanceMultiAlloc,
    OpTestAllocator,
)
from ganeti_backend.opcodes.networks import (
    OpNetworkAdd,
    OpNetworkConnect,
    OpNetworkDisconnect,
    OpNetworkRemove,
    OpNetworkRename,
    OpNetworkSetParams,
)
from ganeti_backend.opcodes.nodes import (
    OpNodeAdd,
    OpNodeEvacuate,
    OpNodeMigrate,
    OpNodeModifyStorage,
    OpNodePowercycle,
    OpNodeQueryStorage,
    OpNodeQueryvols,
    OpNodeRemove,
    OpNodeSetParams,
    OpOobCommand,
    OpRepairNodeStorage,
    OpRestrictedCommand,
)
from ganeti_backend.opcodes.systems import (
    OpInstanceConsole,
    OpInstanceReinstall,
    OpInstanceRename,
    OpOsDiagnose,
)
from ganeti_backend.opcodes.testing import OpTestDelay

__all__ = [
    "CLASSES",
    "PRIORITY_HIGH",
    "PRIORITY_LOW",
    "PRIORITY_NORMAL",
    "REBOOT_TYPES",
    "REDACTED",
    "SUBMIT_PRIORITIES",
    "TAG_KINDS",
    "Check",
    "OpBackupExport",
    "OpBackupPrepare",
    "OpBackupRemove",
    "OpClusterConfigQuery",
    "OpClusterDestroy",
    "OpClusterPostInit",
    "OpClusterQuery",
    "OpClusterRedistConf",
    "OpClusterRename",
    "OpClusterRenewCrypto",
    "OpClusterRepairDiskSizes",
    "OpClusterSetParams",
    "OpClusterVerify",
    "OpClusterVerifyConfig",
    "OpClusterVerifyDisks",
    "OpClusterVerifyGroup",
    "OpCode",
    "OpGroupAdd",
    "OpGroupAssignNodes",
    "OpGroupEvacuate",
    "OpGroupRemove",
    "OpGroupRename",
    "OpGroupSetParams",
    "OpGroupVerifyDisks",
    "OpInstanceActivateDisks",
    "OpInstanceChangeGroup",
    "OpInstanceConsole",
    "OpInstanceCreate",
    "OpInstanceDeactivateDisks",
    "OpInstanceFailover",
    "OpInstanceGrowDisk",
    "OpInstanceMigrate",
    "OpInstanceMove",
    "OpInstanceMultiAlloc",
    "OpInstancePause",
    "OpInstanceQueryData",
    "OpInstanceReboot",
    "OpInstanceRecreateDisks",
    "OpInstanceReinstall",
    "OpInstanceRemove",
    "OpInstanceRename",
    "OpInstanceReplaceDisks",
    "OpInstanceResume",
    "OpInstanceSaveDisk",
    "OpInstanceSetParams",
    "OpInstanceShutdown",
    "OpInstanceSnapshot",
    "OpInstanceStartup",
    "OpInstanceSuspend",
    "OpInstanceUnpause",
    "OpNetworkAdd",
    "OpNetworkConnect",
    "OpNetworkDisconnect",
    "OpNetworkRemove",
    "OpNetworkRename",
    "OpNetworkSetParams",
    "OpNodeAdd",
    "OpNodeEvacuate",
    "OpNodeMigrate",
    "OpNodeModifyStorage",
    "OpNodePowercycle",
    "OpNodeQueryStorage",
    "OpNodeQueryvols",
    "OpNodeRemove",
    "OpNodeSetParams",
    "OpOobCommand",
    "OpOsDiagnose",
    "OpRepairNodeStorage",
    "OpRestrictedCommand",
    "OpTagsDel",
    "OpTagsGet",
    "OpTagsSearch",
    "OpTagsSet",
    "OpTestAllocator",
    "OpTestDelay",
    "from_dict",
]

CLASSES: dict[str, type[OpCode]] = {
    cls.OP_ID: cls
    for area in (
        instances,
        moves,
        networks,
        cluster,
        testing,
        nodes,
        groups,
        systems,
        backups,
        disks,
        holding,
        certificates,
    )
    for cls in area.OPCODES
}


def from_dict(data: Mapping[str, Any]) -> OpCode:
    """The opcode that `data` describes; OpPrereqError says what is wrong with it."""
    op_id = data.get("OP_ID")
    cls = CLASSES.get(op_id) if isinstance(op_id, str) else None
    if cls is None:
        raise errors.OpPrereqError(f"Unknown opcode {op_id!r}", errors.ECODE_INVAL)
    known = {item.name for item in dataclasses.fields(cls)}
    for name in data:
        if name != "OP_ID" and name not in known:
            # One argument on purpose: RAPI shows this text bare, unlike a failed validation.
            text = f"Object {cls.__name__} doesn't support the parameter '{name}'"
            raise errors.OpPrereqError(text)
    try:
        return cls(**{name: value for name, value in data.items() if name != "OP_ID"})
    except TypeError as error:
        for item in dataclasses.fields(cls):
            if item.name not in data and not has_default(item):
                text = f"Parameter '{op_id}.{item.name}' fails validation"
                raise errors.OpPrereqError(text, errors.ECODE_INVAL) from error
        raise


def has_default(item: dataclasses.Field[Any]) -> bool:
    """Whether an opcode may leave the field out."""
    return (item.default, item.default_factory) != (dataclasses.MISSING, dataclasses.MISSING)
