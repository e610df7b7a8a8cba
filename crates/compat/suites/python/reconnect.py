"""Cases about lost connections and servers that are killed. They use the door, so they run alone."""

from client import back, bucket, connected, initial, settled
from frame import case, equal
from nats.js.api import KeyValueConfig

PATIENT = {"reconnect_time_wait": 0.1, "max_reconnect_attempts": 200}


@case("reconnect/watch", alone=True)
async def watch(world):
    async with bucket(world, history=10) as (kv, js), connected(world.door, **PATIENT) as far:
        await kv.put("a", b"1")
        watcher = await (await far.jetstream().key_value(kv._name)).watchall(include_history=True)
        equal([entry.value for entry in await initial(watcher, 1)], [b"1"])
        await world.order("CUT")
        for value in [b"2", b"3", b"4"]:
            await kv.put("a", value)
        seen = [(await watcher.updates(50)).value for _ in range(3)]
        equal(seen, [b"2", b"3", b"4"])
        await watcher.stop()


@case("reconnect/writes", alone=True)
async def writes(world):
    async with bucket(world) as (kv, js), connected(world.door, **PATIENT) as far:
        other = await far.jetstream().key_value(kv._name)
        await other.put("a", b"1")
        await world.order("CUT")
        await back(far)
        equal(await other.put("a", b"2"), 2)
        equal((await other.get("a")).value, b"2")


@case("restart/keeps-everything", alone=True)
async def restart(world):
    async with connected(world.door, **PATIENT) as far:
        js = far.jetstream()
        name = world.name()
        kv = await js.create_key_value(KeyValueConfig(bucket=name, history=5, description="kept"))
        for number in range(20):
            await kv.put(f"k{number % 4}", str(number).encode())
        await kv.delete("k1")
        await world.order("KILL")
        await back(far)
        status = await kv.status()
        equal((status.values, status.history, status.stream_info.config.description), (20, 5, "kept"))
        equal((await kv.get("k0")).value, b"16")
        await settled(kv.keys, ["k0", "k2", "k3"])
        equal(await kv.put("k0", b"more"), 22)
        equal((await kv.get("k0", revision=13)).value, b"12")
        await js.delete_key_value(name)
