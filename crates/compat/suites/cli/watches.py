"""Cases about `nats kv watch`."""

import re

from frame import case, equal
from tool import nats, running


def event(running):
    """Returns the next line without its time."""
    return re.sub(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ", "", running.line())


def filled(world):
    """Makes a bucket with a history and returns its name."""
    name = world.name("W")
    nats(world, "kv", "add", name, "--history", "5")
    nats(world, "kv", "put", name, "a", "1")
    nats(world, "kv", "put", name, "a", "2")
    nats(world, "kv", "put", name, "b", "3")
    nats(world, "kv", "del", name, "b", "-f")
    return name


@case("kv/watch")
def watch(world):
    name = filled(world)
    with running(world, "kv", "watch", name) as watching:
        equal([event(watching), event(watching)], [f"PUT {name} > a: 2", f"DELETE {name} > b"])
        nats(world, "kv", "put", name, "c", "5")
        nats(world, "kv", "purge", name, "a", "-f")
        equal([event(watching), event(watching)], [f"PUT {name} > c: 5", f"PURGE {name} > a"])


@case("kv/watch-key-with-history")
def watch_history(world):
    name = filled(world)
    with running(world, "kv", "watch", name, "a", "--history") as watching:
        equal([event(watching), event(watching)], [f"PUT {name} > a: 1", f"PUT {name} > a: 2"])


@case("kv/watch-from-revision")
def watch_revision(world):
    name = filled(world)
    with running(world, "kv", "watch", name, "--revision", "3") as watching:
        equal([event(watching), event(watching)], [f"PUT {name} > b: 3", f"DELETE {name} > b"])


@case("kv/watch-no-deletes")
def watch_no_deletes(world):
    name = filled(world)
    with running(world, "kv", "watch", name, "--no-deletes") as watching:
        equal(event(watching), f"PUT {name} > a: 2")
        nats(world, "kv", "del", name, "a", "-f")
        nats(world, "kv", "put", name, "c", "6")
        equal(event(watching), f"PUT {name} > c: 6")


@case("kv/watch-updates")
def watch_updates(world):
    name = filled(world)
    with running(world, "kv", "watch", name, "--updates") as watching:
        # The tool does not say when it is ready, so values are put until one is seen.
        for number in range(100):
            nats(world, "kv", "put", name, "new", str(number))
            if not watching.lines.empty():
                break
        equal(event(watching).rsplit(" ", 1)[0], f"PUT {name} > new:")
