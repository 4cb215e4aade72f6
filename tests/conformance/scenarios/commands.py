"""The other door: what the commands do, refuse and print, told by exit code and kind of error.

All kinds of bad input come by here that `refusals` sends by the remote API: what is unknown, wrong
types, unknown parameters, more than there is, wrong states, and what nobody confirmed.
"""

import re
import shlex
import subprocess
from collections.abc import Iterable

from tests.conformance.world import World, scenario

KIND = re.compile(r"error type: (\w+)|Failure: (command execution error)")
MADE = {"start": False}
FILE = {"disk_template": "file", "disks": [{"size": 16}]}


def _outcome(done: "subprocess.CompletedProcess[str]") -> list[object]:
    found = KIND.search(done.stderr + done.stdout)
    return [done.returncode, (found[1] or found[2]) if found else None]


def _give(world: World, lines: Iterable[str], **names: str) -> None:
    """Each line to a shell's word rules; `{name}` is this scenario's."""
    for line in lines:
        words = shlex.split(line.format(**names))
        world.note(line, _outcome(world.cluster.command(*words)))


@scenario
def command_that_asks(world: World) -> None:
    """Nobody answers: no terminal is there."""
    lines = [
        "gnt-instance remove {a}",
        "gnt-instance reinstall {a}",
        "gnt-instance reinstall -f {a} {b}",
        "gnt-instance failover {a}",
        "gnt-instance migrate {a}",
        "gnt-instance move -n {other} {a}",
        "gnt-instance startup {a} {b}",
        "gnt-instance shutdown {a} {b}",
        "gnt-instance reboot {a} {b}",
        "gnt-instance startup --tags command-asks",
        "gnt-instance shutdown --primary {node}",
        "gnt-node migrate {node}",
        "gnt-node evacuate {node}",
        "gnt-node failover {node}",
        "gnt-node powercycle {other}",
        "gnt-cluster rename other.conf.test",
        "gnt-cluster destroy",
    ]
    first = world.made("a", disk_template="sharedfile", disks=[{"size": 16}], tags=["command-asks"])
    second = world.made("b", **MADE)
    node, other = world.nodes[0], world.nodes[1]
    _give(world, lines, a=first, b=second, node=node, other=other)
    one = world.rapi.get(f"/2/instances/{first}")
    world.note("then", [one["status"], one["pnode"] == node, one["tags"]])


@scenario
def command_about_what_is_unknown(world: World) -> None:
    lines = [
        "gnt-instance list nosuch.conf.test",
        "gnt-instance info nosuch.conf.test",
        "gnt-instance remove -f nosuch.conf.test",
        "gnt-instance modify -B vcpus=2 nosuch.conf.test",
        "gnt-instance migrate -f nosuch.conf.test",
        "gnt-instance grow-disk nosuch.conf.test 0 1g",
        "gnt-instance activate-disks nosuch.conf.test",
        "gnt-instance console nosuch.conf.test",
        "gnt-instance reboot --tags nosuch",
        "gnt-instance reboot --primary nosuch.conf.test",
        "gnt-instance add -t diskless -o noop --no-name-check --no-ip-check -n nosuch x.conf.test",
        "gnt-node list nosuch",
        "gnt-node modify -D yes nosuch",
        "gnt-node remove nosuch",
        "gnt-node volumes nosuch",
        "gnt-group list nosuch",
        "gnt-group remove nosuch",
        "gnt-group rename nosuch other",
        "gnt-group assign-nodes default nosuch",
        "gnt-network list nosuch",
        "gnt-network remove nosuch",
        "gnt-network disconnect nosuch default",
        "gnt-os info nosuch",
        "gnt-backup export -n nosuch nosuch.conf.test",
        "gnt-job list 99999999",
        "gnt-job info 99999999",
        "gnt-job cancel 99999999",
        "gnt-job archive 99999999",
        "gnt-job watch 99999999",
        "gnt-job wait 99999999",
        "gnt-job cancel --pending",
        "gnt-cluster remove-tags nosuch",
        "gnt-cluster repair-disk-sizes nosuch.conf.test",
        "gnt-cluster verify --node-group nosuch",
        "gnt-cluster modify -I nosuch",
    ]
    _give(world, lines)


@scenario
def command_with_wrong_words(world: World) -> None:
    lines = [
        "gnt-instance",
        "gnt-instance nosuch",
        "gnt-instance list --nosuch",
        "gnt-instance list --units=x",
        "gnt-instance list -o nosuch",
        "gnt-instance list -F",
        "gnt-instance add",
        "gnt-instance add -t nosuch x.conf.test",
        "gnt-instance startup",
        "gnt-instance startup --all x.conf.test",
        "gnt-instance info",
        "gnt-instance grow-disk x.conf.test",
        "gnt-instance grow-disk x.conf.test 0 1x",
        "gnt-instance grow-disk x.conf.test x 1g",
        "gnt-instance reboot -t nosuch x.conf.test",
        "gnt-instance replace-disks x.conf.test",
        "gnt-instance add-tags x.conf.test",
        "gnt-instance batch-create /nonexistent",
        "gnt-node modify x.conf.test",
        "gnt-node list-storage -t nosuch",
        "gnt-node list-storage -o nosuch",
        "gnt-node power nosuch",
        "gnt-node power off",
        "gnt-network modify x",
        "gnt-job cancel",
        "gnt-job info x",
        "gnt-job change-priority 1",
        "gnt-job autoarchive nosuch",
        "gnt-cluster modify",
        "gnt-cluster queue nosuch",
        "gnt-cluster watcher nosuch",
        "gnt-cluster watcher pause",
        "gnt-cluster watcher pause 10x",
        "gnt-cluster copyfile /nonexistent",
        "gnt-cluster search-tags [",
    ]
    _give(world, lines)


@scenario
def command_with_bad_values(world: World) -> None:
    options = "--no-name-check --no-ip-check -o noop -n {node}"
    lines = [
        f"gnt-instance add -t diskless {options} {{a}}",
        f"gnt-instance add -t file {options} {{b}}",
        f"gnt-instance add -t file -s 999999T {options} {{b}}",
        f"gnt-instance add -t diskless --net 0:network=nosuch {options} {{b}}",
        f"gnt-instance add -t diskless --net 0:mac=nonsense {options} {{b}}",
        f"gnt-instance add -t diskless -B memory=999T {options} {{b}}",
        "gnt-instance modify {a}",
        "gnt-instance modify --net 7:remove {a}",
        "gnt-instance grow-disk {a} 7 16m",
        "gnt-instance deactivate-disks {running}",
        "gnt-instance recreate-disks {a}",
        "gnt-instance modify --offline {running}",
        "gnt-node modify -O yes -D yes {node}",
        "gnt-node modify -C no {node}",
        "gnt-group remove default",
        "gnt-group rename default default",
        "gnt-network add --network 10.1.0.0/33 x",
        "gnt-network add --network 10.1.0.0/24 --gateway 10.2.0.1 x",
        "gnt-network connect nosuch default",
        "gnt-cluster modify --uid-pool 9-5",
        "gnt-cluster modify --remove-uids 1",
        "gnt-cluster modify --hypervisor-state nosuch:mem_node=1",
        "gnt-cluster modify --disk-state nosuch/x:disk_total=1",
        "gnt-job archive 0",
    ]
    stopped, running = world.made("a", **MADE), world.made("running", **FILE)
    names = {"a": stopped, "b": world.name("b"), "running": running, "node": world.nodes[0]}
    _give(world, lines, **names)


@scenario
def command_with_filters(world: World) -> None:
    """What a list prints, line by line."""
    name = world.made("a", tags=["command-filters"], **MADE)
    other = world.made("b", **FILE, start=False)
    mine = " and name =~ m/^command-with-filters-/"
    filters = [
        f'name == "{name}"',
        f'name == "{name.partition(".")[0]}"',
        f'"command-filters" in tags{mine}',
        f'not ("command-filters" in tags){mine}',
        f"be/vcpus > 0{mine}",
        f'(admin_state == "down" or be/vcpus > 7){mine}',
        f'name =* "*-filters-b*"{mine}',
        "nosuch == 1",
        "name ==",
        "name =~ m/[/",
        'be/vcpus == "1"',
        '"x" in name',
    ]
    for number, text in enumerate(filters):
        words = ("gnt-instance", "list", "--no-headers", "-o", "name", "-F", text)
        done = world.cluster.command(*words)
        world.note(f"filter {number}", [done.returncode, done.stdout.split()])
    fields = "name,admin_state,be/maxmem,disk.count,disk.sizes,nic.count,tags,network_port,snodes"
    words = ("gnt-instance", "list", "--no-headers", "-o", fields)
    for title, options in {
        "separator": ("--separator=|",),
        "mebibytes": ("--units=m", "--separator=|"),
        "with a letter": ("--units=h", "--separator=|"),
        "spelt out": ("-v", "--separator=|"),
    }.items():
        done = world.cluster.command(*words, *options, name, other)
        world.note(title, done.stdout.splitlines())


@scenario
def command_that_submits(world: World) -> None:
    """What scripts read of it, with the numbers taken out."""
    name = world.made("a", **MADE)
    for line in (
        "gnt-instance startup --submit {a}",
        "gnt-instance shutdown --submit {a}",
        "gnt-instance modify --submit -B vcpus=2 {a}",
        "gnt-instance add-tags --submit {a} submitted",
        "gnt-instance add-tags --print-jobid {a} printed",
        "gnt-instance list-tags {a}",
    ):
        done = world.cluster.command(*shlex.split(line.format(a=name)))
        world.note(line, [done.returncode, re.sub(r"\b\d+\b", "N", done.stdout).splitlines()])
