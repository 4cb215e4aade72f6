"""Many reports at once mean what they mean one by one."""

import random
from dataclasses import replace

import pytest
from django.db import transaction
from django.utils import timezone

from synnefo.core import messages
from synnefo.db.models import (
    Activity,
    Commission,
    ConsoleToken,
    Intent,
    Port,
    QuotaUsage,
    Server,
    Volume,
)
from synnefo.dispatcher.consumer import Consumer
from synnefo.ports import Delivery, Reject
from tests.integration.spine.spine import shuffled

MOMENT = timezone.now()
TABLES = (Server, Intent, Activity, Port, Volume, Commission, ConsoleToken, QuotaUsage)


class StandingClock:
    """Every report is taken in at the same moment."""

    def now(self):
        return MOMENT

    def monotonic(self):
        return 0.0


def snapshot():
    """Every row but its key, which another one has that is made again."""
    return {
        table.__name__: sorted(
            str(row | {"id": 0} if table is not Server else row) for row in table.objects.values()
        )
        for table in TABLES
    }


def deliveries(some):
    return [Delivery("snf-events-op", "ganeti.snf.event.op", one.encode()) for one in some]


def one_by_one(consumer, some):
    for delivery in deliveries(some):
        consumer.handle(delivery)


def in_batches(consumer, some, size):
    for start in range(0, len(some), size):
        consumer.handle_together(deliveries(some[start : start + size]))


def history(spine, dice):
    """Servers in all moments of their lives, and the reports about them that nobody has heard."""
    made = [spine.create(f"server-{number}") for number in range(6)]
    made.append(spine.create("huge", flavor_id="99"))
    spine.settle()
    for server in made[:-1]:
        server.refresh_from_db()
        match dice.randrange(4):
            case 0:
                if dice.random() < 0.5:
                    spine.act(server, "os-stop")
                else:
                    spine.act(server, "reboot", type=dice.choice(["SOFT", "HARD"]))
            case 1:
                spine.delete(server)
            case 2:
                spine.cluster.submit_shutdown(spine.instance(server), "an administrator")
        ConsoleToken.objects.create(
            digest=f"{server.pk}", server=server, host="h", port=1, expires_at=MOMENT
        )
    made += [spine.create(f"late-{number}") for number in range(4)]
    spine.dispatch()
    return spine.events()


def disturbed(some, dice):
    """What a bad day makes of these reports, and others that do not fit."""
    more = []
    for message in some:
        if dice.random() < 0.3:
            more.append(replace(message, job_id=message.job_id + dice.choice([-1, 1, 40])))
        if dice.random() < 0.2:
            operation = dice.choice(["STARTUP", "SHUTDOWN", "REBOOT", "SET_PARAMS", "CREATE"])
            more.append(replace(message, operation=f"OP_INSTANCE_{operation}", status="success"))
        if dice.random() < 0.1:
            intent = dice.choice([None, "no uuid", dice.choice(some).intent])
            more.append(replace(message, intent=intent))
        if dice.random() < 0.1:
            more.append(replace(message, cluster="another", instance=dice.choice(some).instance))
    return shuffled(some + more, dice.random())


@pytest.mark.parametrize("seed", range(12))
def test_as_one_by_one(spine, doorbell, django_capture_on_commit_callbacks, seed):
    dice = random.Random(seed)
    some = disturbed(history(spine, dice), dice)
    consumer = Consumer(StandingClock())
    ways = {
        "alone": lambda: one_by_one(consumer, some),
        "few": lambda: in_batches(consumer, some, 3),
        "many": lambda: in_batches(consumer, some, 200),
    }
    ends, told = {}, {}
    for name, apply in ways.items():
        doorbell.heard.clear()
        with transaction.atomic():
            with django_capture_on_commit_callbacks(execute=True):
                apply()
            ends[name] = snapshot()
            transaction.set_rollback(True)
        rung = [payload for topic, payload in doorbell.heard if topic == "changes"]
        told[name] = {one for p in rung for one in p.get("ids", [p.get("id")])}
    assert ends["few"] == ends["alone"]
    assert ends["many"] == ends["alone"]
    assert told["few"] == told["many"] == told["alone"] != set()


def test_the_statements_do_not_grow_with_the_messages(spine, django_assert_max_num_queries):
    for number in range(15):
        spine.create(f"server-{number}")
    spine.dispatch(8)
    some = [one for one in spine.events() if one.final]
    assert len(some) == 15
    with django_assert_max_num_queries(14):
        in_batches(Consumer(spine.clock), some, 200)
    assert set(Server.objects.values_list("state", flat=True)) == {"ACTIVE"}
    spine.audit()


def test_nonsense_among_many_is_left_to_be_found_alone(spine):
    some = deliveries([messages.Heartbeat(cluster="c")] * 2)
    with pytest.raises(Reject):
        Consumer(spine.clock).handle_together([*some, replace(some[0], body=b"nonsense")])
