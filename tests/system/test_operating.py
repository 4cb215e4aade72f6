"""What operators see of a real cloud: signs of life, metrics, dead letters, one request's way."""

import json
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from synnefo.bus import open_bus
from tests.system.cloud import ROOT, Cloud, free_port_range, wait_for_server, wait_until

pytestmark = pytest.mark.system

PROCESSES = {"api", "dispatcher", "reconciler", "eventd", "master", "node1", "node2", "node3"}
# Some of what each kind of process must tell besides its memory and processor.
TOLD = {
    "api": "synnefo_requests_total",
    "dispatcher": "synnefo_events_total",
    "reconciler": "synnefo_looks_total",
    "eventd": "eventd_messages_total",
    "master": "ganeti_jobs",
    "node1": "ganeti_node_calls_total",
    "node2": "process_open_fds",
    "node3": "process_open_fds",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """With JSON logs, and on the full parts, whose addresses hold passwords."""
    made = Cloud(tmp_path_factory.mktemp("operating"), free_port_range(), "full")
    try:
        made.up("--hypervisor", "fake", "--no-first-server", "--json-logs")
        yield made
    finally:
        made.down()


def metrics(cloud, process):
    """{(sample name, *label values by the labels' names): number} of one process."""
    port = next(row["metrics"] for row in specifications(cloud) if row["name"] == process)
    url = f"http://127.0.0.1:{port}/metrics"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(httpx.get(url).text)
        for sample in family.samples
    }


def lines(cloud, process):
    """The log of a process; each line is an object, or this fails."""
    whole = (cloud.state / "log" / f"{process}.log").read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def specifications(cloud):
    """What the supervisor was told to run; asking it takes longer."""
    return json.loads((cloud.state / "run" / "processes.json").read_text())


def environment(cloud):
    """The settings of the frontend."""
    return next(row["env"] for row in specifications(cloud) if row["name"] == "reconciler")


def manage(cloud, *words):
    """Run an operator's command in the frontend's environment."""
    line = [sys.executable, str(ROOT / "manage.py"), *words]
    ran = subprocess.run(
        line, cwd=ROOT, env=environment(cloud), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def create(api, name):
    flavor = api.get("/compute/v2.1/flavors").json()["flavors"][0]["id"]
    image = api.get("/image/v2/images").json()["images"][0]["id"]
    network = api.get("/network/v2.0/networks").json()["networks"][0]["id"]
    wish = {"flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}
    secrets = {"adminPass": "Adm1n-s3cret", "user_data": "VXMzci1kYXRhLXMzY3JldA=="}
    answer = api.post("/compute/v2.1/servers", json={"server": {"name": name, **wish, **secrets}})
    assert answer.status_code == 202, answer.text
    return answer.json()["server"]["id"], answer.headers["X-Openstack-Request-Id"]


@pytest.fixture(scope="module")
def followed(cloud):
    """A server that was created, and the id of the request that asked for it."""
    with cloud.api() as api:
        server, request = create(api, "followed")
        wait_for_server(api, server, "ACTIVE")
        activities = f"/compute/v2.1/servers/{server}/os-instance-actions"
        return server, request, api.get(activities).json()["instanceActions"]


def test_one_request_is_followed_through_all_logs(cloud, followed):
    server, request, activities = followed

    def said(process, text):
        """The line of this request; a process may say so a moment after others saw what it did."""

        def look():
            wanted = (line for line in lines(cloud, process) if line.get("request") == request)
            return next((line for line in wanted if text in line["message"]), None)

        return wait_until(look, f"{process} says of {request}: {text}")

    recorded = said("api", "is recorded")
    assert (recorded["server"], recorded["user"]) == (server, "demo")
    submitted = said("dispatcher", "it is job")
    assert submitted["intent"] == recorded["intent"]
    job = submitted["job"]
    (taken,) = wait_until(
        lambda: [line for line in lines(cloud, "master") if line.get("job") == job], "it is taken"
    )
    assert f"intent={recorded['intent']};request={request}" in taken["reason"]
    queue = cloud.environment["GANETI_QUEUE_DIR"]
    with open(f"{queue}/job-{job}") as stream:
        trail = json.load(stream)["ops"][0]["input"]["reason"]
    assert taken["reason"] in [text for _, text, _ in trail]
    told = said("eventd", "OP_INSTANCE_CREATE is success")
    applied = said("dispatcher", "OP_INSTANCE_CREATE is success")
    assert {told["job"], applied["job"]} == {job}
    assert {told["intent"], applied["intent"]} == {recorded["intent"]}
    assert request in [activity["request_id"] for activity in activities]


def test_the_sign_of_life_is_shown_everywhere(cloud):
    ready = wait_until(lambda: httpx.get(f"{cloud.url}/readyz").status_code == 200, "ready")
    assert ready
    (backend,) = httpx.get(f"{cloud.url}/healthz").json()["backends"]
    assert (backend["name"], backend["heartbeat"]) == ("cluster.local", "heard")
    shown = cloud.command("status")
    assert shown.returncode == 0, shown.stdout
    assert "backend cluster.local: heard" in shown.stdout
    assert json.loads(cloud.command("status", "--json").stdout)["backends"][0]["name"] == (
        "cluster.local"
    )


def test_every_process_tells_metrics_on_loopback(cloud, followed):
    rows = cloud.processes()
    urls = {name: row["metrics"] for name, row in rows.items() if row["metrics"]}
    assert set(urls) == PROCESSES
    assert sorted(urls.values()) == sorted(cloud.environment["SYNNEFO_METRICS"].split())
    for name, url in urls.items():
        assert url.startswith("http://127.0.0.1:")
        told = metrics(cloud, name)
        assert any(key[0] == TOLD[name] for key in told), (name, sorted(told))
        assert told[("process_resident_memory_bytes",)] > 1 << 20
    told = metrics(cloud, "reconciler")
    assert told["synnefo_servers", "ACTIVE"] == 1
    assert told["synnefo_heartbeat_age_seconds", "cluster.local"] < 60
    dispatched = metrics(cloud, "dispatcher")
    assert dispatched["synnefo_submissions_total", "create", "submitted"] == 1
    assert dispatched[("synnefo_event_lag_seconds_count",)] >= 1


def test_dead_letters_on_the_real_bus(cloud):
    settings = environment(cloud)
    bus = open_bus(settings["SYNNEFO_BUS"], settings["SYNNEFO_INSTANCE_PREFIX"])
    try:
        bus.publish("ganeti.snf.event.op", [b"nonsense"])
    finally:
        bus.close()

    def dead():
        return metrics(cloud, "reconciler").get(("synnefo_dead_letters", "snf-events-op"))

    wait_until(lambda: dead() == 1, "the letter is counted")
    (letter,) = json.loads(manage(cloud, "queue_inspect", "--json"))["dead_letters"]
    assert (letter["message"], letter["queue"]) == ("nonsense", "snf-events-op")
    assert "not JSON" in letter["reason"]
    assert "1 given back" in manage(cloud, "queue_retry", letter["id"])
    # It is as senseless as before, and comes back under another name.
    rejected = ("synnefo_events_total", "rejected", "unknown")
    wait_until(lambda: metrics(cloud, "dispatcher").get(rejected) == 2, "it was tried again")
    wait_until(lambda: dead() == 1, "it is dead again")
    assert "1 dropped" in manage(cloud, "queue_retry", "--all", "--drop")
    wait_until(lambda: dead() == 0, "nothing is dead")


def test_nothing_secret_is_in_any_log(cloud, followed):
    """Passwords of users and parts, tokens, keys of the installation, and what users gave."""
    kept = json.loads((cloud.state / "passwords.json").read_text())
    secrets = {f"password {name}": text for name, text in kept.items()}
    secrets["installation"] = (cloud.state / "secret").read_text().strip()
    secrets["RAPI"] = cloud.environment["GANETI_RAPI_PASSWORD"]
    with cloud.api() as api:
        secrets["token"] = api.headers["X-Auth-Token"]
        # A refused one must not be written either.
        assert api.get("/compute/v2.1/servers", headers={"X-Auth-Token": "t0ken-tried"}).is_error
        console = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        api.post(f"/compute/v2.1/servers/{followed[0]}/remote-consoles", json=console)
    secrets |= {"tried token": "t0ken-tried", "admin password": "Adm1n-s3cret"}
    secrets["user data"] = "VXMzci1kYXRhLXMzY3JldA=="
    logs = {p.name: p.read_text(errors="replace") for p in (cloud.state / "log").glob("*.log")}
    assert {name.removesuffix(".log") for name in logs} >= PROCESSES
    found = [(what, name) for what, text in secrets.items() for name in logs if text in logs[name]]
    assert found == []


def test_signs_of_life_go_on(cloud):
    """Last in this file, so that there is little to wait for."""
    sent = ("eventd_messages_total", "eventd-heartbeat")
    before = metrics(cloud, "eventd")[sent]
    wait_until(lambda: metrics(cloud, "eventd")[sent] > before, "the next sign")
    age = ("synnefo_heartbeat_age_seconds", "cluster.local")
    wait_until(lambda: metrics(cloud, "reconciler")[age] < 10, "it came all the way")
