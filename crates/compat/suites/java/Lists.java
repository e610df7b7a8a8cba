import static java.util.List.of;

import io.nats.client.KeyValue;
import io.nats.client.api.KeyResult;
import io.nats.client.api.KeyValuePurgeOptions;
import io.nats.client.api.StorageType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Cases about keys and histories, and about clearing markers away. */
final class Lists {
    static void add(Frame frame) {
        frame.add("list/keys", Lists::keys);
        frame.add("list/consume-keys", Lists::consumeKeys);
        frame.add("list/many-keys", Lists::manyKeys);
        frame.add("list/history", Lists::history);
        frame.add("list/purge-deletes", Lists::purgeDeletes);
    }

    private static KeyValue filled(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(3));
        for (String key : of("b", "a.x", "a.y", "c", "b")) {
            kv.put(key, "1");
        }
        kv.delete("c");
        kv.put("d", "");
        return kv;
    }

    private static void keys(World w) throws Exception {
        Frame.equal(w.bucket().keys(), of());
        KeyValue kv = filled(w);
        Frame.equal(kv.keys(), of("a.x", "a.y", "b", "d"));
        Frame.equal(kv.keys("a.*"), of("a.x", "a.y"));
        Frame.equal(kv.keys(of("a.x", "d", "z.>")), of("a.x", "d"));
    }

    private static void consumeKeys(World w) throws Exception {
        KeyValue kv = filled(w);
        Frame.equal(read(kv.consumeKeys()), of("a.x", "a.y", "b", "d"));
        Frame.equal(read(kv.consumeKeys("a.*")), of("a.x", "a.y"));
        Frame.equal(read(kv.consumeKeys(of("b", "d"))), of("b", "d"));
    }

    private static List<String> read(BlockingQueue<KeyResult> queue) throws Exception {
        List<String> keys = new ArrayList<>();
        while (true) {
            KeyResult result = queue.poll(20, TimeUnit.SECONDS);
            Frame.check(result != null && result.getException() == null, "the keys come");
            if (result.isDone()) {
                return keys;
            }
            keys.add(result.getKey());
        }
    }

    private static void manyKeys(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.storageType(StorageType.Memory));
        for (int at = 0; at < 2000; at++) {
            w.js.publishAsync("$KV." + kv.getBucketName() + ".k" + at, new byte[1]);
        }
        Frame.eventually("all are stored", () -> w.values(kv) == 2000);
        List<String> keys = kv.keys();
        Frame.equal(of(keys.size(), new HashSet<>(keys).size()), of(2000, 2000));
    }

    private static void history(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(3));
        Frame.equal(kv.history("a"), of());
        for (String value : of("1", "2", "3", "4")) {
            kv.put("a", value);
        }
        kv.put("b", "5");
        kv.delete("a");
        var entries = kv.history("a");
        Frame.equal(World.texts(entries), of("a=3@3", "a=4@4", "a!DELETE@6"));
        Frame.equal(entries.stream().map(entry -> entry.getDelta()).toList(), of(2L, 1L, 0L));
    }

    private static void purgeDeletes(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(5));
        for (String key : of("a", "b", "c", "a", "b", "c")) {
            kv.put(key, "1");
        }
        kv.delete("a");
        kv.purge("b");
        kv.purgeDeletes();
        Frame.equal(w.values(kv), 4L);
        kv.purgeDeletes(KeyValuePurgeOptions.builder().deleteMarkersThreshold(Duration.ofHours(1)).build());
        Frame.equal(w.values(kv), 4L);
        kv.purgeDeletes(KeyValuePurgeOptions.builder().deleteMarkersNoThreshold().build());
        Frame.equal(w.values(kv), 2L);
        Frame.equal(kv.keys(), of("c"));
    }
}
