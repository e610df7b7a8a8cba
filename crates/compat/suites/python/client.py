"""Short ways to connect and to make buckets."""

import contextlib

import nats
from frame import Wrong, equal, eventually
from nats.js import errors
from nats.js.api import KeyValueConfig, StorageType


@contextlib.asynccontextmanager
async def connected(url, **options):
    """Connects for the length of a block and yields the connection."""
    connection = await nats.connect(url, **options)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def bucket(world, **config):
    """Makes a bucket with a fresh name for the length of a block and yields it with its JetStream context."""
    async with connected(world.url) as connection:
        js = connection.jetstream()
        kv = await js.create_key_value(KeyValueConfig(bucket=world.name(), **config))
        yield kv, js
        await js.delete_key_value(kv._name)


async def initial(watcher, count):
    """Returns the first `count` entries of a watcher, of which there must be no more and no fewer initially.

    The mark behind the initial entries comes too early if the answer about the consumer overtakes its messages, and
    nats-py then gives none later; so the mark alone does not say that all is read.
    """
    entries = []
    marked = False
    while len(entries) < count or not marked:
        entry = await watcher.updates(timeout=20)
        if entry is None:
            marked = True
        else:
            entries.append(entry)
    equal(len(entries), count, "the number of initial entries")
    return entries


async def settled(ask, expected):
    """Asks until the answer is the expected one. keys() and history() end too early when the mark does."""
    answers = []

    async def is_expected():
        try:
            answers.append(await ask())
        except errors.NoKeysError:
            answers.append([])
        return answers[-1] == expected

    for _ in range(20):
        if await is_expected():
            return
    raise Wrong(f"expected {expected!r}, got {answers[-1]!r}")


async def subscribed(connection):
    """Waits until the server knows the subscriptions. A ping of nats-py can overtake them, a second one cannot."""
    await connection.flush()
    await connection.flush()


async def back(connection):
    """Waits until a connection that was cut is usable again."""

    async def answers():
        try:
            await connection.flush(timeout=1)
        except nats.errors.Error:
            return False
        return connection.is_connected

    await eventually(answers, "the connection is back")


def told(entries):
    """Returns what matters of entries: key, value, operation."""
    return [(entry.key, entry.value, entry.operation) for entry in entries]


MEMORY = StorageType.MEMORY
FILE = StorageType.FILE
