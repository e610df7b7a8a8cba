// Cases about values: every way to write and to read them, and what is refused.
import { Base64KeyCodec, NoopKvCodecs } from "@nats-io/kv";
import { add, all, check, equal, fails, text } from "./frame.mjs";

/** Runs a part of a case with direct gets, and with gets of the API. */
async function bothWays(w, options, part) {
  for (const allow_direct of [true, false]) {
    const kv = await w.bucket(options);
    await part(await w.kvm.open(kv.bucket, { allow_direct }));
  }
}

add("value/put-get", (w) => bothWays(w, { history: 3 }, async (kv) => {
  equal([await kv.put("a", "1"), await kv.put("b", "2"), await kv.put("a", "3")], [1, 2, 3]);
  const entry = await kv.get("a");
  equal([entry.bucket, entry.key, entry.string(), entry.revision, entry.operation, entry.length], [kv.bucket, "a", "3", 3, "PUT", 1]);
  check(Math.abs(Date.now() - entry.created.getTime()) < 60_000, "it was created just now");
  equal(text(await kv.get("a", { revision: 1 })), "a=1@1");
  equal(await kv.get("a", { revision: 2 }), null);
  equal(await kv.get("a", { revision: 9 }), null);
  equal(await kv.get("x"), null);
}));

add("value/create", (w) => bothWays(w, { history: 5 }, async (kv) => {
  equal(await kv.create("a", "1"), 1);
  await fails(kv.create("a", "2"), "wrong last sequence: 1");
  await kv.delete("a");
  equal(await kv.create("a", "3"), 3);
  await kv.purge("a");
  equal(await kv.create("a", "4"), 5);
}));

add("value/update", async (w) => {
  const kv = await w.bucket();
  await kv.put("a", "1");
  equal(await kv.update("a", "2", 1), 2);
  await fails(kv.update("a", "3", 1), "wrong last sequence: 2");
  await fails(kv.put("a", "3", { previousSeq: 1 }), "wrong last sequence: 2");
  equal(await kv.put("a", "3", { previousSeq: 2, timeout: 20_000 }), 3);
  await fails(kv.update("b", "1", 9), "wrong last sequence: 0");
});

add("value/delete", (w) => bothWays(w, { history: 5 }, async (kv) => {
  await kv.put("a", "1");
  await kv.delete("a");
  equal(text(await kv.get("a")), "a!DEL@2");
  await kv.put("a", "2");
  await fails(kv.delete("a", { previousSeq: 1 }), "wrong last sequence: 3");
  await kv.delete("a", { previousSeq: 3 });
  equal((await all(await kv.history({ key: "a" }))).map(text), ["a=1@1", "a!DEL@2", "a=2@3", "a!DEL@4"]);
}));

add("value/purge", (w) => bothWays(w, { history: 5 }, async (kv) => {
  for (const key of ["a", "b", "a"]) {
    await kv.put(key, key);
  }
  await fails(kv.purge("a", { previousSeq: 1 }), "wrong last sequence: 3");
  await kv.purge("a", { previousSeq: 3 });
  equal(text(await kv.get("a")), "a!PURGE@4");
  equal((await kv.status()).values, 2);
}));

add("value/delete-and-purge-with-wildcards", async (w) => {
  const kv = await w.bucket({ history: 5 });
  for (const key of ["a.1", "a.2", "b.1", "a.1"]) {
    await kv.put(key, key);
  }
  await kv.delete("a.*");
  equal(await all(await kv.keys()), ["b.1"]);
  await kv.purge("a.*");
  await kv.purge(">");
  equal(await all(await kv.keys()), []);
});

add("value/binary-and-empty", (w) => bothWays(w, {}, async (kv) => {
  const every = Uint8Array.from({ length: 256 }, (_, at) => at);
  for (const value of [new Uint8Array(0), every, new TextEncoder().encode("\r\n+OK\r\nünï")]) {
    await kv.put("a", value);
    equal(Buffer.compare((await kv.get("a")).value, value), 0);
  }
  await kv.put("json", JSON.stringify({ a: [1, 2] }));
  equal((await kv.get("json")).json(), { a: [1, 2] });
}));

add("value/big", (w) => bothWays(w, {}, async (kv) => {
  const value = Buffer.alloc(1024 * 1024, "0123456789abcdef");
  await kv.put("a", value);
  equal(Buffer.compare((await kv.get("a")).value, value), 0);
}));

add("value/too-large", async (w) => {
  const kv = await w.bucket({ maxValueSize: 100 });
  await kv.put("a", "x".repeat(100));
  await fails(kv.put("a", "x".repeat(101)), "message size exceeds maximum allowed");
  const full = await w.bucket({ max_bytes: 1024 });
  await fails((async () => {
    for (let at = 0; at < 50; at++) {
      await full.put(`k${at}`, "x".repeat(100));
    }
  })(), "maximum bytes exceeded");
});

add("value/keys-of-all-shapes", (w) => bothWays(w, {}, async (kv) => {
  const keys = ["a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x", "k".repeat(200)];
  for (const key of keys) {
    await kv.put(key, key);
  }
  for (const key of keys) {
    equal((await kv.get(key)).string(), key);
  }
  equal(await all(await kv.keys()), keys);
  for (const key of ["", ".a", "a.", "a b", "a*"]) {
    await fails(kv.put(key, ""), "invalid key");
  }
}));

add("value/codec", async (w) => {
  const codec = { ...NoopKvCodecs(), key: Base64KeyCodec() };
  const kv = await w.kvm.create(w.name(), { codec });
  await kv.put("any key: ü *", "1");
  equal((await kv.get("any key: ü *")).string(), "1");
  equal(await all(await kv.keys()), ["any key: ü *"]);
});

add("value/many-at-once", async (w) => {
  const kv = await w.bucket();
  const revisions = await Promise.all(Array.from({ length: 500 }, (_, at) => kv.put(`k${at}`, "v")));
  equal(revisions.sort((a, b) => a - b), Array.from({ length: 500 }, (_, at) => at + 1));
  const created = await Promise.allSettled(Array.from({ length: 20 }, () => kv.create("one", "v")));
  equal(created.filter((each) => each.status === "fulfilled").length, 1);
});
