"""Which clusters may be attached, and by which addresses."""

import pytest

from synnefo.core import attachment


@pytest.mark.parametrize(
    ("text", "user", "url", "name"),
    [
        ("ganeti://rapi@host:5080", "", "https://host:5080", "rapi"),
        ("ganeti://rapi@host", "", "https://host:5080", "rapi"),
        ("https://host:1/", "rapi", "https://host:1", "rapi"),
        ("ganeti://rapi@[fd00::1]:5080", "", "https://[fd00::1]:5080", "rapi"),
    ],
)
def test_addresses(text, user, url, name):
    assert attachment.address(text, user) == attachment.Address(url, name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ganeti://rapi:secret@host", "password"),
        ("ganeti://host", "names no user"),
        ("http://rapi@host", "no address"),
        ("ganeti://rapi@", "no address"),
        ("ganeti://rapi@host/2/info", "no address"),
        ("ganeti://rapi@host:port", "no address"),
    ],
)
def test_what_is_no_address(text, why):
    with pytest.raises(attachment.BadAddress, match=why) as caught:
        attachment.address(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("version", ["3.0.2", "3.0.0~rc1", "3.1.0", "4.0", "3.0.2-3"])
def test_versions_that_are_new_enough(version):
    assert attachment.too_old(version) is None


@pytest.mark.parametrize("version", ["2.16.1", "2.9", "", "unknown"])
def test_versions_that_are_not(version):
    assert "3.0 or newer is needed" in attachment.too_old(version)


@pytest.mark.parametrize(
    ("enabled", "chosen"),
    [
        (("drbd", "plain"), "drbd"),
        (("diskless", "ext", "file"), "file"),
        (("diskless", "ext"), "diskless"),
        ((), "diskless"),
    ],
)
def test_first_flavors_are_stored_as_the_cluster_prefers(enabled, chosen):
    assert attachment.template_for(enabled) == chosen
