"""What follows the end of an intent: the next one of its chain, and what the wish comes to.

The caller holds the server's row and has ended the intent in the same transaction, so whatever
follows is recorded exactly once, and the server is never idle between two parts of a wish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from synnefo.core import quota as rules
from synnefo.core.job_errors import JobError
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_states import ServerMode
from synnefo.db import rings
from synnefo.db.models import Flavor, Intent, Server, Volume
from synnefo.observations import faults, intents, ports, quota, saved_images, volumes

NO_MODE: dict[str, Any] = {"mode": None, "mode_at": None, "before_mode": {}}


@dataclass(frozen=True, slots=True)
class End:
    """How it ended; `undisturbed` if nobody, such as a deletion, took the server over meanwhile."""

    good: bool
    undisturbed: bool
    result: Any = None
    error: JobError | None = None


def go_on(server: Server, intent: Intent, end: End, now: datetime) -> None:
    """Do what the end of this intent calls for."""
    effect = EFFECTS.get(intent.action, NOTHING)
    part = Part(server, intent, end, now)
    if end.good:
        effect.done(part)
    else:
        effect.failed(part)
    if end.good and intent.then:
        if end.undisturbed:
            _record_next(server, intent, now)
        else:
            intents.finish_activity(intent, Intent.State.CANCELED, now)


def _record_next(server: Server, intent: Intent, now: datetime) -> None:
    """Under the same request; the whole chain is one activity."""
    following, *then = intent.then
    Intent.objects.create(
        project_id=intent.project_id,
        user_id=intent.user_id,
        action=following,
        server=server,
        backend_id=intent.backend_id,
        arguments=intent.arguments,
        then=then,
        first_id=intent.first_id or intent.pk,
        request_id=intent.request_id,
        created_at=now,
    )
    task = ACTIONS[following].task
    Server.objects.filter(pk=server.pk).update(task=task, updated_at=now)
    rings.intents_recorded()
    rings.changed(server.project_id, "server", server.uuid)


# --- effects --------------------------------------------------------------------------------------


class Part(NamedTuple):
    """What an effect knows of the part of a wish that has ended."""

    server: Server
    intent: Intent
    end: End
    now: datetime

    def write(self, **columns: Any) -> None:
        """Set columns of the server, which may have moved on since it was read."""
        rows = Server.objects.filter(pk=self.server.pk).exclude(state="DELETED")
        rows.update(updated_at=self.now, **columns)

    def enter(self, mode: ServerMode, **before: Any) -> None:
        """Begin a mode; `before` is what its end has to know."""
        self.write(mode=mode, mode_at=self.now, before_mode=before)

    @property
    def wish(self) -> dict[str, Any]:
        """What was asked for."""
        return dict(self.intent.arguments)


Does = Callable[[Part], None]


def _nothing(_part: Part) -> None:
    """Its job said it all."""


class Effect(NamedTuple):
    """What a part of a wish comes to besides the state that its job makes."""

    done: Does = _nothing
    failed: Does = _nothing


def _resized(part: Part) -> None:
    """It has the new size, which a restart lets its guest see."""
    part.write(flavor_id=part.wish["flavor"], old_flavor_id=part.wish["old_flavor"])
    quota.accept(part.server.pk, part.now)
    if not part.intent.then:
        _to_be_verified(part)


def _not_resized(part: Part) -> None:
    part.write(old_flavor=None)
    quota.reject(part.server, part.now)


def _to_be_verified(part: Part) -> None:
    """Also if the restart failed: the size is another one, and may be given back."""
    part.enter(ServerMode.RESIZED, node=part.wish.get("node", ""), by=part.intent.action)


def _confirmed(part: Part) -> None:
    size = part.wish.get("disk")
    if size:
        rows = Volume.objects.filter(server=part.server, index=0).exclude(status="deleted")
        rows.update(size=size)
    part.write(old_flavor=None, **NO_MODE)
    charge_for(part.server, part.now)


def _size_reverted(part: Part) -> None:
    part.write(flavor_id=part.wish["flavor"], old_flavor=None)
    charge_for(part.server, part.now)
    if not part.intent.then:
        _mode_ended(part)


def charge_for(server: Server, now: datetime) -> None:
    """Of two sizes only one is left: it is what is charged from now on."""
    flavor = Flavor.ever.get(server__pk=server.pk)
    quota.charge_difference(server, rules.provisions(flavor.vcpus, flavor.ram), now)


def _mode_ended(part: Part) -> None:
    part.write(**NO_MODE)


def _damaged(part: Part) -> None:
    """What was on the disk is perhaps gone: it is to be built again."""
    error = part.end.error
    if error is None or not error.nothing_was_done:
        text = error.sentence if error else part.intent.cause
        part.enter(ServerMode.MARKED)
        part.write(fault=faults.fault(text or "Nobody knows how the rebuild ended.", part.now))


def _image_saved(part: Part) -> None:
    if not saved_images.saved(part.intent, part.end.result, part.now):
        saved_images.given_up(part.intent)


def _image_given_up(part: Part) -> None:
    saved_images.given_up(part.intent)


def _shelved(part: Part) -> None:
    if part.intent.action == "shelve_save":
        _image_saved(part)
    if not part.intent.then:
        wish = part.wish
        part.enter(ServerMode(wish["mode"]), image=wish.get("image"), power=wish["power"])


def _unshelved(part: Part) -> None:
    if image := part.server.before_mode.get("image"):
        saved_images.drop(image)
    _mode_ended(part)


def _soft_deleted(part: Part) -> None:
    part.enter(ServerMode.SOFT_DELETED, power=part.wish["power"])


def _rescued(part: Part) -> None:
    part.enter(ServerMode.RESCUED, power=part.wish["power"])


def _migrated(part: Part) -> None:
    _to_be_verified(part)
    _somewhere(part)


def _somewhere(part: Part) -> None:
    """Where it was sent; whoever looks sees whether it is there."""
    if node := part.wish.get("to"):
        part.write(node=node)
    rings.doubt(part.server.backend_id, part.server.pk)


def _returned(part: Part) -> None:
    _mode_ended(part)
    _somewhere(part)


def _of_port(effect: Callable[[Intent, datetime], None]) -> Does:
    def does(part: Part) -> None:
        effect(part.intent, part.now)
        part.write()

    return does


def _told(does: Callable[[Intent, datetime], None]) -> Does:
    """What concerns a volume and not the server."""
    return lambda part: does(part.intent, part.now)


def _surely(does: Callable[[Intent, datetime], None]) -> Does:
    """The same, unless there was a job of which nobody knows how it went."""

    def failed(part: Part) -> None:
        unknown = part.end.error is None and part.intent.job_id is not None
        (volumes.doubtful if unknown else does)(part.intent, part.now)

    return failed


def _volume_saved(part: Part) -> None:
    if "image" in part.wish:
        _image_saved(part)
    else:
        volumes.saved(part.intent, part.now)


def _volume_not_saved(part: Part) -> None:
    if "image" in part.wish:
        _image_given_up(part)
    else:
        volumes.not_saved(part.intent, part.now)


NOTHING = Effect()
EFFECTS: dict[str, Effect] = {
    "attach_port": Effect(_of_port(ports.attached), _of_port(ports.not_attached)),
    "detach_port": Effect(_of_port(ports.detached), _of_port(ports.not_detached)),
    "resize": Effect(_resized, _not_resized),
    "resize_restart": Effect(_to_be_verified, _to_be_verified),
    "confirm_resize": Effect(_confirmed),
    "revert_resize": Effect(_size_reverted),
    "revert_restart": Effect(_mode_ended, _mode_ended),
    "rebuild": Effect(_nothing, _damaged),
    "save_image": Effect(_image_saved, _image_given_up),
    "save_backup": Effect(_image_saved, _image_given_up),
    "shelve_stop": Effect(_shelved, _image_given_up),
    "shelve_save": Effect(_shelved, _image_given_up),
    "unshelve": Effect(_unshelved),
    "soft_delete": Effect(_soft_deleted),
    "restore": Effect(_mode_ended),
    "rescue_start": Effect(_rescued),
    "unrescue_start": Effect(_mode_ended),
    "migrate_move": Effect(_migrated),
    "migrate_failover": Effect(_migrated),
    "revert_move": Effect(_returned),
    "revert_failover": Effect(_returned),
    "attach_volume": Effect(_told(volumes.attached), _surely(volumes.not_attached)),
    "detach_volume": Effect(_told(volumes.detached), _surely(volumes.not_detached)),
    "extend_volume": Effect(_told(volumes.extended), _told(volumes.not_extended)),
    "save_volume": Effect(_volume_saved, _volume_not_saved),
    "live_migrate": Effect(_somewhere),
    "evacuate": Effect(_somewhere),
}
