import pytest

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import embedded_root


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("qemu:///embed?root=/a/b", "/a/b"),
        ("qemu:///embed?root=/a%20b", "/a b"),
        ("qemu:///system", None),
        ("qemu+unix:///system?socket=/run/embed", None),
    ],
)
def test_root_is_read_from_the_address(uri, root):
    found = embedded_root.of(uri)
    assert (None if found is None else str(found)) == root


def deep(tmp_path):
    return tmp_path / "a rather long name of a folder" / "and another"


def test_long_root_gets_a_short_name_that_stays(tmp_path):
    root = deep(tmp_path)
    uri = f"qemu:///embed?root={embedded_root.quote(str(root))}"
    names = tmp_path / "n"
    found = [embedded_root.prepare(uri, tmp_path / "cache", names) for _ in range(2)]
    link = embedded_root.of(found[0])
    assert found[0] == found[1] != uri
    assert link.resolve() == root
    assert link.parent.stat().st_mode & 0o077 == 0


def test_short_names_in_somebody_elses_folder_are_not_used(tmp_path):
    names = tmp_path / "n"
    names.with_name(f"n-{embedded_root.os.geteuid()}").mkdir()
    names.with_name(f"n-{embedded_root.os.geteuid()}").chmod(0o777)
    with pytest.raises(HypervisorError, match="somebody else"):
        embedded_root.prepare(f"qemu:///embed?root={deep(tmp_path)}", tmp_path / "cache", names)


def test_configuration_and_cache_are_put_in_place(tmp_path):
    for name in ("one", "two"):
        root = tmp_path / name
        embedded_root.prepare(f"qemu:///embed?root={root}", tmp_path / "cache", tmp_path / "n")
        assert (root / "cache").resolve() == tmp_path / "cache"
        assert 'stdio_handler = "file"' in (root / "etc/qemu.conf").read_text()


def test_daemons_address_is_left_alone(tmp_path):
    assert embedded_root.prepare("qemu:///system", tmp_path / "c") == "qemu:///system"
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("uid", "told"), [(0, True), (1000, False)])
def test_only_roots_driver_is_told_a_user(tmp_path, monkeypatch, uid, told):
    """Another user's driver would try to change to root and could not connect."""
    monkeypatch.setattr(embedded_root.os, "geteuid", lambda: uid)
    root = tmp_path / "r"
    monkeypatch.setattr(embedded_root, "LONGEST_ROOT", 1000)
    embedded_root.prepare(f"qemu:///embed?root={root}", tmp_path / "cache")
    assert ('user = "root"' in (root / "etc/qemu.conf").read_text()) is told
