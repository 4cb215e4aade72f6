"""The opcode that renews certificates.

Ganeti renews its cluster's and its remote API's certificate and the secret of its domain with the
master stopped, so the last four fields are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    REDACTED,
    OpCode,
    flag,
    is_natural,
    is_text,
    maybe,
    one_of,
    param,
)


@dataclass(frozen=True, kw_only=True)
class OpClusterRenewCrypto(OpCode):
    OP_ID = "OP_CLUSTER_RENEW_CRYPTO"

    node_certificates: bool = flag()
    renew_ssh_keys: bool = flag()
    ssh_key_type: str | None = param(maybe(one_of("rsa", "dsa", "ecdsa")), None)
    ssh_key_bits: int | None = param(maybe(is_natural), None)
    verbose: bool = flag()
    debug: bool = flag()
    cluster_certificate: bool = flag()
    rapi_certificate: bool = flag()
    new_domain_secret: bool = flag()
    domain_secret: str | None = param(maybe(is_text), None)

    def to_dict(self) -> dict[str, Any]:
        """The secret itself does not get into the job file."""
        found = super().to_dict()
        return {**found, "domain_secret": REDACTED} if self.domain_secret else found


OPCODES: tuple[type[OpCode], ...] = (OpClusterRenewCrypto,)
