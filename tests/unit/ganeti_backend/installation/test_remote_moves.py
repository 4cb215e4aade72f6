"""An instance goes to another cluster of the same domain; one cluster in memory plays both."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.certificates.domain_secret import DomainSecret
from ganeti_backend.node_rpc import calls
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.installation.conftest import NODE1, NODE2, instance, make, order

PREPARE = opcodes.OpBackupPrepare(instance_name="vm1", mode="remote")


def arriving(prepared: dict[str, Any], **values: Any) -> opcodes.OpInstanceCreate:
    return order(
        **{
            "instance_name": "vm2",
            "mode": "remote-import",
            "pnode": NODE2,
            "source_handshake": prepared["handshake"],
            "source_x509_ca": prepared["x509_ca"],
            "source_instance_name": "vm1",
            **values,
        }
    )


def announced(lab: Lab, job_id: int) -> dict[str, Any]:
    """The log entry that whoever moves the instance waits for."""

    def found(job: Any) -> list[Any]:
        return [entry[3] for entry in job.ops[0].log if entry[2] == "remote-import"]

    entries: list[Any] = found(lab.wait(job_id, lambda job: bool(found(job)) or job.finalized))
    assert entries, lab.master.job(job_id)
    return dict(entries[0])


def leaving(
    prepared: dict[str, Any], place: dict[str, Any], **values: Any
) -> opcodes.OpBackupExport:
    return opcodes.OpBackupExport(
        **{
            "instance_name": "vm1",
            "mode": "remote",
            "target_node": place["disks"],
            "x509_key_name": prepared["x509_key_name"],
            "destination_x509_ca": place["x509_ca"],
            **values,
        }
    )


def test_an_instance_moves(lab: Lab) -> None:
    made = make(lab, disks=[{"size": 64}, {"size": 8}])
    prepared = lab.succeed(PREPARE)
    job_id = lab.master.submit([arriving(prepared, disks=[{"size": 64}, {"size": 8}])])
    place = announced(lab, job_id)
    assert [disk[0] for disk in place["disks"]] == ["127.0.0.1"] * 2
    assert all(disk[2].startswith("ack-") for disk in place["disks"])
    assert lab.wait(job_id).status == JobStatus.SUCCESS
    assert instance(lab, "vm2").primary_node == NODE2
    # That it arrived is said after it was stored, and not before.
    asked = [call for _node, call, _arguments in lab.nodes.asked]
    assert asked.count("transfer_keep") == 2
    result = lab.succeed(leaving(prepared, place, remove_instance=True))
    assert result == [True, [True, True]]
    sent = [a for _node, a in lab.calls("os_script") if a["action"] == "export"]
    assert sorted({a["transfer"]["port"] for a in sent}) == [disk[1] for disk in place["disks"]]
    assert lab.master.config.instance("vm1") is None
    assert made.disks[0].uuid not in lab.nodes.nodes[NODE1].disks
    assert [node.transfer_keys for node in lab.nodes.nodes.values()] == [{}, {}, {}]


def test_what_moves_is_called_by_its_new_name(lab: Lab) -> None:
    make(lab)
    job_id = lab.master.submit([arriving(lab.succeed(PREPARE))])
    assert lab.wait(job_id).status == JobStatus.SUCCESS
    renames = [a for _node, a in lab.calls("os_script") if a["action"] == "rename"]
    assert [a["variables"]["OLD_INSTANCE_NAME"] for a in renames] == ["vm1"]


def test_what_arrived_stays_when_it_does_not_start(lab: Lab) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    lab.nodes.fail(calls.INSTANCE_START, "no room")
    job = lab.wait(lab.master.submit([arriving(prepared, start=True)]))
    assert job.status == JobStatus.ERROR
    assert instance(lab, "vm2").admin_state == "down"
    assert len(lab.calls("transfer_keep")) == 1
    assert lab.master.config.pending() == []


def test_what_does_not_arrive_leaves_nothing(lab: Lab) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    lab.nodes.script_failures["import"] = "the other cluster ended the connection too early"
    kind, (message,) = lab.fail(arriving(prepared))
    assert kind == "OpExecError"
    assert "Disk 0 failed to receive data: the other cluster ended" in message
    assert lab.master.config.instance("vm2") is None
    assert lab.nodes.nodes[NODE2].disks == {}
    assert lab.nodes.nodes[NODE2].transfer_keys == {}
    assert lab.calls("transfer_keep") == []


def test_an_export_that_fails_keeps_the_instance(lab: Lab) -> None:
    make(lab, start=True)
    prepared = lab.succeed(PREPARE)
    place = announced(lab, lab.master.submit([arriving(prepared)]))
    lab.nodes.script_failures["export"] = "the other cluster did not keep what it was sent"
    kind, (message,) = lab.fail(leaving(prepared, place, remove_instance=True))
    assert kind == "OpExecError"
    assert message.startswith("Export failed: ")
    assert "did not keep what it was sent" in message
    assert instance(lab).admin_state == "up"


BAD_ARRIVALS = [
    ({"source_handshake": None}, "OpPrereqError", "Missing source handshake"),
    ({"source_handshake": []}, "OpPrereqError", "Missing source handshake"),
    ({"source_handshake": [0, "a", "b"]}, "OpPrereqError", "don't share the same domain secret"),
    ({"source_handshake": ["a", "b"]}, "OpPrereqError", "Invalid handshake: 3 values"),
    ({"source_instance_name": None}, "OpPrereqError", "Missing source instance name"),
    ({"source_x509_ca": None}, "OpPrereqError", "Missing source X509 CA"),
    ({"source_x509_ca": "x"}, "GenericError", "X509 certificate signature is missing"),
    ({"compress": "zip"}, "OpPrereqError", "'zip' is not allowed"),
    ({"os_type": None}, "OpPrereqError", "needs an OS"),
]


@pytest.mark.parametrize(("wish", "kind", "text"), BAD_ARRIVALS)
def test_an_arrival_that_cannot_be(lab: Lab, wish: dict[str, Any], kind: str, text: str) -> None:
    make(lab)
    result = lab.fail(arriving(lab.succeed(PREPARE), **wish))
    assert result[0] == kind
    assert text in result[1][0]
    assert lab.master.config.instance("vm2") is None


@pytest.mark.parametrize(
    ("spoil", "kind", "text"),
    [
        ({"target_node": []}, "OpPrereqError", "for 0 disks, but instance vm1 has 1 disks"),
        ({"target_node": NODE2}, "OpPrereqError", "for 0 disks, but instance vm1 has 1 disks"),
        ({"target_node": [["a"]]}, "OpPrereqError", "disk 0: Invalid data: 5 values"),
        ({"target_node": [["h", 1, "m", "x", "s"]]}, "OpPrereqError", "disk 0: HMAC is wrong"),
        ({"x509_key_name": None}, "OpPrereqError", "Missing X509 key name"),
        ({"x509_key_name": ["a"]}, "OpPrereqError", "Invalid data for X509 key name"),
        ({"x509_key_name": ["a", "b", "c"]}, "OpPrereqError", "HMAC for X509 key name is wrong"),
        ({"destination_x509_ca": None}, "OpPrereqError", "Missing destination X509 CA"),
        ({"destination_x509_ca": "x"}, "GenericError", "signature is missing"),
    ],
)
def test_a_departure_that_cannot_be(lab: Lab, spoil: dict[str, Any], kind: str, text: str) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    secret = DomainSecret(lab.master.config.cluster().domain_secret)
    certificate = lab.nodes.nodes[NODE1].transfer_keys[prepared["x509_key_name"][0]]
    place = {
        "disks": [secret.place(0, "127.0.0.1", 7, "m")],
        "x509_ca": secret.certificate(certificate),
    }
    result = lab.fail(leaving(prepared, place, **spoil))
    assert result[0] == kind
    assert text in result[1][0]
    assert lab.calls("os_script")[-1][1]["action"] == "create"


def test_the_signature_of_a_certificate_is_checked(lab: Lab) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    (pem,) = lab.nodes.nodes[NODE1].transfer_keys.values()
    foreign = DomainSecret("another").certificate(pem)
    own = DomainSecret(lab.master.config.cluster().domain_secret)
    unreadable = own.certificate("-----BEGIN CERTIFICATE-----\nx\n")
    for given, text in ((foreign, "signature is invalid"), (unreadable, "Unable to load source")):
        assert text in lab.fail(arriving(prepared, source_x509_ca=given))[1][0]


def test_without_a_secret_nothing_is_prepared(lab: Lab) -> None:
    make(lab)
    cluster = lab.master.config.cluster()
    lab.master.config.commit([cluster.replace(domain_secret="")])
    kind, (text, code) = lab.fail(PREPARE)
    assert (kind, code) == ("OpPrereqError", errors.ECODE_STATE)
    assert "--new-cluster-domain-secret" in text


@pytest.mark.parametrize("call", ["disk_create", "transfer_key", "os_script"])
def test_a_master_that_dies_while_an_instance_arrives(lab: Lab, killed_at: Any, call: str) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    after = killed_at(call, arriving(prepared))
    job = after.wait(3)
    assert job.status == JobStatus.ERROR
    assert "begin its move anew" in job.ops[0].result[1][0]
    assert after.master.config.instance("vm2") is None
    assert after.master.config.pending() == []
    assert after.calls("transfer_keep") == []


def test_a_master_that_dies_before_the_other_cluster_is_told(lab: Lab, killed_at: Any) -> None:
    make(lab)
    prepared = lab.succeed(PREPARE)
    after = killed_at("transfer_keep", arriving(prepared))
    assert after.wait(3).status == JobStatus.ERROR
    # Both clusters have it, and somebody decides; none is better than both only here.
    assert after.master.config.instance("vm2") is not None
    assert after.master.config.instance("vm1") is not None
