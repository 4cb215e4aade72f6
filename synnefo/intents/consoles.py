"""Console tokens: let one browser reach one console for some minutes."""

from synnefo.core.caller import Caller
from synnefo.db.models import ConsoleToken, Server
from synnefo.ports import Cluster


def issue(caller: Caller, server: Server, cluster: Cluster) -> str:
    """Ask the cluster where the console is and return the text of a new token for it.

    `cluster` is `wiring.cluster(server.backend)`. Conflict if the server does not run, or its
    console is none that a browser can show; ServiceUnavailable if the cluster cannot be asked.
    """
    raise NotImplementedError


def find(text: str) -> ConsoleToken | None:
    """The token that is still valid."""
    raise NotImplementedError
