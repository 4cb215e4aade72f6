"""Nodes of the master's machine are asked to run hooks only where there may be some."""

from dataclasses import replace

import pytest

from ganeti_backend import settings
from ganeti_backend.errors import GenericError
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.fake import FakeNodeClient
from ganeti_backend.node_rpc.own_machine import OwnMachine, is_here

ANSWER = [["instance-add-pre.d/x", "success", ""]]
ADD = {"hooks_path": "instance-add", "phase": "pre", "env": {}}


@pytest.fixture
def made(tmp_path):
    usual = settings.for_state(tmp_path, 5080, [6001, 6002, 6003])
    far = replace(usual.nodes[2], address="192.0.2.7")
    return replace(usual, nodes=(*usual.nodes[:2], far))


@pytest.fixture
def asked(made):
    nodes = FakeNodeClient(node.name for node in made.nodes)
    nodes.hook_results["instance-add", "pre"] = ANSWER
    return nodes


def test_nobody_is_asked_where_nothing_lies(made, asked):
    nodes = OwnMachine(asked, made)
    assert nodes.call("node1.local", calls.HOOKS_RUN, **ADD) == []
    (made.hooks_dir / "instance-add-pre.d").mkdir(parents=True)
    assert nodes.call("node1.local", calls.HOOKS_RUN, **ADD) == []
    assert asked.asked == []


def test_a_script_counts_from_the_moment_it_is_there(made, asked):
    nodes = OwnMachine(asked, made)
    assert nodes.call("node1.local", calls.HOOKS_RUN, **ADD) == []
    folder = made.hooks_dir / "instance-add-pre.d"
    folder.mkdir(parents=True)
    (folder / "x").write_text("")
    assert nodes.call("node1.local", calls.HOOKS_RUN, **ADD) == ANSWER
    # The second node has a folder of its own, in which is nothing.
    assert nodes.call("node2.local", calls.HOOKS_RUN, **ADD) == []


def test_a_folder_that_cannot_be_looked_into_may_hold_some(made, asked):
    made.hooks_dir.mkdir(parents=True)
    (made.hooks_dir / "instance-add-pre.d").write_text("no folder")
    assert OwnMachine(asked, made).call("node1.local", calls.HOOKS_RUN, **ADD) == ANSWER


def test_other_machines_are_asked(made, asked):
    assert OwnMachine(asked, made).call("node3.local", calls.HOOKS_RUN, **ADD) == ANSWER


def test_nodes_that_joined_are_asked(made, asked):
    nodes = OwnMachine(asked, replace(made, nodes=made.nodes[:1]))
    assert nodes.call("node2.local", calls.HOOKS_RUN, **ADD) == ANSWER


def test_other_calls_pass(made, asked):
    OwnMachine(asked, made).call("node1.local", calls.TEST_DELAY, duration=0.0)
    assert [name for _, name, _ in asked.asked] == ["test_delay"]


def test_an_occasion_that_cannot_be_is_refused_as_by_a_node(made, asked):
    wrong = {**ADD, "hooks_path": "../x"}
    with pytest.raises(GenericError, match="there are no hooks"):
        OwnMachine(asked, made).call("node1.local", calls.HOOKS_RUN, **wrong)


def test_addresses_of_this_machine():
    assert is_here("127.0.0.1")
    assert not is_here("192.0.2.7")  # RFC 5737: nobody's.
