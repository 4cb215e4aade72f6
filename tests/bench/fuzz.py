"""Sends generated requests to every operation of the OpenAPI document, by schemathesis.

A server error, a status that is not in the document, an answer of another shape and the acceptance
of what the document forbids are failures.
Each service is a run of its own, as a user and as an administrator, two runs at a time.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.system.cloud import Cloud, as_person

ROOT = Path(__file__).resolve().parents[2]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "negative_data_rejection",
    "missing_required_header",
)
# A body that is too long is refused before it is read, which schemathesis does not think of.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
"""
# It would end the session that the other requests are sent in.
LEFT_OUT = ("identity_delete_auth_tokens",)
# What is slow to generate comes first, so that two runs at a time end together.
SERVICES = ("compute", "identity", "volume", "network", "image")
PEOPLE = ("demo", "admin")
COUNTED = re.compile(r"(\d+) generated")


@dataclass
class Found:
    """What one run found."""

    person: str
    service: str
    requests: int
    good: bool
    report: str

    def __str__(self) -> str:
        said = "nothing wrong" if self.good and self.requests else "not as the document has it"
        return f"{self.requests} requests to {self.service} as {self.person}: {said}"


def run(
    url: str, token: str, person: str, service: str, *, phases: str, examples: int, seed: int
) -> Found:
    """Generated requests to one service; `examples` bounds those of the phase of random ones."""
    line: list[str | Path] = [
        SCHEMATHESIS, "run", f"{url}/openapi.json",
        "--header", f"X-Auth-Token: {token}",
        "--include-path-regex", f"^/{service}(/|$)",
        "--checks", ",".join(CHECKS),
        "--phases", phases,
        "--max-examples", str(examples),
        "--seed", str(seed),
        "--workers", "1", "--no-shrink", "--continue-on-failure", "--no-color",
        "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "30",
    ]  # fmt: skip
    for operation in LEFT_OUT:
        line += ["--exclude-operation-id", operation]
    hooks = {"SCHEMATHESIS_HOOKS": f"{__package__}.fuzz_hooks", "PYTHONPATH": str(ROOT)}
    # It leaves a folder of its own where it runs.
    with tempfile.TemporaryDirectory(prefix="cloud-fuzz-") as folder:
        (Path(folder) / "schemathesis.toml").write_text(CONFIGURATION)
        ran = subprocess.run(
            line, env=os.environ | hooks, cwd=folder, capture_output=True, text=True, check=False
        )
    text = ran.stdout + ran.stderr
    counted = sum(map(int, COUNTED.findall(text)))
    return Found(person, service, counted, ran.returncode == 0, text)


def everything(
    cloud: Cloud, *, phases: str = "coverage,fuzzing", examples: int = 10, seed: int = 1
) -> Iterator[Found]:
    """Every service as every person; what each found as soon as it ended."""
    tokens = {person: _signed_in(cloud, person) for person in PEOPLE}
    with ThreadPoolExecutor(2) as threads:
        runs = [
            threads.submit(
                run, cloud.url, tokens[person], person, service,
                phases=phases, examples=examples, seed=seed,
            )
            for service in SERVICES
            for person in PEOPLE
        ]  # fmt: skip
        for one in as_completed(runs):
            yield one.result()


def _signed_in(cloud: Cloud, person: str) -> str:
    with httpx.Client(base_url=cloud.url, timeout=30) as client:
        return as_person(cloud.state, client, person)
