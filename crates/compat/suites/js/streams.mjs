// Cases about the stream below a bucket: raw messages, batches of direct gets, consumers.
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { add, all, check, equal, fails } from "./frame.mjs";

async function filled(w) {
  const kv = await w.bucket({ history: 5 });
  for (const [key, value] of [["a", "1"], ["b", "2"], ["a", "3"], ["c", "4"]]) {
    await kv.put(key, value);
  }
  return [kv, `KV_${kv.bucket}`, `$KV.${kv.bucket}.`];
}

add("stream/get-message", async (w) => {
  const [, stream, pre] = await filled(w);
  for (const get of [w.jsm.streams.getMessage.bind(w.jsm.streams), w.jsm.direct.getMessage.bind(w.jsm.direct)]) {
    equal([(await get(stream, { seq: 2 })).subject, (await get(stream, { last_by_subj: `${pre}a` })).seq], [`${pre}b`, 3]);
    equal((await get(stream, { seq: 2, next_by_subj: `${pre}a` })).seq, 3);
    equal(await get(stream, { seq: 99 }), null);
  }
});

add("stream/direct-batch", async (w) => {
  const [, stream, pre] = await filled(w);
  const batch = await all(await w.jsm.direct.getBatch(stream, { seq: 2, batch: 2 }));
  equal(batch.map((message) => message.seq), [2, 3]);
  const last = await all(await w.jsm.direct.getLastMessagesFor(stream, { multi_last: [`${pre}a`, `${pre}c`] }));
  equal(last.map((message) => message.string()), ["3", "4"]);
});

add("stream/purge-and-delete", async (w) => {
  const [kv, stream, pre] = await filled(w);
  equal((await w.jsm.streams.purge(stream, { filter: `${pre}a`, keep: 1 })).purged, 1);
  equal((await w.jsm.streams.purge(stream, { filter: `${pre}b` })).purged, 1);
  equal((await kv.status()).values, 2);
  equal(await w.jsm.streams.deleteMessage(stream, 4), true);
  equal((await kv.status()).values, 1);
  const info = await w.jsm.streams.info(stream, { subjects_filter: ">", deleted_details: true });
  equal(info.state.subjects, { [`${pre}a`]: 1 });
  await fails(w.jsm.streams.purge("none"), "stream not found");
});

add("stream/find-and-list", async (w) => {
  const [, stream, pre] = await filled(w);
  equal(await w.jsm.streams.find(`${pre}x`), stream);
  equal((await all(w.jsm.streams.names(`${pre}>`))), [stream]);
  equal((await all(w.jsm.streams.list(`${pre}>`))).map((info) => info.config.name), [stream]);
});

add("publish/expectations", async (w) => {
  const [, stream, pre] = await filled(w);
  const subject = `${pre}a`;
  equal((await w.js.publish(subject, "", { msgID: "one" })).seq, 5);
  equal((await w.js.publish(subject, "", { msgID: "one" })).duplicate, true);
  await fails(w.js.publish(subject, "", { expect: { streamName: "other" } }), "expected stream does not match");
  await fails(w.js.publish(subject, "", { expect: { lastSequence: 2 } }), "wrong last sequence: 5");
  await fails(w.js.publish(subject, "", { expect: { lastMsgID: "two" } }), "wrong last msg ID: one");
  await fails(w.js.publish(subject, "", { expect: { lastSubjectSequence: 3 } }), "wrong last sequence: 5");
  await fails(w.js.publish(`${pre}new`, "", { expect: { lastSubjectSequence: 9, lastSubjectSequenceSubject: `${pre}a` } }),
    "wrong last sequence: 5");
  const h = headers();
  h.append("a", "1");
  h.append("a", "2");
  const ack = await w.js.publish(subject, "x", { headers: h, expect: { lastSequence: 5, streamName: stream } });
  equal((await w.jsm.streams.getMessage(stream, { seq: ack.seq })).header.values("a"), ["1", "2"]);
});

add("consumer/pull", async (w) => {
  const [, stream, pre] = await filled(w);
  await w.jsm.consumers.add(stream, { durable_name: "c", ack_policy: AckPolicy.Explicit, filter_subjects: [`${pre}a`, `${pre}c`] });
  const consumer = await w.js.consumers.get(stream, "c");
  const seen = [];
  for await (const message of await consumer.fetch({ max_messages: 2, expires: 5000 })) {
    seen.push(message.string());
    check(await message.ackAck(), "the server confirms");
  }
  equal(seen, ["1", "3"]);
  const next = await consumer.next({ expires: 5000 });
  equal([next.string(), next.info.pending, next.info.deliveryCount], ["4", 0, 1]);
  next.term("enough");
  equal(await consumer.next({ expires: 1000 }), null);
  const info = await consumer.info();
  equal([info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq], [0, 0, 4]);
  const { paused } = await w.jsm.consumers.pause(stream, "c", new Date(Date.now() + 3_600_000));
  equal([paused, (await w.jsm.consumers.resume(stream, "c")).paused], [true, false]);
  equal(await consumer.delete(), true);
  await fails(w.jsm.consumers.info(stream, "c"), "consumer not found");
});

add("consumer/ordered", async (w) => {
  const [, stream] = await filled(w);
  const consumer = await w.js.consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: 2 });
  const seen = [];
  const messages = await consumer.consume({ max_messages: 10 });
  for await (const message of messages) {
    seen.push(message.seq);
    if (message.info.pending === 0) {
      break;
    }
  }
  equal(seen, [2, 3, 4]);
});
