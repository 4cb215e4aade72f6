"""Debian's own programs for Ganeti drive ours unchanged: the RAPI client, hbal, hspace, hroller."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.namespaces import CLEAN
from tests.conformance.own_cluster import PASSWORD, USER

pytestmark = [pytest.mark.conformance, pytest.mark.system]
PACKAGE = Path("/usr/share/ganeti/3.0")
SCRIPT = Path(__file__).with_name("debian_client.py")
# A standard instance of a size worth counting, or hspace would count for hours.
SPACE = ("--machine-readable", "--disk-template=sharedfile", "--standard-alloc=102400,65536,8")
# Methods whose call cannot succeed here, with what is right to happen instead.
REFUSALS = {
    "ReplaceInstanceDisks": "job error .*OpPrereqError",
    "ModifyNodeStorageUnits": "job error .*",
    "RepairNodeStorageUnits": "job error .*",
    # The disks are all there, which the real one refuses as well.
    "RecreateInstanceDisks": "job error .*only missing disks can be recreated",
    # Filters of the job queue are left out on purpose; readers find an empty list.
    "GetFilter": "HTTP 404",
    "AddFilter": "HTTP 501",
    "ReplaceFilter": "HTTP (404|501)",
    "DeleteFilter": "HTTP (404|501)",
}


@pytest.fixture(scope="module")
def outcomes(ours):
    if not (PACKAGE / "ganeti/rapi/client.py").exists():
        pytest.skip("no RAPI client of Debian's: the package ganeti is not installed")
    words = ["/usr/bin/python3", str(SCRIPT), str(ours.port), USER, PASSWORD]
    words += [str(ours.settings.tls.ca), *ours.nodes]
    environment = CLEAN | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_method_is_called(outcomes):
    source = (PACKAGE / "ganeti/rapi/client.py").read_text()
    methods = set(re.findall(r"^  def ([A-Z]\w+)\(", source, re.MULTILINE))
    assert methods <= {name.split()[1] for name in outcomes}


def test_every_method_works(outcomes):
    wrong = {}
    for name, outcome in outcomes.items():
        expected = REFUSALS.get(name.split()[1], "answered|job success .*")
        if not re.match(expected, outcome, re.DOTALL):
            wrong[name] = outcome
    assert not wrong, json.dumps(wrong, indent=1)


def _htool(name, ours, *more):
    program = shutil.which(name, path=CLEAN["PATH"])
    if program is None:
        pytest.skip(f"no {name}: the package ganeti is not installed")
    url = f"https://{USER}:{PASSWORD}@127.0.0.1:{ours.port}"
    return subprocess.run(
        [program, "-m", url, *more],
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def crowded(ours):
    """Six instances on one node and none on the others: something to balance."""
    rapi = ours.rapi()
    for number in range(6):
        body = {
            "__version__": 1,
            "mode": "create",
            "instance_name": f"crowd-{number}.conf.test",
            "disk_template": "sharedfile",
            "disks": [{"size": 16}],
            "nics": [],
            "os_type": "noop",
            "pnode": ours.nodes[0],
            "name_check": False,
            "ip_check": False,
            "beparams": {"minmem": 128, "maxmem": 128, "vcpus": 1},
        }
        rapi.do("POST", "/2/instances", body)
    return rapi


def test_hspace_reads_ours(ours, crowded):
    done = _htool("hspace", ours, *SPACE)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "HTS_OK=1" in done.stdout


def test_hroller_reads_ours(ours, crowded):
    done = _htool("hroller", ours, "--ignore-non-redundant")
    assert done.returncode == 0, done.stderr + done.stdout
    assert all(node in done.stdout for node in ours.nodes[1:]), done.stdout


def test_hbal_reads_ours_and_its_moves_work_through_rapi(ours, crowded):
    done = _htool("hbal", ours, "--print-commands", "--no-disk-moves", "-p")
    assert done.returncode == 0, done.stderr + done.stdout
    moves = re.findall(r"gnt-instance (migrate|failover) .*?-n (\S+) (\S+)", done.stdout)
    assert any(shortest.startswith("crowd-") for _, _, shortest in moves), done.stdout
    for verb, short, shortest in moves:
        # It leaves out what all names have in common.
        node, instance = f"{short}.conf.test", f"{shortest}.conf.test"
        crowded.do("PUT", f"/2/instances/{instance}/{verb}", {"target_node": node})
        assert crowded.get(f"/2/instances/{instance}")["pnode"] == node
    again = _htool("hbal", ours, "--no-disk-moves")
    assert again.returncode == 0
