"""Who may import whom: the contracts of pyproject.toml hold, and a forbidden import breaks them."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT

LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]


def test_contracts_hold():
    ran = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_each_contract_can_break(tmp_path):
    """The same contracts over a small tree in which each is violated once."""
    tree = {
        "synnefo/core/rule.py": "import django\nimport synnefo.db.tables\n",
        "synnefo/db/tables.py": "import ganeti_backend.master.processor\n",
        "synnefo/intents/image/images.py": "import synnefo.intents.compute.servers\n",
        "synnefo/intents/compute/servers.py": "",
        "ganeti_backend/errors.py": "import ganeti_backend.master.processor\n",
        "ganeti_backend/master/processor.py": "import ganeti_backend.hypervisor.libvirt\n",
        "ganeti_backend/hypervisor/libvirt.py": "",
        "hooks/publish.py": "import django\nimport ganeti_backend.master.processor\n",
        "eventd/watch.py": "import ganeti_backend.master.processor\n",
        "synnefo/cloud/steps.py": "import httpx\n",
        "dhcpd/watch.py": "import synnefo.core.rule\n",
        "synnefo/telemetry/logs.py": "import eventd.watch\n",
    }
    for name in _modules_named_in_contracts():
        path = tmp_path / name.replace(".", "/")
        path.mkdir(parents=True, exist_ok=True)
    for directory in [p for p in tmp_path.rglob("*") if p.is_dir()]:
        (directory / "__init__.py").touch()
    for name, text in tree.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        as_package = path.with_suffix("")
        target = as_package / "__init__.py" if as_package.is_dir() else path
        target.write_text(text)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    ran = subprocess.run(LINT, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Contracts: 0 kept" in ran.stdout, ran.stdout


def _modules_named_in_contracts():
    import tomllib

    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    for contract in linter["contracts"]:
        named = contract.get("layers", []) + contract.get("modules", [])
        named += contract.get("source_modules", []) + contract.get("forbidden_modules", [])
        for entry in named:
            for name in entry.split("|"):
                if name.strip().split(".")[0] in linter["root_packages"]:
                    yield name.strip()
