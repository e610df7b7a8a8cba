"""Cases about time to live."""

from client import bucket, seconds, take, text
from frame import case, equal, eventually, raises
from nats.key_value import KeyNotFoundError


def holds(kv, count):
    """Returns a probe that tells whether the bucket holds so many messages."""

    async def probe():
        return (await kv.status()).values == count

    return probe


@case("expiry/bucket-ttl")
async def bucket_ttl(world):
    async with bucket(world, ttl=seconds(1)) as (kv, js):
        await kv.put("a", b"1")
        await eventually(holds(kv, 0), "the value expires")
        with raises(KeyNotFoundError):
            await kv.get("a")


@case("expiry/key-ttl")
async def key_ttl(world):
    async with bucket(world, history=3, limit_marker_ttl=seconds(1.5)) as (kv, js):
        watcher = await kv.watch_all()
        await kv.create("a", b"1", ttl=seconds(1))
        await kv.create("b", b"2", ttl=seconds(3600))
        equal([text(each) for each in await take(watcher, 3)], ["a=1@1", "b=2@2", "a!PURGE@3"])
        await eventually(holds(kv, 1), "the marker expires")
        await watcher.stop()


@case("expiry/purge-ttl")
async def purge_ttl(world):
    async with bucket(world, history=3, limit_marker_ttl=seconds(1.5)) as (kv, js):
        await kv.put("a", b"1")
        await kv.purge("a", ttl=seconds(2))
        await eventually(holds(kv, 0), "the purge marker expires")
