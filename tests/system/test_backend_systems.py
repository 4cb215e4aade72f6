"""OS definitions as they are installed on nodes, run by our daemons through Ganeti's commands.

The definition here keeps its notes in the disk itself, so that what an import brings back can be
told from what was there before. Debian's own definitions are tried where they are installed.
"""

import json
from pathlib import Path

import pytest

from tests.conformance.own_cluster import own_cluster

pytestmark = pytest.mark.system

DEBIAN = Path("/usr/share/ganeti/os")
MARK = b"the content of a disk"
SCRIPTS = {
    "create": """#!/bin/bash -e
if [ "$OSP_FAIL" = yes ]; then echo "the mirror is away" >&2; exit 7; fi
if [ "$OSP_HANG" = yes ]; then sleep 300; fi
printf '%s %s %s\\n' "$INSTANCE_NAME" "$OS_VARIANT" "$INSTANCE_REINSTALL" |
  dd of="$DISK_0_PATH" conv=notrunc status=none
echo "the password is $OSP_PASSWORD"
""",
    "export": """#!/bin/bash -e
[ -z "$EXP_SIZE_FD" ] || stat -c %s "$EXPORT_DEVICE" >&$EXP_SIZE_FD
exec cat "$EXPORT_DEVICE"
""",
    "import": '#!/bin/sh -e\nexec dd of="$IMPORT_DEVICE" conv=notrunc status=none bs=1M\n',
    "rename": """#!/bin/bash -e
printf 'renamed from %s to %s\\n' "$OLD_INSTANCE_NAME" "$INSTANCE_NAME" |
  dd of="$DISK_0_PATH" conv=notrunc status=none
""",
    "verify": """#!/bin/sh
case "$OSP_FAIL" in ""|yes|no) exit 0 ;; esac
echo "Invalid value '$OSP_FAIL' for fail" >&2
exit 1
""",
}
LISTS = {
    "ganeti_api_version": "20\n",
    "variants.list": "plain\nlarge\n",
    "parameters.list": "fail Whether to fail\nhang Whether to hang\npassword A secret\n",
}


def define(folder, name="small"):
    place = folder / name
    place.mkdir(parents=True)
    for file, text in {**SCRIPTS, **LISTS}.items():
        (place / file).write_text(text)
        (place / file).chmod(0o755 if file in SCRIPTS else 0o644)


@pytest.fixture(scope="module")
def cluster():
    with own_cluster() as made:
        for node in made.settings.nodes:
            define(node.dir / "os")
        define(made.settings.nodes[0].dir / "os", "partial")
        yield made


def run(cluster, *words, code=0):
    done = cluster.command(*words)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


def add(cluster, name, *more, code=0):
    words = ("gnt-instance", "add", "-t", "file", "-o", "small+plain", "-s", "4", "--no-nics")
    checks = ("--no-name-check", "--no-ip-check", "--no-start", "-B", "memory=16")
    return run(cluster, *words, *checks, *more, name, code=code)


def content(cluster, name, node):
    """What the disk of an instance holds on a node, at its beginning."""
    rows = json.loads(run(cluster, "gnt-instance", "list", "--json", "-o", "disk.uuids", name))
    (uuid,) = rows[0]["disk.uuids"]
    (settings,) = [item for item in cluster.settings.nodes if item.name == node]
    return (settings.dir / "contents" / uuid).read_bytes()[:200].rstrip(b"\0").decode()


def traces(cluster, text):
    """Files anywhere that hold this text."""
    found = []
    for path in cluster.folder.rglob("*"):
        if path.is_file() and text in path.read_bytes():
            found.append(path)
    return found


def test_definitions_are_listed_and_diagnosed(cluster):
    names = run(cluster, "gnt-os", "list", "--no-headers").split()
    assert {"image", "noop", "small+plain", "small+large"} <= set(names)
    assert "partial+plain" not in names
    said = run(cluster, "gnt-os", "diagnose", code=1)
    assert "OS: small [global status: valid]\n  Variants: [plain, large]" in said
    assert "OS: partial [global status: invalid]" in said
    assert f"Node: {cluster.nodes[1]}, status: OS not found" in said
    assert "    - fail: Whether to fail" in run(cluster, "gnt-os", "info", "small")
    assert run(cluster, "gnt-os", "info", "nosuch") == "nosuch: not found\n\n"
    assert set(cluster.rapi().get("/2/os")) == set(names)


def test_an_installation_and_another_one(cluster):
    node = cluster.nodes[0]
    add(cluster, "first.conf.test", "-n", node, "--os-parameters-secret", "password=swordfish")
    assert content(cluster, "first.conf.test", node) == "first.conf.test plain \n"
    assert traces(cluster, b"swordfish") == []
    assert traces(cluster, b"the password is <redacted>") != []
    words = ("gnt-instance", "reinstall", "-f", "-o", "small+large", "first.conf.test")
    run(cluster, *words)
    assert content(cluster, "first.conf.test", node) == "first.conf.test large 1\n"
    rows = json.loads(run(cluster, "gnt-instance", "list", "--json", "-o", "os", "first.conf.test"))
    assert rows == [{"os": "small+large"}]


def test_what_the_cluster_says_of_a_definition(cluster):
    run(cluster, "gnt-os", "modify", "--os-parameters-private", "password=hush", "small")
    run(cluster, "gnt-os", "modify", "-O", "fail=no", "--hidden", "yes", "small+plain")
    run(cluster, "gnt-os", "modify", "--hidden", "yes", "small")
    assert "small" not in run(cluster, "gnt-os", "list")
    assert "OS: small [global status: valid] (hidden)" in run(cluster, "gnt-os", "diagnose", code=1)
    add(cluster, "hidden.conf.test", "-n", cluster.nodes[0])
    logs = cluster.settings.nodes[0].dir / "os_logs"
    (log,) = logs.glob("create-small.plain-hidden.conf.test-*")
    assert log.read_text().endswith("the password is <redacted>\n")
    run(cluster, "gnt-os", "modify", "--hidden", "no", "--blacklisted", "yes", "small")
    assert "blacklisted" in add(cluster, "late.conf.test", code=1)
    words = ("gnt-instance", "reinstall", "-f", "hidden.conf.test")
    run(cluster, *words)
    run(cluster, "gnt-os", "modify", "--blacklisted", "no", "small")
    assert "small+plain" in run(cluster, "gnt-os", "list")
    said = run(cluster, "gnt-os", "modify", "small", code=1)
    assert "At least one of OS parameters" in said


def test_a_failing_script_is_shown_and_leaves_nothing(cluster):
    said = add(cluster, "bad.conf.test", "-O", "fail=yes", code=1)
    assert "the mirror is away" in said
    assert "exit 7" in said
    assert run(cluster, "gnt-instance", "list", "--no-headers", "-o", "name", "-F",
               'name == "bad.conf.test"') == ""  # fmt: skip
    said = add(cluster, "bad.conf.test", "-O", "fail=maybe", code=1)
    assert "Invalid value 'maybe' for fail" in said
    assert "not supported" in add(cluster, "bad.conf.test", "-O", "color=red", code=1)
    assert "Unsupported OS variant" in add(cluster, "bad.conf.test", "-o", "small+own", code=1)


def test_a_node_daemon_that_dies_ends_its_script_and_runs_it_again(cluster):
    """What hung before is killed with the daemon's successor, and the creation can be canceled."""
    node = cluster.nodes[2]
    job = add(cluster, "hang.conf.test", "-n", node, "-O", "hang=yes", "--submit").split()[-1]
    pid_files = cluster.settings.node(node).dir / "tasks"
    first = wait_for_pid(pid_files)
    cluster.kill(node)
    cluster.start_node(node)
    second = wait_for_pid(pid_files, but=first)
    assert first != second
    assert not alive(first)
    run(cluster, "gnt-job", "cancel", job)
    run(cluster, "gnt-job", "watch", job, code=1)
    assert not alive(second)
    assert "hang.conf.test" not in run(cluster, "gnt-instance", "list")


def wait_for_pid(folder, but=0):
    from tests.conformance.namespaces import wait_for

    found = []

    def look():
        for path in folder.glob("*.pid"):
            words = path.read_text().split()
            if words and int(words[0]) != but:
                found.append(int(words[0]))
        return bool(found)

    wait_for(look, "a script runs")
    return found[-1]


def alive(pid):
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_disk_travels_through_an_export_to_another_node(cluster):
    source, keeper, target = cluster.nodes
    add(cluster, "web.conf.test", "-n", source)
    run(cluster, "gnt-backup", "export", "-n", keeper, "web.conf.test")
    rows = run(cluster, "gnt-backup", "list", "--no-headers", "--separator=:")
    assert rows == f"{keeper}:web.conf.test\n"
    folder = cluster.settings.node(keeper).dir / "exports" / "web.conf.test"
    (dump,) = folder.glob("*.dump")
    assert dump.stat().st_size == 4 << 20
    assert dump.stat().st_blocks * 512 < 1 << 20, "holes stay holes"
    assert "os = small+plain" in (folder / "config.ini").read_text()
    words = ("gnt-backup", "import", "-n", target, "--src-node", keeper)
    flags = ("--src-dir", "web.conf.test", "--no-name-check", "--no-ip-check")
    run(cluster, *words, *flags, "copy.conf.test")
    said = content(cluster, "copy.conf.test", target)
    assert said == "renamed from web.conf.test to copy.conf.test\n"
    run(cluster, "gnt-instance", "remove", "-f", "web.conf.test")
    run(cluster, *words, *flags, "web.conf.test")
    assert content(cluster, "web.conf.test", target) == "web.conf.test plain \n"
    run(cluster, "gnt-backup", "remove", "web.conf.test")
    assert run(cluster, "gnt-backup", "list", "--no-headers") == ""


def test_a_new_name_is_told_to_the_system(cluster):
    node = cluster.nodes[0]
    add(cluster, "old.conf.test", "-n", node)
    words = ("gnt-instance", "rename", "--no-name-check", "--no-ip-check", "--force")
    said = run(cluster, *words, "old.conf.test", "new.conf.test")
    assert said.endswith("Instance 'old.conf.test' renamed to 'new.conf.test'\n")
    assert content(cluster, "new.conf.test", node) == (
        "renamed from old.conf.test to new.conf.test\n"
    )
    run(cluster, "gnt-instance", "startup", "new.conf.test")
    said = run(cluster, *words, "new.conf.test", "newer.conf.test", code=1)
    assert "is marked to be up, cannot rename" in said


def test_a_console_and_none(cluster):
    said = run(cluster, "gnt-instance", "console", "first.conf.test", code=1)
    assert "instance first.conf.test is not running" in said
    assert "instance_console" not in said


def test_by_the_remote_api(cluster):
    rapi = cluster.rapi()
    add(cluster, "api.conf.test", "-n", cluster.nodes[0])
    one = "/2/instances/api.conf.test"

    def job(method, path, body=None):
        answer = rapi.ask(method, path, body)
        assert answer.status == 200, answer.text
        return rapi.ended(answer.body)

    found = job("POST", f"{one}/reinstall", {"os": "small+large", "start": True})
    assert [op["OP_ID"] for op in found["ops"]] == [
        "OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_REINSTALL", "OP_INSTANCE_STARTUP",
    ]  # fmt: skip
    assert found["status"] == "success", found["opresult"]
    assert job("PUT", f"{one}/prepare-export?mode=local")["opresult"] == [None]
    body = {"mode": "local", "destination": cluster.nodes[1]}
    found = job("PUT", f"{one}/export", body)
    assert (found["status"], found["opresult"]) == ("success", [[True, [True]]])
    rows = rapi.get("/2/query/export?fields=node,export")["data"]
    assert rows == [[[0, cluster.nodes[1]], [0, "api.conf.test"]]]
    assert job("DELETE", f"{one}/export")["status"] == "success"
    job("PUT", f"{one}/shutdown")
    found = job("PUT", f"{one}/rename", {"new_name": "api2.conf.test"})
    assert (found["status"], found["opresult"]) == ("success", ["api2.conf.test"])
    answer = rapi.ask("PUT", f"{one}/rename", {"new_name": 5})
    assert answer.status == 400


@pytest.mark.skipif(not (DEBIAN / "noop").is_dir(), reason="ganeti-os-noop is not installed")
def test_debians_noop_unchanged(cluster):
    source, keeper, target = cluster.nodes
    add(cluster, "noop.conf.test", "-o", "noop", "-n", source)
    run(cluster, "gnt-backup", "export", "-n", keeper, "--remove-instance", "noop.conf.test")
    run(cluster, "gnt-backup", "import", "-n", target, "--no-name-check",
        "--no-ip-check", "noop.conf.test")  # fmt: skip
    run(cluster, "gnt-backup", "remove", "noop.conf.test")


@pytest.mark.skipif(not (DEBIAN / "debootstrap").is_dir(), reason="its package is not installed")
def test_debians_debootstrap_unchanged(cluster):
    """It is asked as far as a machine without a mirror and loop devices can answer."""
    words = ("-o", "debootstrap+default", "-n", cluster.nodes[0])
    said = add(cluster, "deb.conf.test", *words, "-O", "filesystem=xfs", code=1)
    assert "Invalid value 'xfs' for the filesystem parameter" in said
    said = add(cluster, "deb.conf.test", *words, code=1)
    assert "OS create script of 'debootstrap' failed" in said
    assert "deb.conf.test" not in run(cluster, "gnt-instance", "list")
