"""Both doors of a fake master, opened for real: HTTPS and the command socket."""

import ssl

import httpx
import pytest
from fake_master import FakeMaster

from ganeti_backend import installation, settings
from ganeti_backend.cli.running import main
from ganeti_backend.daemons import command_socket
from ganeti_backend.rapi import server


@pytest.fixture
def master(layout):
    return FakeMaster(layout)


@pytest.fixture(scope="session")
def layout(tmp_path_factory):
    """Folders and certificates of a cluster, made once."""
    state = tmp_path_factory.mktemp("state")
    made = settings.for_state(state, 0, [0])
    installation.write(made.data_dir / "cluster.json", made)
    users = "reader secret read\nplain secret\nnobody-has-no-password\n# comment line\n"
    # MD5 of "hashed:Ganeti Remote API:secret".
    users += "hashed {HA1}3a5e6d3dd11e58f4f7b1bb5b3b8a2a10 write\nadmin {cleartext}secret write\n"
    made.rapi.users_file.write_text(users)
    return made


class Current:
    """Hands everything to the master of the running test: one server serves them all."""

    def __init__(self):
        self.now = None

    def __getattr__(self, name):
        return getattr(self.now, name)


@pytest.fixture(scope="session")
def door(layout):
    """The running server and where to put its master."""
    current = Current()
    running = server.serve(current, layout)
    yield running, current
    running.stop()


@pytest.fixture
def rapi(door, master, layout):
    """A client that may write, connected to the running server."""
    running, current = door
    current.now = master
    trust = ssl.create_default_context(cafile=str(layout.tls.ca))
    url = f"https://127.0.0.1:{running.port}"
    with httpx.Client(base_url=url, verify=trust, auth=("admin", "secret")) as client:
        yield client


@pytest.fixture
def command(master, tmp_path, monkeypatch, capsys):
    """Runs gnt-* commands against a running command socket: (exit code, output, errors)."""
    path = tmp_path / "master.sock"
    running = command_socket.serve(master, path)
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(path))

    def run(program, *arguments):
        code = main(program, arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    running.stop()
    assert not path.exists()
