"""Short ways to connect and to make buckets."""

import asyncio
import contextlib
from datetime import timedelta

from nats import client
from nats.jetstream import JetStream
from nats.key_value import KeyValueConfig, KeyValueOp, create_key_value, delete_key_value


@contextlib.asynccontextmanager
async def connected(url, **options):
    """Connects for the length of a block and yields the JetStream context."""
    connection = await client.connect(url, timeout=20.0, **options)
    try:
        yield JetStream(connection, strict=True)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def bucket(world, **config):
    """Makes a bucket with a fresh name for the length of a block and yields it with its JetStream context."""
    async with connected(world.url) as js:
        kv = await create_key_value(js, KeyValueConfig(bucket=world.name(), **config))
        yield kv, js
        await delete_key_value(js, kv.bucket)


async def take(watcher, count):
    """Returns the next entries of a watcher."""
    return [await asyncio.wait_for(anext(watcher), 20) for _ in range(count)]


async def everything(iterator):
    """Returns all that an iterator gives, which must end by itself."""
    return await asyncio.wait_for(_collect(iterator), 20)


async def _collect(iterator):
    return [each async for each in iterator]


def text(entry):
    """Writes an entry as `key=value@revision` or `key!DEL@revision`."""
    if entry.operation == KeyValueOp.PUT:
        return f"{entry.key}={entry.value.decode()}@{entry.revision}"
    return f"{entry.key}!{entry.operation.value}@{entry.revision}"


def seconds(count):
    """Returns that many seconds as a duration."""
    return timedelta(seconds=count)
