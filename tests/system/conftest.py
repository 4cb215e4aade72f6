"""Clouds for the system tests: one per profile and session, each in a folder of its own."""

import pytest

from tests.system.cloud import ON_GANETI, Cloud, free_port_range


@pytest.fixture(scope="module", params=["embedded", "full"])
def cloud(request, tmp_path_factory):
    """A cloud with real guests on the embedded and on the full parts.

    Who asks for `ganeti` gets one on a real Ganeti, whose guests are pretended.
    """
    yield from _cloud(request, tmp_path_factory)


@pytest.fixture(scope="module", params=["embedded", "full"])
def fake_cloud(request, tmp_path_factory):
    """A cloud whose guests are pretended, for tests that need many or fast ones."""
    options = [] if request.param == ON_GANETI else ["--hypervisor", "fake"]
    yield from _cloud(request, tmp_path_factory, *options, "--no-first-server")


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory):
    """One cloud with pretended guests for all who only use its public API."""
    made = Cloud(tmp_path_factory.mktemp("cloud-shared"), free_port_range(), guests_print=False)
    try:
        made.report = made.up("--hypervisor", "fake", "--no-first-server")
        yield made
    finally:
        made.down()


def _cloud(request, tmp_path_factory, *options):
    folder = tmp_path_factory.mktemp(f"cloud-{request.param}")
    real = None
    if request.param == ON_GANETI:
        real = request.getfixturevalue("real_cluster")
        # The one OS definition of these nodes takes its images from this cloud now.
        real.set_up_nodes(folder / "images")
        made = Cloud(folder, free_port_range(), guests_print=False, real=real.cluster)
        options = (*real.options(), *options)
    else:
        made = Cloud(folder, free_port_range(), request.param)
    try:
        made.report = made.up(*options)
        yield made
    finally:
        made.down()
        if real is not None:
            real.clear()
