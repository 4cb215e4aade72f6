"""One example for each command, as man pages and completion's documentation show it.

The tests read every one of them with the command's own parser.
"""

CREATION = "-t file -o image --disk 0:size=10G -B memory=2G,vcpus=2"
EXAMPLES = {
    "gnt-backup export": "gnt-backup export -n node2.example.org web1.example.org",
    "gnt-backup import": "gnt-backup import -n node3.example.org --src-node node2.example.org "
    "--src-dir web1.example.org web2.example.org",
    "gnt-backup list": "gnt-backup list --node node2.example.org",
    "gnt-backup remove": "gnt-backup remove web1.example.org",
    "gnt-cluster activate-master-ip": "gnt-cluster activate-master-ip",
    "gnt-cluster add-tags": "gnt-cluster add-tags site:berlin",
    "gnt-cluster backup": "gnt-cluster backup /var/backups/cluster.tar.gz",
    "gnt-cluster command": "gnt-cluster command -n node2.example.org uptime",
    "gnt-cluster completion": 'eval "$(gnt-cluster completion bash)"',
    "gnt-cluster copyfile": "gnt-cluster copyfile /etc/hosts",
    "gnt-cluster deactivate-master-ip": "gnt-cluster deactivate-master-ip --yes",
    "gnt-cluster destroy": "gnt-cluster destroy --yes-do-it",
    "gnt-cluster epo": "gnt-cluster epo --groups rack1",
    "gnt-cluster getmaster": "gnt-cluster getmaster",
    "gnt-cluster info": "gnt-cluster info --json",
    "gnt-cluster init": "gnt-cluster init --state-dir /srv/cloud "
    "--node node1.example.org:192.0.2.11:1811 cluster.example.org",
    "gnt-cluster list-tags": "gnt-cluster list-tags",
    "gnt-cluster man": "gnt-cluster man /usr/local/share/man/man8",
    "gnt-cluster master-failover": "gnt-cluster master-failover --node node2.example.org",
    "gnt-cluster master-ping": "gnt-cluster master-ping",
    "gnt-cluster masterfailover": "gnt-cluster masterfailover",
    "gnt-cluster modify": "gnt-cluster modify -B vcpus=2",
    "gnt-cluster queue": "gnt-cluster queue drain",
    "gnt-cluster redist-conf": "gnt-cluster redist-conf",
    "gnt-cluster remove-tags": "gnt-cluster remove-tags site:berlin",
    "gnt-cluster rename": "gnt-cluster rename -f cluster2.example.org",
    "gnt-cluster renew-crypto": "gnt-cluster renew-crypto --new-node-certificates",
    "gnt-cluster repair-disk-sizes": "gnt-cluster repair-disk-sizes web1.example.org",
    "gnt-cluster restore": "gnt-cluster restore /var/backups/cluster.tar.gz",
    "gnt-cluster search-tags": "gnt-cluster search-tags '^owner:'",
    "gnt-cluster show-ispecs-cmd": "gnt-cluster show-ispecs-cmd",
    "gnt-cluster verify": "gnt-cluster verify --error-codes",
    "gnt-cluster verify-disks": "gnt-cluster verify-disks",
    "gnt-cluster version": "gnt-cluster version",
    "gnt-cluster watcher": "gnt-cluster watcher pause 2h",
    "gnt-debug delay": "gnt-debug delay -n node2.example.org 5",
    "gnt-debug iallocator": "gnt-debug iallocator --dir out --algorithm hail "
    "-m allocate --memory 1024 --disks 10240 web9.example.org",
    "gnt-debug locks": "gnt-debug locks -o name,mode,owner,pending --interval 2",
    "gnt-debug submit-job": "gnt-debug submit-job --verbose opcodes.json",
    "gnt-debug test-jobqueue": "gnt-debug test-jobqueue",
    "gnt-group add": "gnt-group add --alloc-policy last_resort rack2",
    "gnt-group assign-nodes": "gnt-group assign-nodes rack2 node4.example.org node5.example.org",
    "gnt-group evacuate": "gnt-group evacuate --to rack1 rack2",
    "gnt-group info": "gnt-group info rack2",
    "gnt-group list": "gnt-group list -F 'pinst_cnt > 0'",
    "gnt-group modify": "gnt-group modify --node-parameters spindle_count=8 rack2",
    "gnt-group remove": "gnt-group remove rack2",
    "gnt-group rename": "gnt-group rename rack2 rack3",
    "gnt-group show-ispecs-cmd": "gnt-group show-ispecs-cmd --include-defaults rack2",
    "gnt-instance activate-disks": "gnt-instance activate-disks web1.example.org",
    "gnt-instance add": f"gnt-instance add {CREATION} --net 0:network=net1,ip=pool "
    "web1.example.org",
    "gnt-instance batch-create": "gnt-instance batch-create instances.json",
    "gnt-instance change-group": "gnt-instance change-group --to rack2 web1.example.org",
    "gnt-instance console": "gnt-instance console --serial web1.example.org",
    "gnt-instance deactivate-disks": "gnt-instance deactivate-disks web1.example.org",
    "gnt-instance failover": "gnt-instance failover -f web1.example.org",
    "gnt-instance grow-disk": "gnt-instance grow-disk web1.example.org 0 5G",
    "gnt-instance info": "gnt-instance info web1.example.org",
    "gnt-instance list": "gnt-instance list -o +be/vcpus,nic.ips "
    "-F 'be/memory >= 2048 and pnode =* \"node[12].*\"'",
    "gnt-instance migrate": "gnt-instance migrate -f -n node2.example.org web1.example.org",
    "gnt-instance modify": "gnt-instance modify -B memory=4G --disk add:size=20G --hotplug "
    "web1.example.org",
    "gnt-instance move": "gnt-instance move -f -n node3.example.org web1.example.org",
    "gnt-instance reboot": "gnt-instance reboot -t hard web1.example.org",
    "gnt-instance recreate-disks": "gnt-instance recreate-disks -n node3.example.org "
    "web1.example.org",
    "gnt-instance reinstall": "gnt-instance reinstall -f -o image web1.example.org",
    "gnt-instance remove": "gnt-instance remove -f --shutdown-timeout 30 web1.example.org",
    "gnt-instance rename": "gnt-instance rename --no-name-check --no-ip-check "
    "web1.example.org web9.example.org",
    "gnt-instance replace-disks": "gnt-instance replace-disks -n node3.example.org "
    "web1.example.org",
    "gnt-instance shutdown": "gnt-instance shutdown --timeout 60 web1.example.org",
    "gnt-instance snapshot": "gnt-instance snapshot create web1.example.org before-upgrade",
    "gnt-instance startup": "gnt-instance startup --all --force-multiple",
    "gnt-job archive": "gnt-job archive 17 18",
    "gnt-job autoarchive": "gnt-job autoarchive 6h",
    "gnt-job cancel": "gnt-job cancel --pending -f",
    "gnt-job change-priority": "gnt-job change-priority --priority high 17",
    "gnt-job info": "gnt-job info 17",
    "gnt-job list": "gnt-job list -F 'status == \"error\"' -o id,summary,end_ts",
    "gnt-job wait": "gnt-job wait 17 18",
    "gnt-job watch": "gnt-job watch 17",
    "gnt-network add": "gnt-network add --network 192.0.2.0/24 --gateway 192.0.2.1 net1",
    "gnt-network connect": "gnt-network connect -N mode=bridged,link=br0 net1 rack1",
    "gnt-network disconnect": "gnt-network disconnect net1 rack1",
    "gnt-network info": "gnt-network info net1",
    "gnt-network list": "gnt-network list -o name,free_count",
    "gnt-network modify": "gnt-network modify --gateway 192.0.2.254 net1",
    "gnt-network remove": "gnt-network remove -f net1",
    "gnt-network rename": "gnt-network rename net1 net2",
    "gnt-node add": "gnt-node add --address 192.0.2.14 --node-group rack2 node4.example.org",
    "gnt-node evacuate": "gnt-node evacuate -f --primary-only node2.example.org",
    "gnt-node failover": "gnt-node failover -f node2.example.org",
    "gnt-node health": "gnt-node health node2.example.org",
    "gnt-node info": "gnt-node info node2.example.org",
    "gnt-node list": "gnt-node list -F 'not offline and mfree > 4096'",
    "gnt-node list-drbd": "gnt-node list-drbd node2.example.org",
    "gnt-node list-storage": "gnt-node list-storage --storage-type file node2.example.org",
    "gnt-node migrate": "gnt-node migrate -f node2.example.org",
    "gnt-node modify": "gnt-node modify --drained yes node2.example.org",
    "gnt-node modify-storage": "gnt-node modify-storage --allocatable no node2.example.org "
    "lvm-pv /dev/sdb1",
    "gnt-node power": "gnt-node power cycle -f node2.example.org",
    "gnt-node powercycle": "gnt-node powercycle --yes node2.example.org",
    "gnt-node remove": "gnt-node remove node4.example.org",
    "gnt-node repair-storage": "gnt-node repair-storage node2.example.org lvm-vg xenvg",
    "gnt-node restricted-command": "gnt-node restricted-command disks node2.example.org",
    "gnt-node volumes": "gnt-node volumes node2.example.org",
    "gnt-os diagnose": "gnt-os diagnose",
    "gnt-os info": "gnt-os info debootstrap",
    "gnt-os list": "gnt-os list",
    "gnt-os modify": "gnt-os modify --hidden yes debootstrap",
}
# What a tag command of each program is about.
TAGGED = {
    "gnt-group": "rack2",
    "gnt-instance": "web1.example.org",
    "gnt-network": "net1",
    "gnt-node": "node2.example.org",
}


def of(program: str, command: str) -> str:
    """The example of a command; of commands that many programs have, made from its names."""
    words = f"{program} {command}"
    if words in EXAMPLES:
        return EXAMPLES[words]
    if command == "list-fields":
        return f"{words} --no-headers"
    if command == "list-tags":
        return f"{words} {TAGGED[program]}"
    return f"{words} {TAGGED[program]} owner:demo"
