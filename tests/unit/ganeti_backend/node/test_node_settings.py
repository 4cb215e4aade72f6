"""The settings file, the folders and the certificates that come with it."""

import json
import stat

import pytest
from cryptography import x509

from ganeti_backend import installation, settings
from ganeti_backend.certificates import authority


@pytest.fixture
def made(tmp_path):
    return settings.for_state(tmp_path / "a state", 5080, [6001, 6002])


@pytest.fixture
def written(made):
    path = made.data_dir / "cluster.json"
    installation.write(path, made)
    return path


def test_what_is_written_is_read(made, written):
    assert settings.load(written) == made


def test_node_is_found_by_name(made):
    assert made.node("node2.local").port == 6002
    with pytest.raises(KeyError):
        made.node("node3.local")


def test_folders_are_there(made, written):
    for node in made.nodes:
        for name in settings.NODE_FOLDERS:
            assert (node.dir / name).is_dir()
    for folder in (made.queue_dir, made.config_dir, made.hooks_dir, made.image_dir):
        assert folder.is_dir()


def test_secrets_are_for_the_owner_only(made, written):
    secret = [made.tls.key, made.rapi.key, made.rapi.users_file, made.tls.ca.with_suffix(".key")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_writing_again_keeps_keys_and_passwords(made, written):
    before = {p: p.read_bytes() for p in made.data_dir.rglob("*") if p.is_file()}
    installation.write(written, made)
    assert {p: p.read_bytes() for p in made.data_dir.rglob("*") if p.is_file()} == before


def test_new_node_gets_into_the_certificate(made, written, tmp_path):
    key = made.tls.key.read_bytes()
    more = settings.for_state(tmp_path / "a state", 5080, [6001, 6002, 6003])
    installation.write(written, more)
    found = x509.load_pem_x509_certificate(made.tls.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "node3.local" in names.get_values_for_type(x509.DNSName)
    assert made.tls.key.read_bytes() == key


def test_certificate_that_expires_soon_is_renewed(made, written, monkeypatch):
    before = made.tls.certificate.read_bytes()
    now = authority._now()
    later = now + authority.datetime.timedelta(days=authority.LEAF_DAYS - 20)
    monkeypatch.setattr(authority, "_now", lambda: later)
    authority.ensure(made)
    assert made.tls.certificate.read_bytes() != before


def test_rapi_certificate_is_for_serving_only(made, written):
    found = x509.load_pem_x509_certificate(made.rapi.certificate.read_bytes())
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [authority.ExtendedKeyUsageOID.SERVER_AUTH]


def test_password_is_long_and_may_write(made, written):
    assert len(installation.rapi_password(made)) > 20
    assert made.rapi.users_file.read_text().split()[2] == "write"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not a settings file"),
        ("[]", "not a settings file"),
        ("{}", "lacks 'nodes'"),
        (json.dumps({"nodes": [{"name": "n"}]}), "lacks 'address'"),
    ],
)
def test_broken_file_is_named(tmp_path, content, complaint):
    path = tmp_path / "cluster.json"
    path.write_text(content)
    with pytest.raises(settings.SettingsError, match=complaint) as caught:
        settings.load(path)
    assert str(path) in caught.value.message


def test_missing_file_is_named(tmp_path):
    with pytest.raises(settings.SettingsError, match="cannot read"):
        settings.load(tmp_path / "nothing.json")
