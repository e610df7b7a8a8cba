"""Cases about watches."""

import asyncio

from client import bucket, initial, told
from frame import case, check, equal, eventually


@case("watch/all")
async def watch_all(world):
    async with bucket(world, history=5) as (kv, js):
        await kv.put("a", b"1")
        await kv.put("b", b"2")
        await kv.put("a", b"3")
        await kv.delete("b")
        watcher = await kv.watchall()
        entries = await initial(watcher, 2)
        equal(told(entries), [("a", b"3", None), ("b", b"", "DEL")])
        equal([entry.revision for entry in entries], [3, 4])
        equal([entry.delta for entry in entries], [1, 0])
        await kv.put("c", b"5")
        await kv.purge("a")
        equal(told([await watcher.updates(), await watcher.updates()]), [("c", b"5", None), ("a", b"", "PURGE")])
        await watcher.stop()


@case("watch/nothing-there")
async def nothing_there(world):
    async with bucket(world) as (kv, js):
        watcher = await kv.watch("a.*")
        equal(await initial(watcher, 0), [])
        await kv.put("b.c", b"1")
        await kv.put("a.c", b"2")
        equal(told([await watcher.updates()]), [("a.c", b"2", None)])
        await watcher.stop()


@case("watch/patterns")
async def patterns(world):
    async with bucket(world) as (kv, js):
        for key in ["a", "a.b", "a.b.c", "a.x.c", "b.b", "ab"]:
            await kv.put(key, b"1")
        expected = {
            "a": ["a"],
            "a.*": ["a.b"],
            "a.>": ["a.b", "a.b.c", "a.x.c"],
            "*.b": ["a.b", "b.b"],
            "a.*.c": ["a.b.c", "a.x.c"],
            "*": ["a", "ab"],
            "a*": [],
        }
        for pattern, keys in expected.items():
            watcher = await kv.watch(pattern)
            equal([entry.key for entry in await initial(watcher, len(keys))], keys, pattern)
            await watcher.stop()


@case("watch/history")
async def with_history(world):
    async with bucket(world, history=3) as (kv, js):
        for value in [b"1", b"2", b"3", b"4"]:
            await kv.put("a", value)
        await kv.put("b", b"5")
        watcher = await kv.watchall(include_history=True)
        entries = await initial(watcher, 4)
        equal([(entry.key, entry.value) for entry in entries],
              [("a", b"2"), ("a", b"3"), ("a", b"4"), ("b", b"5")])
        await watcher.stop()


@case("watch/ignore-deletes")
async def ignore_deletes(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        await kv.put("b", b"2")
        await kv.delete("b")
        watcher = await kv.watchall(ignore_deletes=True)
        equal(told(await initial(watcher, 1)), [("a", b"1", None)])
        await kv.purge("a")
        await kv.put("c", b"3")
        equal(told([await watcher.updates()]), [("c", b"3", None)])
        await watcher.stop()


@case("watch/meta-only")
async def meta_only(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1234")
        await kv.delete("b")
        watcher = await kv.watchall(meta_only=True)
        equal(told(await initial(watcher, 2)), [("a", b"", None), ("b", b"", "DEL")])
        await watcher.stop()


@case("watch/through-the-iterator")
async def iterator(world):
    async with bucket(world, history=5) as (kv, js):
        watcher = await kv.watchall()
        seen = []

        async def read():
            async for entry in watcher:
                seen.append(entry and entry.value)
                if len(seen) == 4:
                    await watcher.stop()

        reading = asyncio.create_task(read())
        for value in [b"1", b"2", b"3"]:
            await kv.put("a", value)
        await asyncio.wait_for(reading, 20)
        equal([value for value in seen if value], [b"1", b"2", b"3"])
        check(None in seen, "the end of the initial values is marked")


@case("watch/many-values")
async def many_values(world):
    async with bucket(world) as (kv, js):
        for number in range(1500):
            await js.publish_async(f"$KV.{kv._name}.k{number}", b"x" * 2000)
        await js.publish_async_completed()
        watcher = await kv.watchall()
        entries = await initial(watcher, 1500)
        equal([entry.revision for entry in entries], list(range(1, 1501)))
        equal([entry.delta for entry in entries], list(range(1499, -1, -1)))
        await watcher.stop()


@case("watch/many-watchers")
async def many_watchers(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        watchers = [await kv.watch("a") for _ in range(50)]
        for watcher in watchers:
            equal(told(await initial(watcher, 1)), [("a", b"1", None)])
        await kv.put("a", b"2")
        for watcher in watchers:
            equal((await watcher.updates(20)).value, b"2")
            await watcher.stop()


@case("watch/consumer")
async def consumer(world):
    async with bucket(world) as (kv, js):
        await kv.put("a", b"1")
        watcher = await kv.watch("a", inactive_threshold=1.0)
        await initial(watcher, 1)
        info = await watcher._sub.consumer_info()
        config = info.config
        equal((config.ack_policy, config.deliver_policy, config.max_deliver), ("none", "last_per_subject", 1))
        equal((config.flow_control, config.idle_heartbeat, config.inactive_threshold), (True, 5, 1))
        equal((config.filter_subject, config.mem_storage), (f"$KV.{kv._name}.a", True))
        equal((info.num_pending, info.delivered.consumer_seq, info.push_bound), (0, 1, True))
        await watcher.stop()

        async def gone():
            return (await kv.status()).stream_info.state.consumer_count == 0

        await eventually(gone, "the consumer goes once nobody listens for its threshold")
