"""Cases about `nats stream` and `nats consumer`, pointed at buckets."""

import json
import os
import tempfile

from frame import case, check, equal
from kv import made
from tool import block, nats, rows


def filled(world):
    """Makes a bucket with five revisions and returns its name."""
    name = made(world, "--history", "5")
    for key, value in [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("a", "5")]:
        nats(world, "kv", "put", name, key, value)
    return name


@case("stream/ls")
def ls(world):
    name = filled(world)
    check(f"KV_{name}" not in nats(world, "stream", "ls"), "buckets are hidden")
    row = next(row for row in rows(nats(world, "stream", "ls", "-a")) if row[0] == f"KV_{name}")
    equal(row[3], "5")
    check(f"KV_{name}" in nats(world, "stream", "ls", "-a", "-n").split(), "the name is listed")


@case("stream/info-and-state")
def info(world):
    name = filled(world)
    for word in ["info", "state"]:
        status = block(nats(world, "stream", word, f"KV_{name}"))
        equal([status["Messages"], status["Number of Subjects"], status["Active Consumers"]], ["5", "3", "0"])
        check(status["First Sequence"].startswith("1 @ 20"), "the first sequence is told")
    nats(world, "stream", "info", "none", fails="could not pick a Stream")


@case("stream/subjects")
def subjects(world):
    name = filled(world)
    cells = sum(rows(nats(world, "stream", "subjects", f"KV_{name}")), [])
    for key, count in [("a", "3"), ("b", "1"), ("c", "1")]:
        equal(cells[cells.index(f"$KV.{name}.{key}") + 1], count)


@case("stream/get")
def get(world):
    name = filled(world)
    output = nats(world, "stream", "get", f"KV_{name}", "2")
    check(f"Item: KV_{name}#2 received 20" in output and f"on Subject $KV.{name}.b" in output, output)
    output = nats(world, "stream", "get", f"KV_{name}", "-S", f"$KV.{name}.a")
    check(f"KV_{name}#5" in output and output.split()[-1] == "5", output)
    nats(world, "stream", "get", f"KV_{name}", "99", fails="no message found (10037)")


@case("stream/purge")
def purge(world):
    name = world.name("S")
    nats(world, "stream", "add", name, "--subjects", f"{name}.*", "--defaults")
    for subject in ["a", "b", "a", "c", "a"]:
        nats(world, "pub", f"{name}.{subject}", "x")
    for options, left in [(["--subject", f"{name}.a", "--keep", "1"], "3"), (["--seq", "4"], "2"), ([], "0")]:
        nats(world, "stream", "purge", name, *options, "-f")
        equal(block(nats(world, "stream", "state", name))["Messages"], left)


@case("stream/purge-of-a-bucket")
def purge_bucket(world):
    # For buckets `nats stream purge` wants to be answered at a terminal; the request that it sends goes without.
    name = filled(world)
    answer = nats(world, "request", f"$JS.API.STREAM.PURGE.KV_{name}", json.dumps({"filter": f"$KV.{name}.a"}), "--raw")
    equal(json.loads(answer)["purged"], 3)
    equal(block(nats(world, "kv", "info", name))["Values Stored"], "2")
    answer = nats(world, "request", f"$JS.API.STREAM.MSG.DELETE.KV_{name}", json.dumps({"seq": 2}), "--raw")
    equal(json.loads(answer)["error"]["err_code"], 10057)


@case("stream/add-copy-edit-seal-rm")
def copy(world):
    one, two = world.name("S"), world.name("S")
    nats(world, "stream", "add", one, "--subjects", one, "--defaults")
    nats(world, "pub", one, "hello")
    nats(world, "pub", one, "again")
    nats(world, "stream", "rmm", one, "1", "-f")
    equal(block(nats(world, "stream", "info", one))["Messages"], "1")
    nats(world, "stream", "copy", one, two, "--subjects", two)
    check("other" in nats(world, "stream", "edit", two, "--description", "other", "-f"), "the description is shown")
    check("true" in block(nats(world, "stream", "seal", two, "-f"))["Sealed"], "it is sealed")
    nats(world, "stream", "rm", two, "-f")
    check(two not in nats(world, "stream", "ls", "-n").split(), "it is gone")


@case("stream/report")
def report(world):
    name = filled(world)
    row = next(row for row in rows(nats(world, "stream", "report")) if row[0] == f"KV_{name}")
    equal([row[1], row[4]], ["File", "5"])


@case("stream/backup-restore")
def backup(world):
    name = filled(world)
    nats(world, "kv", "del", name, "b", "-f")
    with tempfile.TemporaryDirectory() as directory:
        place = os.path.join(directory, "backup")
        nats(world, "stream", "backup", f"KV_{name}", place, "--no-progress")
        nats(world, "stream", "restore", place, "--no-progress", fails="already exist")
        nats(world, "kv", "del", name, "-f")
        nats(world, "stream", "restore", place, "--no-progress")
    equal(nats(world, "kv", "get", name, "a", "--raw"), "5")
    nats(world, "kv", "get", name, "b", fails="key not found")
    equal([row[1] for row in rows(nats(world, "kv", "history", name, "a"))], ["Revision", "1", "3", "5"])
    nats(world, "kv", "update", name, "a", "6", "5")


@case("consumer/life")
def consumer(world):
    stream = f"KV_{filled(world)}"
    nats(world, "consumer", "add", stream, "c", "--pull", "--defaults")
    equal([row[0] for row in rows(nats(world, "consumer", "ls", stream))], ["Name", "c"])
    output = nats(world, "consumer", "next", stream, "c", "--count", "2")
    check("str seq: 1 / pending: 4" in output and "str seq: 2 / pending: 3" in output, output)
    status = block(nats(world, "consumer", "info", stream, "c"))
    equal([status["Unprocessed Messages"], status["Outstanding Acks"].split()[0]], ["3", "0"])
    row = rows(nats(world, "consumer", "report", stream))[1]
    equal(row[:3], ["c", "Pull", "Explicit"])
    check("Paused" in nats(world, "consumer", "pause", stream, "c", "1h", "-f"), "it is paused")
    check("was resumed" in nats(world, "consumer", "resume", stream, "c", "-f"), "it goes on")
    check("Description: new" in nats(world, "consumer", "edit", stream, "c", "--description", "new", "-f"), "it is edited")
    nats(world, "consumer", "rm", stream, "c", "-f")
    nats(world, "consumer", "info", stream, "c", fails="could not select Consumer")
