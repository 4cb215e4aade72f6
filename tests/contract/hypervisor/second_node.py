"""A driver in a process of its own, since libvirt allows one embedded driver in each."""

import json
import subprocess
import sys
from pathlib import Path

from ganeti_backend import hypervisor
from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import Place
from ganeti_backend.hypervisor.devices import Devices


class SecondNode:
    """Calls methods of the other process's driver; errors come back as they are."""

    def __init__(self, kind, folder, name, certificates=None):
        self.console_folder = folder / name / "console"
        for part in ("instances", "console"):
            (folder / name / part).mkdir(parents=True)
        words = [kind, str(folder / name), name, str(certificates or "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.hypervisor.second_node", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def ask(self, method, *values, **named):
        order = {"method": method, "values": values, "named": named}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise HypervisorError(answer["error"])
        return answer["result"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def serve(kind, folder, name, certificates):
    place = Place(
        Path(folder),
        name,
        "qemu:///embed?root={node_dir}/libvirt",
        certificates=Path(certificates) if certificates else None,
    )
    driver = hypervisor.build(kind, place)
    methods = {
        "prepare": lambda instance, devices, description: driver.migration.prepare(
            instance, Devices(**devices), description
        ),
        "progress": lambda name: driver.migration.progress(name).stage.value,
        "settle": lambda name, keep: driver.migration.settle(name, keep=keep),
        "start": lambda instance, devices: driver.start(instance, Devices(**devices), paused=False),
        "shutdown": lambda name: driver.shutdown(name, 60, force=False),
        "forget": driver.forget,
        "instances": driver.instances,
    }
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"result": methods[order["method"]](*order["values"], **order["named"])}
        except HypervisorError as error:
            answer = {"error": error.message}
        print(json.dumps(answer), flush=True)
    driver.close()


if __name__ == "__main__":
    serve(*sys.argv[1:])
