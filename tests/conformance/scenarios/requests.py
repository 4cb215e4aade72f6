"""HTTP itself: credentials, methods, bodies that are none."""

import re

from tests.conformance.world import World, scenario


@scenario
def request_without_credentials(world: World) -> None:
    world.refused("none", "GET", "/2/info", login=None)
    world.refused("of the version", "GET", "/version", login=None)
    answer = world.refused("wrong password", "GET", "/2/info", login=("synnefo", "wrong"))
    world.note("challenge", answer.headers.get("www-authenticate"))
    world.refused("unknown user", "GET", "/2/info", login=("nobody", "x"))


@scenario
def request_of_a_reader(world: World) -> None:
    reader = ("reader", "reader")
    answer = world.rapi.ask("GET", "/2/instances", login=reader)
    world.note("reads", answer.status)
    world.refused("writes", "POST", "/2/instances", world.creation(), login=reader)
    world.refused("removes", "DELETE", "/2/instances/absent.conf.test", login=reader)
    answer = world.rapi.ask("GET", "/2/query/node?fields=name", login=reader)
    world.note("queries", answer.status)


@scenario
def request_for_unknown_paths(world: World) -> None:
    world.refused("unknown", "GET", "/2/nosuch")
    world.refused("unknown, posted", "POST", "/2/nosuch", {})
    world.refused("deeper", "GET", "/2/instances/a/b/c/d/e")
    world.refused("other version", "GET", "/3/info")


@scenario
def request_with_a_wrong_method(world: World) -> None:
    world.refused("DELETE of the list", "DELETE", "/2/instances")
    world.refused("POST of info", "POST", "/2/info", {})
    world.refused("PUT of an instance", "PUT", "/2/instances/x", {})
    world.refused("PATCH", "PATCH", "/2/info", {})


@scenario
def request_with_bad_bodies(world: World) -> None:
    as_json = {"Content-Type": "application/json"}
    world.refused("no JSON", "POST", "/2/instances", "{", headers=as_json)
    world.refused("no type", "POST", "/2/instances", "{}", headers={})
    world.refused(
        "other type", "POST", "/2/instances", "a=b", headers={"Content-Type": "text/plain"}
    )
    world.refused("a list", "POST", "/2/instances", [1, 2])
    world.refused("a number", "POST", "/2/instances", "7", headers=as_json)
    world.refused("nothing", "POST", "/2/instances")
    world.refused("empty", "POST", "/2/instances", {})


@scenario
def request_with_a_bad_version(world: World) -> None:
    world.refused("0", "POST", "/2/instances", world.creation(__version__=0))
    world.refused("2", "POST", "/2/instances", world.creation(__version__=2))
    world.refused("text", "POST", "/2/instances", world.creation(__version__="1"))


@scenario
def request_headers(world: World) -> None:
    answer = world.rapi.ask("GET", "/2/nodes")
    world.note("type", answer.headers.get("content-type"))
    world.note("ends in a newline", answer.text.endswith("\n"))
    answer = world.rapi.ask("GET", "/2/nosuch")
    world.note("type of a fault", answer.headers.get("content-type"))


@scenario
def request_with_a_reason(world: World) -> None:
    name = world.made(start=False)
    answer = world.rapi.ask("PUT", f"/2/instances/{name}/startup?reason=because%20of%20x", {})
    world.note("HTTP", answer.status)
    job = world.rapi.ended(answer.body)
    trail = job["ops"][0]["reason"]
    known = [[source, re.sub(r"job=\d+", "job=N", text)] for source, text, _ in trail]
    world.note("trail", known)


@scenario
def request_with_bad_flags(world: World) -> None:
    name = world.made(start=False)
    world.refused("bulk", "GET", "/2/instances?bulk=maybe")
    world.refused("dry run", "PUT", f"/2/instances/{name}/startup?dry-run=maybe", {})
    world.refused("static", "GET", f"/2/instances/{name}/info?static=x")
