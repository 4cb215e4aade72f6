from types import SimpleNamespace

import pytest

from ganeti_backend import opcodes
from ganeti_backend.doors import short_names


class Configuration:
    def __init__(self, *names):
        self.names = names
        self.searched = 0

    def instances(self):
        self.searched += 1
        return [SimpleNamespace(name=name) for name in self.names]

    def nodes(self):
        return [SimpleNamespace(name="node1.example.org")]

    def instance(self, name):
        return name if name in self.names else None


@pytest.mark.parametrize(
    ("names", "given", "whole"),
    [
        (("web1.example.org",), "web1", "web1.example.org"),
        (("web1.example.org",), "web1.example.org", "web1.example.org"),
        (("web1.example.org", "web1.example.com"), "web1", "web1"),
        (("web1", "web1.example.org"), "web1", "web1"),
        (("web10.example.org",), "web1", "web1"),
        ((), "web1", "web1"),
    ],
)
def test_instances(names, given, whole):
    op = opcodes.from_dict({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": given})
    assert short_names.completed(op, Configuration(*names)).instance_name == whole


def test_nothing_is_searched_for_names_that_are_whole():
    """The frontend's names have no domain, and clusters have many instances."""
    configuration = Configuration("snf-1")
    op = opcodes.from_dict({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "snf-1"})
    assert short_names.completed(op, configuration) is op
    assert configuration.searched == 0


def test_lists_and_nodes():
    given = {"OP_ID": "OP_GROUP_ASSIGN_NODES", "group_name": "node1", "nodes": ["node1", "node2"]}
    op = short_names.completed(opcodes.from_dict(given), Configuration())
    assert (op.group_name, list(op.nodes)) == ("node1", ["node1.example.org", "node2"])


def test_what_is_yet_to_be_is_left_alone():
    op = opcodes.from_dict({"OP_ID": "OP_NODE_ADD", "node_name": "node1"})
    assert short_names.completed(op, Configuration()).node_name == "node1"
