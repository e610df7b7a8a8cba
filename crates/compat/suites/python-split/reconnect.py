"""Cases about lost connections and servers that are killed. They use the door, so they run alone."""

from client import bucket, connected, everything, text
from frame import case, equal, eventually
from nats.key_value import KeyValueConfig, create_key_value, delete_key_value

PATIENT = {"reconnect_time_wait": 0.1, "reconnect_time_wait_max": 0.2, "reconnect_max_attempts": 200}


async def back(js):
    """Waits until a connection that was cut is usable again."""

    async def answers():
        try:
            await js.client.flush(timeout=0.5)
        except Exception:  # noqa: BLE001  whatever it is, the connection is not back
            return False
        return True

    await eventually(answers, "the connection is back")


@case("reconnect/writes", alone=True)
async def writes(world):
    async with bucket(world) as (near, _), connected(world.door, **PATIENT) as js:
        kv = await create_key_value(js, KeyValueConfig(bucket=near.bucket))
        await kv.put("a", b"1")
        await world.order("CUT")
        await back(js)
        equal(await kv.put("a", b"2"), 2)
        equal(text(await kv.get("a")), "a=2@2")


@case("restart/keeps-everything", alone=True)
async def restart(world):
    async with connected(world.door, **PATIENT) as js:
        kv = await create_key_value(js, KeyValueConfig(bucket=world.name(), history=5, metadata={"a": "b"}))
        for number in range(20):
            await kv.put(f"k{number % 4}", str(number).encode())
        await kv.delete("k1")
        await world.order("KILL")
        await back(js)
        status = await kv.status()
        equal((status.values, status.history, status.metadata["a"]), (20, 5, "b"))
        equal(await everything(await kv.keys()), ["k0", "k2", "k3"])
        equal(await kv.put("k0", b"more"), 22)
        await delete_key_value(js, kv.bucket)
