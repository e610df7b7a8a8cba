// Cases about buckets: making, opening and removing them, and what their status says.
import { RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { add, addAlone, all, check, equal, eventually, fails, take } from "./frame.mjs";

add("bucket/create-default", async (w) => {
  const kv = await w.bucket();
  const status = await kv.status();
  equal([status.values, status.history, status.ttl, status.size, status.replicas], [0, 1, 0, 0, 1]);
  equal([status.max_bytes, status.maxValueSize, status.storage, status.compression], [-1, -1, StorageType.File, false]);
  const { config } = status.streamInfo;
  equal([config.discard, config.allow_direct, config.allow_rollup_hdrs, config.deny_delete], ["new", true, true, false]);
  equal([config.subjects, config.duplicate_window], [[`$KV.${kv.bucket}.>`], 120_000_000_000]);
});

add("bucket/create-options", async (w) => {
  const kv = await w.bucket({
    description: "d", replicas: 1, history: 9, max_bytes: 100_000, maxValueSize: 1000, ttl: 3_600_000, markerTTL: 60_000,
    storage: StorageType.Memory, compression: true, metadata: { a: "b" },
  });
  const status = await kv.status();
  equal([status.description, status.history, status.max_bytes, status.maxValueSize], ["d", 9, 100_000, 1000]);
  equal([status.ttl, status.markerTTL, status.storage, status.compression], [3_600_000, 60_000, StorageType.Memory, true]);
  equal(status.metadata.a, "b");
  equal(status.streamInfo.config.allow_msg_ttl, true);
});

add("bucket/create-again", async (w) => {
  const kv = await w.bucket({ history: 3 });
  await kv.put("a", "1");
  // The client opens a bucket that is there, whatever its settings are.
  const again = await w.kvm.create(kv.bucket, { history: 5 });
  equal((await again.status()).history, 3);
  equal((await again.get("a")).string(), "1");
  const config = { name: `KV_${kv.bucket}`, subjects: [`$KV.${kv.bucket}.>`], retention: RetentionPolicy.Limits };
  await fails(w.jsm.streams.add(config), "stream name already in use with a different configuration");
});

add("bucket/open", async (w) => {
  const kv = await w.bucket();
  await kv.put("a", "1");
  for (const options of [{}, { allow_direct: true }, { bindOnly: true }]) {
    const again = await w.kvm.open(kv.bucket, options);
    equal((await again.get("a")).string(), "1");
    equal(await again.get("b"), null);
    equal((await again.status()).values, 1);
  }
  const missing = await w.kvm.open(w.name());
  await fails(missing.get("a"), "stream not found");
  await fails(missing.put("a", ""), "jetstream is not enabled");
  await fails(missing.status(), "stream not found");
});

add("bucket/destroy", async (w) => {
  const kv = await w.bucket();
  await kv.put("a", "1");
  equal(await kv.destroy(), true);
  await fails(kv.destroy(), "stream not found");
  const again = await w.kvm.create(kv.bucket);
  equal(await again.put("a", "2"), 1);
});

add("bucket/invalid", async (w) => {
  for (const name of ["", "a b", "a.b", "a*"]) {
    await fails(w.kvm.create(name), "invalid bucket name");
  }
  await fails(w.bucket({ replicas: 3 }), "replicas > 1 not supported in non-clustered mode");
  await fails(w.bucket({ markerTTL: 500 }), "subject delete marker TTL must be at least 1 second");
});

add("bucket/update-through-stream", async (w) => {
  const kv = await w.bucket({ history: 2 });
  await w.jsm.streams.update(`KV_${kv.bucket}`, { max_msgs_per_subject: 4, description: "more", metadata: { x: "y" } });
  const status = await kv.status();
  equal([status.history, status.description, status.metadata.x], [4, "more", "y"]);
});

add("bucket/republish", async (w) => {
  for (const headers_only of [false, true]) {
    const target = w.name("target");
    const sub = w.nc.subscribe(`${target}.>`);
    const kv = await w.bucket({ republish: { src: ">", dest: `${target}.>`, headers_only } });
    await kv.put("a", "1");
    await kv.put("a", "22");
    const [, message] = await take(sub, 2);
    equal(message.subject, `${target}.$KV.${kv.bucket}.a`);
    equal(message.string(), headers_only ? "" : "22");
    equal(message.headers.get("Nats-Msg-Size"), headers_only ? "2" : "");
    equal(["Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Last-Sequence"].map((name) => message.headers.get(name)),
      [`KV_${kv.bucket}`, `$KV.${kv.bucket}.a`, "2", "1"]);
  }
});

add("bucket/republished-into-a-bucket", async (w) => {
  const kv = await w.bucket({ history: 5 });
  const name = w.name("s");
  await w.jsm.streams.add({ name, subjects: [`${name}.>`], republish: { src: `${name}.>`, dest: `$KV.${kv.bucket}.>` } });
  for (const value of ["1", "2", "3"]) {
    await w.js.publish(`${name}.x`, value);
  }
  await eventually("the last value is there", async () => (await kv.get("x"))?.string() === "3");
  for (const options of [{ allow_direct: true }, {}]) {
    const again = await w.kvm.open(kv.bucket, options);
    equal((await again.get("x")).revision, 3);
    await kv.put("y", "4");
  }
  equal((await kv.get("y")).revision, 5);
});

add("bucket/mirror-and-sources", async (w) => {
  const origin = await w.bucket();
  await origin.put("a", "1");
  const mirror = await w.bucket({ mirror: { name: origin.bucket } });
  const copy = await w.bucket({ sources: [{ name: origin.bucket }] });
  await origin.put("b", "2");
  await eventually("both follow", async () => (await mirror.status()).values === 2 && (await copy.status()).values === 2);
  equal((await copy.get("b")).string(), "2");
  equal((await all(await copy.keys())).sort(), ["a", "b"]);
  const info = await w.jsm.streams.info(`KV_${mirror.bucket}`);
  equal([info.mirror.name, info.config.mirror_direct], [`KV_${origin.bucket}`, true]);
  await copy.put("c", "3");
  equal((await copy.status()).values, 3);
});

addAlone("bucket/list", async (w) => {
  const names = new Set();
  for (let at = 0; at < 300; at++) {
    names.add((await w.bucket({ storage: StorageType.Memory })).bucket);
  }
  const listed = (await all(w.kvm.list())).map((status) => status.bucket);
  equal(listed.length, new Set(listed).size);
  check([...names].every((name) => listed.includes(name)), "every bucket is listed");
  for (const name of names) {
    await w.jsm.streams.delete(`KV_${name}`);
  }
});

add("account/info", async (w) => {
  await w.bucket();
  const info = await w.jsm.getAccountInfo();
  equal([info.limits.max_streams, info.limits.max_memory, info.limits.max_storage], [-1, -1, -1]);
  check(info.streams > 0 && info.api.level >= 2, "what is used is told");
});
