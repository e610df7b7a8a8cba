import static java.util.List.of;

import io.nats.client.KeyValue;
import io.nats.client.MessageTtl;
import java.time.Duration;

/** Cases about time to live: of buckets, of keys, of markers. */
final class Expiry {
    static void add(Frame frame) {
        frame.add("expiry/bucket-ttl", Expiry::bucketTtl);
        frame.add("expiry/key-ttl", Expiry::keyTtl);
        frame.add("expiry/purge-ttl", Expiry::purgeTtl);
        frame.add("expiry/never", Expiry::never);
        frame.add("expiry/ttl-not-allowed", Expiry::notAllowed);
    }

    private static void bucketTtl(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.ttl(Duration.ofMillis(500)).maxHistoryPerKey(3));
        kv.put("a", "1");
        kv.put("a", "2");
        Frame.eventually("nothing is left", () -> w.values(kv) == 0);
        Frame.equal(kv.get("a"), null);
        Frame.equal(kv.create("a", new byte[0]), 3L);
    }

    private static void keyTtl(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.limitMarker(Duration.ofSeconds(1)).maxHistoryPerKey(3));
        Watches.Seen seen = new Watches.Seen();
        var watch = kv.watchAll(seen);
        kv.create("a", "1".getBytes(), MessageTtl.seconds(1));
        kv.create("b", "2".getBytes(), MessageTtl.seconds(3600));
        Frame.equal(seen.take(3), of("a=1@1", "b=2@2", "a!PURGE@3"));
        Frame.equal(kv.get("a"), null);
        Frame.eventually("the marker goes", () -> w.values(kv) == 1);
        watch.unsubscribe();
    }

    private static void purgeTtl(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.limitMarker(Duration.ofSeconds(1)).maxHistoryPerKey(3));
        kv.put("a", "1");
        kv.purge("a", MessageTtl.seconds(1));
        kv.put("b", "1");
        Frame.fails(() -> kv.purge("b", 9, MessageTtl.seconds(1)), "wrong last sequence: 3");
        kv.purge("b", 3, MessageTtl.seconds(1));
        Frame.eventually("the purge markers go", () -> w.values(kv) == 0);
    }

    private static void never(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.limitMarker(Duration.ofSeconds(1)).ttl(Duration.ofSeconds(1)));
        kv.create("kept", "1".getBytes(), MessageTtl.never());
        kv.put("a", "2");
        Frame.eventually("the other key and its marker go", () -> w.values(kv) == 1);
        Frame.equal(kv.get("kept").getValueAsString(), "1");
    }

    private static void notAllowed(World w) throws Exception {
        KeyValue kv = w.bucket();
        Frame.fails(() -> kv.create("a", new byte[0], MessageTtl.seconds(5)), "per-message TTL is disabled [10166]");
    }
}
