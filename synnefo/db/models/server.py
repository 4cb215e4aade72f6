"""Servers, their disks and their console tokens (OpenStack compute v2.1)."""

import uuid

from django.db import models

from synnefo.core.server_states import ServerMode, ServerState, ServerTask
from synnefo.db.models.backend import Backend
from synnefo.db.models.flavor import Flavor
from synnefo.db.models.identity import Project, User
from synnefo.db.models.image import Image
from synnefo.db.models.partial_index import where_set
from synnefo.db.models.server_group import ServerGroup


class Server(models.Model):
    """Instance `snf-<id>` on its backend; the API's id is `uuid`.

    `seen_*` is the newest report applied, ordered by (job id, opcode index, status rank): an
    observation only moves a row whose triple is smaller, whatever the clocks of machines say.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False)  # server_list
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    description = models.TextField(null=True)  # noqa: DJ001 - Nova shows null, not "".
    flavor = models.ForeignKey(Flavor, on_delete=models.PROTECT)
    image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL)
    backend = models.ForeignKey(Backend, null=True, on_delete=models.PROTECT)
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in ServerState], default=ServerState.BUILD
    )
    # What only the frontend knows, over the state; when it began and what has to be remembered.
    mode = models.CharField(max_length=24, null=True, choices=[(m, m) for m in ServerMode])  # noqa: DJ001 - null is "no mode".
    mode_at = models.DateTimeField(null=True)
    before_mode = models.JSONField(default=dict)
    # From the wish for another size until it is confirmed or reverted: the size to go back to.
    old_flavor = models.ForeignKey(
        Flavor, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    placed = models.BooleanField(default=False)  # Its backend may have an instance of it.
    task = models.CharField(max_length=32, null=True, choices=[(t, t) for t in ServerTask])  # noqa: DJ001 - null is "no task".
    progress = models.PositiveSmallIntegerField(default=0)
    node = models.CharField(max_length=255, blank=True, default="")
    metadata = models.JSONField(default=dict)
    # Where its user says that it is reached; kept and shown, nothing more.
    access_ipv4 = models.CharField(max_length=15, blank=True, default="")
    access_ipv6 = models.CharField(max_length=45, blank=True, default="")
    key_name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Nova shows null, not "".
    public_key = models.TextField(blank=True, default="")
    user_data = models.TextField(blank=True, default="")
    config_drive = models.BooleanField(default=False)
    # Files to put into the guest: [{"path", "contents" in base64}]; in no list and no answer.
    personality = models.JSONField(default=list)
    hostname = models.CharField(max_length=255, blank=True, default="")
    disk_config = models.CharField(max_length=8, default="MANUAL")  # or AUTO; kept and shown
    reservation_id = models.CharField(max_length=32, blank=True, default="")
    launch_index = models.PositiveIntegerField(default=0)
    # Where its user wants it to be: the zone by name, one node, and hints to the scheduler.
    zone = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is "anywhere".
    wanted_node = models.CharField(max_length=255, blank=True, default="")
    second_node = models.CharField(max_length=255, blank=True, default="")  # of disks on two
    hints = models.JSONField(default=dict)
    group = models.ForeignKey(ServerGroup, null=True, on_delete=models.SET_NULL, db_index=False)
    locked_by = models.CharField(max_length=8, null=True)  # noqa: DJ001 - owner or admin; null is unlocked.
    locked_reason = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Nova shows null.
    fault = models.JSONField(null=True)  # {"code", "message", "details", "created"}
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    launched_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    seen_job = models.BigIntegerField(default=0)
    seen_op = models.IntegerField(default=0)
    seen_rank = models.IntegerField(default=0)

    class Meta:
        # Each creation writes a page of each index: what is seldom set is indexed where it is.
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="server_list"),
            where_set("old_flavor", "server_old_flavor"),
            where_set("group", "server_group"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=ServerState.DELETED, deleted_at__isnull=False)
                | (~models.Q(state=ServerState.DELETED) & models.Q(deleted_at__isnull=True)),
                name="deleted_has_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ConsoleToken(models.Model):
    """Lets one browser connect to one console, once and soon; only the SHA-256 of it is kept."""

    digest = models.CharField(primary_key=True, max_length=64)
    server = models.ForeignKey(Server, on_delete=models.CASCADE)
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"console of {self.server_id}"
