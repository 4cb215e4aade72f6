"""CLUSTER_RENEW_CRYPTO: new keys and certificates for nodes, authority and remote API.

Nothing stops meanwhile. A new authority is made known to all nodes before anything is signed by it,
and the old one is forgotten when nothing is any more; after a crash all of it begins again.
"""

from __future__ import annotations

from collections.abc import Mapping

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.certificates.domain_secret import new_secret
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.cluster.base import CLUSTER

SHORTEST_SECRET = 16


class ClusterRenewCrypto(base.Unit[opcodes.OpClusterRenewCrypto]):
    OBJECT_TYPE = "CLUSTER"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER and self._changes_secret:
            return {CLUSTER: base.EXCLUSIVE}  # The secret stands in what others change as well.
        # So that no node comes or goes meanwhile; other operations go on.
        return {ALL: base.SHARED} if level == Level.NODE else {}

    @property
    def _changes_secret(self) -> bool:
        return self.op.new_domain_secret or self.op.domain_secret is not None

    def check_prerequisites(self) -> None:
        op = self.op
        if op.renew_ssh_keys:
            raise wrong("There are no SSH keys between the nodes of this cluster")
        certificates = op.node_certificates or op.cluster_certificate or op.rapi_certificate
        if not (certificates or self._changes_secret):
            raise wrong("Nothing was said to be renewed")
        self._check_secret()
        self.nodes = [node for node in self.config.nodes() if not node.offline]
        for node in self.nodes if certificates else ():
            self._check_answers(node)

    def _check_secret(self) -> None:
        given = self.op.domain_secret
        if given is None:
            return
        if self.op.new_domain_secret:
            raise wrong("Give a cluster domain secret or ask for a new one, not both")
        if given == opcodes.REDACTED:
            raise wrong("The new cluster domain secret was lost with the master, give it again")
        if len(given) < SHORTEST_SECRET:
            raise wrong(f"A cluster domain secret has at least {SHORTEST_SECRET} characters")

    def _check_answers(self, node: objects.Node) -> None:
        """A node that missed a new authority could not be spoken with any more."""
        try:
            self.call(node.name, calls.VERSION)
        except errors.NodeError as error:
            text = f"Node {node.name} does not answer; set it offline or start it: {error.message}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON) from error

    def execute(self) -> None:
        keeper = self.reach.certificates
        if self._changes_secret:
            self._change_secret()
        if self.op.cluster_certificate:
            self.job.log("* making a new authority known")
            keeper.new_authority()
            keeper.changed()
            self._install_everywhere()
        if self.op.node_certificates or self.op.cluster_certificate:
            self._renew_nodes()
        if self.op.rapi_certificate or self.op.cluster_certificate:
            self.job.log("* renewing the remote API's certificate")
            keeper.renew_rapi()
            keeper.changed()
        if self.op.cluster_certificate:
            keeper.forget_old_authorities()
            keeper.changed()
            self._install_everywhere()
            self.info("Running daemons trust the old authority until they are started anew")
        self._tell_of_offline_nodes()

    def _change_secret(self) -> None:
        self.job.log("* changing the cluster domain secret")
        secret = self.op.domain_secret or new_secret()
        cluster = self.config.cluster()
        self.config.commit([cluster.touched(self.config.now(), domain_secret=secret)])

    def _renew_nodes(self) -> None:
        keeper = self.reach.certificates
        sharing = []
        for node in self.nodes:
            request = self.call(node.name, calls.CERTIFICATE_REQUEST)["csr"]
            if request is None:
                sharing.append(node)
                continue
            self.job.log(f"* renewing the certificate of {node.name}")
            signed = keeper.sign(request, [node.name, node.primary_ip])
            self._install(node, signed)
        names = ", ".join(node.name for node in sharing) or "no node"
        self.job.log(f"* renewing the master's certificate, which {names} has as well")
        keeper.renew_own()
        for node in sharing:
            self._install(node)
        keeper.changed()

    def _install_everywhere(self) -> None:
        for node in self.nodes:
            self._install(node)

    def _install(self, node: objects.Node, certificate: str | None = None) -> None:
        trusted = self.reach.certificates.trusted()
        arguments = {"trusted": trusted, "certificate": certificate}
        self.call(node.name, calls.CERTIFICATE_INSTALL, **arguments)

    def _tell_of_offline_nodes(self) -> None:
        names = [node.name for node in self.config.nodes() if node.offline]
        if names and (self.op.node_certificates or self.op.cluster_certificate):
            shown = ", ".join(sorted(names))
            self.warn(f"Offline nodes need 'gnt-node add --readd' with a new bundle: {shown}")
