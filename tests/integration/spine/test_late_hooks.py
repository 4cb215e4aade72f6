"""What hooks say late, twice or in the name of an old master moves nothing back."""

from synnefo.core.messages import NetStatus
from synnefo.db.models import Port
from synnefo.dispatcher.consumer import Consumer
from synnefo.observations import nics
from synnefo.ports import Delivery


def cards(spine, server, port, ip, **more):
    """What a hook saw of a server's only card."""
    nic = {"name": f"snf-nic-{port.pk}", "mac": "aa:00:00:01:02:03", "ip": ip}
    instance = f"snf-{server.pk}"
    return NetStatus(instance=instance, cluster="cluster.fake", nics=(nic,), **more)


def address_of(port):
    return Port.objects.get(pk=port.pk).addresses.get().address


def test_an_older_job_counts_nothing(spine):
    """Of the old master, spooled on its node since; the new one's jobs have higher numbers."""
    server = spine.create()
    spine.settle()
    server.refresh_from_db()
    port, newest = server.ports.get(), server.seen_job
    spine.deliver([cards(spine, server, port, "10.9.0.9", job_id=newest, node="node2")])
    assert address_of(port) == "10.9.0.9"
    spine.deliver([cards(spine, server, port, "10.9.0.10", job_id=newest - 1, node="node1")])
    server.refresh_from_db()
    assert (address_of(port), server.node) == ("10.9.0.9", "node2")


def test_of_another_cluster_it_counts_nothing(spine):
    server = spine.create()
    spine.settle()
    port = server.ports.get()
    before = address_of(port)
    late = cards(spine, server, port, "10.9.0.9")
    spine.deliver([NetStatus(instance=late.instance, cluster="old.local", nics=late.nics)])
    assert address_of(port) == before


def test_of_a_deleted_server_it_counts_nothing(spine):
    server = spine.create()
    spine.settle()
    late = cards(spine, server, server.ports.get(), "10.9.0.9")
    spine.delete(server)
    spine.settle()
    spine.deliver([late, late])
    assert spine.state(server)[0] == "DELETED"
    assert not Port.objects.exists()
    spine.audit()


def test_without_a_job_a_look_at_once_puts_it_right(
    spine, doorbell, django_capture_on_commit_callbacks
):
    """Ganeti tells its hooks no job's number: whether it came late is found by looking."""
    server = spine.create()
    spine.settle()
    port = server.ports.get()
    right = address_of(port)
    doubt = ("doubts", {"backend": spine.backend.pk, "server": server.pk})
    with django_capture_on_commit_callbacks(execute=True):
        spine.deliver([cards(spine, server, port, "10.9.0.9", job_id=server.seen_job + 9)])
    assert doubt not in doorbell.heard, "a job's number says that it is news"
    with django_capture_on_commit_callbacks(execute=True):
        spine.deliver([cards(spine, server, port, "10.9.0.10")])
    assert address_of(port) == "10.9.0.10"
    assert doubt in doorbell.heard
    spine.clock.ahead += 1
    spine.reconciler.turn(spine.backend, [server.pk])
    assert address_of(port) == right


def test_many_at_once_mean_what_they_mean_one_by_one(spine, django_assert_max_num_queries):
    made = [spine.create(f"server-{number}") for number in range(3)]
    spine.settle()
    ports = [server.ports.get() for server in made]
    spine.deliver([known(spine, server, port) for server, port in zip(made, ports, strict=True)])
    old = [known(spine, server, port) for server, port in zip(made, ports, strict=True)] * 30
    with django_assert_max_num_queries(8):
        together(spine, [*old, NetStatus(instance="snf-999999"), NetStatus(instance="other")])
    there = cards(spine, made[0], ports[0], "10.9.0.19")
    back = known(spine, made[0], ports[0])
    before = [address_of(port) for port in ports]
    together(spine, [old[0], there, back, *old[3:]])
    assert [address_of(port) for port in ports] == before
    together(spine, [*old, there])
    assert [address_of(port) for port in ports] == ["10.9.0.19", *before[1:]]


def known(spine, server, port):
    """What the database says of a server's card."""
    return cards(spine, server, port, address_of(port))


def together(spine, some):
    key = "ganeti.snf.event.net"
    deliveries = [Delivery("snf-events-net", key, message.encode()) for message in some]
    Consumer(spine.clock).handle_together(deliveries)


def test_of_a_build_only_what_differs_is_written(spine, django_assert_num_queries):
    """Its end says the node and that the cards are plugged, and is on its way."""
    server = spine.create()
    spine.dispatch()
    port = server.ports.get()
    right = {"name": f"snf-nic-{port.pk}", "mac": port.mac_address, "ip": address_of(port)}
    told = cards(spine, server, port, None, node="node1")
    message = NetStatus(
        instance=told.instance, cluster=told.cluster, nics=(right,), job_id=1, node="node1"
    )
    with django_assert_num_queries(2):
        assert not nics.apply(message, spine.clock.now())
    spine.deliver([message])
    server.refresh_from_db()
    assert (server.state, server.node) == ("BUILD", "")
    spine.deliver([cards(spine, server, port, "10.9.0.9", job_id=1, node="node1")])
    server.refresh_from_db()
    assert (address_of(port), server.node) == ("10.9.0.9", "node1")
