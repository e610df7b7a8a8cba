"""Cases about buckets."""

from client import bucket, connected, everything, seconds
from frame import case, check, equal, eventually, raises
from nats.jetstream import JetStream
from nats.jetstream.errors import JetStreamError
from nats.jetstream.stream import Republish, StreamSource
from nats.key_value import (
    BadBucketError, BucketExistsError, BucketNotFoundError, HistoryTooLargeError, InvalidBucketNameError, KeyValueConfig,
    create_key_value, create_or_update_key_value, delete_key_value, key_value, key_value_bucket_names, key_value_buckets,
    update_key_value,
)


@case("bucket/create-default")
async def create_default(world):
    async with bucket(world) as (kv, js):
        status = await kv.status()
        equal((status.bucket, status.values, status.history, status.bytes), (kv.bucket, 0, 1, 0))
        equal((status.backing_store, status.compressed, status.limit_marker_ttl), ("JetStream", False, None))
        config = status.stream_info.config
        equal((config.allow_direct, config.deny_delete, config.discard), (True, True, "new"))


@case("bucket/create-options")
async def create_options(world):
    options = {
        "description": "d", "max_value_size": 100, "history": 5, "ttl": seconds(3600), "max_bytes": 10_000, "storage": "memory",
        "replicas": 1, "compression": True, "limit_marker_ttl": seconds(60), "metadata": {"a": "b"},
    }
    async with bucket(world, **options) as (kv, js):
        status = await kv.status()
        equal((status.history, status.ttl, status.compressed), (5, seconds(3600), True))
        equal((status.limit_marker_ttl, status.metadata["a"]), (seconds(60), "b"))
        config = status.stream_info.config
        equal((config.description, config.max_msg_size, config.max_bytes, config.storage), ("d", 100, 10_000, "memory"))


@case("bucket/create-again")
async def create_again(world):
    async with bucket(world, history=2) as (kv, js):
        await create_key_value(js, KeyValueConfig(bucket=kv.bucket, history=2))
        with raises(BucketExistsError):
            await create_key_value(js, KeyValueConfig(bucket=kv.bucket, history=3))
        await create_or_update_key_value(js, KeyValueConfig(bucket=kv.bucket, history=3))
        equal((await kv.status()).history, 3)
        await update_key_value(js, KeyValueConfig(bucket=kv.bucket, history=4, description="more"))
        equal((await kv.status()).history, 4)


@case("bucket/open-and-delete")
async def open_and_delete(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        equal((await (await key_value(js, kv.bucket)).get("a")).value, b"1")
        name = world.name()
        for work in [key_value(js, name), delete_key_value(js, name), update_key_value(js, KeyValueConfig(bucket=name))]:
            with raises(BucketNotFoundError):
                await work
        await js.create_stream(name=f"KV_{name}", subjects=[name])
        with raises(BadBucketError):
            await key_value(js, name)


@case("bucket/invalid")
async def invalid(world):
    async with connected(world.url) as js:
        for name in ["", "a b", "a.b"]:
            with raises(InvalidBucketNameError):
                await create_key_value(js, KeyValueConfig(bucket=name))
        with raises(HistoryTooLargeError):
            await create_key_value(js, KeyValueConfig(bucket="a", history=65))
        with raises(JetStreamError):
            await create_key_value(js, KeyValueConfig(bucket=world.name(), replicas=3))


@case("bucket/republish")
async def republish(world):
    target = world.name("target")
    async with bucket(world, republish=Republish(src=">", dest=f"{target}.>")) as (kv, js):
        subscription = await js.client.subscribe(f"{target}.>")
        await js.client.flush()
        await kv.put("a", b"1")
        message = await subscription.next(timeout=20)
        equal((message.subject, message.data), (f"{target}.$KV.{kv.bucket}.a", b"1"))


@case("bucket/mirror-refused-and-sources")
async def sources(world):
    async with bucket(world) as (kv, js):
        # The client sends subjects along with the mirror, which the server refuses.
        with raises(JetStreamError):
            await create_key_value(js, KeyValueConfig(bucket=world.name(), mirror=StreamSource(name=f"KV_{kv.bucket}")))
        await kv.put("a", b"1")
        # The client does not know all that the server tells about sources, so the answers are not checked strictly here.
        lenient = JetStream(js.client)
        name = world.name()
        copy = await create_key_value(lenient, KeyValueConfig(bucket=name, sources=[StreamSource(name=f"KV_{kv.bucket}")]))

        async def arrived():
            return (await copy.status()).values == 1

        await eventually(arrived, "the source is read")
        await delete_key_value(lenient, name)


@case("bucket/list-many", alone=True)
async def list_many(world):
    async with connected(world.url) as js:
        names = {world.name("many") for _ in range(300)}
        for name in names:
            await create_key_value(js, KeyValueConfig(bucket=name, storage="memory"))
        listed = await everything(key_value_bucket_names(js))
        statuses = [status.bucket for status in await everything(key_value_buckets(js))]
        for found in [listed, statuses]:
            check(names <= set(found) and len(found) == len(set(found)), "each bucket is listed once")
        for name in names:
            await delete_key_value(js, name)


@case("account/info")
async def account(world):
    async with bucket(world) as (kv, js):
        info = await js.account_info()
        check(info.streams >= 1 and info.limits.max_streams == -1, "what is used and allowed is told")
