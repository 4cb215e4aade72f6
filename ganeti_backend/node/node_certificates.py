"""A node's own certificate: renewed by the master while the daemon serves."""

import ssl
from collections.abc import Callable
from typing import Any

from ganeti_backend.certificates import certificate_files
from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.errors import GenericError
from ganeti_backend.settings import TlsSettings

AUTHORITY_KEY = ".key"


class NodeCertificates:
    """Handlers of calls. `use` says which context shows the certificate."""

    def __init__(self, tls: TlsSettings, name: str) -> None:
        self._tls = tls
        self._name = name
        self._context: ssl.SSLContext | None = None
        if not self._shared:
            certificate_files.finish(tls.certificate, tls.key)

    @property
    def _shared(self) -> bool:
        """Whether these are the master's own files, which it renews itself."""
        return self._tls.ca.with_suffix(AUTHORITY_KEY).exists()

    def use(self, context: ssl.SSLContext) -> None:
        """From now on this is the context that has to follow the files."""
        self._context = context

    def table(self) -> dict[str, Callable[..., Any]]:
        """Call name to handler."""
        return {
            "certificate_request": self.certificate_request,
            "certificate_install": self.certificate_install,
        }

    def certificate_request(self) -> dict[str, str | None]:
        """A request for a new key's certificate; none where the master's files are used."""
        if self._shared:
            return {"csr": None}
        # Loaded here because it is needed once a year and large.
        from ganeti_backend.certificates import authority

        return {"csr": authority.request(self._tls.key, self._name).decode()}

    def certificate_install(self, trusted: str, certificate: str | None) -> None:
        """Trust these authorities, show this certificate, or what the files now hold."""
        if not self._shared:
            replace(self._tls.ca, trusted.encode(), SECRET_MODE)
            if certificate is not None:
                self._install(certificate)
        if self._context is not None:
            certificate_files.reload(self._context, self._tls)

    def _install(self, certificate: str) -> None:
        try:
            certificate_files.install(self._tls.certificate, self._tls.key, certificate.encode())
        except ValueError as error:
            raise GenericError(str(error)) from error
