from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ganeti_backend import errors, journal, objects
from ganeti_backend.configuration.config import Config, Pending, Receipt, new_uuid
from ganeti_backend.configuration.config_state import State


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    config = Config(tmp_path)
    assert not config.load()
    config.commit([objects.Cluster(name="c", uuid=new_uuid())])
    yield config
    config.close()


def crashed(config: Config) -> Config:
    """What a new master reads; the old one never closes anything."""
    again = Config(config._journal._folder)
    again.load()
    return again


def instance(name: str, **values: object) -> objects.Instance:
    return objects.Instance(name=name, uuid=new_uuid(), primary_node="n1", **values)


def network(**values: object) -> objects.Network:
    return objects.Network(
        name="net", uuid=new_uuid(), network="192.0.2.0/29", gateway="192.0.2.1", **values
    )


def nic(net: objects.Network | None = None, ip: str | None = None) -> objects.Nic:
    mac = "aa:00:00:00:00:01"
    return objects.Nic(uuid=new_uuid(), mac=mac, network=net.uuid if net else None, ip=ip)


def test_what_was_committed_is_there_after_a_crash(config: Config) -> None:
    one, two = instance("one", tags=("a",)), instance("two")
    config.commit([one, two])
    config.commit([one.touched(5.0, admin_state="up")])
    config.commit(delete=[two])
    again = crashed(config)
    assert again.instance("one") == one.touched(5.0, admin_state="up")
    assert again.instance(one.uuid) == again.instance("one")
    assert again.instance("two") is None
    assert again.cluster() == config.cluster()


def test_a_line_cut_off_at_the_end_is_dropped(config: Config) -> None:
    config.commit([instance("one")])
    path = config._journal._path
    with path.open("ab") as stream:
        stream.write(journal.encode_line({"n": 99, "put": []})[:-5])
    assert crashed(config).instance("one") is not None


@pytest.mark.parametrize("damage", ["flip", "garbage"])
def test_a_corrupt_line_is_named_and_kept(config: Config, damage: str) -> None:
    for name in ("one", "two", "three"):
        config.commit([instance(name)])
    path = config._journal._path
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"one", b"ONE") if damage == "flip" else b"what is this\n"
    broken = b"".join(lines)
    path.write_bytes(broken)
    with pytest.raises(errors.ConfigurationError, match=r"config\.journal: line 2: "):
        crashed(config)
    assert path.read_bytes() == broken


def test_a_corrupt_snapshot_is_named(config: Config) -> None:
    config._journal._snapshot_path.write_bytes(b"{}")
    with pytest.raises(errors.ConfigurationError, match=r"config\.data: .*line 1"):
        crashed(config)


def test_a_restart_compacts_the_journal(config: Config) -> None:
    config.commit([instance("one")])
    again = crashed(config)
    assert again._journal._path.stat().st_size == 0
    assert crashed(again).instance("one") is not None


def test_lines_older_than_the_snapshot_are_skipped(config: Config) -> None:
    one = instance("one")
    config.commit([one])
    line = config._journal._path.read_bytes()
    config.commit(delete=[one])
    config.compact()
    config._journal._path.write_bytes(line)
    assert crashed(config).instance("one") is None


def test_the_cost_of_a_change_does_not_grow_with_the_number_of_instances(config: Config) -> None:
    def size_of_a_change() -> int:
        before = config._journal._path.stat().st_size
        config.commit([instance("x" * 10)])
        grown = config._journal._path.stat().st_size - before
        config.commit(delete=[config.instance("x" * 10)])
        return grown

    few = size_of_a_change()
    config.commit([instance(f"i{number}") for number in range(1500)])
    assert abs(size_of_a_change() - few) < 10


def test_many_writers_share_syncs_and_lose_nothing(config: Config) -> None:
    syncs = []
    fdatasync = os.fdatasync

    def spy(descriptor: int) -> None:
        syncs.append(descriptor)
        fdatasync(descriptor)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(16) as threads:
        patch.setattr(os, "fdatasync", spy)
        made = [instance(f"i{number}") for number in range(300)]
        list(threads.map(lambda item: config.commit([item]), made))
    assert len(syncs) <= 300
    assert {item.name for item in crashed(config).instances()} == {item.name for item in made}


def test_a_failed_write_changes_nothing(config: Config) -> None:
    one = instance("one")
    config.commit([one], pending=Pending("one", "n1", [], 1))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(errors.ConfigurationError, match="No space left on device"):
            config.commit(
                [one.touched(9.0), instance("two")], settled="one", receipt=Receipt(1, 0, None)
            )
    assert config.instance("one") == one
    assert config.instance("two") is None
    assert config.pending_of("one") is not None
    assert config.receipt(1, 0) is None
    config.commit([instance("three")])
    again = crashed(config)
    assert again.instance("two") is None
    assert again.instance("three") is not None


def test_names_are_unique_within_a_kind(config: Config) -> None:
    config.commit([instance("one")])
    with pytest.raises(errors.OpPrereqError, match="instance one already exists"):
        config.commit([instance("one")])


def test_usage_is_summed_by_node(config: Config) -> None:
    disk = objects.Disk(uuid=new_uuid(), size=10, template="file")
    one = instance("one", beparams={"maxmem": 64}, disks=(disk,))
    config.commit([one, instance("two")])
    usage = config.usage("n1")
    assert (usage.memory, usage.disk, usage.instances) == (64 + 128, 10, 2)
    config.commit([one.replace(beparams={"maxmem": 32})])
    assert config.usage("n1").memory == 32 + 128
    config.commit(delete=[one])
    assert config.usage("n1").memory == 128
    assert config.usage("n2").instances == 0


def test_pending_creations_and_receipts_survive(config: Config) -> None:
    config.commit([instance("one")], pending=Pending("one", "n1", [{"uuid": "d"}], 7))
    again = crashed(config)
    assert again.pending() == [Pending("one", "n1", [{"uuid": "d"}], 7)]
    again.commit(settled="one", receipt=Receipt(7, 0, ["n1"]))
    third = crashed(again)
    assert third.pending() == []
    assert third.receipt(7, 0) == Receipt(7, 0, ["n1"])
    third.forget_receipts([7])
    assert third.receipt(7, 0) is None


def test_a_pool_hands_out_each_address_once(config: Config) -> None:
    net = network(reserved_ips=("192.0.2.3",))
    config.commit([net])
    assert [config.promise_ip(f"job-{n}", net) for n in range(4)] == [
        "192.0.2.2",
        "192.0.2.4",
        "192.0.2.5",
        "192.0.2.6",
    ]
    with pytest.raises(errors.OpPrereqError, match="is full") as caught:
        config.promise_ip("job-9", net)
    assert caught.value.code == errors.ECODE_NORES
    config.release_promises("job-2")
    assert config.promise_ip("job-9", net) == "192.0.2.5"


def test_addresses_of_nics_are_taken_and_come_back(config: Config) -> None:
    net = network()
    one = instance("one", nics=(nic(net, "192.0.2.2"),))
    config.commit([net, one])
    for configuration in (config, crashed(config)):
        with pytest.raises(errors.OpPrereqError, match="already in use") as caught:
            configuration.promise_ip("job-1", net, "192.0.2.2")
        assert caught.value.code == errors.ECODE_NOTUNIQUE
        assert configuration.pool(net)["map"] == "XXX....X"
    config.commit(delete=[one])
    assert config.promise_ip("job-1", net) == "192.0.2.2"


def test_a_promise_outlives_a_change_of_its_network(config: Config) -> None:
    net = network()
    config.commit([net])
    first = config.promise_ip("job-1", net)
    config.commit([net.touched(1.0, tags=("x",))])
    assert config.promise_ip("job-2", net) != first


def test_addresses_outside_of_a_network_and_reserved_ones_are_refused(config: Config) -> None:
    net = network(reserved_ips=("192.0.2.3",))
    config.commit([net])
    with pytest.raises(errors.OpPrereqError, match="outside of network"):
        config.promise_ip("job-1", net, "192.0.3.3")
    with pytest.raises(errors.OpPrereqError, match="already in use"):
        config.promise_ip("job-1", net, "192.0.2.3")
    assert config.promise_ip("job-1", net, "192.0.2.3", check=False) == "192.0.2.3"


def test_hardware_addresses_are_never_doubled(config: Config) -> None:
    config.commit([instance("one", nics=(nic(),))])
    made = {config.promise_mac("job-1", "aa:00:02") for _ in range(500)}
    assert len(made) == 500
    assert all(mac.startswith("aa:00:02:") for mac in made)
    with pytest.raises(errors.OpPrereqError, match="already in use"):
        config.promise_mac("job-2", "aa:00:02", "aa:00:00:00:00:01")
    mac = made.pop()
    config.release_promises("job-1")
    assert config.promise_mac("job-2", "aa:00:02", mac) == mac


def test_readers_never_miss_an_instance_that_is_being_changed(config: Config) -> None:
    one = instance("one")
    config.commit([one])
    with ThreadPoolExecutor(1) as threads:

        def change() -> None:
            for number in range(200):
                config.commit([one.touched(float(number))])

        changing = threads.submit(change)
        while not changing.done():
            assert config.instance("one") is not None
        changing.result()


# Changes that cannot be written.


def test_a_failed_change_is_not_in_a_later_snapshot(config: Config) -> None:
    one = instance("one")
    config.commit([one])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(errors.ConfigurationError):
            config.commit([one.touched(9.0), instance("two")])
    config.compact()
    again = crashed(config)
    assert again.instance("one") == one
    assert again.instance("two") is None


def test_a_snapshot_holds_only_what_is_on_disk(config: Config) -> None:
    """A change that stands in memory and is not written yet may still fail."""
    one = instance("one")
    config.commit([one])
    config._state.apply_unwritten(99, [(("instance", one.uuid), one.touched(9.0))])
    config.compact()
    assert config.instance("one") == one.touched(9.0)
    assert crashed(config).instance("one") == one


@pytest.mark.parametrize(
    ("order", "written"),
    [
        *(((1, 2), (one, two)) for one in (False, True) for two in (False, True)),
        # Of one batch the last is settled first; all of it shares one fate.
        ((2, 1), (False, False)),
        ((2, 1), (True, True)),
    ],
)
def test_changes_of_one_thing_may_each_fail(
    order: tuple[int, int], written: tuple[bool, bool]
) -> None:
    state = State()
    first = instance("one")
    key = ("instance", first.uuid)
    versions = {0: first, 1: first.touched(1.0), 2: first.touched(2.0)}
    state.apply_unwritten(0, [(key, first)])
    state.settle(0, [key], written=True)
    for number in (1, 2):
        state.apply_unwritten(number, [(key, versions[number])])
    for number in order:
        state.settle(number, [key], written=written[number - 1])
    stands = max([0, *(n for n in (1, 2) if written[n - 1])])
    assert state.objects["instance"][first.uuid] == versions[stands]
    assert [value for _, value in state.written()] == [versions[stands]]


def test_changed_defaults_of_the_cluster_count_for_all_instances(config: Config) -> None:
    config.commit([instance("one"), instance("two", beparams={"maxmem": 64})])
    cluster = config.cluster()
    config.commit([cluster.replace(beparams={"default": {"maxmem": 256}})])
    assert config.usage("n1").memory == 256 + 64
    config.commit(delete=[config.instance("one")])
    assert config.usage("n1").memory == 64


# Versions.


def test_a_newer_configuration_is_refused_and_kept(config: Config) -> None:
    path = config._journal._snapshot_path
    newer = journal.encode_line({"version": 2, "n": 1, "put": []})
    path.write_bytes(newer)
    with pytest.raises(errors.ConfigurationError, match=r"config\.data: line 1: .*version 2"):
        crashed(config)
    assert path.read_bytes() == newer


def test_each_start_is_a_generation(config: Config) -> None:
    assert config.generation == 1
    assert crashed(config).generation == 2
    assert crashed(config).generation == 3


def test_a_journal_that_a_broken_compaction_left_is_read_first(config: Config) -> None:
    one = instance("one")
    config.commit([one])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "replace", full)
        with pytest.raises(OSError, match="No space"):
            config.compact()
    config.commit([one.touched(5.0)])
    assert crashed(config).instance("one") == one.touched(5.0)
    config.compact()
    assert crashed(config).instance("one") == one.touched(5.0)


def test_only_receipts_of_unfinished_jobs_are_kept(config: Config) -> None:
    for job_id in (1, 2, 3):
        config.commit(receipt=Receipt(job_id, 0, None))
    config.keep_receipts([2])
    assert [config.receipt(job_id, 0) is not None for job_id in (1, 2, 3)] == [False, True, False]
