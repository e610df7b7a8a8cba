"""The frame of the suites in Python: registers cases, runs them, prints one line for each.

A case is a function, plain or async, that takes the world and raises if something is wrong.
Cases run beside each other and use buckets of their own; those marked `alone` run one by one at the end.
"""

import asyncio
import contextlib
import inspect
import itertools
import os
import sys
import time
import traceback

SIDE_BY_SIDE = 8
CASE_SECONDS = 60

_cases = []


def case(name, alone=False):
    """Registers the decorated function as the case called `name`."""

    def register(function):
        _cases.append((name, function, alone))
        return function

    return register


class World:
    """What a case is given: the two addresses, and names that nobody else uses."""

    def __init__(self, url, door):
        self.url = url
        self.door = door
        self._numbers = itertools.count(1)

    def name(self, stem="b"):
        """Returns a name that was not returned before."""
        return f"{stem}_{os.getpid()}_{next(self._numbers)}"

    async def order(self, word):
        """Has the door carry out `CUT` or `KILL`, and returns when that is done."""
        host, port = self.door.removeprefix("nats://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(word.encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            while await reader.read(4096):
                pass
        writer.close()


class Wrong(Exception):
    """A case found something that is not as it should be."""


def equal(actual, expected, what=""):
    """Raises unless both are equal."""
    if actual != expected:
        raise Wrong(f"{what + ': ' if what else ''}expected {expected!r}, got {actual!r}")


def check(condition, what):
    """Raises unless the condition holds."""
    if not condition:
        raise Wrong(what)


@contextlib.contextmanager
def raises(kind, text=""):
    """Raises unless the block ends with an exception of that kind whose text holds `text`."""
    try:
        yield
    except kind as fault:
        if text not in str(fault):
            raise Wrong(f"expected the text {text!r}, got {str(fault)!r}") from fault
    else:
        raise Wrong(f"expected {kind.__name__}, but nothing was raised")


async def eventually(probe, what, seconds=20):
    """Calls the async `probe` until it returns something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        result = await probe()
        if result:
            return result
        if time.monotonic() > end:
            raise Wrong(f"not within {seconds} s: {what}")
        await asyncio.sleep(0.1)


def main():
    """Runs the cases against the servers given as arguments; further arguments select cases by a part of their name."""
    world = World(sys.argv[1], sys.argv[2])
    chosen = [each for each in _cases if not sys.argv[3:] or any(part in each[0] for part in sys.argv[3:])]
    failures = asyncio.run(_run_all(chosen, world))
    print(f"done: {len(chosen) - failures} ok, {failures} failed", flush=True)
    # Clients may leave threads or tasks behind that would hold up an orderly exit.
    os._exit(1 if failures else 0)


async def _run_all(chosen, world):
    doubles = len(_cases) - len({name for name, _, _ in _cases})
    if doubles:
        raise SystemExit("two cases have one name")
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def behind_gate(each):
        async with gate:
            return await _run(each, world)

    together = [behind_gate(each) for each in chosen if not each[2]]
    results = await asyncio.gather(*together)
    for each in chosen:
        if each[2]:
            results.append(await _run(each, world))
    return results.count(False)


async def _run(each, world):
    name, function, _ = each
    began = time.monotonic()
    try:
        work = function(world) if inspect.iscoroutinefunction(function) else asyncio.to_thread(function, world)
        await asyncio.wait_for(work, CASE_SECONDS)
    except BaseException as fault:  # whatever it is, it is this case's
        line = traceback.extract_tb(fault.__traceback__)
        place = next((f"line {frame.lineno}" for frame in reversed(line) if frame.name == function.__name__), "?")
        text = " ".join(f"{type(fault).__name__}: {fault} ({place})".split())
        print(f"FAIL {name}: {text}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    if os.environ.get("COMPAT_TIMES"):
        print(f"# {time.monotonic() - began:.2f} s {name}", flush=True)
    return True
