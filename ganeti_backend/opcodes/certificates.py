"""The opcode that renews certificates.

Ganeti renews its cluster's and its remote API's certificate with the master stopped, so the last
two fields are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from ganeti_backend.opcodes.fields import OpCode, flag, is_natural, maybe, one_of, param


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


OPCODES: tuple[type[OpCode], ...] = (OpClusterRenewCrypto,)
