"""Cases about values: every way to write and to read them, and what is refused."""

import asyncio
import os

from client import MEMORY, bucket, initial, settled
from frame import case, check, equal, raises
from nats.js import errors


async def operations(kv, key):
    """Returns the operations in the history of a key."""
    return [entry.operation for entry in await kv.history(key)]


@case("value/put-get")
async def put_get(world):
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            equal(await kv.put("a", b"1"), 1)
            equal(await kv.put("b", b"2"), 2)
            equal(await kv.put("a", b"3"), 3)
            entry = await kv.get("a")
            equal((entry.bucket, entry.key, entry.value, entry.revision), (kv._name, "a", b"3", 3))
            equal((await kv.get("b")).revision, 2)


@case("value/get-missing")
async def get_missing(world):
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            with raises(errors.KeyNotFoundError):
                await kv.get("a")
            with raises(errors.KeyNotFoundError):
                await kv.get("a", revision=7)


@case("value/get-revision")
async def get_revision(world):
    for direct in [False, True]:
        async with bucket(world, direct=direct, history=3) as (kv, js):
            for value in [b"1", b"2", b"3", b"4"]:
                await kv.put("a", value)
            await kv.put("b", b"5")
            equal((await kv.get("a", revision=2)).value, b"2")
            with raises(errors.KeyNotFoundError):
                await kv.get("a", revision=1)
            with raises(errors.KeyNotFoundError, f"expected '$KV.{kv._name}.a', but got '$KV.{kv._name}.b'"):
                await kv.get("a", revision=5)


@case("value/create")
async def create(world):
    async with bucket(world, history=5) as (kv, js):
        equal(await kv.create("a", b"1"), 1)
        with raises(errors.KeyWrongLastSequenceError, "wrong last sequence: 1"):
            await kv.create("a", b"2")
        await kv.delete("a")
        equal(await kv.create("a", b"3"), 3)
        await kv.purge("a")
        equal(await kv.create("a", b"4"), 5)
        equal((await kv.get("a")).value, b"4")


@case("value/update")
async def update(world):
    async with bucket(world) as (kv, js):
        equal(await kv.update("a", b"1"), 1)
        equal(await kv.update("a", b"2", last=1), 2)
        with raises(errors.KeyWrongLastSequenceError, "wrong last sequence: 2"):
            await kv.update("a", b"3", last=1)
        with raises(errors.KeyWrongLastSequenceError, "wrong last sequence: 0"):
            await kv.update("b", b"3", last=2)
        await kv.delete("a")
        with raises(errors.KeyWrongLastSequenceError, "wrong last sequence: 3"):
            await kv.update("a", b"3", last=2)
        equal(await kv.update("a", b"4", last=3), 4)


@case("value/delete")
async def delete(world):
    for direct in [False, True]:
        async with bucket(world, history=5, direct=direct) as (kv, js):
            await kv.put("a", b"1")
            equal(await kv.delete("a"), True)
            with raises(errors.KeyNotFoundError):
                await kv.get("a")
            equal((await kv.get("a", revision=1)).value, b"1")
            with raises(errors.KeyNotFoundError):
                await kv.get("a", revision=2)
            await kv.delete("never.there")
            await settled(lambda: operations(kv, "a"), [None, "DEL"])


@case("value/delete-with-revision")
async def delete_with_revision(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        await kv.put("a", b"2")
        with raises(errors.BadRequestError, "err_code=10071 description='wrong last sequence: 2'"):
            await kv.delete("a", last=1)
        equal((await kv.get("a")).value, b"2")
        await kv.delete("a", last=2)
        with raises(errors.KeyNotFoundError):
            await kv.get("a")


@case("value/purge")
async def purge(world):
    async with bucket(world, history=5) as (kv, js):
        for value in [b"1", b"2", b"3"]:
            await kv.put("a", value)
        await kv.put("b", b"4")
        equal(await kv.purge("a"), True)
        equal((await kv.status()).values, 2)
        await settled(lambda: operations(kv, "a"), ["PURGE"])
        with raises(errors.KeyNotFoundError):
            await kv.get("a", revision=2)
        equal((await kv.get("b")).value, b"4")


@case("value/purge-wildcard")
async def purge_wildcard(world):
    async with bucket(world, history=5) as (kv, js):
        for key in ["a", "a.b", "a.c", "a.c"]:
            await kv.put(key, b"1")
        await kv.purge("a.*")
        equal((await kv.status()).values, 2)
        equal((await kv.get("a")).value, b"1")


@case("value/history-is-bounded")
async def bounded_history(world):
    async with bucket(world, history=10) as (kv, js):
        for number in range(50):
            await kv.put("age", str(number).encode())
        watcher = await kv.watch("age", include_history=True)
        entries = await initial(watcher, 10)
        equal([entry.value for entry in entries], [str(number).encode() for number in range(40, 50)])
        equal([entry.revision for entry in entries], list(range(41, 51)))
        equal([entry.delta for entry in entries], list(range(9, -1, -1)))
        await watcher.stop()
        equal((await kv.status()).values, 10)


@case("value/empty")
async def empty(world):
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            await kv.put("a", b"")
            check(not (await kv.get("a")).value, "the value is empty")


@case("value/binary")
async def binary(world):
    value = bytes(range(256)) + b"\r\nPUB x 3\r\nabc\r\n\x00" + "ünï".encode()
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            await kv.put("a", value)
            equal((await kv.get("a")).value, value)


@case("value/big")
async def big(world):
    value = os.urandom(1_000_000)
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            await kv.put("a", value)
            check((await kv.get("a")).value == value, "a value of 1 MB comes back as it was")
            watcher = await kv.watchall()
            check((await initial(watcher, 1))[0].value == value, "it is watched as it was")
            await watcher.stop()


@case("value/too-large")
async def too_large(world):
    async with bucket(world, max_value_size=100) as (kv, js):
        await kv.put("a", b"x" * 100)
        text = "err_code=10054 description='message size exceeds maximum allowed'"
        with raises(errors.BadRequestError, text):
            await kv.put("a", b"x" * 101)
        equal(len((await kv.get("a")).value), 100)


@case("value/bucket-full")
async def bucket_full(world):
    async with bucket(world, max_bytes=2000, storage=MEMORY) as (kv, js):
        text = "err_code=10077 description='maximum bytes exceeded'"
        with raises(errors.ServiceUnavailableError, text):
            for number in range(100):
                await kv.put(f"key{number}", b"x" * 100)
        check((await kv.status()).stream_info.state.bytes <= 2000, "the bucket keeps to its size")
        check(number > 5, "it took some values")
        await kv.purge("key0")


@case("value/keys-of-all-shapes")
async def awkward_keys(world):
    keys = ["a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b/", "x.y.z", "_kv.reserved", "a" * 200, ".".join("abcdefgh" * 4)]
    for direct in [False, True]:
        async with bucket(world, direct=direct) as (kv, js):
            for number, key in enumerate(keys, 1):
                equal(await kv.put(key, key.encode()), number)
            for key in keys:
                equal((await kv.get(key)).value, key.encode(), key)
            await settled(kv.keys, keys)


@case("value/invalid-keys")
async def invalid_keys(world):
    async with bucket(world) as (kv, js):
        for key in ["", ".a", "a.", "a b", "a*", "a.>", "ä"]:
            for work in [kv.put(key, b""), kv.get(key), kv.create(key, b""), kv.update(key, b""), kv.delete(key)]:
                with raises(errors.InvalidKeyError):
                    await work


@case("value/unchecked-keys")
async def unchecked_keys(world):
    for direct in [False, True]:
        async with bucket(world, history=5, direct=direct) as (kv, js):
            for key in ["x.*", "x.>", "ä€", "{}"]:
                first = await kv.put(key, b"1", validate_keys=False)
                equal((await kv.get(key, revision=first, validate_keys=False)).value, b"1", key)
                second = await kv.update(key, b"2", last=first, validate_keys=False)
                equal((await kv.get(key, revision=second, validate_keys=False)).value, b"2", key)
                await kv.delete(key, last=second, validate_keys=False)


@case("value/unroutable-key")
async def unroutable_key(world):
    async with bucket(world) as (kv, js):
        with raises(errors.NoStreamResponseError):
            await kv.put("a..b", b"", validate_keys=False)


@case("value/one-winner")
async def one_winner(world):
    async with bucket(world, history=64) as (kv, js):
        created = await asyncio.gather(*[kv.create("a", b"0") for _ in range(10)], return_exceptions=True)
        equal(len([each for each in created if isinstance(each, int)]), 1)

        async def add_one():
            while True:
                entry = await kv.get("a")
                try:
                    return await kv.update("a", str(int(entry.value) + 1).encode(), last=entry.revision)
                except errors.KeyWrongLastSequenceError:
                    continue

        await asyncio.gather(*[add_one() for _ in range(20)])
        equal((await kv.get("a")).value, b"20")


@case("value/many-at-once")
async def many_at_once(world):
    async with bucket(world) as (kv, js):
        revisions = await asyncio.gather(*[kv.put(f"k.{number}", b"v") for number in range(500)])
        equal(sorted(revisions), list(range(1, 501)))
        equal((await kv.status()).values, 500)
