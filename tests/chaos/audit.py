"""Judges a cloud after the faults: every rule is a function from what was found to complaints.

The numbers are those of the invariants in the design: accepted (1), once (2), converged (3),
readers (4), transactions and dead letters (5), events (6), administrators (7), tenants (8), secrets
(9). 8 and 9 are seen where they happen and only counted here.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.facts import FINAL_JOBS, CommissionRow, Facts, InstanceRow, IntentRow, ServerRow
from tests.chaos.journal import Answer, Journal, Window

INVARIANTS = {
    1: "nothing accepted is lost",
    2: "nothing happens twice",
    3: "the database converges to the backend",
    4: "readers never wait for a cluster",
    5: "nothing is held while a network is waited for, no dead letters",
    6: "eventd misses nothing",
    7: "administrators are followed",
    8: "tenants are strangers",
    9: "secrets stay where they belong",
}
ENDED = ("SUCCEEDED", "FAILED", "CANCELED")
# What a volume may be when all is calm; in all other states something is under way.
SETTLED = ("available", "in-use", "error")
RUNNING = {True: "ACTIVE", False: "STOPPED"}
# What the cluster says of a server in these states, which it knows by other words.
MEANS = {"ERROR": ("STOPPED",), "PAUSED": ("ACTIVE",), "SUSPENDED": ("STOPPED",)}
# A window that is shorter proves nothing on a machine that is slow by itself.
LONG_ENOUGH = 10.0
RECOVERY = 20.0  # How long a process that was hit may need until it can be blamed for slowness.
HOLD_UP_READERS = {"api", "postgres", "everything", "supervisor"}
# Who may stand still, or die, with SQLite's lock in its hands.
HOLD_UP_WRITERS = {*HOLD_UP_READERS, "dispatcher", "reconciler", "strand", "messages"}
# By which the remote API answers nobody: ours, and Ganeti's own.
CLUSTER_STANDS = {
    ("cut", "node1"),
    *((kind, door) for kind in ("freeze", "stall") for door in ("master", "rapi", "luxid")),
}


@dataclass(frozen=True)
class Violation:
    """One thing that must not be."""

    invariant: int
    text: str


Found = Iterator[tuple[int, str]]


def audit(facts: Facts, journal: Journal) -> list[Violation]:
    """Everything that every rule complains of, and what was seen while it happened."""
    seen = [Violation(number, text) for number, text in journal.complaints]
    return seen + complaints_of_rules(facts, journal)


def complaints_of_rules(facts: Facts, journal: Journal) -> list[Violation]:
    """What a later look may find mended."""
    return [Violation(*found) for rule in RULES for found in rule(facts, journal)]


def counts(violations: Sequence[Violation]) -> dict[int, int]:
    """How many of each invariant; those that hold count 0."""
    counted = Counter(one.invariant for one in violations)
    return {number: counted[number] for number in INVARIANTS}


# --- 1: accepted ----------------------------------------------------------------------------------


def answered_wishes_are_kept(facts: Facts, journal: Journal) -> Found:
    """A success that was answered has its intent; an idempotency key leads to its server."""
    servers = {row.uuid: row for row in facts.servers}
    requests = {(row.request_id, row.server) for row in facts.intents}
    leaving = {row.server for row in facts.intents if row.action == "delete"}
    leaving |= {row.id for row in facts.servers if row.state == "DELETED"}
    keys = {row.key: row.server for row in facts.intents if row.key}
    rounds: dict[str, int] = defaultdict(int)
    for one in journal.accepted:
        row = servers.get(one.server)
        if row is None:
            yield 1, f"{one.word} of {one.server} was accepted, and there is no such server"
        elif one.word == "create":
            if keys.get(one.key) != row.id:
                yield 1, f"the creation of {row.id} was accepted, and its key leads elsewhere"
        elif one.word == "metadata":
            rounds[one.server] = max(rounds[one.server], one.count)
        elif one.word == "delete" and row.id in leaving:
            continue  # Who deletes what is being deleted already gets a yes and no second intent.
        elif (one.request_id, row.id) not in requests:
            yield 1, f"{one.word} of {row.id} was accepted ({one.request_id}) without an intent"
    for uuid, newest in rounds.items():
        row = servers.get(uuid)
        if row is not None and int(row.metadata.get("round", 0)) < newest:
            yield 1, f"metadata of {row.id}: {newest} was accepted, {row.metadata} is there"


def intents_end(facts: Facts, _journal: Journal) -> Found:
    """In success, in a failure with a cause, or canceled; and no server stays in between."""
    for intent in facts.intents:
        if intent.state not in ENDED:
            yield 1, f"intent {intent.uuid} ({_what(intent)}) is still {intent.state}"
        elif intent.state == "FAILED" and not intent.cause.strip():
            yield 1, f"intent {intent.uuid} ({_what(intent)}) failed without a cause"
    for server in facts.servers:
        if server.task or server.state == "BUILD":
            yield 1, f"server {server.id} is still {server.state} {server.task or ''}"


def volumes_come_to_rest(facts: Facts, journal: Journal) -> Found:
    """Those that were made are there, each at one server or at none."""
    for lost in journal.made - journal.discarded - {row.uuid for row in facts.volumes}:
        yield 1, f"volume {lost} was made, and is not there"
    for volume in facts.volumes:
        if volume.status not in SETTLED:
            yield 1, f"volume {volume.id} is still {volume.status}"
        elif volume.attachments > 1:
            yield 2, f"volume {volume.id} is attached {volume.attachments} times"
        elif (volume.status == "in-use") != (volume.server is not None):
            yield 3, f"volume {volume.id} is {volume.status}, its server is {volume.server}"


def _what(intent: IntentRow) -> str:
    return f"{intent.action} of {intent.server}, job {intent.job}"


# --- 2: once --------------------------------------------------------------------------------------


def one_job_per_intent(facts: Facts, _journal: Journal) -> Found:
    """Counted by what the reason trails of the cluster's jobs say."""
    jobs: dict[str, set[int]] = defaultdict(set)
    for job in facts.jobs:
        if job.intent:
            jobs[job.intent].add(job.id)
    for intent, numbers in jobs.items():
        if len(numbers) > 1:
            yield 2, f"intent {intent} has the jobs {sorted(numbers)}"


def one_server_per_key(facts: Facts, journal: Journal) -> Found:
    """A request that was repeated with its key was answered with one server."""
    answers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in journal.accepted:
        if one.key:
            answers[one.user, one.key].add(one.server)
    for (user, key), servers in answers.items():
        if len(servers) > 1:
            yield 2, f"{user}'s key {key} was answered with {sorted(servers)}"
    used = Counter(intent.key for intent in facts.intents if intent.key)
    for key, times in used.items():
        if times > 1:
            yield 2, f"key {key} has {times} intents"


def quota_is_counted_once(facts: Facts, _journal: Journal) -> Found:
    """Usage is the sum of the commissions, and these are what the servers that exist take."""
    owed: dict[str, Counter[str]] = defaultdict(Counter)
    held: dict[int, Counter[str]] = defaultdict(Counter)
    for row in facts.commissions:
        if row.state == "ISSUED":
            yield 2, f"a commission of server {row.server} was never settled"
        if row.state in ("ISSUED", "ACCEPTED"):
            _add(row, owed[row.project], held[row.server or 0])
    for project in {*owed, *facts.usage}:
        used = {name: n for name, n in facts.usage.get(project, {}).items() if n}
        sums = {name: n for name, n in owed[project].items() if n}
        if used != sums:
            yield 2, f"project {project} uses {used}, its commissions say {sums}"
    for server in facts.servers:
        has = {name: n for name, n in held[server.id].items() if n}
        if has != _takes(server) and not (server.state == "ERROR" and not has):
            yield 2, f"server {server.id} ({server.state}) is charged {has}"


def _add(row: CommissionRow, *totals: Counter[str]) -> None:
    for total in totals:
        total.update(row.provisions)


def _takes(server: ServerRow) -> dict[str, int]:
    if server.state == "DELETED":
        return {}
    return {"instances": 1, "cores": server.vcpus, "ram": server.ram}


def addresses_have_one_holder(facts: Facts, _journal: Journal) -> Found:
    """In the database and on the cluster."""
    for pair, times in Counter((row.subnet, row.address) for row in facts.addresses).items():
        if times > 1:
            yield 2, f"address {pair[1]} is held {times} times"
    on_cards = Counter(
        card.ip for row in facts.instances for card in row.cards if card.ip and row.server
    )
    for ip, times in on_cards.items():
        if times > 1:
            yield 2, f"address {ip} is on {times} cards of the cluster"


# --- 3: converged ---------------------------------------------------------------------------------


def database_equals_cluster(facts: Facts, _journal: Journal) -> Found:
    """The same instances, in the same state, with the same cards."""
    instances = {row.server: row for row in facts.instances if row.server is not None}
    servers = {row.id: row for row in facts.servers if row.state != "DELETED"}
    for number in instances.keys() - servers.keys():
        yield 3, f"instance {instances[number].name} exists, and no server stands for it"
    for number, server in servers.items():
        yield from ((3, text) for text in _compared(server, instances.get(number)))
    for address in facts.addresses:
        if address.server is not None and address.server not in servers:
            yield 3, f"address {address.address} is held for server {address.server}, gone"
    for volume in facts.volumes:
        if volume.server is not None and volume.server not in servers:
            yield 3, f"volume {volume.id} is at server {volume.server}, gone"


def _compared(server: ServerRow, instance: InstanceRow | None) -> Iterator[str]:
    if instance is None:
        if server.state != "ERROR":
            yield f"server {server.id} is {server.state}, and there is no instance"
        return
    state = RUNNING.get(instance.running) if instance.running is not None else None
    if state is None:
        yield f"instance {instance.name} cannot be asked"
    elif state not in MEANS.get(server.state, (server.state,)):
        yield f"server {server.id} is {server.state}, its instance is {state}"
    if server.state != "ERROR" and set(server.cards) != set(instance.cards):
        yield f"server {server.id} has cards {server.cards}, its instance {instance.cards}"
    if server.state != "ERROR" and sorted(server.disks) != sorted(instance.disks):
        yield f"server {server.id} has disks {server.disks}, its instance {instance.disks}"


def jobs_end(facts: Facts, _journal: Journal) -> Found:
    """The cluster has nothing left to do either."""
    for job in facts.jobs:
        if job.status not in FINAL_JOBS:
            yield 3, f"job {job.id} ({job.operation} {job.instance}) is still {job.status}"


# --- 4 and 5: nobody waits ------------------------------------------------------------------------


def readers_do_not_wait(_facts: Facts, journal: Journal) -> Found:
    """While the cluster stood still, reads began and were answered."""
    for window in fair_windows(journal, HOLD_UP_READERS, journal.reads):
        if not _answered_within(window, journal.reads):
            yield 4, f"no read was answered during {window}"


def writers_do_not_wait(_facts: Facts, journal: Journal) -> Found:
    """While the cluster stood still, wishes were recorded: nothing was locked for its sake."""
    for window in fair_windows(journal, HOLD_UP_WRITERS, journal.writes):
        if not _answered_within(window, journal.writes):
            yield 5, f"no write was answered during {window}"


def fair_windows(
    journal: Journal, disturbers: set[str], answers: Sequence[Answer]
) -> Iterator[Window]:
    """Times of a standing cluster that nothing else disturbed, while somebody asked."""
    for window in journal.windows:
        if (window.kind, window.target) not in CLUSTER_STANDS:
            continue
        if window.ended - window.began < LONG_ENOUGH:
            continue
        disturbed = any(
            (other.target in disturbers or other.kind in disturbers)
            and other.began < window.ended
            and other.ended > window.began - RECOVERY
            for other in journal.windows
        )
        asked = any(window.began <= one.began <= window.ended - LONG_ENOUGH / 2 for one in answers)
        if asked and not disturbed:
            yield window


def _answered_within(window: Window, answers: Sequence[Answer]) -> bool:
    return any(
        one.good and window.began <= one.began and one.ended <= window.ended for one in answers
    )


def no_dead_letters(facts: Facts, _journal: Journal) -> Found:
    """Every message that was sent can be handled, also late and twice."""
    for letter in facts.dead_letters:
        yield 5, f"dead letter in {letter}"


# --- 6 and 7: events ------------------------------------------------------------------------------


def every_end_of_a_job_arrived(facts: Facts, _journal: Journal) -> Found:
    """Nothing waits on the bus, and what the jobs of intents came to is what the intents say."""
    for queue, waiting in facts.backlog.items():
        if waiting:
            yield 6, f"{waiting} messages wait in {queue}"
    intents = {row.uuid: row for row in facts.intents}
    for job in facts.jobs:
        intent = intents.get(job.intent or "")
        if intent is None or intent.state not in ENDED:
            continue
        # It came after somebody else's removal, which ended the intent before its job was known.
        late = job.operation == "OP_INSTANCE_REMOVE" and job.error == "unknown_entity"
        if intent.job != job.id and intent.state != "CANCELED" and not late:
            yield 6, f"intent {intent.uuid} ({_what(intent)}) knows nothing of job {job.id}"
        if job.status == "success" and intent.state == "FAILED":
            yield 6, f"job {job.id} succeeded, its intent ({_what(intent)}) failed: {intent.cause}"


def administrators_are_noted(facts: Facts, journal: Journal) -> Found:
    """Each of their jobs on a server is in its log, with who did it."""
    noted = {(row.server, row.job): row.actor for row in facts.activities}
    known = {row.id for row in facts.servers}
    for job in facts.jobs:
        if job.intent or job.server not in known or job.operation not in LOGGED:
            continue
        if job.status not in FINAL_JOBS or job.error == "unknown_entity":
            continue
        if job.id in journal.lost:
            continue  # What became of it is found by looking; who did it was in the message.
        actor = noted.get((job.server, job.id))
        if actor is None:
            yield 7, f"job {job.id} ({job.operation} {job.instance}, {job.status}) is in no log"
        elif not actor:
            yield 7, f"job {job.id} is in the log of {job.instance} without an actor"


LOGGED = {
    "OP_INSTANCE_REMOVE", "OP_INSTANCE_STARTUP", "OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_REBOOT",
    "OP_INSTANCE_SET_PARAMS",
}  # fmt: skip
RULES: tuple[Callable[[Facts, Journal], Found], ...] = (
    answered_wishes_are_kept,
    intents_end,
    volumes_come_to_rest,
    one_job_per_intent,
    one_server_per_key,
    quota_is_counted_once,
    addresses_have_one_holder,
    database_equals_cluster,
    jobs_end,
    readers_do_not_wait,
    writers_do_not_wait,
    no_dead_letters,
    every_end_of_a_job_arrived,
    administrators_are_noted,
)
