"""Several brokers and dispatchers: their ports and names."""

import pytest

from synnefo.cloud import full_parts, processes, up
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import Choices, Layout
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.wishes import Wishes


def layout(path, **choices):
    return Layout(path, Choices(port=24000, **choices))


def test_no_port_is_given_twice(tmp_path):
    found = layout(tmp_path, profile="full", brokers=3, dispatchers=4).ports()
    assert len(found) == len(set(found))
    assert max(found) < 24040


def test_everybody_knows_every_broker(tmp_path):
    made = layout(tmp_path, profile="full", brokers=3)
    first, *others = full_parts.bus_url(made).split(",")
    assert first.endswith("@127.0.0.1:24005/")
    assert [one.rpartition(":")[2] for one in others] == ["24020/", "24022/"]


def test_dispatchers_wait_for_tables_and_answer_metrics_each(tmp_path):
    made = layout(tmp_path, dispatchers=3)
    made.make_folders()
    rows = processes.specifications(made, PythonEnvironment(tmp_path))
    found = [one for one in rows if one.argv[-1] == "synnefo.dispatcher"]
    assert [one.name for one in found] == ["dispatcher", "dispatcher2", "dispatcher3"]
    assert all(one.name in processes.ON_TABLES for one in found)
    assert len({one.metrics for one in found}) == 3
    assert {one.metrics for one in found} <= set(made.ports())


def test_users_wait_for_no_broker(tmp_path):
    """Its start takes long, and a cloud that is taken up again has users already."""
    made = layout(tmp_path, profile="full")
    made.make_folders()
    rows = {one.name: one for one in processes.specifications(made, PythonEnvironment(tmp_path))}
    assert rows["api"].after == ("postgres",)
    assert "rabbitmq" in rows["dispatcher"].after


def test_dispatchers_may_become_more_but_brokers_not(tmp_path):
    layout(tmp_path, profile="full").save()
    assert up.Up(tmp_path, Wishes(dispatchers=3)).layout.dispatchers[-1] == "dispatcher3"
    with pytest.raises(CloudError, match="1 of --brokers"):
        up.Up(tmp_path, Wishes(brokers=3))
