"""Limits that the identity service keeps, and which of them stand for quotas of this cloud."""

from collections.abc import Mapping
from typing import NamedTuple

# By the name of the service: what Nova and Glance call a limit, and the quota that it is here.
# Cinder and Neutron register none, nor do their counterparts here.
OWN: Mapping[str, Mapping[str, str]] = {
    "nova": {
        "servers": "instances",
        "class:VCPU": "cores",
        "class:MEMORY_MB": "ram",
        "server_key_pairs": "key_pairs",
        "server_metadata_items": "metadata_items",
        "server_groups": "server_groups",
        "server_group_members": "server_group_members",
        "server_injected_files": "injected_files",
        "server_injected_file_content_bytes": "injected_file_content_bytes",
        "server_injected_file_path_bytes": "injected_file_path_bytes",
    },
    "glance": {
        "image_count_total": "image_count_total",
        "image_count_uploading": "image_count_uploading",
        "image_size_total": "image_size_total",
        "image_stage_total": "image_stage_total",
    },
}


class Subject(NamedTuple):
    """What a limit is about; no region is an empty one."""

    service_id: str
    region_id: str
    resource_name: str


class Own(NamedTuple):
    """A limit that the cloud registers itself: its id, and the quota that it stands for."""

    id: str
    quota: str
