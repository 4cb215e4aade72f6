"""Clouds for the system tests: one per profile and session, each in a folder of its own."""

import pytest

from tests.system.cloud import Cloud, free_port_range


def _cloud(tmp_path_factory, profile, *options):
    cloud = Cloud(tmp_path_factory.mktemp(f"cloud-{profile}"), free_port_range(), profile)
    try:
        cloud.report = cloud.up(*options)
        yield cloud
    finally:
        cloud.down()


@pytest.fixture(scope="module", params=["embedded", "full"])
def cloud(request, tmp_path_factory):
    """A cloud with real guests, on the embedded and on the full parts."""
    yield from _cloud(tmp_path_factory, request.param)


@pytest.fixture(scope="module", params=["embedded", "full"])
def fake_cloud(request, tmp_path_factory):
    """A cloud whose guests are pretended, for tests that need many or fast ones."""
    yield from _cloud(tmp_path_factory, request.param, "--hypervisor", "fake", "--no-first-server")
