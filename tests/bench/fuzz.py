"""Sends generated requests to every operation of the OpenAPI document, by schemathesis.

A server error, a status that is not in the document and an answer of another shape are failures.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
)
# It would end the session that the other requests are sent in.
LEFT_OUT = ("identity_delete_auth_tokens",)
COUNTED = re.compile(r"(\d+) generated")


@dataclass
class Found:
    """What one run found."""

    requests: int
    good: bool
    report: str


def run(
    url: str,
    token: str,
    *,
    examples: int,
    phases: str = "coverage,fuzzing",
    seed: int | None = None,
) -> Found:
    """Generated requests with this token; `examples` bounds those of the second phase."""
    line: list[str | Path] = [
        SCHEMATHESIS, "run", f"{url}/openapi.json",
        "--header", f"X-Auth-Token: {token}",
        "--checks", ",".join(CHECKS),
        "--phases", phases,
        "--max-examples", str(examples),
        "--workers", "1", "--no-shrink", "--continue-on-failure", "--no-color",
        "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "30",
    ]  # fmt: skip
    for operation in LEFT_OUT:
        line += ["--exclude-operation-id", operation]
    if seed is not None:
        line += ["--seed", str(seed)]
    hooks = {"SCHEMATHESIS_HOOKS": f"{__package__}.fuzz_hooks", "PYTHONPATH": str(ROOT)}
    # It leaves a folder of its own where it runs.
    with tempfile.TemporaryDirectory(prefix="cloud-fuzz-") as folder:
        ran = subprocess.run(
            line, env=os.environ | hooks, cwd=folder, capture_output=True, text=True, check=False
        )
    text = ran.stdout + ran.stderr
    counted = COUNTED.findall(text)
    return Found(sum(map(int, counted)), ran.returncode == 0, text)
