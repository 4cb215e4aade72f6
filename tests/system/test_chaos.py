"""Two minutes of faults under load, and every invariant still holds."""

import subprocess
import sys

import pytest

from tests.chaos.audit import INVARIANTS
from tests.system.cloud import ROOT

pytestmark = pytest.mark.system
# Its plan hits every target, and lets the cluster stand still once with nothing else broken.
SEED = "61"


def test_two_minutes_of_chaos_break_nothing():
    line = [sys.executable, "-m", "tests.chaos", "--minutes", "2", "--seed", SEED]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for number in INVARIANTS:
        assert f"invariant {number}: 0 " in ran.stdout
    assert "Faults injected: " in ran.stdout
