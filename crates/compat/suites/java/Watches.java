import static java.util.List.of;

import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.api.StorageType;
import io.nats.client.impl.NatsKeyValueWatchSubscription;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Cases about watches: every option, and what they tell. */
final class Watches {
    /** What a watcher has seen; `end` is the mark behind the initial entries. */
    static final class Seen implements KeyValueWatcher {
        private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

        @Override
        public void watch(KeyValueEntry entry) {
            told.add(World.text(entry));
        }

        @Override
        public void endOfData() {
            told.add("end");
        }

        /** Returns the next entries; the mark is passed over. */
        List<String> take(int count) throws Exception {
            List<String> all = new ArrayList<>();
            while (all.size() < count) {
                String each = next();
                if (!each.equals("end")) {
                    all.add(each);
                }
            }
            return all;
        }

        /** Returns the entries up to the mark. */
        List<String> initial() throws Exception {
            List<String> all = new ArrayList<>();
            for (String each = next(); !each.equals("end"); each = next()) {
                all.add(each);
            }
            return all;
        }

        private String next() throws Exception {
            String each = told.poll(20, TimeUnit.SECONDS);
            Frame.check(each != null, "the watcher is told something");
            return each;
        }
    }

    private interface Start {
        NatsKeyValueWatchSubscription watch(KeyValue kv, Seen seen) throws Exception;
    }

    static void add(Frame frame) {
        frame.add("watch/all", w -> tells(w, (kv, seen) -> kv.watchAll(seen), of("a=3@3", "b.c!DELETE@4", "b.d=5@5")));
        frame.add("watch/pattern", w -> tells(w, (kv, seen) -> kv.watch("b.*", seen), of("b.c!DELETE@4", "b.d=5@5")));
        frame.add("watch/several-filters", w -> tells(w, (kv, seen) -> kv.watch(of("a", "b.d", "z"), seen), of("a=3@3", "b.d=5@5")));
        frame.add("watch/history", w -> tells(w, (kv, seen) -> kv.watchAll(seen, KeyValueWatchOption.INCLUDE_HISTORY),
            of("a=1@1", "b.c=2@2", "a=3@3", "b.c!DELETE@4", "b.d=5@5")));
        frame.add("watch/ignore-deletes", w -> tells(w, (kv, seen) -> kv.watchAll(seen, KeyValueWatchOption.IGNORE_DELETE),
            of("a=3@3", "b.d=5@5")));
        frame.add("watch/meta-only", w -> tells(w, (kv, seen) -> kv.watchAll(seen, KeyValueWatchOption.META_ONLY),
            of("a=@3", "b.c!DELETE@4", "b.d=@5")));
        frame.add("watch/updates-only", w -> tells(w, (kv, seen) -> kv.watchAll(seen, KeyValueWatchOption.UPDATES_ONLY), of()));
        frame.add("watch/resume", w -> {
            tells(w, (kv, seen) -> kv.watchAll(seen, 3), of("a=3@3", "b.c!DELETE@4", "b.d=5@5"));
            tells(w, (kv, seen) -> kv.watch("b.*", seen, 3), of("b.c!DELETE@4", "b.d=5@5"));
            tells(w, (kv, seen) -> kv.watch(of("a", "b.c"), seen, 2), of("b.c=2@2", "a=3@3", "b.c!DELETE@4"));
        });
        frame.add("watch/nothing-there", Watches::nothingThere);
        frame.add("watch/many-values", Watches::manyValues);
    }

    private static void tells(World w, Start start, List<String> want) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(5));
        kv.put("a", "1");
        kv.put("b.c", "2");
        kv.put("a", "3");
        kv.delete("b.c");
        kv.put("b.d", "5");
        Seen seen = new Seen();
        NatsKeyValueWatchSubscription watch = start.watch(kv, seen);
        Frame.equal(seen.initial(), want);
        kv.put("b.c", "");
        kv.put("a", "");
        kv.put("b.d", "");
        Frame.check(seen.take(1).get(0).contains("=@"), "updates follow");
        watch.unsubscribe();
    }

    private static void nothingThere(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(5));
        Seen seen = new Seen();
        NatsKeyValueWatchSubscription watch = kv.watch("x.>", seen);
        Frame.equal(seen.initial(), of());
        kv.put("y", "1");
        kv.put("x.y", "2");
        kv.delete("x.y");
        Frame.equal(seen.take(2), of("x.y=2@2", "x.y!DELETE@3"));
        watch.unsubscribe();
    }

    private static void manyValues(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.storageType(StorageType.Memory));
        for (int at = 0; at < 1000; at++) {
            w.js.publishAsync("$KV." + kv.getBucketName() + ".k" + at, new byte[8000]);
        }
        Frame.eventually("all are stored", () -> w.values(kv) == 1000);
        Seen seen = new Seen();
        NatsKeyValueWatchSubscription watch = kv.watchAll(seen, KeyValueWatchOption.META_ONLY);
        Frame.equal(seen.initial().size(), 1000);
        watch.unsubscribe();
        Seen again = new Seen();
        watch = kv.watchAll(again);
        Frame.equal(again.initial().size(), 1000);
        watch.unsubscribe();
    }
}
