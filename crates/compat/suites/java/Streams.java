import static java.util.List.of;

import io.nats.client.JetStreamSubscription;
import io.nats.client.KeyValue;
import io.nats.client.Message;
import io.nats.client.PublishOptions;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.PurgeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;

/** Cases about the stream below a bucket: raw messages, purges, publish options, consumers. */
final class Streams {
    static void add(Frame frame) {
        frame.add("stream/messages", Streams::messages);
        frame.add("stream/purge", Streams::purge);
        frame.add("stream/subjects", Streams::subjects);
        frame.add("publish/expectations", Streams::expectations);
        frame.add("consumer/pull", Streams::pull);
        frame.add("consumer/manage", Streams::manage);
    }

    private static KeyValue filled(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(5));
        for (String key : of("a", "b", "a", "c")) {
            kv.put(key, key);
        }
        return kv;
    }

    private static void messages(World w) throws Exception {
        KeyValue kv = filled(w);
        String stream = "KV_" + kv.getBucketName();
        String pre = "$KV." + kv.getBucketName() + ".";
        MessageInfo message = w.jsm.getMessage(stream, 2);
        Frame.equal(of(message.getSubject(), message.getSeq(), new String(message.getData())), of(pre + "b", 2L, "b"));
        Frame.equal(w.jsm.getLastMessage(stream, pre + "a").getSeq(), 3L);
        Frame.equal(w.jsm.getFirstMessage(stream, pre + "a").getSeq(), 1L);
        Frame.equal(w.jsm.getNextMessage(stream, 2, pre + "a").getSeq(), 3L);
        Frame.equal(w.jsm.getFirstMessage(stream, ZonedDateTime.now().minusHours(1)).getSeq(), 1L);
        Frame.fails(() -> w.jsm.getMessage(stream, 99), "[10037]");
        Frame.fails(() -> w.jsm.deleteMessage(stream, 1), "message delete not permitted [10057]");
    }

    private static void purge(World w) throws Exception {
        KeyValue kv = filled(w);
        String stream = "KV_" + kv.getBucketName();
        PurgeOptions keep = PurgeOptions.builder().subject("$KV." + kv.getBucketName() + ".a").keep(1).build();
        Frame.equal(w.jsm.purgeStream(stream, keep).getPurged(), 1L);
        Frame.equal(w.jsm.purgeStream(stream, PurgeOptions.builder().sequence(4).build()).getPurged(), 2L);
        Frame.equal(w.jsm.purgeStream(stream).getPurged(), 1L);
    }

    private static void subjects(World w) throws Exception {
        KeyValue kv = filled(w);
        var options = io.nats.client.api.StreamInfoOptions.builder().filterSubjects(">").build();
        var state = w.jsm.getStreamInfo("KV_" + kv.getBucketName(), options).getStreamState();
        Frame.equal(of(state.getSubjectCount(), state.getSubjectMap().get("$KV." + kv.getBucketName() + ".a")), of(3L, 2L));
    }

    private static void expectations(World w) throws Exception {
        KeyValue kv = filled(w);
        String subject = "$KV." + kv.getBucketName() + ".a";
        PublishAck ack = w.js.publish(subject, null, PublishOptions.builder().messageId("one").build());
        Frame.equal(of(ack.getSeqno(), ack.isDuplicate()), of(5L, false));
        Frame.check(w.js.publish(subject, null, PublishOptions.builder().messageId("one").build()).isDuplicate(), "it is a duplicate");
        Frame.fails(() -> w.js.publish(subject, null, PublishOptions.builder().expectedStream("x").build()), "[10060]");
        Frame.fails(() -> w.js.publish(subject, null, PublishOptions.builder().expectedLastSequence(1).build()), "wrong last sequence: 5 [10071]");
        Frame.fails(() -> w.js.publish(subject, null, PublishOptions.builder().expectedLastMsgId("two").build()), "[10070]");
        Frame.fails(() -> w.js.publish(subject, null, PublishOptions.builder().expectedLastSubjectSequence(3).build()),
            "wrong last sequence: 5 [10071]");
    }

    private static void pull(World w) throws Exception {
        KeyValue kv = filled(w);
        JetStreamSubscription sub = w.js.subscribe(null,
            PullSubscribeOptions.builder().stream("KV_" + kv.getBucketName()).durable("c").build());
        List<Message> batch = sub.fetch(3, Duration.ofSeconds(20));
        Frame.equal(batch.size(), 3);
        for (Message message : batch) {
            message.ackSync(Duration.ofSeconds(20));
        }
        Message last = sub.fetch(1, Duration.ofSeconds(20)).get(0);
        Frame.equal(of(last.metaData().streamSequence(), last.metaData().pendingCount()), of(4L, 0L));
        last.nak();
        Message again = sub.fetch(1, Duration.ofSeconds(20)).get(0);
        Frame.equal(again.metaData().deliveredCount(), 2L);
        again.ackSync(Duration.ofSeconds(20));
        ConsumerInfo info = sub.getConsumerInfo();
        Frame.equal(of(info.getNumPending(), info.getNumAckPending(), info.getAckFloor().getStreamSequence()), of(0L, 0L, 4L));
    }

    private static void manage(World w) throws Exception {
        String stream = "KV_" + filled(w).getBucketName();
        for (String name : of("b", "a")) {
            w.jsm.createConsumer(stream, ConsumerConfiguration.builder().durable(name).build());
        }
        Frame.equal(w.jsm.getConsumerNames(stream).stream().sorted().toList(), of("a", "b"));
        Frame.equal(w.jsm.getConsumers(stream).size(), 2);
        Frame.check(w.jsm.pauseConsumer(stream, "a", ZonedDateTime.now().plusHours(1)).isPaused(), "it is paused");
        Frame.check(w.jsm.resumeConsumer(stream, "a"), "it goes on");
        Frame.check(w.jsm.deleteConsumer(stream, "a"), "it is deleted");
        Frame.fails(() -> w.jsm.getConsumerInfo(stream, "a"), "consumer not found [10014]");
    }
}
