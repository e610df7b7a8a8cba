// Cases about watches: every option, and what they tell.
import { KvWatchInclude } from "@nats-io/kv";
import { add, equal, eventually, take, text } from "./frame.mjs";

async function filled(w) {
  const kv = await w.bucket({ history: 5 });
  await kv.put("a", "1");
  await kv.put("b.c", "2");
  await kv.put("a", "3");
  await kv.delete("b.c");
  await kv.put("b.d", "5");
  return kv;
}

/** Watches, checks what is told first, then that a put is told as an update. */
async function tells(kv, options, want) {
  const watch = await kv.watch(options);
  const first = await take(watch, want.length);
  equal(first.map(text), want);
  // The client counts the last of the initial entries as the first update.
  equal(first.map((entry) => entry.isUpdate), want.map((_, at) => at === want.length - 1));
  const revision = await kv.put("b.e", "update");
  const [update] = await take(watch, 1);
  equal([text(update), update.isUpdate], [`b.e=${options.headers_only ? "" : "update"}@${revision}`, true]);
  watch.stop();
}

add("watch/all", async (w) => tells(await filled(w), {}, ["a=3@3", "b.c!DEL@4", "b.d=5@5"]));
add("watch/pattern", async (w) => tells(await filled(w), { key: "b.*" }, ["b.c!DEL@4", "b.d=5@5"]));
add("watch/several-filters", async (w) => tells(await filled(w), { key: ["a", "b.>"] }, ["a=3@3", "b.c!DEL@4", "b.d=5@5"]));
add("watch/ignore-deletes", async (w) => tells(await filled(w), { ignoreDeletes: true }, ["a=3@3", "b.d=5@5"]));
add("watch/history", async (w) =>
  tells(await filled(w), { include: KvWatchInclude.AllHistory }, ["a=1@1", "b.c=2@2", "a=3@3", "b.c!DEL@4", "b.d=5@5"]));
add("watch/resume", async (w) => tells(await filled(w), { resumeFromRevision: 4 }, ["b.c!DEL@4", "b.d=5@5"]));

add("watch/meta-only", async (w) => {
  const kv = await filled(w);
  const watch = await kv.watch({ headers_only: true });
  const entries = await take(watch, 3);
  equal(entries.map(text), ["a=@3", "b.c!DEL@4", "b.d=@5"]);
  equal(entries.map((entry) => entry.length), [1, 0, 1]);
  watch.stop();
});

add("watch/updates-only", async (w) => {
  const kv = await filled(w);
  const watch = await kv.watch({ include: KvWatchInclude.UpdatesOnly });
  await kv.put("z", "6");
  await kv.purge("a");
  const entries = await take(watch, 2);
  equal(entries.map(text), ["z=6@6", "a!PURGE@7"]);
  equal(entries.map((entry) => entry.isUpdate), [true, true]);
  watch.stop();
});

add("watch/nothing-there", async (w) => {
  const kv = await w.bucket();
  const watch = await kv.watch({ key: "x.>" });
  await kv.put("y", "1");
  await kv.put("x.y", "2");
  const [entry] = await take(watch, 1);
  equal([text(entry), entry.isUpdate], ["x.y=2@2", true]);
  watch.stop();
});

add("watch/many-values", async (w) => {
  const kv = await w.bucket();
  for (let at = 0; at < 1500; at += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, more) => kv.put(`k${at + more}`, "x".repeat(4000))));
  }
  const watch = await kv.watch();
  const entries = await take(watch, 1500);
  equal(entries.map((entry) => entry.revision), Array.from({ length: 1500 }, (_, at) => at + 1));
  equal([entries[0].delta, entries[1499].delta], [1499, 0]);
  watch.stop();
});

add("watch/many-watchers", async (w) => {
  const kv = await w.bucket();
  await kv.put("a", "1");
  const watches = await Promise.all(Array.from({ length: 50 }, () => kv.watch({ key: "a" })));
  for (const watch of watches) {
    equal((await take(watch, 1)).map(text), ["a=1@1"]);
  }
  await kv.put("a", "2");
  for (const watch of watches) {
    equal((await take(watch, 1)).map(text), ["a=2@2"]);
    watch.stop();
  }
});

add("watch/consumer", async (w) => {
  const kv = await filled(w);
  const watch = await kv.watch();
  await take(watch, 3);
  const [info] = await w.jsm.consumers.list(`KV_${kv.bucket}`).next();
  equal([info.push_bound, info.num_pending, info.delivered.consumer_seq, info.delivered.stream_seq], [true, 0, 3, 5]);
  equal([info.config.deliver_policy, info.config.ack_policy, info.config.idle_heartbeat], ["last_per_subject", "none", 30_000_000_000]);
  watch.stop();
  await eventually("nobody is bound to it", async () => {
    const [left] = await w.jsm.consumers.list(`KV_${kv.bucket}`).next();
    return !left?.push_bound;
  });
});
