"""What users ask of servers."""

from collections.abc import Mapping
from typing import Any

from synnefo.core.caller import Caller
from synnefo.db.models import Server
from synnefo.intents.server_request import NetworkRequest, ServerRequest

__all__ = ["NetworkRequest", "ServerRequest", "act", "create", "delete", "update"]


def create(caller: Caller, request: ServerRequest) -> Server:
    """Record the wish for new servers and reserve what they need; answers the first one."""
    raise NotImplementedError


def act(
    caller: Caller, server_uuid: str, action: str, arguments: Mapping[str, Any] | None = None
) -> Server:
    """Record an action of `core/server_actions.py` (os-start, os-stop, reboot {"type": …})."""
    raise NotImplementedError


def delete(caller: Caller, server_uuid: str) -> None:
    """Record the wish to remove a server; repeating it changes nothing."""
    raise NotImplementedError


def update(caller: Caller, server_uuid: str, **changes: Any) -> Server:
    """Change `name` and/or `description`."""
    raise NotImplementedError


def replace_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Set all metadata."""
    raise NotImplementedError


def merge_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Add or change some metadata."""
    raise NotImplementedError


def delete_metadata_item(caller: Caller, server_uuid: str, key: str) -> None:
    """Remove one item; NotFound if there is none."""
    raise NotImplementedError
