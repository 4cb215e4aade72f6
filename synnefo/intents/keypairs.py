"""What users ask of key pairs."""

from synnefo.core.caller import Caller
from synnefo.db.models import Keypair


def create(
    caller: Caller, name: str, public_key: str | None, *, kind: str = "ssh"
) -> tuple[Keypair, str | None]:
    """Import a public key, or make a pair: then the private half is the second value, given once.

    Conflict if the name is taken, BadRequest if the key is none.
    """
    raise NotImplementedError


def delete(caller: Caller, name: str) -> None:
    """Forget a key; NotFound if there is none."""
    raise NotImplementedError
