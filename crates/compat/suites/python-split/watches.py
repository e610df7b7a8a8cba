"""Cases about watches."""

from client import bucket, take, text
from frame import case, check, equal, eventually


async def filled(kv):
    """Puts a history into a bucket."""
    await kv.put("a", b"1")
    await kv.put("b.c", b"2")
    await kv.put("a", b"3")
    await kv.delete("b.c")
    await kv.put("b.d", b"5")


WATCHES = {
    "all": (lambda kv: kv.watch_all(), ["a=3@3", "b.c!DEL@4", "b.d=5@5"]),
    "pattern": (lambda kv: kv.watch("b.*"), ["b.c!DEL@4", "b.d=5@5"]),
    "several-filters": (lambda kv: kv.watch_filtered(["a", "b.d", "z"]), ["a=3@3", "b.d=5@5"]),
    "history": (lambda kv: kv.watch_all(include_history=True), ["a=1@1", "b.c=2@2", "a=3@3", "b.c!DEL@4", "b.d=5@5"]),
    "ignore-deletes": (lambda kv: kv.watch_all(ignore_deletes=True), ["a=3@3", "b.d=5@5"]),
    "meta-only": (lambda kv: kv.watch_all(meta_only=True), ["a=@3", "b.c!DEL@4", "b.d=@5"]),
    "resume": (lambda kv: kv.watch_all(resume_from_revision=3), ["a=3@3", "b.c!DEL@4", "b.d=5@5"]),
}


async def tells(world, name):
    """Watches in one way and checks what is told."""
    start, expected = WATCHES[name]
    async with bucket(world, history=5) as (kv, js):
        await filled(kv)
        watcher = await start(kv)
        equal([text(each) for each in await take(watcher, len(expected))], expected)
        check(watcher.at_eod(), "these were all")
        await watcher.stop()


@case("watch/all")
async def watch_all(world):
    await tells(world, "all")


@case("watch/pattern")
async def pattern(world):
    await tells(world, "pattern")


@case("watch/several-filters")
async def several_filters(world):
    await tells(world, "several-filters")


@case("watch/history")
async def with_history(world):
    await tells(world, "history")


@case("watch/ignore-deletes")
async def ignore_deletes(world):
    await tells(world, "ignore-deletes")


@case("watch/meta-only")
async def meta_only(world):
    await tells(world, "meta-only")


@case("watch/resume")
async def resume(world):
    await tells(world, "resume")


@case("watch/updates")
async def updates(world):
    async with bucket(world, history=5) as (kv, js):
        await filled(kv)
        watcher = await kv.watch_all(updates_only=True)
        await kv.put("x", b"6")
        await kv.purge("a")
        equal([text(each) for each in await take(watcher, 2)], ["x=6@6", "a!PURGE@7"])
        await watcher.stop()

        async def gone():
            return (await kv.status()).stream_info.state.consumer_count == 0

        await eventually(gone, "the consumer is deleted")


@case("watch/many-values")
async def many_values(world):
    async with bucket(world) as (kv, js):
        for number in range(500):
            await kv.put(f"k{number}", b"x" * 1000)
        watcher = await kv.watch_all()
        equal([each.revision for each in await take(watcher, 500)], list(range(1, 501)))
        await watcher.stop()
