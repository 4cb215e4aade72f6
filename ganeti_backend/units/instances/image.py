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
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.node_tasks import Attention, NodeTask

OS_NAME = "image"
FORMATS = ("raw", "qcow2")
PERCENT_STEP = 10
SECONDS_STEP = 0.5
STALLED_AFTER = 600.0
PROGRESS = "image-copy-progress"


def check_osparams(osparams: Mapping[str, Any]) -> None:
    """OpPrereqError if an image cannot be copied with these."""
    if not osparams.get("img_id"):
        raise wrong("OS 'image' needs the OS parameter 'img_id'")
    if osparams.get("img_format", "raw") not in FORMATS:
        raise wrong(f"Unknown image format '{osparams['img_format']}', known are raw and qcow2")
    check_properties(properties(osparams))


def check_properties(wishes: Mapping[str, Any]) -> None:
    """Shapes only: what else may be wrong, such as an address, shows where it is used."""
    for name, kind in (("addresses", dict), ("files", dict), ("keys", str)):
        found = wishes.get(name) or []
        if not isinstance(found, list) or not all(isinstance(item, kind) for item in found):
            raise wrong(f"'{name}' in OS parameter 'img_properties' is not a list as it should be")
    for file in wishes.get("files") or []:
        if not all(isinstance(file.get(name), str) for name in ("path", "contents")):
            raise wrong("'files' in OS parameter 'img_properties' lack a path or contents")
    for name in ("hostname", "user_data"):
        if not isinstance(wishes.get(name) or "", str):
            raise wrong(f"'{name}' in OS parameter 'img_properties' is not a text")


def own_parameters(instance: objects.Instance) -> dict[str, Any]:
    return {**instance.osparams, **instance.osparams_private}


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
    instance: objects.Instance,
    networks: Mapping[str, objects.Network],
    osparams: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the guest is told; addresses come from the NICs where the order does not name them."""
    wishes = properties(own_parameters(instance) if osparams is None else osparams)
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
    if wishes.get("files"):
        found["files"] = wishes["files"]
    return found


def address_of(nic: objects.Nic, network: objects.Network | None) -> dict[str, Any]:
    prefix = ipaddress.IPv4Network(network.network).prefixlen if network else 32
    gateway = network.gateway if network else None
    return {"mac": nic.mac, "address": nic.ip, "prefix": prefix, "gateway": gateway}


class ImageCopy:
    """One copy onto one disk, from order to end."""

    def __init__(
        self,
        reach: base.Reach,
        job: base.JobHandle,
        instance: objects.Instance,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """`parameters` stand for those that the instance has."""
        self._reach = reach
        self._job = job
        self._instance = instance
        self._parameters = dict(own_parameters(instance) if parameters is None else parameters)
        self._logged_percent = -1
        self._logged_at = float("-inf")

    def run(self) -> None:
        """Return when the disk is filled; OpExecError says why it could not be."""
        node = self._instance.primary_node
        attention = Attention(self._report, self._job.check_canceled, STALLED_AFTER)
        task = NodeTask(self._reach, node, "the image copy", self._order, attention)
        try:
            task.run()
        except errors.OpExecError as error:
            text = f"Could not copy the image for {self._instance.name}: {error.message}"
            raise errors.OpExecError(text) from error

    def _order(self) -> dict[str, Any]:
        disk, given = self._instance.disks[0], self._parameters
        networks = {network.uuid: network for network in self._reach.config.networks()}
        answer = self._reach.nodes.call(
            self._instance.primary_node,
            calls.IMAGE_FILL,
            task_id=f"fill-{disk.uuid}-{self._job.job_id}-{self._job.op_index}",
            instance=self._instance.node_payload(self._reach.config.cluster()),
            disk=disk.to_dict(),
            image_id=str(given["img_id"]),
            image_format=str(given.get("img_format", "raw")),
            customization=customization(self._instance, networks, given),
        )
        return dict(answer)

    def _report(self, percent: int, last: bool) -> None:
        self._job.check_canceled()
        far = percent - self._logged_percent >= PERCENT_STEP
        late = time.monotonic() - self._logged_at >= SECONDS_STEP
        if percent > self._logged_percent and (far or late or last):
            self._job.log(f"{PROGRESS} {self._instance.name} {percent}")
            self._logged_percent = percent
            self._logged_at = time.monotonic()
