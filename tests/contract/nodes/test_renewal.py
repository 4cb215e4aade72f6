"""Certificates are renewed while nodes serve; what is not the cluster's any more is shut out."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from cryptography import x509
from node_site import NEW, joined

from ganeti_backend import opcodes, settings
from ganeti_backend.certificates import certificate_files
from ganeti_backend.errors import NodeUnreachable
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.node_pool import NodePool
from ganeti_backend.node_rpc.places import Places

pytestmark = pytest.mark.system


def serial(path):
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def fresh_pool(site, tls=None):
    """A master's line without connections from before."""
    places = Places(site.settings)
    places.follow(site.master.config)
    return NodePool(replace(site.settings, tls=tls or site.settings.tls), places)


def ask(site, tls=None):
    pool = fresh_pool(site, tls)
    try:
        return [pool.call(name, calls.VERSION)["node"] for name in ("node1.local", NEW)]
    finally:
        pool.close()


@pytest.fixture
def two(site, command, tmp_path):
    """A further node that has its own files, and the master's files as they were."""
    joined(site, command, tmp_path / "carried")
    kept = tmp_path / "before"
    shutil.copytree(site.settings.tls.ca.parent, kept)
    names = [path.name for path in vars(site.settings.tls).values()]
    return settings.TlsSettings(*(kept / name for name in names))


def test_node_certificates(site, two, tmp_path):
    own = tmp_path / "carried" / "node.pem"
    shared = site.settings.tls.certificate
    before = (serial(own), serial(shared), own.with_name("node.key").read_bytes())
    site.run(opcodes.OpClusterRenewCrypto(node_certificates=True))
    after = (serial(own), serial(shared), own.with_name("node.key").read_bytes())
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert ask(site) == ["node1.local", NEW]
    site.stop_node(NEW)
    site.start_node(NEW, tmp_path / "carried" / "node.json")
    site.answers(NEW)
    assert not list((tmp_path / "carried").glob("*.next"))


def test_the_authority(site, two, tmp_path):
    site.run(opcodes.OpClusterRenewCrypto(cluster_certificate=True))
    assert site.settings.tls.ca.read_text().count("BEGIN CERTIFICATE") == 1
    assert (tmp_path / "carried" / "ca.pem").read_text() == site.settings.tls.ca.read_text()
    assert ask(site) == ["node1.local", NEW]
    site.stop_node(NEW)
    site.start_node(NEW, tmp_path / "carried" / "node.json")
    site.answers(NEW)
    with pytest.raises(NodeUnreachable):
        ask(site, two)


def test_a_crash_between_the_two_files_of_an_authority(site, two):
    """The new authority is known and does not sign yet: everything is as it was."""
    from ganeti_backend import installation
    from ganeti_backend.certificates import authority

    _key, other = authority.new_authority()
    ca = site.settings.tls.ca
    ca.write_bytes(other + ca.read_bytes())
    before = serial(site.settings.tls.certificate)
    installation.write(site.path, site.settings)
    assert serial(site.settings.tls.certificate) == before
    assert ask(site) == ["node1.local", NEW]


def test_a_crash_between_certificate_and_key(site, tmp_path):
    from ganeti_backend.certificates import authority

    tls = site.settings.tls
    ours = authority.of_cluster(site.settings)
    wanted = authority.request(tls.key, "node1.local")
    tls.certificate.write_bytes(ours.sign(wanted, ["127.0.0.1"]))
    assert not certificate_files.fits(tls.certificate, tls.key)
    certificate_files.finish(tls.certificate, tls.key)
    assert certificate_files.fits(tls.certificate, tls.key)
    authority.request(tls.key, "node1.local")
    certificate_files.finish(tls.certificate, tls.key)
    assert certificate_files.fits(tls.certificate, tls.key)
    assert not certificate_files.next_key(tls.key).exists()


def test_an_alien_certificate_is_not_installed(site, two, tmp_path):
    other = tmp_path / "carried" / "node.pem"
    before = other.read_bytes()
    site.pool.call(NEW, calls.CERTIFICATE_REQUEST)
    with pytest.raises(Exception, match="does not belong"):
        site.pool.call(
            NEW,
            calls.CERTIFICATE_INSTALL,
            trusted=site.settings.tls.ca.read_text(),
            certificate=site.settings.tls.certificate.read_text(),
        )
    assert other.read_bytes() == before


def test_the_command(site, command):
    assert command("gnt-cluster", "renew-crypto")[0] == 1
    assert command("gnt-cluster", "renew-crypto", "--new-node-certificates")[0] == 1
    before = serial(site.settings.rapi.certificate)
    code, _out, err = command("gnt-cluster", "renew-crypto", "-f", "--new-rapi-certificate")
    assert (code, "remote API" in err) == (0, True)
    assert serial(site.settings.rapi.certificate) != before


def test_a_silent_node_stops_it_before_it_begins(site, two, command):
    site.stop_node(NEW)
    before = site.settings.tls.ca.read_text()
    code, _out, err = command("gnt-cluster", "renew-crypto", "-f", "--new-cluster-certificate")
    assert (code, "does not answer" in err) == (1, True)
    assert site.settings.tls.ca.read_text() == before
    assert command("gnt-node", "modify", "--offline=yes", NEW)[0] == 0
    code, _out, err = command("gnt-cluster", "renew-crypto", "-f", "--new-cluster-certificate")
    assert (code, "Offline nodes need" in err) == (0, True)
