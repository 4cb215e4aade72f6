import pytest

from ganeti_backend.errors import StorageError
from ganeti_backend.storage import image_copy


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "good").write_bytes(b"x")
    (folder / "folder").mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


def test_plain_name_is_found(images):
    assert image_copy.find(images, "good", "raw").path == images / "good"


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "folder", "link", "", ".", "..", "missing", "a\x00b", None, 3],
)
def test_anything_else_is_refused(images, name):
    with pytest.raises(StorageError):
        image_copy.find(images, name, "raw")


@pytest.mark.parametrize("kind", ["vmdk", "", None])
def test_unknown_format_is_refused(images, kind):
    with pytest.raises(StorageError, match="use raw or qcow2"):
        image_copy.find(images, "good", kind)
