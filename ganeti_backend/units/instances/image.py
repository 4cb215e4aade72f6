"""The built-in OS definition `image`: fills a new instance's first disk from an image file.

The node copies in the background; here its task is watched, its progress goes to the job's log, and
a task lost with its node daemon is begun again.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from typing import Any

import orjson

from ganeti_backend import errors, objects
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances.parameters import wrong

OS_NAME = "image"
FORMATS = ("raw", "qcow2")
LONGEST_LOOK = 0.5
PAUSE = 0.02
PERCENT_STEP = 10
SECONDS_STEP = 0.5
TRIES = 3
STALLED_AFTER = 600.0
PROGRESS = "image-copy-progress"


def check_osparams(osparams: Mapping[str, Any]) -> None:
    """OpPrereqError if an image cannot be copied with these."""
    if not osparams.get("img_id"):
        raise wrong("OS 'image' needs the OS parameter 'img_id'")
    if osparams.get("img_format", "raw") not in FORMATS:
        raise wrong(f"Unknown image format '{osparams['img_format']}', known are raw and qcow2")
    properties(osparams)


def properties(osparams: Mapping[str, Any]) -> dict[str, Any]:
    """The wishes of who ordered the server: host name, addresses, keys, user data."""
    text = osparams.get("img_properties") or "{}"
    try:
        found = orjson.loads(text) if isinstance(text, (str, bytes)) else text
    except orjson.JSONDecodeError as error:
        raise wrong(f"OS parameter 'img_properties' is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise wrong("OS parameter 'img_properties' is not a JSON object")
    return found


def customization(
    instance: objects.Instance, networks: Mapping[str, objects.Network]
) -> dict[str, Any]:
    """What the guest is told; addresses come from the NICs where the order does not name them."""
    wishes = properties(instance.osparams)
    macs = {nic.ip: nic.mac for nic in instance.nics if nic.ip}
    listed = wishes.get("addresses") or [
        address_of(nic, networks.get(nic.network or "")) for nic in instance.nics if nic.ip
    ]
    named = [{**item, "mac": item.get("mac") or macs.get(item.get("address"))} for item in listed]
    found: dict[str, Any] = {
        "hostname": wishes.get("hostname") or instance.name,
        "addresses": named,
        "keys": wishes.get("keys") or [],
    }
    if wishes.get("user_data"):
        found["user_data_b64"] = wishes["user_data"]
    return found


def address_of(nic: objects.Nic, network: objects.Network | None) -> dict[str, Any]:
    prefix = ipaddress.IPv4Network(network.network).prefixlen if network else 32
    gateway = network.gateway if network else None
    return {"mac": nic.mac, "address": nic.ip, "prefix": prefix, "gateway": gateway}


class ImageCopy:
    """One copy onto one disk, from order to end."""

    def __init__(self, reach: base.Reach, job: base.JobHandle, instance: objects.Instance) -> None:
        self._reach = reach
        self._job = job
        self._instance = instance
        self._node = instance.primary_node
        self._logged_percent = -1
        self._logged_at = float("-inf")

    def run(self) -> None:
        """Return when the disk is filled; OpExecError says why it could not be."""
        for _ in range(TRIES):
            if self._watch(self._order()):
                return
        raise errors.OpExecError(f"Node {self._node} lost the image copy {TRIES} times")

    def _order(self) -> str:
        disk = self._instance.disks[0]
        osparams = self._instance.osparams
        networks = {network.uuid: network for network in self._reach.config.networks()}
        answer = self._reach.nodes.call(
            self._node,
            calls.IMAGE_FILL,
            task_id=f"fill-{disk.uuid}",
            instance=self._instance.node_payload(self._reach.config.cluster()),
            disk=disk.to_dict(),
            image_id=str(osparams["img_id"]),
            image_format=str(osparams.get("img_format", "raw")),
            customization=customization(self._instance, networks),
        )
        return str(answer["task"])

    def _watch(self, task: str) -> bool:
        """Follow the task to its end; False if the node does not know it any more."""
        best, moved_at = -1, time.monotonic()
        while True:
            try:
                status = self._reach.nodes.call(
                    self._node, calls.TASK_STATUS, task_id=task, wait=LONGEST_LOOK, percent=best
                )
            except errors.NodeCallError:
                return False
            if status["state"] == "failed":
                text = f"Could not copy the image for {self._instance.name}: {status['message']}"
                raise errors.OpExecError(text)
            percent = int(status["percent"])
            self._report(percent, last=status["state"] == "done")
            if status["state"] == "done":
                return True
            if percent > best:
                best, moved_at = percent, time.monotonic()
            if time.monotonic() - moved_at > STALLED_AFTER:
                raise errors.OpExecError(f"The image copy stands still at {percent} percent")
            # The node holds its answer until there is news; this keeps a fast copy from a flood.
            self._reach.stop.wait(PAUSE)

    def _report(self, percent: int, last: bool) -> None:
        self._job.check_canceled()
        far = percent - self._logged_percent >= PERCENT_STEP
        late = time.monotonic() - self._logged_at >= SECONDS_STEP
        if percent > self._logged_percent and (far or late or last):
            self._job.log(f"{PROGRESS} {self._instance.name} {percent}")
            self._logged_percent = percent
            self._logged_at = time.monotonic()
