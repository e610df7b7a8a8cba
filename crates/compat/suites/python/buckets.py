"""Cases about buckets: making, opening and removing them, and what their status says."""

import asyncio

from client import FILE, MEMORY, bucket, connected, settled, subscribed
from frame import case, check, equal, eventually, raises
from nats.js import errors
from nats.js.api import KeyValueConfig, RePublish, StreamConfig, StreamSource, SubjectTransform


async def values(kv, key):
    """Returns the values in the history of a key."""
    return [entry.value for entry in await kv.history(key)]


@case("bucket/create-default")
async def create_default(world):
    async with bucket(world) as (kv, js):
        status = await kv.status()
        equal((status.values, status.history, status.ttl), (0, 1, 0))
        config = status.stream_info.config
        equal((config.max_bytes, config.max_msg_size, config.max_msgs, config.max_consumers), (-1, -1, -1, -1))
        equal((config.num_replicas, config.storage, config.retention), (1, "file", "limits"))
        equal((config.discard, config.duplicate_window), ("new", 120))
        equal((config.deny_delete, config.deny_purge, config.allow_rollup_hdrs), (True, False, True))
        equal((config.allow_direct, config.allow_msg_ttl), (False, True))
        equal(config.subjects, [f"$KV.{status.bucket}.>"])


@case("bucket/create-options")
async def create_options(world):
    options = {
        "description": "sizes, colours — and ünïcode",
        "max_value_size": 1000,
        "history": 64,
        "ttl": 3600.0,
        "max_bytes": 1_000_000,
        "storage": MEMORY,
        "replicas": 1,
        "direct": True,
        "limit_marker_ttl": 60.0,
    }
    async with bucket(world, **options) as (kv, js):
        status = await kv.status()
        equal((status.history, status.ttl, status.marker_ttl), (64, 3600, 60))
        config = status.stream_info.config
        equal(config.description, options["description"])
        equal((config.max_msg_size, config.max_bytes, config.storage), (1000, 1_000_000, "memory"))
        equal((config.allow_direct, config.duplicate_window), (True, 120))


@case("bucket/duplicate-window-follows-ttl")
async def duplicate_window(world):
    async with bucket(world, ttl=30.0, storage=FILE) as (kv, js):
        equal((await kv.status()).stream_info.config.duplicate_window, 30)


@case("bucket/create-again")
async def create_again(world):
    async with bucket(world, history=3) as (kv, js):
        await kv.put("a", b"1")
        name = kv._name
        await js.create_key_value(KeyValueConfig(bucket=name, history=3))
        equal((await kv.status()).values, 1)
        with raises(errors.BadRequestError, "err_code=10058 description='stream name already in use with a different"):
            await js.create_key_value(KeyValueConfig(bucket=name, history=4))


@case("bucket/open")
async def opens(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        again = await js.key_value(kv._name)
        equal((await again.get("a")).value, b"1")


@case("bucket/open-missing")
async def open_missing(world):
    async with connected(world.url) as connection:
        with raises(errors.BucketNotFoundError):
            await connection.jetstream().key_value(world.name())


@case("bucket/open-no-bucket")
async def open_no_bucket(world):
    async with connected(world.url) as connection:
        js = connection.jetstream()
        name = world.name()
        await js.add_stream(StreamConfig(name=f"KV_{name}", subjects=[f"other.{name}"]))
        with raises(errors.BadBucketError):
            await js.key_value(name)


@case("bucket/delete")
async def delete(world):
    async with connected(world.url) as connection:
        js = connection.jetstream()
        kv = await js.create_key_value(bucket=world.name())
        await kv.put("a", b"1")
        equal(await js.delete_key_value(kv._name), True)
        with raises(errors.NotFoundError, "err_code=10059 description='stream not found'"):
            await js.delete_key_value(kv._name)
        with raises(errors.NoStreamResponseError):
            await kv.put("a", b"2")
        with raises(errors.NotFoundError, "stream not found"):
            await kv.status()


@case("bucket/invalid-names")
async def invalid_names(world):
    async with connected(world.url) as connection:
        js = connection.jetstream()
        for name in ["", "a b", "a.b", "a*", "ä"]:
            with raises(errors.InvalidBucketNameError):
                await js.create_key_value(bucket=name)
        with raises(errors.KeyHistoryTooLargeError):
            await js.create_key_value(bucket=world.name(), history=65)


@case("bucket/refused-configurations")
async def refused(world):
    async with connected(world.url) as connection:
        js = connection.jetstream()
        with raises(errors.ServerError, "err_code=10052"):
            await js.create_key_value(bucket=world.name(), limit_marker_ttl=0.5)
        with raises(errors.ServerError, "err_code=10052"):
            await js.create_key_value(bucket=world.name(), ttl=0.05)
        with raises(errors.APIError, "err_code=10074"):
            await js.create_key_value(bucket=world.name(), replicas=3)
        with raises(errors.BadRequestError, "err_code=10065 description='subjects overlap with an existing stream'"):
            name = world.name()
            await js.create_key_value(bucket=name)
            await js.add_stream(StreamConfig(name=name, subjects=[f"$KV.{name}.a"]))


@case("bucket/update-through-stream")
async def update(world):
    async with bucket(world, history=2) as (kv, js):
        config = (await kv.status()).stream_info.config
        for value in range(4):
            await kv.put("a", str(value).encode())
        info = await js.update_stream(config.evolve(max_msgs_per_subject=5, description="more", allow_direct=True))
        equal((info.config.max_msgs_per_subject, info.config.description), (5, "more"))
        await kv.put("a", b"4")
        await settled(lambda: values(kv, "a"), [b"2", b"3", b"4"])
        await js.update_stream(config.evolve(max_msgs_per_subject=1))
        await settled(lambda: values(kv, "a"), [b"4"])
        with raises(errors.ServerError, "err_code=10052"):
            await js.update_stream(config.evolve(deny_delete=False))


@case("bucket/republish")
async def republish(world):
    target = world.name("republished")
    for headers_only in [False, True]:
        rule = RePublish(src=">", dest=f"{target}.>", headers_only=headers_only)
        async with bucket(world, republish=rule) as (kv, js), connected(world.url) as other:
            seen = asyncio.Queue()
            await other.subscribe(f"{target}.>", cb=seen.put)
            await subscribed(other)
            await kv.put("a.b", b"value")
            await kv.put("a.b", b"again")
            first, second = [await asyncio.wait_for(seen.get(), 20) for _ in range(2)]
            equal(first.subject, f"{target}.$KV.{kv._name}.a.b")
            equal(first.headers["Nats-Stream"], f"KV_{kv._name}")
            equal(first.headers["Nats-Subject"], f"$KV.{kv._name}.a.b")
            equal((first.headers["Nats-Sequence"], first.headers["Nats-Last-Sequence"]), ("1", "0"))
            equal((second.headers["Nats-Sequence"], second.headers["Nats-Last-Sequence"]), ("2", "1"))
            check(first.headers["Nats-Time-Stamp"].endswith("Z"), "the time stamp is in UTC")
            equal(first.data, b"" if headers_only else b"value")
            equal(first.headers.get("Nats-Msg-Size"), "5" if headers_only else None)


@case("bucket/republished-into-a-bucket")
async def republished_into_bucket(world):
    async with bucket(world) as (kv, js):
        name = world.name()
        rule = RePublish(src=f"foo.{name}.>", dest=f"$KV.{kv._name}.>")
        await js.add_stream(StreamConfig(name=name, subjects=[f"foo.{name}.>"], republish=rule))
        for value in [b"1", b"2", b"3"]:
            await js.publish(f"foo.{name}.x", value)
        await kv.put("y", b"4")

        async def last():
            entry = await kv.get("x")
            return entry.value == b"3" and entry

        check((await eventually(last, "the last value arrives")).revision in (3, 4), "the revision is the bucket's own")
        await js.delete_stream(name)


@case("bucket/mirror")
async def mirror(world):
    async with bucket(world, direct=True) as (kv, js):
        await kv.put("a", b"1")
        name = world.name()
        source = StreamSource(name=f"KV_{kv._name}")
        config = StreamConfig(name=f"KV_{name}", mirror=source, max_msgs_per_subject=1, allow_direct=True)
        await js.add_stream(config.evolve(mirror_direct=True))
        await kv.put("b", b"2")

        async def caught_up():
            info = await js.stream_info(f"KV_{name}")
            return info.state.messages == 2 and info.mirror.lag == 0 and info

        info = await eventually(caught_up, "the mirror has both values")
        equal(info.mirror.name, f"KV_{kv._name}")
        message = await js.get_msg(f"KV_{name}", subject=f"$KV.{kv._name}.b", direct=True)
        equal((message.data, message.seq), (b"2", 2))
        await js.delete_stream(f"KV_{name}")


@case("bucket/sources")
async def sources(world):
    async with bucket(world) as (one, js), bucket(world) as (two, _):
        name = world.name()
        def source(kv):
            rule = SubjectTransform(src=f"$KV.{kv._name}.>", dest=f"$KV.{name}.>")
            return StreamSource(name=f"KV_{kv._name}", subject_transforms=[rule])

        await one.put("a", b"1")
        config = StreamConfig(name=f"KV_{name}", subjects=[f"$KV.{name}.>"], max_msgs_per_subject=1)
        await js.add_stream(config.evolve(sources=[source(one), source(two)], allow_rollup_hdrs=True))
        await two.put("b", b"2")
        both = await js.key_value(name)
        await both.put("c", b"3")

        async def complete():
            return sorted(await both.keys()) == ["a", "b", "c"]

        await eventually(complete, "the keys of both sources and the own one")
        equal((await both.get("a")).value, b"1")
        equal((await both.get("b")).value, b"2")
        await js.delete_stream(f"KV_{name}")


@case("bucket/list-many", alone=True)
async def list_many(world):
    async with connected(world.url) as connection:
        js = connection.jetstream()
        names = {f"KV_{world.name('many')}" for _ in range(300)}
        for name in names:
            await js.add_stream(StreamConfig(name=name, subjects=[f"$KV.{name[3:]}.>"], storage=MEMORY))
        first = await js.streams_info()
        second = await js.streams_info(offset=256)
        equal(len(first), 256)
        listed = [info.config.name for info in first + second]
        equal(len(listed), len(set(listed)))
        check(names <= set(listed), "every stream is listed")
        equal(listed, sorted(listed))
        equal(await js.find_stream_name_by_subject(f"$KV.{min(names)[3:]}.x"), min(names))
        for name in names:
            await js.delete_stream(name)


@case("account/info")
async def account(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        info = await js.account_info()
        check(info.streams >= 1, "there is a stream")
        equal((info.limits.max_memory, info.limits.max_storage), (-1, -1))
        equal((info.limits.max_streams, info.limits.max_consumers), (-1, -1))
        check(info.api.level >= 2 and info.api.total > 0, "the level and the number of requests are told")
