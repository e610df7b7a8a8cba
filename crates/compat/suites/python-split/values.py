"""Cases about values, keys and histories."""

import os

from client import bucket, everything, seconds, text
from frame import case, check, equal, raises
from nats.jetstream.errors import JetStreamError
from nats.key_value import InvalidKeyError, KeyExistsError, KeyNotFoundError, KeyValueOp


@case("value/put-get")
async def put_get(world):
    async with bucket(world, history=3) as (kv, js):
        equal([await kv.put("a", b"1"), await kv.put("b", b"2"), await kv.put("a", b"3")], [1, 2, 3])
        entry = await kv.get("a")
        equal((entry.bucket, entry.operation, entry.delta, text(entry)), (kv.bucket, KeyValueOp.PUT, 0, "a=3@3"))
        equal(text(await kv.get("a", revision=1)), "a=1@1")
        for key, revision in [("x", None), ("a", 2), ("a", 9)]:
            with raises(KeyNotFoundError):
                await kv.get(key, revision=revision)


@case("value/create-update")
async def create_update(world):
    async with bucket(world, history=5) as (kv, js):
        equal(await kv.create("a", b"1"), 1)
        with raises(KeyExistsError):
            await kv.create("a", b"2")
        equal(await kv.update("a", b"2", 1), 2)
        with raises(KeyExistsError):
            await kv.update("a", b"3", 1)
        await kv.delete("a")
        equal(await kv.create("a", b"4"), 4)
        await kv.purge("a")
        equal(await kv.create("a", b"5"), 6)


@case("value/delete-purge")
async def delete_purge(world):
    async with bucket(world, history=5) as (kv, js):
        await kv.put("a", b"1")
        with raises(KeyExistsError):
            await kv.delete("a", last_revision=7)
        await kv.delete("a", last_revision=1)
        with raises(KeyNotFoundError):
            await kv.get("a")
        await kv.put("a", b"2")
        equal([text(each) for each in await everything(await kv.history("a"))], ["a=1@1", "a!DEL@2", "a=2@3"])
        with raises(KeyExistsError):
            await kv.purge("a", last_revision=1)
        await kv.purge("a", last_revision=3)
        equal([text(each) for each in await everything(await kv.history("a"))], ["a!PURGE@4"])


@case("value/all-sizes")
async def all_sizes(world):
    async with bucket(world) as (kv, js):
        for value in [b"", bytes(range(256)), b"\r\n", os.urandom(1_000_000)]:
            await kv.put("a", value)
            check((await kv.get("a")).value == value, f"{len(value)} bytes come back as they were")
    async with bucket(world, max_value_size=10) as (kv, js):
        with raises(JetStreamError, "message size exceeds maximum allowed"):
            await kv.put("a", b"x" * 11)


@case("value/keys-of-all-shapes")
async def keys_of_all_shapes(world):
    keys = ["a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x", "k" * 200]
    async with bucket(world) as (kv, js):
        for key in keys:
            await kv.put(key, key.encode())
        for key in keys:
            equal((await kv.get(key)).value, key.encode())
        equal(await everything(await kv.keys()), keys)
        for key in ["", ".a", "a.", "a b", "a*"]:
            with raises(InvalidKeyError):
                await kv.put(key, b"")


@case("list/keys")
async def keys(world):
    async with bucket(world) as (kv, js):
        equal(await everything(await kv.keys()), [])
        for key in ["b", "a.x", "a.y", "c"]:
            await kv.put(key, b"1")
        await kv.delete("c")
        await kv.put("d", b"")
        equal(await everything(await kv.keys()), ["b", "a.x", "a.y", "d"])
        equal(await everything(await kv.keys("a.*")), ["a.x", "a.y"])


@case("list/history")
async def history(world):
    async with bucket(world, history=3) as (kv, js):
        equal(await everything(await kv.history("a")), [])
        for value in [b"1", b"2", b"3", b"4"]:
            await kv.put("a", value)
        entries = await everything(await kv.history("a"))
        equal([text(each) for each in entries], ["a=2@2", "a=3@3", "a=4@4"])
        equal([each.delta for each in entries], [2, 1, 0])


@case("list/purge-deletes")
async def purge_deletes(world):
    async with bucket(world, history=5) as (kv, js):
        for key in ["a", "b", "a", "b"]:
            await kv.put(key, b"1")
        await kv.delete("a")
        await kv.purge_deletes()
        equal((await kv.status()).values, 3)
        await kv.purge_deletes(older_than=seconds(-1))
        equal((await kv.status()).values, 2)
