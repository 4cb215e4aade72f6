"""One cluster with a master in this process, and its commands."""

import pytest
from node_site import PROGRAMS, Site

from ganeti_backend.cli.running import main


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def command(site, monkeypatch, capsys):
    """Runs a gnt-* command; its exit code, what it printed and what it said."""
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(site.settings.command_socket))
    monkeypatch.delenv("GANETI_CONFIG", raising=False)

    def run(program, *arguments):
        code = main(PROGRAMS[program], list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
