import static java.util.List.of;

import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.StreamConfiguration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;

/** Cases about values: every way to write and to read them, and what is refused. */
final class Values {
    static void add(Frame frame) {
        frame.add("value/put-get", w -> bothWays(w, s -> s.maxHistoryPerKey(2), Values::putGet));
        frame.add("value/create-update", w -> bothWays(w, s -> s.maxHistoryPerKey(5), Values::createUpdate));
        frame.add("value/delete-purge", w -> bothWays(w, s -> s.maxHistoryPerKey(5), Values::deletePurge));
        frame.add("value/all-sizes", w -> bothWays(w, s -> s, Values::allSizes));
        frame.add("value/too-large", Values::tooLarge);
        frame.add("value/keys-of-all-shapes", w -> bothWays(w, s -> s, Values::keysOfAllShapes));
        frame.add("value/one-winner", Values::oneWinner);
    }

    private interface Part {
        void with(World world, KeyValue kv) throws Exception;
    }

    /** Runs a part of a case on a bucket that answers gets directly, and on one that does not. */
    private static void bothWays(World w, UnaryOperator<KeyValueConfiguration.Builder> settings, Part part) throws Exception {
        part.with(w, w.bucket(settings));
        KeyValue kv = w.bucket(settings);
        StreamConfiguration config = w.info(kv).getConfiguration();
        w.jsm.updateStream(StreamConfiguration.builder(config).allowDirect(false).build());
        part.with(w, w.open(kv.getBucketName()));
    }

    private static void putGet(World w, KeyValue kv) throws Exception {
        Frame.equal(of(kv.put("a", "1"), kv.put("b", 22L), kv.put("a", new byte[] {'3'})), of(1L, 2L, 3L));
        KeyValueEntry entry = kv.get("a");
        Frame.equal(of(entry.getBucket(), entry.getKey(), entry.getValueAsString(), entry.getRevision(), entry.getDataLen()),
            of(kv.getBucketName(), "a", "3", 3L, 1L));
        Frame.equal(of(entry.getOperation(), kv.get("b").getValueAsLong()), of(KeyValueOperation.PUT, 22L));
        Frame.check(entry.getCreated().isAfter(ZonedDateTime.now().minusMinutes(1)), "it was created just now");
        Frame.equal(World.text(kv.get("a", 1)), "a=1@1");
        Frame.equal(Arrays.asList(kv.get("x"), kv.get("a", 2), kv.get("a", 9)), Arrays.asList(null, null, null));
    }

    private static void createUpdate(World w, KeyValue kv) throws Exception {
        Frame.equal(kv.create("a", "1".getBytes()), 1L);
        Frame.fails(() -> kv.create("a", "2".getBytes()), "wrong last sequence: 1 [10071]");
        Frame.equal(kv.update("a", "2", 1), 2L);
        Frame.fails(() -> kv.update("a", "3".getBytes(), 1), "wrong last sequence: 2 [10071]");
        Frame.fails(() -> kv.update("b", "1", 7), "wrong last sequence: 0 [10071]");
        kv.delete("a");
        Frame.equal(kv.create("a", "4".getBytes()), 4L);
        kv.purge("a");
        Frame.equal(kv.create("a", "5".getBytes()), 6L);
    }

    private static void deletePurge(World w, KeyValue kv) throws Exception {
        kv.put("a", "1");
        Frame.fails(() -> kv.delete("a", 9), "wrong last sequence: 1");
        kv.delete("a", 1);
        Frame.equal(kv.get("a"), null);
        kv.put("a", "2");
        kv.delete("a");
        Frame.equal(World.texts(kv.history("a")), of("a=1@1", "a!DELETE@2", "a=2@3", "a!DELETE@4"));
        Frame.fails(() -> kv.purge("a", 1), "wrong last sequence: 4");
        kv.purge("a", 4);
        Frame.equal(World.texts(kv.history("a")), of("a!PURGE@5"));
        kv.purge("a");
        Frame.equal(w.values(kv), 1L);
    }

    private static void allSizes(World w, KeyValue kv) throws Exception {
        byte[] every = new byte[256];
        for (int at = 0; at < every.length; at++) {
            every[at] = (byte) at;
        }
        for (byte[] value : of(every, "\r\n+OK\r\nünï".getBytes("UTF-8"), new byte[1024 * 1024])) {
            kv.put("a", value);
            Frame.check(Arrays.equals(kv.get("a").getValue(), value), "the value comes back as it was");
        }
        kv.put("a", new byte[0]);
        Frame.equal(kv.get("a").getDataLen(), 0L);
    }

    private static void tooLarge(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maximumValueSize(10));
        kv.put("a", new byte[10]);
        Frame.fails(() -> kv.put("a", new byte[11]), "message size exceeds maximum allowed [10054]");
        KeyValue full = w.bucket(s -> s.maxBucketSize(1024));
        Frame.fails(() -> {
            for (int at = 0; at < 50; at++) {
                full.put("k" + at, new byte[100]);
            }
        }, "maximum bytes exceeded [10077]");
    }

    private static void keysOfAllShapes(World w, KeyValue kv) throws Exception {
        List<String> keys = of("a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x", "k".repeat(200));
        for (String key : keys) {
            kv.put(key, key);
        }
        for (String key : keys) {
            Frame.equal(kv.get(key).getValueAsString(), key);
        }
        Frame.equal(kv.keys(), keys);
        for (String key : of("", ".a", "a b", "a*", "a.>", "ä")) {
            Frame.fails(() -> kv.put(key, ""), "IllegalArgumentException");
        }
    }

    private static void oneWinner(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(64));
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Callable<Integer>> racers = new ArrayList<>();
        for (int at = 0; at < 8; at++) {
            racers.add(() -> {
                int won = 0;
                try {
                    kv.create("n", "0".getBytes());
                    won = 1;
                } catch (io.nats.client.JetStreamApiException lost) {
                    Frame.equal(lost.getApiErrorCode(), 10071);
                }
                for (int done = 0; done < 5; ) {
                    KeyValueEntry entry = kv.get("n");
                    try {
                        kv.update("n", "" + (entry.getValueAsLong() + 1), entry.getRevision());
                        done++;
                    } catch (io.nats.client.JetStreamApiException lost) {
                        Frame.equal(lost.getApiErrorCode(), 10071);
                    }
                }
                return won;
            });
        }
        int won = 0;
        for (Future<Integer> each : pool.invokeAll(racers)) {
            won += each.get();
        }
        pool.shutdown();
        Frame.equal(of(won, kv.get("n").getValueAsLong()), of(1, 40L));
    }
}
