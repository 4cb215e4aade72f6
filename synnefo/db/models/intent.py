"""What users asked for and how it went."""

import uuid

from django.db import models

from synnefo.db.models.backend import Backend
from synnefo.db.models.identity import Project, User
from synnefo.db.models.partial_index import where_set
from synnefo.db.models.server import Server


class Intent(models.Model):
    """One recorded wish about one resource; `uuid` travels in the job's reason trail.

    RECORDED → SUBMITTING (claimed by a dispatcher) → SUBMITTED (job id known) → SUCCEEDED,
    FAILED with a cause, or CANCELED. A claim carries a deadline; past it, another dispatcher looks
    the intent up by its reason before it submits again.
    """

    class State(models.TextChoices):
        """The last three are final."""

        RECORDED = "RECORDED"
        SUBMITTING = "SUBMITTING"
        SUBMITTED = "SUBMITTED"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        CANCELED = "CANCELED"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    # Those without an index of their own are the beginning of another one, below.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    action = models.CharField(max_length=32)  # create, delete, start, stop, reboot …
    server = models.ForeignKey(
        Server, on_delete=models.CASCADE, related_name="intents", db_index=False
    )
    backend = models.ForeignKey(Backend, null=True, on_delete=models.PROTECT, db_index=False)
    arguments = models.JSONField(default=dict)
    # The actions that follow when this one has succeeded, and the first intent of such a chain.
    then = models.JSONField(default=list)
    first = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    state = models.CharField(max_length=16, choices=State, default=State.RECORDED)
    job_id = models.BigIntegerField(null=True)
    # The newest job known when it was claimed first: its own job has a higher id.
    since_job = models.BigIntegerField(default=0)
    # How often the backend has to say that it knows no job of this intent before one is submitted;
    # 0 when certainly none was.
    looks_needed = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)  # backoff
    claimed_until = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=64, blank=True, default="")
    cause = models.TextField(blank=True, default="")
    request_id = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is not unique.
    request_digest = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    UNFINISHED = (State.RECORDED, State.SUBMITTING, State.SUBMITTED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "idempotency_key"], name="intent_once")
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="intent_queue"),
            models.Index(fields=["backend", "job_id"], name="intent_job"),
            models.Index(fields=["server", "state"], name="intent_of_server"),
            where_set("first", "intent_first"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.server_id}"


class Activity(models.Model):
    """What happened to a server and by whom: the compute API's instance actions."""

    server = models.ForeignKey(  # activity_once begins with it.
        Server, on_delete=models.CASCADE, related_name="activities", db_index=False
    )
    intent = models.OneToOneField(Intent, null=True, on_delete=models.SET_NULL)
    action = models.CharField(max_length=64)
    actor = models.CharField(max_length=255)  # a user's name, or an administrator's as the job says
    request_id = models.CharField(max_length=64, blank=True, default="")
    job_id = models.BigIntegerField(null=True)
    result = models.CharField(max_length=16, blank=True, default="")
    message = models.TextField(blank=True, default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A job that is reported twice is one activity.
            models.UniqueConstraint(fields=["server", "job_id", "action"], name="activity_once")
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
