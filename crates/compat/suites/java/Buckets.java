import static java.util.List.of;

import io.nats.client.KeyValue;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
import io.nats.client.api.Mirror;
import io.nats.client.api.Republish;
import io.nats.client.api.Source;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.SubjectTransform;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Cases about buckets: making, opening, changing and removing them, and what their status says. */
final class Buckets {
    static void add(Frame frame) {
        frame.add("bucket/create-default", Buckets::createDefault);
        frame.add("bucket/create-options", Buckets::createOptions);
        frame.add("bucket/create-again", Buckets::createAgain);
        frame.add("bucket/open", Buckets::open);
        frame.add("bucket/update", Buckets::update);
        frame.add("bucket/delete", Buckets::delete);
        frame.add("bucket/invalid", Buckets::invalid);
        frame.add("bucket/republish", Buckets::republish);
        frame.add("bucket/mirror", Buckets::mirror);
        frame.add("bucket/sources", Buckets::sources);
        frame.addAlone("bucket/list-many", Buckets::listMany);
        frame.add("account/info", Buckets::account);
    }

    private static void createDefault(World w) throws Exception {
        KeyValueStatus status = w.bucket().getStatus();
        Frame.equal(of(status.getEntryCount(), status.getByteCount(), status.getMaxHistoryPerKey(), status.getReplicas()), of(0L, 0L, 1L, 1));
        Frame.equal(of(status.getMaxBucketSize(), status.getMaximumValueSize(), status.getTtl()), of(-1L, -1, Duration.ZERO));
        Frame.equal(of(status.getStorageType(), status.getBackingStore(), status.isCompressed()), of(StorageType.File, "JetStream", false));
        StreamConfiguration config = status.getBackingStreamInfo().getConfiguration();
        Frame.equal(of(config.getAllowDirect(), config.getDenyDelete(), config.getAllowRollup()), of(true, true, true));
    }

    private static void createOptions(World w) throws Exception {
        KeyValueStatus status = w.bucket(s -> s.description("d").maxHistoryPerKey(5).maxBucketSize(10_000).maximumValueSize(100)
            .ttl(Duration.ofHours(1)).storageType(StorageType.Memory).replicas(1).compression(true).metadata(Map.of("a", "b"))
            .limitMarker(Duration.ofMinutes(1))).getStatus();
        Frame.equal(of(status.getDescription(), status.getMaxHistoryPerKey(), status.getMaxBucketSize(), status.getMaximumValueSize()),
            of("d", 5L, 10_000L, 100));
        Frame.equal(of(status.getTtl(), status.getStorageType(), status.isCompressed(), status.getLimitMarkerTtl()),
            of(Duration.ofHours(1), StorageType.Memory, true, Duration.ofMinutes(1)));
        Frame.equal(status.getMetadata().get("a"), "b");
    }

    private static void createAgain(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(2));
        kv.put("a", "1");
        w.kvm.create(KeyValueConfiguration.builder(kv.getBucketName()).maxHistoryPerKey(2).build());
        Frame.equal(kv.get("a").getValueAsString(), "1");
        Frame.fails(() -> w.kvm.create(KeyValueConfiguration.builder(kv.getBucketName()).build()),
            "stream name already in use with a different configuration [10058]");
    }

    private static void open(World w) throws Exception {
        KeyValue kv = w.bucket();
        kv.put("a", "1");
        Frame.equal(w.open(kv.getBucketName()).get("a").getValueAsString(), "1");
        Frame.fails(() -> w.open(w.name()).get("a"), "stream not found [10059]");
        Frame.fails(() -> w.kvm.getStatus(w.name()), "stream not found [10059]");
        Frame.fails(() -> w.kvm.getBucketInfo(w.name()), "stream not found [10059]");
    }

    private static void update(World w) throws Exception {
        KeyValue kv = w.bucket();
        KeyValueConfiguration more = KeyValueConfiguration.builder(kv.getStatus().getConfiguration()).maxHistoryPerKey(4)
            .description("more").build();
        w.kvm.update(more);
        Frame.equal(of(kv.getStatus().getMaxHistoryPerKey(), kv.getStatus().getDescription()), of(4L, "more"));
        Frame.fails(() -> w.kvm.update(KeyValueConfiguration.builder(w.name()).build()), "stream not found [10059]");
    }

    private static void delete(World w) throws Exception {
        KeyValue kv = w.bucket();
        kv.put("a", "1");
        w.kvm.delete(kv.getBucketName());
        Frame.fails(() -> w.kvm.delete(kv.getBucketName()), "stream not found [10059]");
        Frame.fails(() -> kv.put("a", "2"), "503");
    }

    private static void invalid(World w) throws Exception {
        for (String name : of("a b", "a.b", "a*", "ä")) {
            Frame.fails(() -> KeyValueConfiguration.builder(name).build(), "IllegalArgumentException");
        }
        Frame.fails(() -> w.bucket(s -> s.maxHistoryPerKey(65)), "IllegalArgumentException");
        Frame.fails(() -> w.bucket(s -> s.replicas(3)), "[10074]");
        Frame.fails(() -> w.bucket(s -> s.ttl(Duration.ofMillis(10))), "[10052]");
    }

    private static void republish(World w) throws Exception {
        for (boolean headersOnly : new boolean[] {false, true}) {
            String target = w.name();
            Subscription sub = w.connection.subscribe(target + ".>");
            Republish rule = Republish.builder().source(">").destination(target + ".>").headersOnly(headersOnly).build();
            KeyValue kv = w.bucket(s -> s.republish(rule));
            Frame.equal(kv.getStatus().getRepublish().getDestination(), target + ".>");
            kv.put("a", "11");
            Message message = sub.nextMessage(Duration.ofSeconds(20));
            Frame.equal(message.getSubject(), target + ".$KV." + kv.getBucketName() + ".a");
            Frame.equal(message.getData().length, headersOnly ? 0 : 2);
            Frame.equal(message.getHeaders().getFirst("Nats-Sequence"), "1");
            Frame.equal(message.getHeaders().getFirst("Nats-Msg-Size"), headersOnly ? "2" : null);
        }
    }

    private static void mirror(World w) throws Exception {
        KeyValue origin = w.bucket();
        origin.put("a", "1");
        KeyValue mirror = w.bucket(s -> s.mirror(Mirror.builder().name(origin.getBucketName()).build()));
        mirror.put("b", "2");
        // The mirror answers gets of the origin, too, and may do so before it has caught up.
        Frame.eventually("the origin has it", () -> origin.get("b") != null);
        Frame.eventually("the mirror follows", () -> w.values(mirror) == 2 && w.info(mirror).getMirrorInfo().getLag() == 0);
        StreamInfo info = w.info(mirror);
        Frame.equal(of(info.getMirrorInfo().getName(), info.getConfiguration().getMirrorDirect()), of("KV_" + origin.getBucketName(), true));
    }

    private static void sources(World w) throws Exception {
        KeyValue origin = w.bucket();
        origin.put("a", "1");
        KeyValue bare = w.bucket(s -> s.addSource(Source.builder().name(origin.getBucketName()).build()));
        Frame.eventually("the source is read", () -> w.values(bare) == 1);
        // The client adds neither subjects nor transforms for sources, so a useful stream is made by hand.
        String name = w.name();
        SubjectTransform rule = SubjectTransform.builder().source("$KV." + origin.getBucketName() + ".>").destination("$KV." + name + ".>").build();
        w.jsm.addStream(StreamConfiguration.builder().name("KV_" + name).subjects("$KV." + name + ".>").maxMessagesPerSubject(1)
            .allowDirect(true).addSource(Source.builder().name("KV_" + origin.getBucketName()).subjectTransforms(rule).build()).build());
        KeyValue kv = w.open(name);
        Frame.eventually("the source is read with its transform", () -> kv.get("a") != null);
    }

    private static void listMany(World w) throws Exception {
        Set<String> names = new HashSet<>();
        for (int at = 0; at < 300; at++) {
            names.add(w.bucket(s -> s.storageType(StorageType.Memory)).getBucketName());
        }
        List<String> listed = w.kvm.getBucketNames();
        Frame.check(listed.containsAll(names) && new HashSet<>(listed).size() == listed.size(), "each bucket is listed once");
        Set<String> statuses = new HashSet<>();
        w.kvm.getStatuses().forEach(status -> statuses.add(status.getBucketName()));
        Frame.check(statuses.containsAll(names), "each status is told");
        Set<String> streams = new HashSet<>();
        w.jsm.getStreams().forEach(info -> streams.add(info.getConfiguration().getName()));
        Frame.check(streams.size() >= 300, "the pages of streams are read");
        for (String name : names) {
            w.kvm.delete(name);
        }
    }

    private static void account(World w) throws Exception {
        w.bucket();
        var account = w.jsm.getAccountStatistics();
        Frame.equal(of(account.getLimits().getMaxStreams(), account.getLimits().getMaxMemory()), of(-1L, -1L));
        Frame.check(account.getStreams() > 0, "what is used is told");
    }
}
