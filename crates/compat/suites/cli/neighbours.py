"""Cases about other commands that people use beside `nats kv`."""

from frame import case, check, equal
from kv import made
from tool import nats, rows, running


@case("account/info")
def account(world):
    made(world)
    output = nats(world, "account", "info")
    for text in ["JetStream Account Information", "Maximum Payload: 1.0 MiB", "Headers Supported: true", "Connected Server Version: 2."]:
        check(text in output, f"{text!r} is shown")


@case("server/check-kv")
def check_kv(world):
    name = made(world)
    nats(world, "kv", "put", name, "a", "1")
    output = nats(world, "server", "check", "kv", "--bucket", name, "--key", "a")
    check(output.startswith(f"OK {name} OK:bucket {name} OK:key a found"), output)


@case("server/check-others")
def check_others(world):
    name = made(world)
    check(nats(world, "server", "check", "connection").startswith("OK Connection"), "the connection is well")
    check(nats(world, "server", "check", "jetstream").startswith("OK JetStream"), "JetStream is well")
    check(nats(world, "server", "check", "stream", "--stream", f"KV_{name}").startswith(f"OK KV_{name}"), "the stream is well")


@case("core/rtt-pub-sub-request")
def core(world):
    check("nats://" in nats(world, "rtt"), "the round trip is told")
    subject = world.name("core")
    with running(world, "reply", subject, "answer") as replying:
        replying.line()
        for _ in range(50):
            if "answer" in nats(world, "request", subject, "question", "--raw"):
                break
        else:
            raise AssertionError("no answer comes")
    with running(world, "sub", subject, "--raw") as subscribed:
        for number in range(50):
            nats(world, "pub", subject, f"message {number}", "-H", "a:b")
            if not subscribed.lines.empty():
                break
        check("message" in subscribed.line(), "the message arrives")


@case("bench/kv")
def bench(world):
    bucket = made(world)
    for word in ["put", "get"]:
        output = nats(world, "bench", "kv", word, "--bucket", bucket, "--msgs", "200", "--size", "64", "--no-progress")
        check("msgs/sec" in output, "a speed is told")
    equal(len([row for row in rows(nats(world, "kv", "ls")) if row[0] == bucket]), 1)


@case("events/jetstream")
def events(world):
    with running(world, "events", "--js-advisory", "--no-srv-advisory") as watching:
        watching.line()
        for _ in range(50):
            made(world)
            if not watching.lines.empty():
                break
        seen = " ".join(watching.line() for _ in range(2))
        check("API" in seen or "Stream" in seen or "JS" in seen, seen)
