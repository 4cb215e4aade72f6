"""Errors by meaning: what a caller may conclude from each way in which a cluster can fail it."""

import json
import socket
from functools import partial

import httpx
import pytest

from synnefo.ports import (
    ClusterBusy,
    ClusterDenied,
    ClusterRefused,
    ClusterUnreachable,
    InstanceSpec,
    NotFound,
)
from synnefo.rapi.client import RapiCluster
from synnefo.rapi.fake import FakeCluster

SPEC = InstanceSpec("snf-1", 1, 64, "diskless", "image")


def answering(answer):
    """A client whose requests are answered, or failed, by a function."""
    seen = []

    def handle(request):
        seen.append(request)
        return answer(request)

    transport = httpx.MockTransport(handle)
    client = RapiCluster("https://cluster.test:5080", "u", "p", transport=transport)
    client.seen = seen
    return client


def fault(code, message, explain=""):
    body = {"code": code, "message": message, "explain": explain}
    return lambda request: httpx.Response(code, json=body)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fault(401, "Unauthorized"), ClusterDenied),
        (fault(403, "Forbidden"), ClusterDenied),
        (fault(404, "Not Found", "Nothing matches the given URI"), NotFound),
        (fault(400, "Bad Request", "Parameter 'x' is wrong"), ClusterRefused),
        (fault(501, "Not Implemented"), ClusterRefused),
        (fault(500, "Queue drained", "Server got itself in trouble"), ClusterBusy),
        (fault(503, "Job queue is full, needs archiving"), ClusterBusy),
    ],
)
def test_refusals(answer, error):
    with pytest.raises(error) as caught:
        answering(answer).submit_create(SPEC, "r")
    assert type(caught.value) is error


def test_a_job_that_is_not_known():
    """What Ganeti answers then: 200, and nulls."""
    fields = ("ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts")
    nothing = dict.fromkeys((*fields, "oplog", "opresult"))
    with pytest.raises(NotFound):
        answering(lambda request: httpx.Response(200, json={"id": 7} | nothing)).job(7)


def raising(error):
    def answer(request):
        raise error("broken", request=request)

    return answer


@pytest.mark.parametrize(
    ("answer", "perhaps"),
    [
        (raising(httpx.ConnectError), False),
        (raising(httpx.ConnectTimeout), False),
        (raising(httpx.ReadTimeout), True),
        (raising(httpx.RemoteProtocolError), True),
        (fault(500, "Internal"), True),
        (fault(502, "Bad gateway"), True),
        (fault(503, "Service Unavailable"), True),
        (fault(504, "Gateway Timeout"), True),
        (fault(429, "Too Many Requests"), True),
        (lambda request: httpx.Response(200, text="<html>"), True),
        (lambda request: httpx.Response(200, json=None), True),
    ],
)
def test_what_may_have_been_done_all_the_same(answer, perhaps):
    client = answering(answer)
    with pytest.raises(ClusterUnreachable) as caught:
        client.submit_create(SPEC, "r")
    assert caught.value.perhaps_done is perhaps
    assert len(client.seen) == 1, "a write is never repeated by the client"


@pytest.mark.parametrize(
    ("answer", "silent"),
    [
        (raising(httpx.ReadTimeout), True),
        (raising(httpx.WriteTimeout), True),
        (fault(504, "Gateway Timeout"), True),
        (raising(httpx.RemoteProtocolError), False),
        (raising(httpx.ReadError), False),
        (fault(503, "Service Unavailable"), False),
        (raising(httpx.ConnectTimeout), False),
    ],
)
def test_what_may_still_be_done_later(answer, silent):
    with pytest.raises(ClusterUnreachable) as caught:
        answering(answer).submit_create(SPEC, "r")
    assert caught.value.silent is silent


def test_what_was_given_up_is_not_delivered_later():
    """The kernel would go on sending what a cut link held up, long after the client's timeout."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        client = RapiCluster(
            f"http://127.0.0.1:{server.getsockname()[1]}", "u", "p", answer_within=0.2
        )
        with pytest.raises(ClusterUnreachable):
            client.submit_create(SPEC, "r")
        taken, _ = server.accept()
        taken.settimeout(30)
        with taken, pytest.raises(ConnectionResetError):
            list(iter(partial(taken.recv, 1 << 16), b""))
        client.close()


def test_a_read_is_repeated_once():
    answers = iter([raising(httpx.RemoteProtocolError), fault(404, "Not Found")])

    def one_after_the_other(request):
        return next(answers)(request)

    client = answering(one_after_the_other)
    with pytest.raises(NotFound):
        client.instance("snf-1")
    assert len(client.seen) == 2


def test_the_reason_travels_with_every_write():
    client = answering(lambda request: httpx.Response(200, json=7))
    reason = "synnefo:intent=1;request=r;actor=a b"
    assert client.submit_remove("snf-1", reason) == 7
    assert client.submit_create(SPEC, reason) == 7
    assert all(request.url.params["reason"] == reason for request in client.seen)


def test_the_password_is_sent_as_basic_authentication_and_never_in_the_address():
    client = answering(lambda request: httpx.Response(200, json=7))
    client.submit_remove("snf-1", "r")
    assert client.seen[0].headers["Authorization"].startswith("Basic ")
    assert "p@" not in str(client.seen[0].url)


def test_a_creation_as_it_is_sent():
    client = answering(lambda request: httpx.Response(200, json=7))
    client.submit_create(SPEC, "r")
    body = json.loads(client.seen[0].content)
    assert body["beparams"] == {"vcpus": 1, "minmem": 64, "maxmem": 64}
    assert (body["__version__"], body["ip_check"], body["name_check"]) == (1, False, False)


def test_a_ganeti_without_console_output():
    def answer(request):
        if request.url.path.endswith("console-output"):
            return fault(404, "Not Found")(request)
        return httpx.Response(200, json=INSTANCE)

    assert answering(answer).console_output("vm1") == ""


def test_an_instance_as_a_real_cluster_tells_it():
    report = answering(lambda request: httpx.Response(200, json=INSTANCE)).instance("vm1")
    assert (report.memory, report.vcpus, report.running) == (16, 1, True)
    assert report.nics[0].network == "net1"
    assert (report.nics[0].ip, report.nics[0].mac) == ("192.0.2.3", "aa:00:01:b5:df:59")
    assert (report.disks[0].name, report.disks[0].size) == ("root", 16)


def test_the_fake_can_be_away_and_lose_answers():
    fake = FakeCluster()
    fake.away = True
    with pytest.raises(ClusterUnreachable) as caught:
        fake.submit_create(SPEC, "r")
    assert not caught.value.perhaps_done
    fake.away, fake.lose_answers = False, True
    with pytest.raises(ClusterUnreachable) as caught:
        fake.submit_create(SPEC, "intent-1")
    assert caught.value.perhaps_done
    assert fake.find_job_by_reason("intent-1", 0) == 1


def test_the_fake_can_hold_jobs():
    fake = FakeCluster()
    fake.holding = True
    first, second = fake.submit_create(SPEC, "r"), fake.submit_remove("snf-1", "r")
    assert fake.job(first).status == "queued"
    assert fake.cancel(second)
    fake.run()
    assert (fake.job(first).status, fake.job(second).status) == ("success", "canceled")


INSTANCE = {
    "name": "vm1", "admin_state": "up", "os": "noop", "pnode": "node1", "snodes": [],
    "disk_template": "file", "nic.ips": ["192.0.2.3"], "nic.macs": ["aa:00:01:b5:df:59"],
    "nic.modes": ["bridged"], "nic.uuids": ["c1279a26"], "nic.names": ["nic0"],
    "nic.links": ["br0"], "nic.networks": ["dea9b69e"], "nic.networks.names": ["net1"],
    "disk.sizes": [16], "disk.uuids": ["c2f402c9"], "disk.names": ["root"],
    "beparams": {"minmem": 16, "maxmem": 16, "vcpus": 1, "memory": 16}, "oper_state": True,
    "status": "running", "ctime": 1795210941.85, "uuid": "51f71bf6", "serial_no": 3, "tags": [],
}  # fmt: skip
