"""X.509 certificates of users, with which Windows guests let them in."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest

BITS = 2048
VALID = timedelta(days=3650)
# What Windows reads the user's name from: a "principal name" among the alternative names.
PRINCIPAL = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
UTF8_STRING = 12


def new_pair(caller: Caller) -> tuple[str, str]:
    """A certificate that signs itself, and its private key; both as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, caller.user_id[:64] or "user")])
    now = timezone.now()
    principal = f"{caller.user_id}@localhost".encode()[:127]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.OtherName(PRINCIPAL, bytes([UTF8_STRING, len(principal)]) + principal)]
            ),
            critical=False,
        )
    )
    signed = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def der(text: str) -> bytes:
    """The bytes of a certificate; BadRequest if it is none."""
    try:
        found = x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise BadRequest(
            "Keypair data is invalid: no X.509 certificate.", field="public_key"
        ) from error
    return found.public_bytes(serialization.Encoding.DER)
