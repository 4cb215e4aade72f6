"""The microversions of the compute service: what each one changes, and the test that holds it.

The table is the promise: all up to the last line are kept. A step about something that is refused
here (because no cluster can do it) says so; it is kept when the refusal is the newer one.
"""

from typing import NamedTuple

from synnefo.api.request import Version


class Step(NamedTuple):
    """One microversion; `test` is a function of tests/integration/api, as file::name."""

    text: str
    test: str


ADMIN = "test_admin_versions.py::"
# One test for each line that has no better one.
ROWS = "test_microversions.py::"
ACTS = "test_microversions_of_actions.py::"
ELSE = "test_microversions_of_resources.py::"
NEW = "test_microversions_since_2025.py::"
STEPS: dict[Version, Step] = {
    (2, 1): Step("the records of the compute API reference", "test_reads.py::test_a_server_whole"),
    (2, 2): Step("key pairs: field type, 201 and 204", "test_keypairs.py::test_types"),
    (2, 3): Step("servers: more attributes for administrators", ROWS + "test_attributes"),
    (2, 4): Step("fixed IPs: reserved; all of them are gone here", ELSE + "test_paths_gone"),
    (2, 5): Step("servers: filter ip6 for everybody", ROWS + "test_ip6"),
    (2, 6): Step("remote consoles as a resource, not as actions", ACTS + "test_consoles"),
    (2, 7): Step("flavors: a public one has no access list", ELSE + "test_access_of_public_flavor"),
    (2, 8): Step("remote consoles: type webmks, refused here", ACTS + "test_consoles"),
    (2, 9): Step("servers: field and filter locked", ROWS + "test_locked"),
    (2, 10): Step("key pairs of other users for administrators", "test_keypairs.py::test_others"),
    (2, 11): Step("services: forced_down", ADMIN + "test_forced_down"),
    (2, 12): Step("virtual interfaces: net_id", "test_server_parts.py::test_virtual_interfaces"),
    (2, 13): Step("server groups: project_id, user_id", ADMIN + "test_server_groups"),
    (2, 14): Step("evacuate: no onSharedStorage, no password", ACTS + "test_evacuate"),
    (2, 15): Step("server groups: soft policies", ADMIN + "test_server_groups"),
    (2, 16): Step("servers: host_status for administrators", ROWS + "test_host_status"),
    (2, 17): Step("trigger_crash_dump, refused here", ACTS + "test_crash_dump"),
    (2, 18): Step("no project in paths; it is optional at all versions", ELSE + "test_paths"),
    (2, 19): Step("servers: description", "test_writes.py::test_create_at_other_versions"),
    (2, 20): Step("volumes of shelved servers", ACTS + "test_volumes_of_shelved_servers"),
    (2, 21): Step("actions of deleted servers", "test_history.py::test_of_deleted_servers"),
    (2, 22): Step("live migrations: force_complete", ADMIN + "test_live_migrations"),
    (2, 23): Step("live migrations: list and show", ADMIN + "test_live_migrations"),
    (2, 24): Step("live migrations: delete", ADMIN + "test_live_migrations"),
    (2, 25): Step("os-migrateLive: block_migration auto", ACTS + "test_live_migration"),
    (2, 26): Step("servers: tags", "test_server_tags.py::test_tags"),
    (2, 27): Step("the header OpenStack-API-Version, heard at all", ELSE + "test_headers"),
    (2, 28): Step("hypervisors: cpu_info is an object", ADMIN + "test_hypervisors"),
    (2, 29): Step("evacuate: force", ACTS + "test_evacuate"),
    (2, 30): Step("os-migrateLive: force", ACTS + "test_live_migration"),
    (2, 31): Step("console tokens of all types", ACTS + "test_console_tokens"),
    (2, 32): Step("servers: tags of cards and disks", ROWS + "test_device_tags"),
    (2, 33): Step("hypervisors: pages", ADMIN + "test_hypervisors"),
    (2, 34): Step("os-migrateLive: checked after the answer", ACTS + "test_live_migration"),
    (2, 35): Step("key pairs: pages", "test_keypairs.py::test_pages"),
    (2, 36): Step("proxies of other services are gone", ELSE + "test_paths_gone"),
    (2, 37): Step("servers: networks are needed; auto and none", ROWS + "test_networks"),
    (2, 38): Step("servers: unknown status is 400", "test_server_filters.py::test_unknown_status"),
    (2, 39): Step("image metadata are gone", ADMIN + "test_quotas"),
    (2, 40): Step("usage: pages", ADMIN + "test_usage"),
    (2, 41): Step("aggregates: uuid", ADMIN + "test_aggregates"),
    (2, 42): Step("servers: tags of cards and disks, again", ROWS + "test_device_tags"),
    (2, 43): Step("hosts are gone", ADMIN + "test_hosts_are_gone"),
    (2, 44): Step("actions of addresses, virtual interfaces: gone", ELSE + "test_paths_gone"),
    (2, 45): Step("createImage, createBackup answer image_id", ACTS + "test_image_actions"),
    (2, 46): Step("X-OpenStack-Request-ID, sent at all", ELSE + "test_headers"),
    (2, 47): Step("servers: their flavor as it is", ROWS + "test_embedded_flavor"),
    (2, 48): Step("diagnostics of one form", "test_server_parts.py::test_diagnostics"),
    (2, 49): Step("tags of attached cards and volumes", ACTS + "test_attached_tags"),
    (2, 50): Step("quota classes: groups, no networks", ADMIN + "test_quotas"),
    (2, 51): Step("events of actions for everybody", "test_history.py::test_events"),
    (2, 52): Step("servers: tags at creation", "test_server_tags.py::test_at_creation"),
    (2, 53): Step("services and hypervisors: uuid", ADMIN + "test_services"),
    (2, 54): Step("rebuild: key_name", ACTS + "test_rebuild"),
    (2, 55): Step("flavors: description", ADMIN + "test_flavors"),
    (2, 56): Step("migrate: host", ACTS + "test_migrate"),
    (2, 57): Step("no personality; rebuild: user_data", ROWS + "test_personality"),
    (2, 58): Step("actions: pages, changes-since, updated_at", "test_history.py::test_pages"),
    (2, 59): Step("migrations: pages, uuid", ADMIN + "test_migrations"),
    (2, 60): Step("volumes of several servers", ACTS + "test_multiattach"),
    (2, 61): Step("flavors: extra_specs", ADMIN + "test_flavors"),
    (2, 62): Step("events: host, hostId", "test_history.py::test_hosts"),
    (2, 63): Step("trusted certificates, refused here", ROWS + "test_certificates"),
    (2, 64): Step("server groups: policy, rules", ADMIN + "test_server_groups"),
    (2, 65): Step("live migrations: delete of waiting ones", ADMIN + "test_live_migrations"),
    (2, 66): Step("changes-before", "test_server_filters.py::test_changes"),
    (2, 67): Step("disks at creation: volume_type", ROWS + "test_volume_type"),
    (2, 68): Step("migrations and evacuate: no force", ACTS + "test_evacuate"),
    (2, 69): Step("partial answers; there are none here", ROWS + "test_whole_answers"),
    (2, 70): Step("tags of cards and volumes are shown", ACTS + "test_attached_tags"),
    (2, 71): Step("servers: server_groups", ROWS + "test_groups_of_a_server"),
    (2, 72): Step("ports with wants of bandwidth, refused here", ROWS + "test_bandwidth"),
    (2, 73): Step("lock: a reason", ROWS + "test_locked"),
    (2, 74): Step("servers: host and hypervisor_hostname", ROWS + "test_wanted_host"),
    (2, 75): Step("unknown keys of queries are 400; whole answers", ROWS + "test_strictness"),
    (2, 76): Step("external events: power-update", "test_external_events.py::test_names"),
    (2, 77): Step("unshelve: availability_zone", ACTS + "test_unshelve"),
    (2, 78): Step("topology", "test_server_parts.py::test_topology"),
    (2, 79): Step("attachments: delete_on_termination", ACTS + "test_attachments"),
    (2, 80): Step("migrations: user_id, project_id", ADMIN + "test_migrations"),
    (2, 81): Step("aggregates: images", ADMIN + "test_aggregates"),
    (2, 82): Step("external events: accelerators", "test_external_events.py::test_names"),
    (2, 83): Step("servers: more filters for all", "test_server_filters.py::test_for_everybody"),
    (2, 84): Step("events: details", "test_history.py::test_details"),
    (2, 85): Step("attachments: PUT delete_on_termination", ACTS + "test_attachments"),
    (2, 86): Step("flavors: extra specs are checked", ADMIN + "test_flavors"),
    (2, 87): Step("rescue of servers with a volume", ACTS + "test_rescue"),
    (2, 88): Step("hypervisors: less, and uptime", ADMIN + "test_hypervisors"),
    (2, 89): Step("attachments: attachment_id, bdm_uuid", ACTS + "test_attachments"),
    (2, 90): Step("servers: hostname", ROWS + "test_hostname"),
    (2, 91): Step("unshelve: host", ACTS + "test_unshelve"),
    (2, 92): Step("key pairs are imported only", "test_keypairs.py::test_only_imported"),
    (2, 93): Step("rebuild of servers with a volume", ACTS + "test_rebuild"),
    (2, 94): Step("servers: hostname with a domain", ROWS + "test_hostname"),
    (2, 95): Step("evacuate: they stay stopped", ACTS + "test_evacuate"),
    (2, 96): Step("servers: pinned_availability_zone", ROWS + "test_zone"),
    (2, 97): Step("shares of servers: there are none here", NEW + "test_shares"),
    (2, 98): Step("servers: properties of their images", NEW + "test_image_properties"),
    (2, 99): Step("console tokens: tls_port; spice-direct, refused here", NEW + "test_consoles"),
    (2, 100): Step("servers: scheduler_hints", NEW + "test_hints"),
    (2, 101): Step("volumes are attached without an answer", NEW + "test_attaching"),
    (2, 102): Step("flavors: filter name, less of them; strict queries", NEW + "test_flavors"),
    (2, 103): Step("os-volumes_boot is gone; it never was here", NEW + "test_paths_gone"),
    (2, 104): Step("servers: pinned to their zone, or not", NEW + "test_pinning"),
}
