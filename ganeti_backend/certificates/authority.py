"""The cluster's certificates: an authority, one certificate for node RPC, one for the remote API.

The node certificate serves as server and as client (mutual TLS); the one of the remote API is for
serving only, so its key cannot be used to command a node. Missing, foreign and soon expiring ones
are made anew.
"""

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ganeti_backend.certificates import certificate_files
from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.settings import NodeSettings, Settings

AUTHORITY_DAYS = 3650
LEAF_DAYS = 825
RENEW_BEFORE = datetime.timedelta(days=30)
# A clock that is a little behind on one host must not refuse what another has just signed.
BACKDATE = datetime.timedelta(days=1)


LOCAL = frozenset({"localhost", "127.0.0.1"})
NODE_FILES = ("ca.pem", "node.pem", "node.key")
SERVER_AND_CLIENT = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def ensure(settings: Settings) -> None:
    """Make what is missing, no longer fits the cluster's names or expires soon."""
    tls, rapi = settings.tls, settings.rapi
    authority = of_cluster(settings)
    authority.issue(tls.certificate, tls.key, cluster_names(settings), SERVER_AND_CLIENT)
    authority.issue(rapi.certificate, rapi.key, rapi_names(settings), SERVER_AND_CLIENT[:1])


def cluster_names(settings: Settings) -> list[str]:
    """What the certificate that the first nodes share is for."""
    return sorted(LOCAL.union(*((node.name, node.address) for node in settings.nodes)))


def rapi_names(settings: Settings) -> list[str]:
    """What the remote API's certificate is for."""
    return sorted(LOCAL | {settings.rapi.host, settings.cluster_name})


def ensure_node(settings: Settings, node: NodeSettings, folder: Path) -> None:
    """A further node's own certificate and key, and the authority's certificate, in a folder."""
    ca, certificate, key = (folder / name for name in NODE_FILES)
    authority = of_cluster(settings)
    authority.issue(certificate, key, [node.name, node.address], SERVER_AND_CLIENT)
    replace(ca, settings.tls.ca.read_bytes(), SECRET_MODE)


def of_cluster(settings: Settings) -> "Authority":
    """The cluster's authority, from its files."""
    return Authority(settings.tls.ca, settings.tls.ca.with_suffix(".key"))


def new_authority() -> tuple[bytes, bytes]:
    """Key and certificate of another authority, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _private_pem(key), _pem(_sign_itself(key))


def new_pair(name: str, days: int) -> tuple[bytes, bytes]:
    """Key and certificate, as PEM, for those who know this very certificate and need no other."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = _builder(name, subject, key.public_key(), days).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return _private_pem(key), _pem(built.sign(key, hashes.SHA256()))


def problem_of(pem: str) -> str:
    """Why nobody can trust this certificate; an empty text if somebody may."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        return str(error)
    if len(found) != 1:
        return f"{len(found)} certificates where one is expected"
    if found[0].not_valid_after_utc < _now():
        return f"it expired on {found[0].not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    return ""


def reissue(
    authority: "Authority",
    certificate: Path,
    key: Path,
    names: Sequence[str],
    usages: list[x509.ObjectIdentifier],
) -> None:
    """A new key and a certificate for it, in place of those in the files."""
    private = ec.generate_private_key(ec.SECP256R1())
    replace(certificate_files.next_key(key), _private_pem(private), SECRET_MODE)
    signed = authority.certify(private.public_key(), names, usages)
    certificate_files.install(certificate, key, signed)


def request(key: Path, name: str) -> bytes:
    """A new key that waits beside this one, and what an authority needs to certify it, as PEM."""
    private = ec.generate_private_key(ec.SECP256R1())
    replace(certificate_files.next_key(key), _private_pem(private), SECRET_MODE)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return built.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Authority:
    """The certificate authority kept in two files beside the certificates it signs.

    The certificate's file may hold older authorities too, which are still trusted.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._key = _key(key)
        found = self._own(certificate) if certificate.exists() else None
        if found is not None:
            self._certificate = found
            return
        self._certificate = _sign_itself(self._key)
        replace(certificate, _pem(self._certificate), SECRET_MODE)

    def _own(self, path: Path) -> x509.Certificate | None:
        """The one of this key, if it lasts for a while."""
        public = self._key.public_key()
        for found in x509.load_pem_x509_certificates(path.read_bytes()):
            ends = found.not_valid_after_utc
            if found.public_key() == public and ends - RENEW_BEFORE > _now():
                return found
        return None

    @property
    def pem(self) -> bytes:
        """Its own certificate and no other."""
        return _pem(self._certificate)

    def issue(
        self,
        certificate: Path,
        key: Path,
        names: Sequence[str],
        usages: list[x509.ObjectIdentifier],
    ) -> None:
        """Write a certificate for these names unless the one in place still does."""
        private = _key(key)
        if certificate.exists() and self._still_good(certificate, private, names):
            return
        replace(certificate, self.certify(private.public_key(), names, usages), SECRET_MODE)

    def sign(self, wanted: bytes, names: Sequence[str]) -> bytes:
        """The certificate of a node that proves with its request that it has the key."""
        found = x509.load_pem_x509_csr(wanted)
        public = found.public_key()
        if not found.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
            raise ValueError("the request for a certificate is not signed with its own key")
        return self.certify(public, names, SERVER_AND_CLIENT)

    def certify(
        self,
        public: ec.EllipticCurvePublicKey,
        names: Sequence[str],
        usages: list[x509.ObjectIdentifier],
    ) -> bytes:
        """A certificate for this key, as PEM."""
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        alternatives = x509.SubjectAlternativeName(_alternatives(names))
        built = (
            _builder(names[0], self._certificate.subject, public, LEAF_DAYS)
            .add_extension(alternatives, critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _pem(built)

    def _still_good(
        self, path: Path, private: ec.EllipticCurvePrivateKey, names: Sequence[str]
    ) -> bool:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        known = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            found.issuer == self._certificate.subject
            and found.public_key() == private.public_key()
            and set(_alternatives(names)) <= set(known)
            and found.not_valid_after_utc - RENEW_BEFORE > _now()
        )


def _sign_itself(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # The serial number in the name keeps two clusters' authorities apart in one trust store.
    name = f"Cluster authority {x509.random_serial_number():x}"[:60]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    return (
        _builder(name, subject, public, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - BACKDATE)
        .not_valid_after(_now() + datetime.timedelta(days=days))
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The private key in this file, made if the file is not there."""
    if path.exists():
        if path.stat().st_mode & 0o077:
            os.chmod(path, SECRET_MODE)
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{path} holds no elliptic curve key")
        return loaded
    made = ec.generate_private_key(ec.SECP256R1())
    replace(path, _private_pem(made), SECRET_MODE)
    return made


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)  # noqa: TID251 - A validity is wall-clock time.
