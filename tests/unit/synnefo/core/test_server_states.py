"""Every operation with every status from every state, against what users may expect."""

import itertools

import pytest

from synnefo.core import messages, server_actions
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.server_states import (
    STATE_AFTER,
    JobStatus,
    ServerState,
    ServerTask,
    nova_status,
    state_after,
)

SUCCESS = {
    "OP_INSTANCE_CREATE": ServerState.ACTIVE,
    "OP_INSTANCE_STARTUP": ServerState.ACTIVE,
    "OP_INSTANCE_REBOOT": ServerState.ACTIVE,
    "OP_INSTANCE_SHUTDOWN": ServerState.STOPPED,
    "OP_INSTANCE_REMOVE": ServerState.DELETED,
    "OP_INSTANCE_REINSTALL": ServerState.STOPPED,
}
WALK = list(itertools.product([*STATE_AFTER, "OP_UNKNOWN"], JobStatus, ServerState))


@pytest.mark.parametrize(("operation", "status", "current"), WALK)
def test_state_after(operation, status, current):
    after = state_after(operation, status, current)
    if status == JobStatus.SUCCESS:
        assert after == SUCCESS.get(operation, current)
    elif status in {JobStatus.ERROR, JobStatus.CANCELED} and operation == "OP_INSTANCE_CREATE":
        assert after == ServerState.ERROR
    else:
        assert after == current


def test_statuses_are_those_of_the_messages():
    assert {str(one) for one in JobStatus} == set(messages.STATUS_RANK)


@pytest.mark.parametrize(
    ("name", "state", "task"),
    list(itertools.product(server_actions.ACTIONS, ServerState, [None, *ServerTask])),
)
def test_actions(name, state, task):
    action = server_actions.ACTIONS[name]
    allowed = state in action.allowed and (task is None or task in action.during)
    if allowed:
        server_actions.check(action, "id", state, task)
        assert state is not ServerState.DELETED
    else:
        with pytest.raises(Conflict, match=f"^Cannot '{action.verb}' instance id while it is in "):
            server_actions.check(action, "id", state, task)


def test_every_action_has_a_state_row():
    for action in server_actions.ACTIONS.values():
        assert action.operation in STATE_AFTER
        assert action.operation in server_actions.ACTIVITY_NAMES


def test_actions_by_their_words():
    assert server_actions.action_named("os-start", None) == "start"
    assert server_actions.action_named("reboot", {"type": "HARD"}) == "reboot_hard"
    for word, arguments in (
        ("fly", {}),
        ("reboot", {}),
        ("reboot", {"type": "soft"}),
        ("create", {}),
    ):
        with pytest.raises(BadRequest):
            server_actions.action_named(word, arguments)


@pytest.mark.parametrize(
    ("state", "task", "word"),
    [
        (ServerState.ACTIVE, ServerTask.REBOOTING, "REBOOT"),
        (ServerState.ACTIVE, ServerTask.REBOOTING_HARD, "HARD_REBOOT"),
        (ServerState.ACTIVE, ServerTask.DELETING, "ACTIVE"),
        (ServerState.STOPPED, None, "SHUTOFF"),
        (ServerState.ERROR, None, "ERROR"),
    ],
)
def test_nova_status(state, task, word):
    assert nova_status(state, task) == word
