"""Names, addresses, places, quotas and errors: pure rules with their edges."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synnefo.core import addresses, allocator, job_errors, naming, quota

IDS = st.integers(min_value=1, max_value=10**18 - 1)
PREFIXES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
NAMINGS = [
    (naming.instance_name, naming.server_id),
    (naming.nic_name, naming.port_id),
    (naming.disk_name, naming.volume_id),
    (naming.network_name, naming.network_number_in),
]


@given(PREFIXES, IDS)
def test_names_lead_back(prefix, number):
    for there, back in NAMINGS:
        assert back(prefix, there(prefix, number)) == number
    apart = naming.network_number(5, number, apart=True)
    assert apart == -number
    assert naming.network_number_in(prefix, naming.network_name(prefix, apart)) == apart


@given(st.text(max_size=30))
def test_a_name_is_read_only_as_it_is_written(text):
    for there, back in NAMINGS:
        number = back("snf", text)
        assert number is None or there("snf", number) == text


@pytest.mark.parametrize(
    "name", [None, "", "snf-", "snf-0", "snf-01", "snf-1 ", "snf-1\n", "x-1", "snf-nic-1", "snf-٣"]
)
def test_foreign_instances(name):
    assert naming.server_id("snf", name) is None


@given(st.integers(0, 300), st.integers(1, 64), st.sets(st.integers(0, 255), max_size=20))
def test_windows_cover_the_pool_once(begin, width, excluded):
    start = ipaddress.ip_address("10.0.0.0")
    pool = addresses.Pool.of("10.0.0.0", "10.0.0.255", *(str(start + n) for n in excluded))
    seen = [text for window in pool.windows(begin % pool.size, width) for text in window]
    assert len(seen) == len(set(seen)) == 256 - len(excluded)


def test_pool_bounds():
    assert addresses.pool_bounds("198.18.0.0/20") == ("198.18.0.2", "198.18.15.254", "198.18.0.1")


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("10.0.0.5", None),
        ("10.0.0.1", "reserved"),
        ("10.0.0.0", "reserved"),
        ("10.0.0.255", "reserved"),
        ("10.0.1.5", "not in the network"),
        ("fe80::1", "not in the network"),
        ("10.0.0", "not an IP address"),
    ],
)
def test_reason_against(address, word):
    reason = addresses.reason_against(address, "10.0.0.0/24", "10.0.0.1")
    assert reason is None if word is None else word in reason


def _room(number, **changes):
    values = {
        "backend_id": number,
        "disk_templates": frozenset({"file"}),
        "memory_total": 1000,
        "memory_free": 1000,
        "disk_total": 1000,
        "disk_free": 1000,
    }
    return allocator.Room(**(values | changes))


NEED = allocator.Need(memory=100, disk=100, disk_template="file")


def test_emptiest_backend_is_chosen():
    rooms = [_room(1, memory_free=500), _room(2), _room(3, disk_free=100)]
    assert allocator.choose(NEED, rooms).backend_id == 2


def test_bursts_spread():
    rooms, chosen = [_room(1), _room(2)], []
    for _ in range(6):
        room = allocator.choose(NEED, rooms)
        room.take(NEED)
        chosen.append(room.backend_id)
    assert sorted(chosen) == [1, 1, 1, 2, 2, 2]


def test_backend_that_nobody_looked_at_may_be_chosen():
    unknown = _room(
        1, memory_total=0, memory_free=0, disk_total=0, disk_free=0, disk_templates=frozenset()
    )
    assert allocator.choose(NEED, [unknown]) is unknown


@pytest.mark.parametrize(
    ("rooms", "word"),
    [
        ([], "backend: "),
        ([_room(1, disk_templates=frozenset({"drbd"}))], "disk template: "),
        ([_room(1, memory_free=99), _room(2, memory_free=50)], "memory: 100 MiB asked, at most 99"),
        ([_room(1, disk_free=99)], "disk: 100 MiB asked, at most 99"),
    ],
)
def test_no_room_names_what_is_missing(rooms, word):
    with pytest.raises(allocator.NoRoom, match=word):
        allocator.choose(NEED, rooms)


def test_quota_arithmetic():
    two = quota.provisions(2, 512, 2)
    assert two == {"instances": 2, "cores": 4, "ram": 1024}
    assert quota.total([two, quota.negative(two)]) == {}
    assert quota.fits(-1, 10**9, 1)
    assert quota.fits(10, 9, 1)
    assert not quota.fits(10, 10, 1)


@pytest.mark.parametrize(
    ("result", "sentence", "nothing_done"),
    [
        (
            ["OpPrereqError", ["not enough memory", "insufficient_resources"]],
            "memory: not enough memory",
            True,
        ),
        (["OpPrereqError", ["FailDisk: 3", "insufficient_resources"]], "disk: FailDisk: 3", True),
        (["OpPrereqError", ["Instance not known", "unknown_entity"]], "Instance not known", True),
        (["OpExecError", ["no memory of that"]], "no memory of that", False),
        ("text", "text", False),
        (None, "The backend gave no reason", False),
        ([], "The backend gave no reason", False),
    ],
)
def test_job_errors(result, sentence, nothing_done):
    error = job_errors.read(result)
    assert (error.sentence, error.nothing_was_done) == (sentence, nothing_done)


def test_canceled_job():
    assert job_errors.read(None, canceled=True).sentence == "The job was canceled"
