"""What `./cloud status` makes of the answers of supervisor and /healthz."""

import json
import time

import pytest

from synnefo.cloud import first_server, processes, report, supervisor_client
from synnefo.cloud.layout import OBSERVED, Choices, Layout
from synnefo.cloud.python_environment import PythonEnvironment


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path, Choices(port=24000))


def backend(pulse, age=1.0):
    return {"name": "c1", "heartbeat": pulse, "age": age, "lag": None if age is None else 0.004}


@pytest.fixture
def shown(layout, monkeypatch, capsys):
    """Runs `status` over one process of an age and backends; the exit code and what it printed."""

    def show(age, *backends, state="running", as_json=False):
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
        row = {"name": "api", "pid": 7, "state": state, "since": since, "restarts": 0}
        row |= {"metrics": "http://127.0.0.1:24010/metrics", "log": "api.log"}
        monkeypatch.setattr(supervisor_client, "processes", lambda _: [row])
        said = {"status": "ok", "backends": list(backends)}
        monkeypatch.setattr(first_server, "health", lambda _: said)
        return report.status(layout, as_json=as_json), capsys.readouterr().out

    return show


def test_a_backend_that_is_heard(shown):
    code, text = shown(600, backend("heard"))
    assert code == 0
    assert "backend c1: heard, 1 s ago, 0.004 s under way" in text
    assert "http://127.0.0.1:24010/metrics" in text


@pytest.mark.parametrize(("age", "code"), [(600, 1), (5, 0)])
def test_silence_counts_once_everything_has_run_for_a_while(shown, age, code):
    assert shown(age, backend("heard"), backend("silent", 99.0))[0] == code
    assert shown(age, backend("never heard", None))[0] == code


def test_programs_are_told_the_same(shown):
    code, text = shown(600, backend("behind"), as_json=True)
    assert (code, json.loads(text)["backends"]) == (0, [backend("behind")])
    assert json.loads(text)["healthy"] is True


def test_every_process_of_ours_has_a_port_for_its_metrics(layout):
    layout.make_folders()
    python = PythonEnvironment(layout.state)
    rows = {one.name: one for one in processes.specifications(layout, python)}
    assert set(rows) == set(OBSERVED)
    assert len({one.metrics for one in rows.values()}) == len(OBSERVED)
    for name, one in rows.items():
        told = one.env.get("SYNNEFO_METRICS_PORT") or one.env.get("GANETI_METRICS_PORT")
        assert int(told) == one.metrics == layout.metrics_port(name)
        assert one.metrics in layout.ports()
    assert len(layout.metrics_urls()) == len(OBSERVED)


def test_of_an_attached_cluster_only_the_frontend_is_ours(tmp_path):
    layout = Layout(tmp_path, Choices(port=24000, backend="ganeti://u@h:5080"))
    assert len(layout.metrics_urls()) == 4


@pytest.mark.parametrize("wish", ["", "json"])
def test_the_form_of_logs_reaches_every_process(tmp_path, wish):
    layout = Layout(tmp_path, Choices(port=24000, logs=wish))
    layout.make_folders()
    for one in processes.specifications(layout, PythonEnvironment(tmp_path)):
        assert (one.env.get("SYNNEFO_LOG") or one.env.get("GANETI_LOG") or "") == wish
