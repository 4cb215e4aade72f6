"""Hours of use, and what extra specs may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synnefo.core import extra_specs
from synnefo.core.faults import BadRequest
from synnefo.core.usage import Total, Use

START = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 1000).map(lambda hours: START + timedelta(hours=hours))


def use(launched: datetime, ended: datetime | None) -> Use:
    return Use(launched, ended, vcpus=2, memory=512, disk=10)


@given(MOMENTS, st.none() | MOMENTS, MOMENTS, MOMENTS, MOMENTS)
def test_periods_add_up(
    launched: datetime, ended: datetime | None, one: datetime, two: datetime, three: datetime
) -> None:
    begin, middle, end = sorted((one, two, three))
    some = use(launched, ended)
    parts = some.hours(begin, middle) + some.hours(middle, end)
    assert parts == pytest.approx(some.hours(begin, end))
    assert 0 <= parts <= (end - begin).total_seconds() / 3600


def test_totals() -> None:
    total, day = Total(), START + timedelta(days=1)
    total.add(use(START + timedelta(hours=12), None), START, day)
    total.add(use(START - timedelta(days=1), START + timedelta(hours=6)), START, day)
    assert (total.hours, total.vcpus, total.memory, total.disk) == (18, 36, 9216, 180)
    assert use(START, None).uptime(day) == use(START, day).uptime(day + timedelta(9)) == 86400


@pytest.mark.parametrize(
    "specs",
    [
        {"hw:cpu_policy": "dedicated", "foo:bar": "baz", "plain": "x"},
        {"hw:numa_cpus.0": "0-3,^2", "hw:numa_mem.1": "512"},
        {"hw:mem_page_size": "2MB", "hw_rng:allowed": "True", "quota:disk_read_iops_sec": "10"},
        {"trait:CUSTOM_FAST": "required", "resources2:VCPU": "4"},
        {"aggregate_instance_extra_specs:ssd": "<in> true"},
    ],
)
def test_known_specs(specs: dict[str, str]) -> None:
    extra_specs.check(specs)


@pytest.mark.parametrize(
    "specs",
    [
        {"hw:cpu_policy": "sometimes"},
        {"hw:cpu_polixy": "shared"},
        {"hw:numa_nodes": "0"},
        {"trait:CUSTOM_FAST": "perhaps"},
        {"os:secure_boot": ""},
    ],
)
def test_unknown_specs(specs: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="Validation failed"):
        extra_specs.check(specs)
