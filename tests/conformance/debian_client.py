"""Calls every method of Debian's own RAPI client; run by Debian's Python, which has its parts.

debian_client.py PORT USER PASSWORD CA NODE1 NODE2 NODE3. Prints one JSON object: method names to
what came of them. A number that a method answers with is a job, and its end is what came of it.
"""

import json
import sys
import threading

from ganeti.rapi import client as ganeti_client

INSTANCE = "client-a.conf.test"
OTHER = "client-b.conf.test"
LIGHT = {"os": "noop", "name_check": False, "ip_check": False, "start": False}
LIGHT["beparams"] = {"minmem": 16, "maxmem": 16, "vcpus": 1}


def calls(nodes):
    """(method, positional arguments, named arguments), in an order in which each makes sense."""
    node1, node2, node3 = nodes
    file = [{"size": 16}]
    light = dict(LIGHT, pnode=node1)
    alloc = {"os_type": "noop", "name_check": False, "ip_check": False, "start": False}
    alloc["pnode"] = node1
    return [
        ("GetVersion", (), {}),
        ("GetFeatures", (), {}),
        ("GetOperatingSystems", (), {}),
        ("GetInfo", (), {}),
        ("RedistributeConfig", (), {}),
        ("ModifyCluster", (), {"candidate_pool_size": 10}),
        ("AddClusterTags", (["red"],), {}),
        ("GetClusterTags", (), {}),
        ("DeleteClusterTags", (["red"],), {}),
        (
            "CreateInstance",
            ("create", INSTANCE, "sharedfile", file, [{}]),
            light,
        ),
        ("GetInstances", (), {}),
        ("GetInstances", (), {"bulk": True}),
        ("GetInstance", (INSTANCE,), {}),
        ("GetInstanceInfo", (INSTANCE,), {"static": True}),
        ("AddInstanceTags", (INSTANCE, ["blue"]), {}),
        ("GetInstanceTags", (INSTANCE,), {}),
        ("DeleteInstanceTags", (INSTANCE, ["blue"]), {}),
        ("ModifyInstance", (INSTANCE,), {"beparams": {"vcpus": 2}}),
        ("ActivateInstanceDisks", (INSTANCE,), {}),
        ("DeactivateInstanceDisks", (INSTANCE,), {}),
        ("RecreateInstanceDisks", (INSTANCE,), {}),
        ("GrowInstanceDisk", (INSTANCE, 0, 16), {}),
        ("StartupInstance", (INSTANCE,), {}),
        ("GetInstanceConsole", (INSTANCE,), {}),
        ("RebootInstance", (INSTANCE,), {"reboot_type": "soft"}),
        ("MigrateInstance", (INSTANCE,), {"target_node": node2}),
        ("FailoverInstance", (INSTANCE,), {"target_node": node1}),
        ("ShutdownInstance", (INSTANCE,), {}),
        ("ReinstallInstance", (INSTANCE,), {"os": "noop", "no_startup": True}),
        ("PrepareExport", (INSTANCE, "remote"), {}),
        ("ExportInstance", (INSTANCE, "local", node1), {"shutdown": True}),
        ("RenameInstance", (INSTANCE, OTHER), {"ip_check": False, "name_check": False}),
        ("ReplaceInstanceDisks", (OTHER,), {}),
        ("DeleteInstance", (OTHER,), {"dry_run": True}),
        ("DeleteInstance", (OTHER,), {}),
        ("InstanceAllocation", ("create", INSTANCE, "diskless", [], []), alloc),
        (
            "InstancesMultiAlloc",
            (
                [
                    dict(
                        alloc,
                        mode="create",
                        instance_name="client-c.conf.test",
                        disk_template="diskless",
                        disks=[],
                        nics=[],
                    )
                ],
            ),
            {},
        ),
        ("GetJobs", (), {}),
        ("GetJobs", (), {"bulk": True}),
        ("GetJobStatus", (1,), {}),
        ("WaitForJobCompletion", (1,), {"period": 1, "retries": 5}),
        ("WaitForJobChange", (1, ["status"], None, None), {}),
        ("CancelJob", (1,), {}),
        ("GetNodes", (), {}),
        ("GetNodes", (), {"bulk": True}),
        ("GetNode", (node1,), {}),
        ("GetNodeRole", (node1,), {}),
        ("SetNodeRole", (node3, "drained"), {"force": True}),
        ("SetNodeRole", (node3, "regular"), {"force": True}),
        ("ModifyNode", (node3,), {"vm_capable": True}),
        ("EvacuateNode", (node3,), {"mode": "secondary-only", "remote_node": node2}),
        ("MigrateNode", (node3,), {"target_node": node2}),
        ("PowercycleNode", (node3,), {"force": True}),
        ("GetNodeStorageUnits", (node1, "file", "name,size"), {}),
        ("ModifyNodeStorageUnits", (node1, "file", "x"), {"allocatable": True}),
        ("RepairNodeStorageUnits", (node1, "file", "x"), {}),
        ("AddNodeTags", (node1, ["green"]), {}),
        ("GetNodeTags", (node1,), {}),
        ("DeleteNodeTags", (node1, ["green"]), {}),
        ("CreateNetwork", ("client-net", "192.0.2.0/28"), {"gateway": "192.0.2.1"}),
        ("GetNetworks", (), {}),
        ("GetNetworks", (), {"bulk": True}),
        ("GetNetwork", ("client-net",), {}),
        ("ModifyNetwork", ("client-net",), {"gateway": "192.0.2.2"}),
        ("ConnectNetwork", ("client-net", "default", "bridged", "br0"), {}),
        ("DisconnectNetwork", ("client-net", "default"), {}),
        ("AddNetworkTags", ("client-net", ["violet"]), {}),
        ("GetNetworkTags", ("client-net",), {}),
        ("DeleteNetworkTags", ("client-net", ["violet"]), {}),
        ("DeleteNetwork", ("client-net",), {}),
        ("CreateGroup", ("client-group",), {"alloc_policy": "last_resort"}),
        ("GetGroups", (), {}),
        ("GetGroups", (), {"bulk": True}),
        ("GetGroup", ("client-group",), {}),
        ("ModifyGroup", ("client-group",), {"alloc_policy": "preferred"}),
        ("AssignGroupNodes", ("client-group", [node3]), {}),
        ("AssignGroupNodes", ("default", [node3]), {}),
        ("AddGroupTags", ("client-group", ["grey"]), {}),
        ("GetGroupTags", ("client-group",), {}),
        ("DeleteGroupTags", ("client-group", ["grey"]), {}),
        ("RenameGroup", ("client-group", "client-group-2"), {}),
        ("DeleteGroup", ("client-group-2",), {}),
        ("Query", ("instance", ["name"]), {"qfilter": ["=", "name", INSTANCE]}),
        ("QueryFields", ("node",), {"fields": ["name"]}),
        ("GetFilters", (), {}),
        ("GetFilter", ("00000000-0000-0000-0000-000000000000",), {}),
        ("AddFilter", (10, [["jobid", [">", "id", 1000000]]], "ACCEPT"), {}),
        ("ReplaceFilter", ("00000000-0000-0000-0000-000000000000", 10, [], "ACCEPT"), {}),
        ("DeleteFilter", ("00000000-0000-0000-0000-000000000000",), {}),
    ]


def outcome(client, method, positional, named):
    try:
        answer = getattr(client, method)(*positional, **named)
    except ganeti_client.GanetiApiError as error:
        return f"HTTP {error.code}: {error}"
    if isinstance(answer, int) and not isinstance(answer, bool) and method != "GetVersion":
        return ended(client, answer)
    return "answered"


def ended(client, job_id):
    pause = threading.Event()
    for _ in range(600):
        job = client.GetJobStatus(job_id)
        if job["status"] in ("success", "error", "canceled"):
            return f"job {job['status']} {json.dumps(job['opresult'])[:200]}"
        pause.wait(0.05)
    return "job does not end"


@ganeti_client.UsesRapiClient
def main():
    port, user, password, authority = sys.argv[1:5]
    client = ganeti_client.GanetiRapiClient(
        "127.0.0.1",
        port=int(port),
        username=user,
        password=password,
        curl_config_fn=ganeti_client.GenericCurlConfig(cafile=authority, verify_hostname=False),
    )
    seen = {}
    for number, (method, positional, named) in enumerate(calls(sys.argv[5:8])):
        seen[f"{number} {method}"] = outcome(client, method, positional, named)
    json.dump(seen, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
