import static java.util.List.of;

import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueWatchOption;
import java.util.ArrayList;
import java.util.List;

/** Cases about lost connections and servers that are killed. They use the door, so they run alone. */
final class Reconnect {
    static void add(Frame frame) {
        frame.addAlone("reconnect/watch", Reconnect::watch);
        frame.addAlone("reconnect/writes", Reconnect::writes);
        frame.addAlone("restart/keeps-everything", Reconnect::restart);
    }

    private static void watch(World w) throws Exception {
        KeyValue kv = w.bucket(s -> s.maxHistoryPerKey(64));
        kv.put("a", "1");
        Connection far = w.far();
        Watches.Seen seen = new Watches.Seen();
        far.keyValue(kv.getBucketName(), World.options()).watchAll(seen, KeyValueWatchOption.INCLUDE_HISTORY);
        Frame.equal(seen.initial(), of("a=1@1"));
        for (int round = 0; round < 3; round++) {
            w.order("CUT");
            List<String> want = new ArrayList<>();
            for (int at = 0; at < 5; at++) {
                want.add("a=" + round + at + "@" + kv.put("a", "" + round + at));
            }
            Frame.equal(seen.take(5), want);
        }
    }

    private static void writes(World w) throws Exception {
        Connection far = w.far();
        String name = w.name();
        far.keyValueManagement(World.options()).create(KeyValueConfiguration.builder(name).build());
        KeyValue kv = far.keyValue(name, World.options());
        kv.put("a", "1");
        w.order("CUT");
        World.back(far);
        Frame.equal(kv.put("a", "2"), 2L);
        Frame.equal(kv.get("a").getValueAsString(), "2");
    }

    private static void restart(World w) throws Exception {
        Connection far = w.far();
        String name = w.name();
        far.keyValueManagement(World.options()).create(KeyValueConfiguration.builder(name).maxHistoryPerKey(5).description("kept").build());
        KeyValue kv = far.keyValue(name, World.options());
        for (int at = 0; at < 20; at++) {
            kv.put("k" + at % 4, "" + at);
        }
        kv.delete("k1");
        w.order("KILL");
        World.back(far);
        Frame.equal(of(kv.getStatus().getEntryCount(), kv.getStatus().getMaxHistoryPerKey(), kv.getStatus().getDescription()), of(20L, 5L, "kept"));
        Frame.equal(kv.keys(), of("k0", "k2", "k3"));
        Frame.equal(kv.put("k0", "more"), 22L);
        Frame.equal(World.texts(kv.history("k0")), of("k0=4@5", "k0=8@9", "k0=12@13", "k0=16@17", "k0=more@22"));
    }
}
