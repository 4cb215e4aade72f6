"""Looks at a cluster before it becomes a backend: version, rights, abilities, OS definition.

Nothing is stored of one that cannot be used; the refusal says what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from synnefo import wiring
from synnefo.core import attachment, naming
from synnefo.db.models import Backend
from synnefo.dispatcher.instances import OS_DEFINITION
from synnefo.ports import (
    Cluster,
    ClusterDenied,
    ClusterError,
    ClusterInfo,
    ClusterUntrusted,
    NodeReport,
)
from synnefo.rapi import tls

MOST_NAMED = 5
NODE_COMMAND = "python3 -m hooks.node_setup"


class Unusable(Exception):  # noqa: N818  # The name says what it is.
    """This cluster cannot be a backend; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster that can be a backend, and what is still to be done on it."""

    info: ClusterInfo
    nodes: list[NodeReport]
    advice: tuple[str, ...] = ()


def look(backend: Backend) -> Found:
    """Ask a cluster everything; Unusable if it can be no backend."""
    cluster = wiring.open_cluster(backend)
    try:
        return _ask(cluster)
    except ClusterUntrusted as error:
        raise Unusable(_mistrust(backend, error)) from error
    except ClusterDenied as error:
        raise Unusable(_denial(backend, error)) from error
    except ClusterError as error:
        raise Unusable(f"{backend.url} cannot be asked: {error}") from error
    finally:
        cluster.close()


def _ask(cluster: Cluster) -> Found:
    info = cluster.info()
    if problem := attachment.too_old(info.version):
        raise Unusable(f"{info.name} cannot be a backend: {problem}")
    cluster.check_rights()
    if not Backend.objects.filter(name=info.name).exists():
        _refuse_what_another_left(info.name, cluster)
    nodes, advice = cluster.nodes(), []
    # A name with its variant, as in debootstrap+default, is another definition.
    if OS_DEFINITION not in cluster.operating_systems():
        advice.append(
            f"the OS definition '{OS_DEFINITION}' is not on all nodes: run {NODE_COMMAND} on each"
        )
    if not any(node.vm_capable and not node.offline and not node.drained for node in nodes):
        advice.append("no node takes instances just now: all are offline, drained or not for them")
    return Found(info, nodes, tuple(advice))


def _refuse_what_another_left(name: str, cluster: Cluster) -> None:
    """Instances called as ours would be: the next server of that number would become that one."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    found = [one.name for one in cluster.instances() if naming.server_id(prefix, one.name)]
    found += [one.name for one in cluster.networks() if naming.network_number_in(prefix, one.name)]
    if found:
        some = ", ".join(sorted(found)[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
        raise Unusable(
            f"{name} holds what another installation called {prefix}-… made: {some}. Remove it, or"
            " rename what is to be kept and import it afterwards"
        )


def _mistrust(backend: Backend, error: ClusterUntrusted) -> str:
    try:
        shown = tls.shown_by(backend.url)
    except OSError as unanswered:
        return f"{backend.url}: {error}; and then: {unanswered}"
    return (
        f"{backend.url} has not proved to be the cluster: its certificate has the fingerprint\n"
        f"  {shown}\nIf that is what this prints on the master:\n"
        "  openssl x509 -noout -fingerprint -sha256 -in /var/lib/ganeti/rapi.pem\n"
        "repeat the command with it as the fingerprint; or name the authority's file."
    )


def _denial(backend: Backend, error: ClusterDenied) -> str:
    if error.code == 401:
        return f"{backend.url} does not know {backend.username} by this password"
    return (
        f"{backend.username} may only read on {backend.url}: the user's line in"
        " /var/lib/ganeti/rapi/users has to end in the word write"
    )
