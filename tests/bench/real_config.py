"""Puts instances into a real Ganeti's configuration file, where as many jobs would take an hour."""

import copy
import json
import uuid

from tests.conformance.namespaces import wait_for
from tests.conformance.real_ganeti import RealGaneti

DAEMONS = "/usr/lib/ganeti/daemon-util"


def fill(cluster: RealGaneti, total: int) -> None:
    """Copy one stopped instance without disks until there are `total`; one node only."""
    path = cluster.queue.parent / "config.data"
    cluster.run(DAEMONS, "stop-all")
    config = json.loads(path.read_text())
    instances = config["instances"]
    model = next(one for one in instances.values() if one["name"].startswith("flood-"))
    for number in range(total - len(instances)):
        made = copy.deepcopy(model)
        made["uuid"] = str(uuid.uuid4())
        made["name"] = f"copy-{number}.conf.test"
        for nic in made["nics"]:
            nic["uuid"] = str(uuid.uuid4())
            nic["mac"] = f"aa:00:00:fe:{number >> 8:02x}:{number & 255:02x}"
        instances[made["uuid"]] = made
    config["serial_no"] += 1
    # Written where it stands, so that its owner and mode stay.
    with path.open("r+") as stream:
        stream.truncate()
        json.dump(config, stream)
    cluster.run(DAEMONS, "start-all")
    rapi = cluster.rapi()

    def all_there() -> bool:
        return rapi.reachable() and len(rapi.get("/2/instances")) == total

    wait_for(all_there, f"the real Ganeti has {total} instances", 120)
