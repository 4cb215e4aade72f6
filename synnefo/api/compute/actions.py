"""POST /servers/{id}/action: one row per action, with what it may say, since when and who may."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, record
from synnefo.api.compute import action_bodies as kinds
from synnefo.api.compute import server_consoles
from synnefo.api.compute.server_records import admin_password
from synnefo.api.compute.server_requests import NO_CERTIFICATES
from synnefo.api.compute.servers import changed, find
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import ROLES, Who
from synnefo.core.faults import BadRequest, Conflict, Forbidden, Gone, NotFound
from synnefo.core.server_states import ServerMode, ServerState, vm_state
from synnefo.db.models import Image, Server
from synnefo.intents import server_wishes
from synnefo.intents.compute import (
    migrations,
    rescues,
    saved_images,
    server_changes,
    server_network,
    server_sizes,
    server_systems,
)
from synnefo.intents.volume import volume_backed_images

Handler = Callable[[Request, Server, str, Any], HttpResponse]


class Action(NamedTuple):
    """What does it, its arguments, the minor versions that know it, and who may."""

    handler: Handler
    arguments: Kind | ByVersion = kinds.nothing
    since: int = 1
    until: int = 9999
    who: Who = Who.MEMBER


# --- what is only recorded ------------------------------------------------------------------------


def _act(request: Request, server: Server, word: str, arguments: Any) -> HttpResponse:
    server_wishes.act(request.caller, str(server.uuid), word, arguments)
    return empty(202)


def _calls(intent: Callable[..., Any], *names: str, status: int = 202) -> Handler:
    """Hands the named arguments to an intent; those that were not given are null."""

    def handle(request: Request, server: Server, _word: str, arguments: Any) -> HttpResponse:
        given = arguments or {}
        intent(request.caller, str(server.uuid), *(given.get(name) for name in names))
        return empty(status)

    return handle


def _nothing_to_do(_request: Request, _server: Server, _word: str, _given: Any) -> HttpResponse:
    """The guest learns of its addresses by itself."""
    return empty(202)


def _gone(_request: Request, _server: Server, word: str, _given: Any) -> HttpResponse:
    raise Gone(f"The action {word} was removed from OpenStack.")


# --- systems and images ---------------------------------------------------------------------------

COLUMNS = {
    "name": "name",
    "metadata": "metadata",
    "description": "description",
    "accessIPv4": "access_ipv4",
    "accessIPv6": "access_ipv6",
    "OS-DCF:diskConfig": "disk_config",
    "hostname": "hostname",
}


def _rebuild(request: Request, server: Server, _word: str, wish: dict[str, Any]) -> HttpResponse:
    if wish.get("trusted_image_certificates"):
        raise BadRequest(NO_CERTIFICATES, field="trusted_image_certificates")
    if not bodies.UUID.fullmatch(wish["imageRef"]):
        raise BadRequest("Invalid imageRef provided: it must be a UUID.", field="imageRef")
    columns = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
    if "user_data" in wish:
        columns["user_data"] = wish["user_data"] or ""
    wanted = server_systems.RebuildRequest(
        image_id=wish["imageRef"],
        columns=columns,
        key=(wish["key_name"],) if "key_name" in wish else (),
        files=wish.get("personality"),
        volumes=request.version[1] >= 93,
    )
    uuid = str(server.uuid)
    server_systems.rebuild(request.caller, uuid, wanted)
    shown = changed(request, uuid)
    shown.pop("OS-EXT-SRV-ATTR:user_data", None)  # It is called otherwise in this answer.
    shown["adminPass"] = wish.get("adminPass") or admin_password(uuid)
    if request.version[1] >= 54:
        shown.setdefault("key_name", columns.get("key_name", server.key_name))
    if request.version[1] >= 57:
        shown.pop("OS-EXT-SRV-ATTR:user_data", None)  # Here it is told to everybody, once.
        shown["user_data"] = wish.get("user_data", server.user_data or None)
    location = f"{request.base}/compute/v2.1/servers/{uuid}"
    return answer({"server": shown}, 202, {"Location": location})


def _resize(request: Request, server: Server, _word: str, wish: dict[str, Any]) -> HttpResponse:
    uuid = str(server.uuid)
    server_sizes.resize(request.caller, uuid, wish["flavorRef"])
    if "OS-DCF:diskConfig" in wish:
        server_changes.update(request.caller, uuid, disk_config=wish["OS-DCF:diskConfig"])
    return empty(202)


def _rescue(request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    given, uuid = wish or {}, str(server.uuid)
    if request.version < (2, 87) and volume_backed_images.is_from_volume(server):
        raise BadRequest(
            f"Instance {uuid} cannot be rescued: Cannot rescue a volume-backed instance."
        )
    rescues.rescue(request.caller, uuid, given.get("rescue_image_ref"))
    password = given.get("adminPass") or admin_password(str(server.uuid))
    return answer({"adminPass": password})


def _change_password(_request: Request, server: Server, word: str, _wish: Any) -> HttpResponse:
    if server.state != ServerState.ACTIVE or server.mode:
        mode = ServerMode(server.mode) if server.mode else None
        state = vm_state(ServerState(server.state), mode)
        text = f"Cannot '{word}' instance {server.uuid} while it is in vm_state {state}"
        raise Conflict(text)
    raise Conflict("Unable to set password on instance: nothing in the guest listens for it.")


def _crash(_request: Request, _server: Server, _word: str, _given: Any) -> HttpResponse:
    raise BadRequest("trigger_crash_dump is not supported by the hypervisors of this cloud.")


def _create_image(request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    metadata: Mapping[str, str] = wish.get("metadata") or {}
    image = saved_images.create(request.caller, str(server.uuid), wish["name"], metadata)
    return _image_to_come(request, image)


def _back_up(request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    kind, rotation = wish["backup_type"], wish["rotation"]
    metadata: Mapping[str, str] = wish.get("metadata") or {}
    image = saved_images.back_up(
        request.caller, str(server.uuid), wish["name"], kind, rotation, metadata
    )
    # Of none that are kept there is nothing to show.
    return _image_to_come(request, image) if rotation else empty(202)


def _image_to_come(request: Request, image: Image) -> HttpResponse:
    if request.version[1] >= 45:
        return answer({"image_id": str(image.uuid)}, 202)
    return empty(202, {"Location": f"{request.base}/image/v2/images/{image.uuid}"})


# --- other nodes, consoles ------------------------------------------------------------------------


def _evacuate(request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    migrations.evacuate(request.caller, str(server.uuid), wish.get("host"))
    if request.version[1] >= 14:
        return empty(200)
    return answer({"adminPass": wish.get("adminPass") or admin_password(str(server.uuid))})


def _console_output(_request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    return answer({"output": server_consoles.text(server, (wish or {}).get("length"))})


def _console(request: Request, server: Server, _word: str, wish: Any) -> HttpResponse:
    url = server_consoles.url(request, server, wish["type"])
    return answer({"console": {"type": wish["type"], "url": url}})


# --- the table ------------------------------------------------------------------------------------

LAST_OF_NOVA_NETWORK = 43
ACTIONS: dict[str, Action] = {
    "os-start": Action(_act),
    "os-stop": Action(_act),
    "reboot": Action(_act, kinds.REBOOT),
    "pause": Action(_act),
    "unpause": Action(_act),
    "suspend": Action(_act),
    "resume": Action(_act),
    "forceDelete": Action(_act),
    "restore": Action(_calls(server_wishes.restore)),
    "lock": Action(_calls(server_wishes.lock, "locked_reason"), kinds.LOCK),
    "unlock": Action(_calls(server_wishes.unlock)),
    "resize": Action(_resize, kinds.RESIZE),
    "confirmResize": Action(_calls(server_sizes.confirm, status=204)),
    "revertResize": Action(_calls(server_sizes.revert)),
    "rebuild": Action(_rebuild, kinds.REBUILD),
    "rescue": Action(_rescue, kinds.RESCUE),
    "unrescue": Action(_calls(rescues.unrescue)),
    "changePassword": Action(_change_password, kinds.CHANGE_PASSWORD),
    "createImage": Action(_create_image, kinds.CREATE_IMAGE),
    "createBackup": Action(_back_up, kinds.CREATE_BACKUP),
    "shelve": Action(_calls(saved_images.shelve)),
    "shelveOffload": Action(_calls(saved_images.offload), who=Who.ADMIN),
    "unshelve": Action(_calls(saved_images.unshelve, "availability_zone", "host"), kinds.UNSHELVE),
    "addSecurityGroup": Action(_calls(server_network.add_group, "name"), kinds.GROUP),
    "removeSecurityGroup": Action(_calls(server_network.remove_group, "name"), kinds.GROUP),
    "addFixedIp": Action(
        _calls(server_network.add_fixed_ip, "networkId"),
        kinds.ADD_FIXED_IP,
        until=LAST_OF_NOVA_NETWORK,
    ),
    "removeFixedIp": Action(
        _calls(server_network.remove_fixed_ip, "address"),
        kinds.REMOVE_FIXED_IP,
        until=LAST_OF_NOVA_NETWORK,
    ),
    "addFloatingIp": Action(
        _calls(server_network.add_floating_ip, "address", "fixed_address"),
        kinds.ADD_FLOATING_IP,
        until=LAST_OF_NOVA_NETWORK,
    ),
    "removeFloatingIp": Action(
        _calls(server_network.remove_floating_ip, "address"),
        kinds.REMOVE_FLOATING_IP,
        until=LAST_OF_NOVA_NETWORK,
    ),
    "os-getConsoleOutput": Action(_console_output, kinds.OUTPUT),
    **{name: Action(_console, kind, until=5) for name, (_, kind) in kinds.OLD_CONSOLES.items()},
    "trigger_crash_dump": Action(_crash, since=17),
    "os-resetState": Action(
        _calls(server_wishes.reset_state, "state"), kinds.RESET_STATE, who=Who.ADMIN
    ),
    "migrate": Action(_calls(migrations.migrate, "host"), kinds.MIGRATE, who=Who.ADMIN),
    "os-migrateLive": Action(
        _calls(migrations.migrate_live, "host"), kinds.MIGRATE_LIVE, who=Who.ADMIN
    ),
    "evacuate": Action(_evacuate, kinds.EVACUATE, who=Who.ADMIN),
    "injectNetworkInfo": Action(_nothing_to_do, who=Who.ADMIN),
    "resetNetwork": Action(_gone, who=Who.ADMIN),
}


def _newest(arguments: Kind | ByVersion) -> Kind:
    return arguments.newest if isinstance(arguments, ByVersion) else arguments


@bodies.described(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            name: bodies.schema_of(_newest(row.arguments)) for name, row in ACTIONS.items()
        },
        "additionalProperties": False,
    }
)
def body(value: Any, where: str, strict: bool) -> tuple[str, Any]:
    """Exactly one action: its name and its arguments, which depend on the microversion."""
    if not isinstance(value, dict) or len(value) != 1:
        raise BadRequest("The body must be an object with exactly one action.")
    name, arguments = next(iter(value.items()))
    if name not in ACTIONS:
        raise BadRequest(f"There is no such action: {name[:80]}", field=name[:80])
    return name, arguments


ANSWER = record({}, rest=bodies.anything)


def act(request: Request, id: str) -> HttpResponse:
    """Exactly one action with its arguments."""
    name, given = request.wish
    action, minor = ACTIONS[name], request.version[1]
    if not action.since <= minor <= action.until:
        raise NotFound("The resource could not be found.")
    server = find(request, id)
    if not request.caller.roles & ROLES[action.who]:
        raise Forbidden(f"Policy doesn't allow {name} to be performed.")
    kind = action.arguments
    read = kind.at(minor) if isinstance(kind, ByVersion) else kind
    return action.handler(request, server, name, read(given, name, request.strict))
