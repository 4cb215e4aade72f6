"""Application credentials that are tied to access rules: which requests they are good for.

The path of a rule is the one below the service's own address, a pattern (`core.path_patterns`).
"""

from synnefo.core import path_patterns
from synnefo.core.caller import Caller
from synnefo.core.faults import Forbidden
from synnefo.db.models import AccessRule

# By which types of the catalog each service is known.
TYPES = {
    "compute": ("compute",),
    "identity": ("identity",),
    "image": ("image",),
    "network": ("network",),
    "volume": ("volumev3", "volume", "block-storage", "block-store"),
}


def check(caller: Caller, service: str, method: str, path: str) -> None:
    """Forbidden unless a rule of the caller's credential allows the request."""
    rules = AccessRule.objects.filter(
        applicationcredential=caller.credential_id,
        service__in=TYPES.get(service, (service,)),
        method=method,
    )
    if not any(
        path_patterns.matches(pattern, path) for pattern in rules.values_list("path", flat=True)
    ):
        raise Forbidden("The access rules of the application credential do not allow this request.")
