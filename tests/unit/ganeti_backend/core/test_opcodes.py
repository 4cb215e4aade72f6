from __future__ import annotations

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.master.unit_table import UNITS


def test_every_opcode_has_a_unit() -> None:
    assert set(UNITS) == set(opcodes.CLASSES.values())


def needs_something(op_id: str) -> bool:
    try:
        opcodes.from_dict({"OP_ID": op_id})
    except errors.OpPrereqError as error:
        return "fails validation" in error.message
    return False


@pytest.mark.parametrize("op_id", sorted(opcodes.CLASSES))
def test_opcodes_survive_their_dictionary(op_id: str) -> None:
    if needs_something(op_id):
        return
    op = opcodes.from_dict({"OP_ID": op_id})
    assert opcodes.from_dict(op.to_dict()) == op
    assert op.to_dict()["OP_ID"] == op_id


# Whom a trial of the allocator is about is not for all of its modes.
ABOUT = {op_id for op_id, cls in opcodes.CLASSES.items() if cls.TARGET} - {"OP_TEST_ALLOCATOR"}


@pytest.mark.parametrize("op_id", sorted(ABOUT))
def test_opcodes_about_something_refuse_to_be_about_nothing(op_id: str) -> None:
    assert needs_something(op_id)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("disks", "many"),
        ("disks", [1]),
        ("nics", {}),
        ("start", 1),
        ("beparams", []),
        ("priority", 20),
        ("priority", True),
        ("depends", [[1]]),
        ("depends", [["x", []]]),
        ("mode", "guess"),
        ("tags", [1]),
        ("instance_name", ""),
        ("instance_name", 5),
    ],
)
def test_wrong_types_are_refused_with_ganetis_words(name: str, value: object) -> None:
    with pytest.raises(errors.OpPrereqError) as caught:
        opcodes.from_dict({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": "vm1", name: value})
    assert caught.value.args == (
        f"Parameter 'OP_INSTANCE_CREATE.{name}' fails validation",
        "wrong_input",
    )


def test_unknown_fields_and_opcodes_are_refused() -> None:
    text = "Object OpInstanceCreate doesn't support the parameter 'no_such_parameter'"
    with pytest.raises(errors.OpPrereqError) as caught:
        opcodes.from_dict(
            {"OP_ID": "OP_INSTANCE_CREATE", "instance_name": "x", "no_such_parameter": 1}
        )
    assert str(caught.value) == text
    with pytest.raises(errors.OpPrereqError, match="Unknown opcode"):
        opcodes.from_dict({"OP_ID": "OP_MAKE_COFFEE"})


@pytest.mark.parametrize(
    "item",
    [
        ["add", {}],
        ["add", 0, {}],
        ["remove", {}],
        ["remove", "name", {}],
        ["modify", 0, {}],
        [0, {"ip": "none"}],
    ],
)
def test_nic_modifications_come_in_several_forms(item: list[object]) -> None:
    assert opcodes.OpInstanceSetParams(instance_name="x", nics=[item]).nics == [item]


@pytest.mark.parametrize("item", ["add", ["add"], ["paint", {}], ["add", "x"], [-1, {}]])
def test_other_nic_modifications_are_refused(item: object) -> None:
    with pytest.raises(errors.OpPrereqError):
        opcodes.OpInstanceSetParams(instance_name="x", nics=[item])


def test_errors_become_class_name_and_arguments() -> None:
    assert errors.encode(errors.OpPrereqError("no", errors.ECODE_NORES)) == [
        "OpPrereqError",
        ["no", "insufficient_resources"],
    ]
    assert errors.encode(errors.NodeUnreachable("n1", "refused"))[0] == "OpExecError"
    assert errors.encode(ValueError("x")) == ["OpExecError", ["ValueError: x"]]


def test_an_error_of_another_module_shows_as_its_known_base() -> None:
    class NarrowError(errors.OpPrereqError):
        pass

    assert errors.encode(NarrowError("a", "b")) == ["OpPrereqError", ["a", "b"]]
