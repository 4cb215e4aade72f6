"""What can be seen from the folder of the job queue while jobs run."""

from tests.conformance.queue_watch import QueueWatch
from tests.conformance.world import World, scenario


@scenario
def renames_of_a_creation(world: World) -> None:
    with QueueWatch(world.cluster.queue) as watch:
        job = world.rapi.do("POST", "/2/instances", world.creation(nics=[{}], start=False))
        events = watch.until_ended(job["id"])
    world.note("order of states", events.states())
    world.note("events on the final name", events.kinds())
    world.note("temporary names", events.temporary_names())


@scenario
def renames_of_a_failure(world: World) -> None:
    with QueueWatch(world.cluster.queue) as watch:
        answer = world.rapi.ask("PUT", "/2/instances/nosuch.conf.test/startup", {})
        world.rapi.ended(answer.body)
        events = watch.until_ended(answer.body)
    world.note("order of states", events.states())
    world.note("events on the final name", events.kinds())


@scenario
def layout_of_the_folder(world: World) -> None:
    names = {path.name for path in world.cluster.queue.iterdir()}
    world.note("fixed names", sorted(n for n in names if not n.startswith("job-") and "." not in n))
    serial = (world.cluster.queue / "serial").read_text()
    world.note("serial is a number and a newline", serial.strip().isdigit() and serial[-1] == "\n")
    world.note("version", (world.cluster.queue / "version").read_text().strip())
