"""What gnt-os, gnt-backup and gnt-instance make of their options."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend.cli import gnt_backup, gnt_instance, gnt_os
from ganeti_backend.cli.program import USAGE, Session
from ganeti_backend.cli.running import main

OS_ROWS = [
    ["small", True, False, False, ["a", "b"], [["dhcp", "Whether"]], [15, 20],
     {"n1": [["/os/small", True, "", ["a"], [["dhcp", "Whether"]], [15, 20]]], "n2": []}, {}, {}],
    ["old", False, True, True, [], [], [], {"n1": [["/os/old", False, "no create", [], [], []]]},
     {}, {}],
]  # fmt: skip


class Master:
    """Answers as the command socket does and keeps what it was given."""

    def __init__(self) -> None:
        self.ops: list[dict[str, Any]] = []
        self.result: Any = None

    def call(self, _session: Session, method: str, **arguments: Any) -> Any:
        if method == "SubmitJob":
            self.ops += arguments["ops"]
            return 1
        if method == "SubmitManyJobs":
            self.ops += [op for ops in arguments["jobs"] for op in ops]
            return [1 for _ in arguments["jobs"]]
        if method == "Query":
            return self._query(arguments["resource"], arguments["names"])
        return {"job_info": ["success", [self.result]], "log_entries": []}

    @staticmethod
    def _query(resource: str, names: list[str]) -> Any:
        if resource == "instance":
            known: list[dict[str, Any]] = [
                {"name": "vm1", "pnode": "n1", "snodes": ["n2"], "tags": []},
                {"name": "vm2", "pnode": "n2", "snodes": [], "tags": []},
            ]
            rows: list[list[Any]] = [[one[name] for name in names] for one in known]
        elif resource == "node":
            rows = [[{"name": node, "tags": []}[name] for name in names] for node in ("n1", "n2")]
        elif resource == "os":
            rows = [[dict(zip(gnt_os.FIELDS, r, strict=True))[n] for n in names] for r in OS_ROWS]
        else:
            rows = [["n1", "vm1"]]
        fields = [{"name": n, "title": n.title(), "kind": "text", "doc": ""} for n in names]
        return {"data": [[[0, value] for value in row] for row in rows], "fields": fields}


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Master:
    made = Master()

    def call(session: Session, method: str, **arguments: Any) -> Any:
        return made.call(session, method, **arguments)

    monkeypatch.setattr(Session, "call", call)
    return made


def sent(master: Master) -> dict[str, Any]:
    (op,) = master.ops
    return {name: value for name, value in op.items() if name != "reason"}


def test_export(master: Master) -> None:
    master.result = [True, [True]]
    flags = ["--noshutdown", "--long-sleep", "--zero-free-space", "--zeroing-timeout-fixed", "5"]
    assert main(gnt_backup.PROGRAM, ["export", "-n", "n2", *flags, "vm1"]) == 0
    assert sent(master) == {
        "OP_ID": "OP_BACKUP_EXPORT", "instance_name": "vm1", "target_node": "n2", "mode": "local",
        "compress": "none", "shutdown": False, "shutdown_timeout": 120, "remove_instance": False,
        "ignore_remove_failures": False, "zero_free_space": True, "zeroing_timeout_fixed": 5,
        "long_sleep": True,
    }  # fmt: skip


def test_an_export_that_is_not_complete(master: Master, capsys: pytest.CaptureFixture[str]) -> None:
    master.result = [True, [True, False]]
    assert main(gnt_backup.PROGRAM, ["export", "-n", "n2", "vm1"]) == 1
    assert "failed disks: 1" in capsys.readouterr().err


def test_import_is_not_started(master: Master) -> None:
    words = ["import", "-n", "n1:n2", "--src-node", "n3", "--src-dir", "old", "--disk", "0:size=1G"]
    assert main(gnt_backup.PROGRAM, [*words, "--identify-defaults", "vm1"]) == 0
    found = sent(master)
    assert (found["mode"], found["start"]) == ("import", False)
    assert (found["pnode"], found["snode"]) == ("n1", "n2")
    assert (found["src_node"], found["src_path"]) == ("n3", "old")
    assert (found["disks"], found["nics"]) == ([{"size": 1024}], [])
    assert found["identify_defaults"] is True
    assert "os_type" not in found


def test_exports_are_listed(master: Master, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(gnt_backup.PROGRAM, ["list", "--no-headers", "--separator=|"]) == 0
    assert capsys.readouterr().out == "n1|vm1\n"
    assert main(gnt_backup.PROGRAM, ["remove", "vm1"]) == 0
    assert sent(master) == {"OP_ID": "OP_BACKUP_REMOVE", "instance_name": "vm1"}


def test_reinstall_asks_first(master: Master) -> None:
    assert main(gnt_instance.PROGRAM, ["reinstall", "vm1"]) == 1
    assert master.ops == []
    words = ["reinstall", "-f", "-o", "noop", "-O", "a=1", "--os-parameters-secret", "b=2", "vm1"]
    assert main(gnt_instance.PROGRAM, words) == 0
    assert sent(master) == {
        "OP_ID": "OP_INSTANCE_REINSTALL", "instance_name": "vm1", "os_type": "noop",
        "osparams": {"a": "1"}, "osparams_secret": {"b": "2"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--all"], ["vm1", "vm2"]),
        (["--primary", "n2"], ["vm2"]),
        (["--secondary", "n2"], ["vm1"]),
        (["--node", "n2"], ["vm1", "vm2"]),
        (["vm7", "vm8"], ["vm7", "vm8"]),
    ],
)
def test_reinstalling_several(master: Master, words: list[str], names: list[str]) -> None:
    assert main(gnt_instance.PROGRAM, ["reinstall", "--force-multiple", "-f", *words]) == 0
    assert [op["instance_name"] for op in master.ops] == names


def test_rename(master: Master, capsys: pytest.CaptureFixture[str]) -> None:
    master.result = "vm9"
    words = ["rename", "--no-name-check", "--no-ip-check", "--force", "vm1", "vm9"]
    assert main(gnt_instance.PROGRAM, words) == 0
    assert sent(master) == {
        "OP_ID": "OP_INSTANCE_RENAME", "instance_name": "vm1", "new_name": "vm9",
        "ip_check": False, "name_check": False,
    }  # fmt: skip
    assert capsys.readouterr().out == "Instance 'vm1' renamed to 'vm9'\n"


def test_definitions(master: Master, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(gnt_os.PROGRAM, ["diagnose"]) == 1
    said = capsys.readouterr().out
    assert "OS: small [global status: valid]\n  Variants: [a, b]\n" in said
    assert (
        "  Node: n1, status: valid (path: /os/small) [API versions: 20, 15] [variants: a] "
        "[parameters: dhcp] [trusted]\n  Node: n2, status: OS not found\n" in said
    )
    assert "OS: old [global status: invalid] (hidden) (blacklisted)\n" in said
    assert "  Node: n1, status: invalid - no create (path: /os/old)\n" in said
    assert main(gnt_os.PROGRAM, ["info", "small"]) == 0
    assert "  - parameters:\n    - dhcp: Whether\n  - trusted: True\n" in capsys.readouterr().out


def test_modifying_a_definition(master: Master) -> None:
    words = ["modify", "-O", "a=1", "-H", "kvm:acpi=false", "--hidden", "yes", "small"]
    assert main(gnt_os.PROGRAM, words) == 0
    assert sent(master) == {
        "OP_ID": "OP_CLUSTER_SET_PARAMS", "osparams": {"small": {"a": "1"}},
        "os_hvp": {"small": {"kvm": {"acpi": False}}}, "hidden_os": [["add", "small"]],
    }  # fmt: skip
    assert main(gnt_os.PROGRAM, ["modify", "small"]) == 1
    assert main(gnt_os.PROGRAM, ["modify", "--os-parameters-secret", "a=1", "small"]) == USAGE
