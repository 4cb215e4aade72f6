"""What a submission reads of a claimed intent's server is there, as Django itself would find it."""

import threading

import pytest

from synnefo.db.models import Flavor, Image, Intent, Server
from synnefo.intents import submission
from synnefo.intents.compute import server_groups


def read(server):
    """Everything that describes a server to a cluster."""
    ports = sorted(server.ports.all(), key=lambda port: port.pk)
    addresses = [
        (row.address, row.subnet.cidr, row.port.server_id)
        for port in ports
        for row in sorted(port.addresses.all(), key=lambda row: row.pk)
    ]
    return (
        (server.pk, server.flavor.ram, server.image and server.image.uuid),
        (server.group and server.group.policy, server.backend and server.backend.name),
        [(port.pk, port.server.pk) for port in ports],
        addresses,
        [(volume.pk, volume.index, volume.server.pk) for volume in server.volumes.all()],
    )


def test_nothing_is_asked_for_again(spine, django_assert_num_queries):
    group = server_groups.create(spine.caller, "apart", "anti-affinity", 1)
    made = [
        spine.create("plain"),
        spine.create("bare", networks="none"),
        spine.create("grouped", hints={"group": str(group.uuid)}),
    ]
    claims = submission.claim("me", spine.clock.now(), 10)
    with django_assert_num_queries(0):
        found = [read(claim.intent.server) for claim in claims]
    assert found == [read(Server.objects.get(pk=server.pk)) for server in made]
    assert [claim.intent for claim in claims] == list(Intent.objects.order_by("pk"))


def test_what_was_deleted_since_is_still_the_servers(spine):
    """A size or an image may go while servers have it."""
    spine.create()
    Flavor.ever.update(deleted_at=spine.clock.now())
    Image.ever.update(status="deleted")
    (claim,) = submission.claim("me", spine.clock.now(), 10)
    assert read(claim.intent.server) == read(Server.objects.get())
    assert claim.intent.server.image.uuid == spine.image.uuid


def test_a_mistake_ends_all_of_it(spine, monkeypatch):
    """A thread that stayed would keep the process, and nobody would start the next one."""

    def mistaken(*_):
        raise KeyError(29)

    monkeypatch.setattr(submission, "claim", mistaken)
    spine.create()
    with pytest.raises(KeyError):
        spine.submitter.run(None, threading.Event())
    assert "recording" not in {thread.name for thread in threading.enumerate()}


def test_a_limit_is_kept(spine):
    for number in range(3):
        spine.create(f"server-{number}")
    assert len(submission.claim("me", spine.clock.now(), 2)) == 2
    assert len(submission.claim("me", spine.clock.now(), 2)) == 1
    assert submission.claim("me", spine.clock.now(), 2) == []
