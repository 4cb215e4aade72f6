"""Every operation with every status from every state, against what users may expect."""

import itertools

import pytest

from synnefo.core import messages, server_actions
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.server_states import (
    STATE_AFTER,
    JobStatus,
    ServerMode,
    ServerState,
    ServerTask,
    nova_status,
    state_after,
    vm_state,
)

SUCCESS = {
    "OP_INSTANCE_CREATE": ServerState.ACTIVE,
    "OP_INSTANCE_STARTUP": ServerState.ACTIVE,
    "OP_INSTANCE_REBOOT": ServerState.ACTIVE,
    "OP_INSTANCE_SHUTDOWN": ServerState.STOPPED,
    "OP_INSTANCE_REMOVE": ServerState.DELETED,
    "OP_INSTANCE_REINSTALL": ServerState.STOPPED,
    "OP_INSTANCE_PAUSE": ServerState.PAUSED,
    "OP_INSTANCE_UNPAUSE": ServerState.ACTIVE,
    "OP_INSTANCE_SUSPEND": ServerState.SUSPENDED,
    "OP_INSTANCE_RESUME": ServerState.ACTIVE,
}


@pytest.mark.parametrize("operation", [*STATE_AFTER, "OP_UNKNOWN"])
def test_state_after(operation):
    for status, current in itertools.product(JobStatus, ServerState):
        after = state_after(operation, status) or current
        if status == JobStatus.SUCCESS:
            assert after == SUCCESS.get(operation, current)
        elif status in {JobStatus.ERROR, JobStatus.CANCELED} and operation == "OP_INSTANCE_CREATE":
            assert after == ServerState.ERROR
        else:
            assert after == current


def test_statuses_are_those_of_the_messages():
    assert {str(one) for one in JobStatus} == set(messages.STATUS_RANK)


@pytest.mark.parametrize("name", server_actions.ACTIONS)
def test_actions(name):
    action = server_actions.ACTIONS[name]
    refusal = f"^Cannot '{action.verb}' instance id while it is in "
    for state, task in itertools.product(ServerState, [None, *ServerTask]):
        if state in action.allowed and (task is None or task in action.during):
            server_actions.check(action, "id", state, task)
            assert state is not ServerState.DELETED
        else:
            with pytest.raises(Conflict, match=refusal):
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


@pytest.mark.parametrize("name", [*server_actions.ACTIONS, *server_actions.WISHES])
def test_actions_in_modes(name):
    """A mode hides the state; one that an administrator marked counts as failed."""
    action = (server_actions.ACTIONS | server_actions.WISHES)[name]
    for mode in ServerMode:
        marked = mode is ServerMode.MARKED and ServerState.ERROR in action.allowed
        if mode in action.modes or marked:
            server_actions.check(action, "id", ServerState.ACTIVE, None, mode)
        else:
            with pytest.raises(Conflict, match=f"in vm_state {vm_state(ServerState.ACTIVE, mode)}"):
                server_actions.check(action, "id", ServerState.ACTIVE, None, mode)


@pytest.mark.parametrize(
    ("mode", "state", "task", "word"),
    [
        (ServerMode.RESIZED, ServerState.STOPPED, None, "VERIFY_RESIZE"),
        (ServerMode.RESIZED, ServerState.ACTIVE, ServerTask.RESIZE_REVERTING, "REVERT_RESIZE"),
        (ServerMode.SHELVED, ServerState.STOPPED, ServerTask.UNSHELVING, "SHELVED"),
        (ServerMode.SOFT_DELETED, ServerState.STOPPED, None, "SOFT_DELETED"),
        (ServerMode.MARKED, ServerState.ACTIVE, None, "ERROR"),
        (None, ServerState.STOPPED, ServerTask.REBUILDING, "REBUILD"),
        (None, ServerState.ACTIVE, ServerTask.RESIZE_PREP, "RESIZE"),
        (None, ServerState.PAUSED, None, "PAUSED"),
    ],
)
def test_nova_status_of_modes(mode, state, task, word):
    assert nova_status(state, task, mode) == word


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
