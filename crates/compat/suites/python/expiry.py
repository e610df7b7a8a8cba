"""Cases about time to live: of buckets, of keys, of markers."""

from client import bucket, initial, settled
from frame import case, equal, eventually, raises
from nats.js import errors


def missing(kv, key):
    """Returns a probe that tells whether the key is gone."""

    async def probe():
        try:
            await kv.get(key)
        except errors.KeyNotFoundError:
            return True
        return False

    return probe


def holds(kv, count):
    """Returns a probe that tells whether the bucket holds so many messages."""

    async def probe():
        return (await kv.status()).values == count

    return probe


@case("expiry/bucket-ttl")
async def bucket_ttl(world):
    for direct in [False, True]:
        async with bucket(world, ttl=1.0, history=5, direct=direct) as (kv, js):
            await kv.put("a", b"1")
            await kv.put("a", b"2")
            await eventually(missing(kv, "a"), "the key expires with its bucket's ttl")
            await eventually(holds(kv, 0), "nothing is left")
            equal(await kv.create("a", b"3"), 3)


@case("expiry/key-ttl")
async def key_ttl(world):
    async with bucket(world, history=5) as (kv, js):
        await kv.create("a", b"1", msg_ttl=1.0)
        await kv.create("b", b"2", msg_ttl=3600.0)
        await kv.put("c", b"3")
        await eventually(holds(kv, 2), "the key with the short ttl expires and leaves nothing")
        await settled(kv.keys, ["b", "c"])
        equal(await kv.create("a", b"4"), 4)


@case("expiry/key-ttl-too-short")
async def ttl_too_short(world):
    async with bucket(world) as (kv, js):
        with raises(errors.BadRequestError, "err_code=10165 description='invalid per-message TTL'"):
            await kv.create("a", b"1", msg_ttl=0.5)


@case("expiry/key-ttl-not-allowed")
async def ttl_not_allowed(world):
    async with bucket(world) as (kv, js):
        config = (await kv.status()).stream_info.config
        await js.delete_stream(config.name)
        await js.add_stream(config.evolve(allow_msg_ttl=False))
        with raises(errors.BadRequestError, "err_code=10166 description='per-message TTL is disabled'"):
            await kv.create("a", b"1", msg_ttl=5.0)


@case("expiry/marker-is-watched")
async def marker(world):
    async with bucket(world, history=5, limit_marker_ttl=2.0) as (kv, js):
        watcher = await kv.watchall()
        equal(await initial(watcher, 0), [])
        await kv.create("a", b"1", msg_ttl=1.0)
        equal((await watcher.updates(20)).value, b"1")
        entry = await watcher.updates(20)
        equal((entry.key, entry.value, entry.operation, entry.revision), ("a", b"", "PURGE", 2))
        message = await js.get_msg(f"KV_{kv._name}", seq=2)
        equal(message.headers["Nats-Marker-Reason"], "MaxAge")
        equal((message.headers["Nats-TTL"], message.headers["Nats-Rollup"]), ("2s", "sub"))
        await eventually(holds(kv, 0), "the marker expires, too")
        await watcher.stop()


@case("expiry/ttl-is-raised-to-marker-ttl")
async def raised(world):
    async with bucket(world, history=5, limit_marker_ttl=5.0) as (kv, js):
        revision = await kv.create("a", b"1", msg_ttl=1.0)
        message = await js.get_msg(f"KV_{kv._name}", seq=revision)
        equal(message.headers["Nats-TTL"], "5")


@case("expiry/purge-ttl")
async def purge_ttl(world):
    async with bucket(world, history=5, limit_marker_ttl=1.0) as (kv, js):
        for _ in range(3):
            await kv.put("a", b"1")
        await kv.put("b", b"2")
        await kv.purge("a", msg_ttl=1.0)
        await eventually(holds(kv, 1), "the purge marker expires and leaves no other marker")
        equal(await kv.create("a", b"3"), 6)


@case("expiry/delete-marker-leaves-another")
async def delete_marker(world):
    async with bucket(world, history=5, ttl=1.0, limit_marker_ttl=1.0) as (kv, js):
        watcher = await kv.watchall()
        equal(await initial(watcher, 0), [])
        await kv.put("a", b"1")
        await kv.delete("a")
        seen = [(await watcher.updates(20)).operation for _ in range(3)]
        equal(seen, [None, "DEL", "PURGE"])
        await watcher.stop()


@case("expiry/create-over-an-expired-key")
async def create_over(world):
    # A history of one keeps the time of the key from being raised to that of the marker.
    async with bucket(world, limit_marker_ttl=60.0) as (kv, js):
        await kv.create("a", b"1", msg_ttl=1.0)

        async def marked():
            message = await js.get_msg(f"KV_{kv._name}", subject=f"$KV.{kv._name}.a")
            return "Nats-Marker-Reason" in (message.headers or {})

        await eventually(marked, "the value expires and leaves a marker")
        # To the client's get the marker is a value without bytes, so create does not replace it, but update does.
        with raises(errors.KeyWrongLastSequenceError, "wrong last sequence: 2"):
            await kv.create("a", b"2")
        equal(await kv.update("a", b"2", last=2), 3)
