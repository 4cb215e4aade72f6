"""The secret that clusters share: made with the cluster, renewed, given, and shown to nobody."""

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.certificates.domain_secret import DomainSecret
from tests.unit.ganeti_backend.core.conftest import lab

__all__ = ["lab"]
GIVEN = "0123456789abcdef-of-two-clusters"


def secret(lab):
    return lab.master.config.cluster().domain_secret


def test_a_new_cluster_has_a_secret_of_its_own(lab):
    assert len(secret(lab)) == 40


def test_a_secret_is_renewed(lab):
    before = secret(lab)
    lab.succeed(opcodes.OpClusterRenewCrypto(new_domain_secret=True))
    assert secret(lab) not in ("", before)


def test_a_given_secret_stands_in_no_job_file(lab):
    job = lab.run(opcodes.OpClusterRenewCrypto(domain_secret=GIVEN))
    assert secret(lab) == GIVEN
    lab.master.queue.flush()
    files = [path for path in lab.settings.queue_dir.rglob("*") if path.is_file()]
    assert any(path.name == f"job-{job.id}" for path in files)
    assert not any(GIVEN.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({}, "Nothing was said"),
        ({"domain_secret": "short"}, "at least 16"),
        ({"domain_secret": opcodes.REDACTED}, "at least 16|lost with the master"),
        ({"domain_secret": GIVEN, "new_domain_secret": True}, "not both"),
    ],
)
def test_a_secret_that_cannot_be(lab, wish, text):
    before = secret(lab)
    _, (message, code) = lab.fail(opcodes.OpClusterRenewCrypto(**wish))
    assert code == errors.ECODE_INVAL
    assert any(part in message for part in text.split("|"))
    assert secret(lab) == before


def test_signatures_are_ganetis():
    """As a real one signed them with this secret."""
    there = DomainSecret("d1d02038907b130c2126beefb20c5ac1b1ed1c6b")
    handshake = [0, "2a6cb69e724d77e2bdd2014687eb5d68e86042ce", "37dae266eda7da1a"]
    there.check_handshake(handshake)
    with pytest.raises(errors.OpPrereqError, match="don't share"):
        DomainSecret("another").check_handshake(handshake)
    name = "x509-2026-11-21_19_54_03-41odnl6m"
    signed = [name, "850ebdfe3106866604309d19b11a0672a3701ee9", "36df1e2e3b1bc35b"]
    assert there.checked_key_name(signed) == name
    magic = "ba5a39e8b920ba252fa9f5a3142f47616cf4a0ca"
    digest, salt = "766e2573998e5332627ef2e8074f5c97156957f6", "cae32e0ed310e128"
    place = there.checked_place(0, ["10.97.0.11", 37199, magic, digest, salt])
    assert place == ("10.97.0.11", 37199, magic)
    with pytest.raises(errors.OpPrereqError, match="disk 1: HMAC is wrong"):
        there.checked_place(1, ["10.97.0.11", 37199, magic, digest, salt])
    with pytest.raises(errors.OpPrereqError, match="Version 1 is not known"):
        there.check_handshake([1, *handshake[1:]])
