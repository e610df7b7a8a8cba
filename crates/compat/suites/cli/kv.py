"""Cases about `nats kv`, all but watching."""

import time

from frame import Wrong, case, check, equal
from tool import block, nats, rows


def made(world, *options):
    """Makes a bucket and returns its name."""
    name = world.name("B")
    nats(world, "kv", "add", name, *options)
    return name


@case("kv/add-default")
def add_default(world):
    name = world.name("B")
    status = block(nats(world, "kv", "add", name))
    expected = {
        "Bucket Name": name, "History Kept": "1", "Values Stored": "0", "Compressed": "false", "Per-Key TTL Supported": "false",
        "Backing Store Kind": "JetStream", "Bucket Size": "0 B", "Maximum Bucket Size": "unlimited", "Maximum Value Size": "unlimited",
        "Maximum Age": "unlimited", "JetStream Stream": f"KV_{name}", "Storage": "File",
    }
    equal({key: status.get(key) for key in expected}, expected)
    check(status["Leader"], "a leader is named")


@case("kv/add-options")
def add_options(world):
    name = world.name("B")
    status = block(nats(
        world, "kv", "add", name, "--history", "7", "--storage", "memory", "--ttl", "1h", "--marker-ttl", "2s", "--replicas", "1",
        "--max-value-size", "1KiB", "--max-bucket-size", "10KiB", "--compress", "--metadata", "colour=red", "--description", "a bucket",
        "--republish-source", ">", "--republish-destination", f"re.{name}.>", "--republish-headers",
    ))
    expected = {
        "History Kept": "7", "Storage": "Memory", "Maximum Age": "1h0m0s", "Limit Marker TTL": "2s", "Per-Key TTL Supported": "true",
        "Maximum Value Size": "1.0 KiB", "Maximum Bucket Size": "10 KiB", "Compressed": "true", "colour": "red",
        "Description": "a bucket", "Republishing Headers": f"> to re.{name}.>",
    }
    equal({key: status.get(key) for key in expected}, expected)


@case("kv/add-mirror-and-source")
def mirror_and_source(world):
    origin = made(world)
    nats(world, "kv", "put", origin, "a", "1")
    mirror = world.name("M")
    copy = world.name("S")
    equal(block(nats(world, "kv", "add", mirror, "--mirror", origin))["Origin Bucket"], origin)
    equal(block(nats(world, "kv", "add", copy, "--source", origin))["Source Bucket"], origin)
    for name in [mirror, copy]:
        for _ in range(100):
            if block(nats(world, "kv", "info", name))["Values Stored"] == "1":
                break
            time.sleep(0.1)
        else:
            raise Wrong(f"{name} does not follow")
    equal(nats(world, "kv", "get", copy, "a", "--raw"), "1")


@case("kv/add-refused")
def add_refused(world):
    nats(world, "kv", "add", "a.b", fails="invalid bucket name")
    name = made(world)
    nats(world, "kv", "add", name, "--history", "3", fails="bucket name already in use")
    nats(world, "kv", "add", world.name("B"), "--replicas", "3", fails="replicas > 1 not supported in non-clustered mode")


@case("kv/edit")
def edit(world):
    name = made(world, "--history", "2")
    status = block(nats(world, "kv", "edit", name, "--history", "9", "--description", "other", "--ttl", "2h", "--metadata", "k=v"))
    equal([status["History Kept"], status["Description"], status["Maximum Age"], status["k"]], ["9", "other", "2h0m0s", "v"])


@case("kv/put-get")
def put_get(world):
    name = made(world, "--history", "3")
    equal(nats(world, "kv", "put", name, "a", "one"), "one\n")
    nats(world, "kv", "put", name, "a", text="from the pipe")
    equal(nats(world, "kv", "get", name, "a", "--raw"), "from the pipe")
    lines = nats(world, "kv", "get", name, "a").splitlines()
    check(lines[0].startswith(f"{name} > a revision: 2 created @ 20"), lines[0])
    equal(lines[2], "from the pipe")
    equal(nats(world, "kv", "get", name, "a", "--revision", "1", "--raw"), "one")
    nats(world, "kv", "get", name, "b", fails="nats: key not found")
    nats(world, "kv", "get", world.name("no"), "b", fails="nats: bucket not found")
    nats(world, "kv", "put", name, "b..c", "x", fails="invalid key")


@case("kv/create-update")
def create_update(world):
    name = made(world, "--history", "5")
    equal(nats(world, "kv", "create", name, "a", "1"), "1\n")
    nats(world, "kv", "create", name, "a", "2", fails="code=400 err_code=10071 description=wrong last sequence: 1: key exists")
    equal(nats(world, "kv", "update", name, "a", "2", "1"), "2\n")
    nats(world, "kv", "update", name, "a", "3", "1", fails="err_code=10071 description=wrong last sequence: 2: nats: key revision mismatch")
    nats(world, "kv", "del", name, "a", "-f")
    equal(nats(world, "kv", "create", name, "a", "4"), "4\n")


@case("kv/ttl")
def ttl(world):
    name = made(world, "--history", "5", "--marker-ttl", "1s")
    nats(world, "kv", "create", name, "a", "1", "--ttl", "1s")
    nats(world, "kv", "create", name, "b", "1", "--ttl", "1h")
    nats(world, "kv", "purge", name, "c", "-f", "--ttl", "1s")
    for _ in range(100):
        if block(nats(world, "kv", "info", name))["Values Stored"] == "1":
            break
        time.sleep(0.2)
    nats(world, "kv", "get", name, "a", fails="key not found")
    equal(nats(world, "kv", "get", name, "b", "--raw"), "1")
    plain = made(world)
    nats(world, "kv", "create", plain, "a", "1", "--ttl", "1h", fails="err_code=10166 description=per-message TTL is disabled")


@case("kv/del")
def delete(world):
    name = made(world, "--history", "5")
    nats(world, "kv", "put", name, "a", "1")
    nats(world, "kv", "del", name, "a", "-f")
    nats(world, "kv", "get", name, "a", fails="key not found")
    equal([row[2] for row in rows(nats(world, "kv", "history", name, "a"))], ["Op", "PUT", "DELETE"])
    nats(world, "kv", "del", name, "-f")
    nats(world, "kv", "info", name, fails="bucket not found")
    nats(world, "kv", "del", name, "-f", fails="bucket not found")


@case("kv/purge")
def purge(world):
    name = made(world, "--history", "5")
    for value in ["1", "2"]:
        nats(world, "kv", "put", name, "a", value)
    nats(world, "kv", "purge", name, "a", "-f")
    equal([row[1:3] for row in rows(nats(world, "kv", "history", name, "a"))], [["Revision", "Op"], ["3", "PURGE"]])


@case("kv/history")
def history(world):
    name = made(world, "--history", "3")
    for value in ["1", "22", "333", "4444"]:
        nats(world, "kv", "put", name, "a", value)
    table = rows(nats(world, "kv", "history", name, "a"))
    equal(table[0], ["Key", "Revision", "Op", "Created", "Length", "Value"])
    equal([[row[1], row[4], row[5]] for row in table[1:]], [["2", "2", "22"], ["3", "3", "333"], ["4", "4", "4444"]])
    nats(world, "kv", "history", name, "b", fails="key not found")


@case("kv/revert")
def revert(world):
    name = made(world, "--history", "5")
    nats(world, "kv", "put", name, "a", "old")
    nats(world, "kv", "put", name, "a", "new")
    table = rows(nats(world, "kv", "revert", name, "a", "1", "--force"))
    equal([row[5] for row in table[1:]], ["old", "new", "old"])
    equal(nats(world, "kv", "get", name, "a", "--raw"), "old")


@case("kv/info")
def info(world):
    name = made(world, "--history", "5")
    for value in ["1", "2", "3"]:
        nats(world, "kv", "put", name, "a", value)
    for word in ["info", "status", "view"]:
        output = nats(world, "kv", word, name)
        check(f"Information for Key-Value Store Bucket {name} created 20" in output, output)
        equal(block(output)["Values Stored"], "3")
        check(block(output)["Bucket Size"] != "0 B", "the size is told")


@case("kv/ls-keys")
def ls_keys(world):
    name = made(world)
    equal(nats(world, "kv", "ls", name).strip(), "No keys found in bucket")
    for key in ["b", "a.x", "a.y", "c"]:
        nats(world, "kv", "put", name, key, f"value of {key}")
    nats(world, "kv", "del", name, "c", "-f")
    equal(nats(world, "kv", "ls", name).split(), ["b", "a.x", "a.y"])
    equal(nats(world, "kv", "ls", name, "a.*").split(), ["a.x", "a.y"])
    table = rows(nats(world, "kv", "ls", name, "-v", "--display-value"))
    equal(table[0], ["Key", "Created", "Delta", "Revision", "Value"])
    equal([[row[0], row[3], row[4]] for row in table[1:]],
          [["b", "1", "value of b"], ["a.x", "2", "value of a.x"], ["a.y", "3", "value of a.y"]])


@case("kv/ls-buckets")
def ls_buckets(world):
    name = made(world, "--description", "listed")
    nats(world, "kv", "put", name, "a", "1")
    table = rows(nats(world, "kv", "ls"))
    equal(table[0], ["Bucket", "Description", "Created", "Size", "Values", "Last Update"])
    row = next(row for row in table if row[0] == name)
    equal([row[1], row[4]], ["listed", "1"])
    check(name in nats(world, "kv", "ls", "-n").split(), "the name is listed")


@case("kv/ls-no-bucket", alone=True)
def ls_no_bucket(world):
    for name in nats(world, "stream", "ls", "-a", "-n").split():
        nats(world, "stream", "rm", name, "-f")
    equal(nats(world, "kv", "ls").strip(), "No Key-Value buckets found")


@case("kv/compact")
def compact(world):
    name = made(world, "--history", "5")
    for key in ["a", "b"]:
        nats(world, "kv", "put", name, key, "1")
        nats(world, "kv", "put", name, key, "2")
    nats(world, "kv", "del", name, "a", "-f")
    nats(world, "kv", "compact", name, "-f")
    # The marker is young, so it stays; the values before it go.
    equal([row[2] for row in rows(nats(world, "kv", "history", name, "a"))], ["Op", "DELETE"])
    equal(block(nats(world, "kv", "info", name))["Values Stored"], "3")
