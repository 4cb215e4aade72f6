"""Other sizes for servers: wished for, confirmed, reverted.

Of the two sizes the larger is charged until one of them is given up. A disk grows when the size is
confirmed, for a disk cannot shrink: so a size can be reverted exactly.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from synnefo.core import quota as rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.server_actions import ACTIONS, WISHES
from synnefo.core.server_modes import growth
from synnefo.core.server_states import ServerState
from synnefo.db.models import Commission, Flavor, QuotaUsage, Server, Volume
from synnefo.db.transactions import writing
from synnefo.intents import quota, server_wishes
from synnefo.intents.server_wishes import WITHOUT, begin, settled

HELD = (Commission.State.ISSUED, Commission.State.ACCEPTED)


def resize(caller: Caller, server_uuid: str, flavor_id: str) -> None:
    """Record the wish for another size; a running guest sees it after a restart."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["resize"])
        old, new = server.flavor, _flavor(caller, flavor_id)
        _check_fits(server, old, new)
        more = growth(_provisions(old), _provisions(new))
        if more:
            quota.reserve(server.project_id, more, server.user_id)
            quota.issue([server], more, now)
        running = server.state == ServerState.ACTIVE
        steps = ["resize", "resize_restart"] if running else ["resize"]
        begin(
            caller,
            server,
            steps,
            now,
            flavor=new.pk,
            old_flavor=old.pk,
            vcpus=new.vcpus,
            memory=new.ram,
            node=server.node,
        )


def _flavor(caller: Caller, flavor_id: str) -> Flavor:
    present = Flavor.objects
    usable = present.all() if caller.is_admin else present.usable_by(caller.project_id)
    found = usable.filter(flavor_id=flavor_id).first()
    if found is None:
        raise BadRequest(f"Flavor {flavor_id} could not be found.", field="flavorRef")
    return found


def _check_fits(server: Server, old: Flavor, new: Flavor) -> None:
    if old.pk == new.pk:
        text = "When resizing, instances must change flavor!"
        raise BadRequest(text, field="resize.flavorRef")
    if server.image is not None and server.image.min_ram > new.ram:
        text = "Flavor's memory is too small for requested image."
        raise BadRequest(text, field="resize.flavorRef")
    if new.disk_template != old.disk_template:
        text = "The disks of this flavor are stored in another way."
        raise BadRequest(text, field="resize.flavorRef")
    if new.disk == 0 and old.disk > 0:
        text = "Resize to zero disk flavor is not allowed."
        raise BadRequest(text, field="resize.flavorRef")
    if new.disk and new.disk < old.disk:
        text = "Flavor's disk is too small for requested image: a disk cannot shrink."
        raise BadRequest(text, field="resize.flavorRef")


def confirm(caller: Caller, server_uuid: str) -> None:
    """The new size is the size."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["confirm_resize"])
        if disk := _missing_disk(server):
            begin(caller, server, ["confirm_resize"], now, disk=disk)
            return
        settled(caller, server, "confirmResize", now, WITHOUT | {"old_flavor": None})
        _charge(server, now)


def _missing_disk(server: Server) -> int:
    """The MiB that the first disk is to have, where it has less."""
    root = Volume.objects.filter(server=server, index=0).exclude(status="deleted").first()
    wanted = server.flavor.disk * 1024
    if server.old_flavor_id is None or root is None or not root.local or root.size >= wanted:
        return 0
    return wanted


def revert(caller: Caller, server_uuid: str) -> None:
    """The old size is the size again; what was migrated goes back."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["revert_resize"])
        old = server.old_flavor
        if old is None:
            back = server.before_mode
            step = {"migrate_move": "revert_move"}.get(back.get("by", ""), "revert_failover")
            home = back.get("node", "")
            target = home if step == "revert_move" else ""  # Else the disks are there already.
            begin(caller, server, [step], now, node=home, to=target)
            return
        running = server.state == ServerState.ACTIVE
        steps = ["revert_resize", "revert_restart"] if running else ["revert_resize"]
        begin(caller, server, steps, now, flavor=old.pk, vcpus=old.vcpus, memory=old.ram)


def _provisions(flavor: Flavor) -> dict[str, int]:
    return rules.provisions(flavor.vcpus, flavor.ram)


def _charge(server: Server, now: datetime) -> None:
    """What is held for the server becomes what its size needs, which is never more."""
    rows = Commission.objects.filter(server=server, state__in=HELD)
    held = rules.total(rows.values_list("provisions", flat=True))
    difference = rules.total([_provisions(server.flavor), rules.negative(held)])
    if not difference:
        return
    Commission.objects.create(
        project_id=server.project_id,
        server=server,
        provisions=difference,
        state=Commission.State.ACCEPTED,
        issued_at=now,
        resolved_at=now,
    )
    quota.lock(server.project_id)
    for resource in sorted(difference):
        usage = QuotaUsage.objects.filter(project_id=server.project_id, resource=resource)
        usage.update(used=F("used") + difference[resource])
