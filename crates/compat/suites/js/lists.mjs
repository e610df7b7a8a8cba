// Cases about keys and histories, and about clearing markers away.
import { StorageType } from "@nats-io/jetstream";
import { add, all, equal, text } from "./frame.mjs";

add("list/keys", async (w) => {
  const kv = await w.bucket({ history: 3 });
  equal(await all(await kv.keys()), []);
  for (const key of ["b", "a.x", "a.y", "c", "b"]) {
    await kv.put(key, key);
  }
  await kv.delete("c");
  await kv.put("d", "");
  equal(await all(await kv.keys()), ["a.x", "a.y", "b", "d"]);
  equal(await all(await kv.keys("a.*")), ["a.x", "a.y"]);
  equal(await all(await kv.keys(["a.x", "d", "z.>"])), ["a.x", "d"]);
});

add("list/many-keys", async (w) => {
  const kv = await w.bucket({ storage: StorageType.Memory });
  const want = Array.from({ length: 3000 }, (_, at) => `k${at}`);
  for (let at = 0; at < want.length; at += 500) {
    await Promise.all(want.slice(at, at + 500).map((key) => kv.put(key, "v")));
  }
  const listed = await all(await kv.keys());
  equal(listed.length, 3000);
  equal(listed.sort(), want.sort());
});

add("list/history", async (w) => {
  const kv = await w.bucket({ history: 3 });
  for (const value of ["1", "2", "3", "4"]) {
    await kv.put("a", value);
  }
  await kv.put("b", "5");
  await kv.delete("a");
  const entries = await all(await kv.history({ key: "a" }));
  equal(entries.map(text), ["a=3@3", "a=4@4", "a!DEL@6"]);
  equal(entries.map((entry) => entry.delta), [2, 1, 0]);
  equal((await all(await kv.history())).map(text), ["a=3@3", "a=4@4", "b=5@5", "a!DEL@6"]);
  equal((await all(await kv.history({ key: ["b", "x"] }))).map(text), ["b=5@5"]);
  equal(await all(await kv.history({ key: "x" })), []);
});

add("list/purge-deletes", async (w) => {
  const kv = await w.bucket({ history: 5 });
  for (const key of ["a", "b", "c"]) {
    await kv.put(key, "1");
    await kv.put(key, "2");
  }
  await kv.delete("a");
  await kv.purge("b");
  const { purged } = await kv.purgeDeletes();
  equal([purged, (await kv.status()).values], [2, 4]);
  await kv.purgeDeletes(-1);
  equal((await kv.status()).values, 2);
  equal(await all(await kv.keys()), ["c"]);
});
