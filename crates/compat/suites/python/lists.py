"""Cases about keys and histories, and about clearing markers away."""

import datetime

from client import MEMORY, bucket, initial, settled
from frame import case, check, equal, raises
from nats.js import errors


@case("list/keys")
async def keys(world):
    async with bucket(world, history=3) as (kv, js):
        for key in ["b", "a", "c.d", "a"]:
            await kv.put(key, b"1")
        await kv.delete("b")
        await kv.put("e", b"")
        await kv.purge("c.d")
        await settled(kv.keys, ["a", "e"])


@case("list/keys-filtered")
async def keys_filtered(world):
    async with bucket(world) as (kv, js):
        for key in ["sensor.1", "sensor.2", "light.1"]:
            await kv.put(key, b"1")
        await settled(lambda: kv.keys(filters=["sensor"]), ["sensor.1", "sensor.2"])
        await settled(lambda: kv.keys(filters=["light", "2"]), ["sensor.2", "light.1"])


@case("list/keys-of-nothing")
async def keys_of_nothing(world):
    async with bucket(world) as (kv, js):
        with raises(errors.NoKeysError):
            await kv.keys()
        await kv.put("a", b"1")
        await kv.delete("a")
        with raises(errors.NoKeysError):
            await kv.keys()


async def listed(kv):
    """Returns how many keys were listed, and which."""
    keys = await kv.keys()
    return len(keys), set(keys)


@case("list/many-keys")
async def many_keys(world):
    async with bucket(world, storage=MEMORY) as (kv, js):
        expected = {f"key.{number}" for number in range(3000)}
        for key in expected:
            await js.publish_async(f"$KV.{kv._name}.{key}", b"x")
        await js.publish_async_completed()
        await settled(lambda: listed(kv), (3000, expected))


async def revisions(kv, key):
    """Returns the revisions in the history of a key."""
    return [entry.revision for entry in await kv.history(key)]


@case("list/history")
async def history(world):
    async with bucket(world, history=10) as (kv, js):
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        await kv.put("a", b"1")
        await kv.put("b", b"other")
        await kv.put("a", b"2")
        await kv.delete("a")
        await kv.put("a", b"3")
        watcher = await kv.watch("a", include_history=True)
        entries = await initial(watcher, 4)
        equal([(entry.revision, entry.value, entry.operation) for entry in entries],
              [(1, b"1", None), (3, b"2", None), (4, b"", "DEL"), (5, b"3", None)])
        times = [entry.created for entry in entries]
        check(before < times[0] <= times[1] <= times[2] <= times[3], "the times are in order")
        await watcher.stop()
        await settled(lambda: revisions(kv, "a"), [1, 3, 4, 5])
        with raises(errors.NoKeysError):
            await kv.history("c")


@case("list/purge-deletes")
async def purge_deletes(world):
    async with bucket(world, history=10) as (kv, js):
        for key in ["a", "b", "c"]:
            await kv.put(key, b"1")
            await kv.put(key, b"2")
        await kv.delete("a")
        await kv.purge("b")
        await kv.purge_deletes()
        await settled(lambda: revisions(kv, "a"), [7])
        await settled(lambda: revisions(kv, "b"), [8])
        equal((await kv.status()).values, 4)
        await kv.purge_deletes(olderthan=0)
        equal((await kv.status()).values, 2)
        await settled(kv.keys, ["c"])
        await kv.purge_deletes(olderthan=0)
        equal((await kv.status()).values, 2)
