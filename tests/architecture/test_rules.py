"""Every rule holds for the project, and every rule was seen to fail on an example."""

import pytest

from tests.architecture import rules
from tests.architecture.source import PACKAGES, ROOT, Module, modules

OFFENDERS = {
    rules.the_rules_stand_alone: Module("synnefo/core/x.py", '"""X."""\nimport yaml\n'),
    rules.one_owner_per_library: Module("synnefo/api/x.py", '"""X."""\nimport pika\n'),
    rules.no_shapeless_names: Module("synnefo/api/utils.py", '"""X."""\n'),
    rules.every_module_says_what_it_is_for: Module("synnefo/api/x.py", "X = 1\n"),
    rules.no_module_is_too_long_to_read: Module("synnefo/x.py", '"""X."""\n' + "x = 1\n" * 400),
    rules.no_function_is_too_long_to_read: Module(
        "synnefo/x.py", '"""X."""\ndef x():\n' + "    y = 1\n" * 34
    ),
    rules.no_rooms_need_each_other: (
        Module("eventd/a/x.py", '"""X."""\nimport eventd.b.x\n'),
        Module("eventd/b/x.py", '"""X."""\nfrom eventd.a import x\n'),
    ),
    rules.only_the_two_paths_write: Module(
        "synnefo/api/x.py", '"""X."""\nServer.objects.filter(id=1).update(name="x")\n'
    ),
    rules.nothing_is_swallowed: Module(
        "eventd/x.py", '"""X."""\ntry:\n    go()\nexcept Exception:  # noqa: BLE001\n    say()\n'
    ),
    rules.no_waiting_for_a_duration: Module("eventd/x.py", '"""X."""\ntime.sleep(1)\n'),
}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule):
    assert list(rule(modules())) == []


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_can_fail(rule):
    offenders = OFFENDERS[rule]
    found = rule(offenders if isinstance(offenders, tuple) else [offenders])
    assert len(list(found)) == 1


def test_nothing_new_on_the_top_level():
    """Each package is installed, and named, by who deploys this: there are these five, for good."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found - {"tests"} == set(PACKAGES)
