"""What signing in leaves behind in memory: nothing, however many do it at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from synnefo.cloud.processes import base_environment
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.settings.password_hasher import Argon2

ROOT = Path(__file__).resolve().parents[3]
HASH = """
import resource
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.contrib.auth.hashers import check_password, make_password

def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() >> 20

kept = make_password("x")
before = resident()
with ThreadPoolExecutor(8) as threads:
    assert all(threads.map(lambda _: check_password("x", kept), range(24)))
print(resident() - before)
"""


def test_what_hashes_take_goes_back_to_the_system() -> None:
    environment = base_environment(PythonEnvironment(ROOT))
    ran = subprocess.run(
        [sys.executable, "-c", HASH],
        env=environment | {"DJANGO_SETTINGS_MODULE": "synnefo.settings"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert int(ran.stdout) < 19, "MiB are kept: a hash's whole memory or more"


def test_no_more_hashes_at_once_than_cores(monkeypatch: Any) -> None:
    cores = os.cpu_count() or 1
    lock, others = threading.Lock(), threading.Event()
    running: list[int] = [0]
    most: list[int] = []

    def verify(*_: str) -> bool:
        with lock:
            running[0] += 1
            most.append(running[0])
        # Until one too many has come, or it is clear that none does.
        others.wait(0.02)
        with lock:
            running[0] -= 1
        return True

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verify)
    with ThreadPoolExecutor(cores + 4) as threads:
        assert all(threads.map(lambda _: Argon2().verify("x", "y"), range(3 * cores + 4)))
    assert max(most) <= cores
