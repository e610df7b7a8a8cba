// Cases about time to live: of buckets, of keys, of markers.
import { add, equal, eventually, fails, take, text } from "./frame.mjs";

const holds = (kv, count) => async () => (await kv.status()).values === count;

add("expiry/bucket-ttl", async (w) => {
  const kv = await w.bucket({ ttl: 500, history: 3 });
  await kv.put("a", "1");
  await kv.put("a", "2");
  await eventually("nothing is left", holds(kv, 0));
  equal(await kv.get("a"), null);
  equal(await kv.create("a", "3"), 3);
});

add("expiry/key-ttl", async (w) => {
  const kv = await w.bucket({ markerTTL: 1000, history: 3 });
  await kv.create("a", "1", "1s");
  await kv.create("b", "2", "1h");
  await eventually("the key and its marker go", holds(kv, 1));
  equal(await kv.get("a"), null);
  await fails(kv.create("c", "1", "100ms"), "invalid per-message TTL");
  await fails((await w.bucket()).create("c", "1", "5s"), "per-message TTL is disabled");
});

add("expiry/marker-is-watched", async (w) => {
  const kv = await w.bucket({ markerTTL: 2000, history: 3 });
  const watch = await kv.watch();
  await kv.create("a", "1", "1s");
  equal((await take(watch, 2)).map(text), ["a=1@1", "a!PURGE@2"]);
  const message = await w.jsm.streams.getMessage(`KV_${kv.bucket}`, { seq: 2 });
  equal([message.header.get("Nats-Marker-Reason"), message.header.get("Nats-TTL")], ["MaxAge", "2s"]);
  await eventually("the marker goes", holds(kv, 0));
  watch.stop();
});

add("expiry/purge-ttl", async (w) => {
  const kv = await w.bucket({ markerTTL: 1000, history: 3 });
  await kv.put("a", "1");
  await kv.purge("a", { ttl: "1s" });
  await eventually("the purge marker goes", holds(kv, 0));
});

add("expiry/create-over-a-marker", async (w) => {
  // A history of one keeps the time of the key from being raised to that of the marker.
  const kv = await w.bucket({ markerTTL: 3_600_000, history: 1 });
  await kv.create("a", "1", "1s");
  await eventually("the marker is there", async () => (await kv.get("a"))?.operation !== "PUT");
  await kv.create("a", "2");
});
