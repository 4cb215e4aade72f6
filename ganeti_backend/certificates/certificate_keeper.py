"""Renews the cluster's certificates while it runs: the master's part.

A new authority is trusted beside the old one until everything is signed by it. Whoever shows or
checks certificates in this process asks to be told when the files have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ganeti_backend.certificates import certificate_files
from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.settings import Settings

if TYPE_CHECKING:
    from ganeti_backend.certificates.authority import Authority


class CertificateKeeper:
    """One cluster's authority and what it signs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._listeners: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Call this when files have changed."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """Files have changed."""
        for listener in self._listeners:
            listener()

    def trusted(self) -> str:
        """What nodes have to trust, as PEM."""
        return self._settings.tls.ca.read_text()

    def new_authority(self) -> None:
        """Sign with a new one from now on, and trust the ones before as well."""
        from ganeti_backend.certificates import authority

        tls = self._settings.tls
        before = tls.ca.read_bytes()
        key, certificate = authority.new_authority()
        # Should it end between the two, the next one trusts both and is made anew.
        replace(tls.ca, certificate + before, SECRET_MODE)
        replace(tls.ca.with_suffix(".key"), key, SECRET_MODE)

    def forget_old_authorities(self) -> None:
        """Trust only the one that signs now."""
        replace(self._settings.tls.ca, self._authority().pem, SECRET_MODE)

    def sign(self, request: str, names: list[str]) -> str:
        """A node's certificate for the key of its request."""
        return self._authority().sign(request.encode(), names).decode()

    def renew_own(self) -> None:
        """The certificate with which the master commands."""
        from ganeti_backend.certificates import authority

        tls = self._settings.tls
        names = authority.cluster_names(self._settings)
        usages = authority.SERVER_AND_CLIENT
        authority.reissue(self._authority(), tls.certificate, tls.key, names, usages)

    def renew_rapi(self) -> None:
        """The certificate of the remote API."""
        from ganeti_backend.certificates import authority

        rapi = self._settings.rapi
        names = authority.rapi_names(self._settings)
        usages = authority.SERVER_AND_CLIENT[:1]
        authority.reissue(self._authority(), rapi.certificate, rapi.key, names, usages)

    def finish(self) -> None:
        """Make whole what a crash left half renewed."""
        tls, rapi = self._settings.tls, self._settings.rapi
        certificate_files.finish(tls.certificate, tls.key)
        certificate_files.finish(rapi.certificate, rapi.key)

    def _authority(self) -> Authority:
        from ganeti_backend.certificates import authority

        return authority.of_cluster(self._settings)
