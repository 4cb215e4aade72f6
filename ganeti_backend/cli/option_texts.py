"""What options mean that several commands have, in one place; read for help and man pages only.

A command says itself what only it knows: `help=` and `metavar=` of an option win over this table.
"""

import argparse

# Option, or metavar of an argument: what it means.
TEXTS = {
    "-h": "show what can be given",
    "--accelerator": "how libvirt runs guests",
    "--add-reserved-ips": "addresses that no instance gets",
    "--alloc-policy": "whether new instances come here, only at need, or never",
    "--backend-parameters": "memory, processors and how they are balanced",
    "--blacklisted": "whether new instances may have it",
    "--compress": "how what is read was packed",
    "--disk": "a disk; may be given several times",
    "--disk-parameters": "parameters of a disk template",
    "--disk-template": "how disks are stored, such as file or diskless",
    "--disks": "the disks that are meant, by number; default all",
    "--dir": "in: print the question; out: run the allocator and print its answer",
    "--early-release": "free the old disks before the new ones are in sync",
    "--enabled-disk-templates": "what instances may be made with",
    "--evac-mode": "which instances of a node an evacuation is about",
    "--file-driver": "how a file disk is opened: loop or blktap",
    "--file-storage-dir": "the folder of file disks, below the cluster's",
    "--force": "do not ask, and do it although something warns",
    "--force-variant": "also a variant that the definition does not name",
    "--gateway": "address of the router; no instance gets it",
    "--gateway6": "address of the IPv6 router",
    "--hidden": "whether lists leave it out",
    "--hotplug-if-possible": "change a running one at once where that can be done",
    "--hypervisor": "what runs instances",
    "--hypervisor-parameters": "parameters of the hypervisor",
    "--iallocator": "the allocator that chooses nodes; '.' is the cluster's default",
    "--ignore-consistency": "also where a mirror is not in sync, at the risk of old data",
    "--ignore-errors": "findings that do not make it fail",
    "--ignore-hvversions": "also between different versions of the hypervisor",
    "--ignore-ipolicy": "do not hold it to the instance policy",
    "--ignore-remove-failures": "end well although the instance could not be removed",
    "--ignore-secondaries": "go on although a secondary node does not answer",
    "--ignore-soft-errors": "let the allocator go on after errors that can be ignored",
    "--image-dir": "the folder of images",
    "--ipolicy-bounds-specs": "the smallest and the largest instance",
    "--ipolicy-disk-templates": "the disk templates an instance may have",
    "--ipolicy-spindle-ratio": "how many spindles instances may use for each of a node",
    "--ipolicy-std-specs": "the instance that capacity is counted in",
    "--ipolicy-vcpu-ratio": "how many virtual processors there may be for each of a node",
    "--job-repeat": "submit each file so often",
    "--libvirt-uri": "where libvirt is",
    "--mac-prefix": "the first half of hardware addresses",
    "--memory": "memory of the instance in question",
    "--migration-mode": "live: it runs on; non-live: it is stopped meanwhile",
    "--mode": "what the allocator is asked",
    "--net": "a network interface; may be given several times",
    "--network": "how instances are connected",
    "--network6": "the IPv6 range",
    "--new-node-certificates": "make the certificates of all nodes anew",
    "--new-rapi-certificate": "make the remote API's certificate anew",
    "--new-secondary": "the node that becomes the secondary one",
    "--nic-parameters": "mode, link and VLAN of interfaces",
    "--nics": "interfaces of the instance in question",
    "--no-conflicts-check": "do not check addresses against networks",
    "--no-headers": "print no line of titles",
    "--no-ip-check": "do not look whether the address is in use",
    "--no-name-check": "do not resolve the name",
    "--no-nics": "no network interface at all",
    "--no-runtime-changes": "keep a guest's memory as it is",
    "--no-start": "leave it stopped",
    "--no-wait-for-sync": "do not wait for disks to be in sync",
    "--node": "the node that is meant",
    "--node-group": "the node group that is meant",
    "--node-parameters": "parameters of nodes",
    "--non-live": "stop it meanwhile",
    "--offline": "take it out of use",
    "--on-primary": "replace the disks on the primary node",
    "--on-secondary": "replace the disks on the secondary node",
    "--online": "take it into use again",
    "--oob-timeout": "how long the out-of-band program may take",
    "--op-repeat": "repeat the opcodes of a file so often in its job",
    "--os-parameters": "parameters of the OS definition; anybody may read them",
    "--os-type": "the OS definition",
    "--paused": "start it, but let it not run yet",
    "--power-delay": "wait so long between two nodes",
    "--primary-only": "only instances that run there",
    "--priority": "how urgent the job is",
    "--rapi-host": "where the remote API listens",
    "--rapi-password-file": "a file with that user's password",
    "--rapi-port": "and on which port",
    "--remove-os-parameters": "parameters that it no longer has",
    "--runtime-memory": "give a running one so much memory",
    "--secondary-ip": "the address for copies between nodes",
    "--secondary-only": "only mirrors that are kept there",
    "--separator": "put this between columns",
    "--show-machine-names": "print the node's name before each line",
    "--shutdown-timeout": "how long a guest may take to stop before it is cut off",
    "--spindle-use": "spindles of the instance in question",
    "--storage-type": "the kind of storage",
    "--tags": "tags that it gets",
    "--target-groups": "the node groups to go to",
    "--target-node": "where to go",
    "--to": "a node group to go to; may be given several times",
    "--transport-compression": "how what is written is packed",
    "--type": "soft: by the guest; hard: by the hypervisor; full: stop and start",
    "--vcpus": "processors of the instance in question",
    "--verbose": "say more",
    "--zero-free-space": "write zeros to what the guest's file systems do not use",
    "--zeroing-timeout-fixed": "how long that may take",
    "--zeroing-timeout-per-mib": "and how much longer for each mebibyte",
    "CLUSTER": "the cluster's name",
    "COMMAND": "the name of the command",
    "DISK": "its number, name or UUID",
    "FIELD": "a field that can be listed",
    "FILE": "the path of a file",
    "GROUP": "a node group",
    "INSTANCE": "an instance",
    "INSTANCE|NODE": "an instance, or with --node or --pri-node a node",
    "JOB": "the number of a job",
    "NAME": "its name",
    "NETWORK": "a network",
    "NEW": "its new name",
    "NEW-NAME": "its new name",
    "NODE": "a node",
    "OLD": "its name until now",
    "OS": "an OS definition",
    "SECONDS": "how long",
    "SNAPSHOT": "the name of a snapshot",
    "TAG": "a tag",
}
# Choices of arguments that have no metavar, by the argument's name.
CHOICES = {
    "action": "what to do",
    "storage_type": "the kind of storage",
    "what": "what to do",
}
# Options that do not say themselves what their values are.
METAVARS = {
    "--address": "ADDRESS",
    "--dst-node": "NODE",
    "--file-driver": "DRIVER",
    "--file-storage-dir": "PATH",
    "--gateway": "ADDRESS",
    "--gateway6": "ADDRESS",
    "--iallocator": "NAME",
    "--image-dir": "DIR",
    "--libvirt-uri": "URI",
    "--mac-prefix": "PREFIX",
    "--memory": "SIZE",
    "--node": "NODE",
    "--node-group": "GROUP",
    "--node-port": "PORT",
    "--os-parameters": "KEY=VALUE,…",
    "--os-size": "SIZE",
    "--os-type": "OS",
    "--port": "PORT",
    "--rapi-host": "ADDRESS",
    "--rapi-port": "PORT",
    "--rapi-user": "NAME",
    "--reason": "TEXT",
    "--runtime-memory": "SIZE",
    "--separator": "TEXT",
    "--shutdown-timeout": "SECONDS",
    "--src-node": "NODE",
    "--state-dir": "DIR",
    "--target-groups": "GROUP,…",
    "--target-node": "NODE",
    "--timeout": "SECONDS",
    "--disk-template": "TEMPLATE",
    "--zeroing-timeout-fixed": "SECONDS",
    "--zeroing-timeout-per-mib": "SECONDS",
}


def text(action: argparse.Action) -> str:
    """What an option or argument means."""
    if action.help:
        return action.help.replace("%%", "%")
    names = [*reversed(action.option_strings), metavar(action)]
    found = next((TEXTS[name] for name in names if name in TEXTS), "")
    return found or ("" if action.option_strings else CHOICES.get(action.dest, ""))


def metavar(action: argparse.Action) -> str:
    """What its value is called."""
    if isinstance(action.metavar, str):
        return action.metavar
    known = (METAVARS[name] for name in action.option_strings if name in METAVARS)
    return next(known, action.dest.upper().replace("_", "-"))


def fill(actions: list[argparse.Action]) -> None:
    """Give the actions of a parser what they do not say themselves, before help is printed."""
    for action in actions:
        if action.help == argparse.SUPPRESS:
            continue
        action.help = text(action).replace("%", "%%") or None
        if action.metavar is None and action.nargs != 0 and action.choices is None:
            action.metavar = metavar(action)
